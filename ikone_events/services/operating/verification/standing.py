"""Standing sign-ups: each leads to one registration per date, which is noted."""

from collections.abc import Iterator
from datetime import datetime

from sqlalchemy import and_, func, select

from ikone_events.services.operating.verification.rows import of_events
from ikone_events.store.db import db
from ikone_events.store.events.models import Event
from ikone_events.store.registering.models import Registration
from ikone_events.store.registering.standing import StandingDate


def doubled_registrations(_now: datetime) -> Iterator[str]:
    """No sign-up has led to two registrations for one date."""
    rows = db.session.execute(
        select(Event.slug, Registration.standing_id, func.count().label("number"))
        .join(Event, Registration.event_id == Event.id)
        .where(Registration.standing_id.is_not(None))
        .group_by(Event.slug, Registration.standing_id)
        .having(func.count() > 1)
        .order_by(Event.slug, Registration.standing_id)
    )
    for slug, standing, number in rows:
        yield f"standing: {slug}: sign-up {standing} has led to {number} registrations"


def unnoted_dates(_now: datetime) -> Iterator[str]:
    """A date is noted, or the person would be registered again after withdrawing."""
    noted = and_(
        StandingDate.event_id == Registration.event_id,
        StandingDate.standing_id == Registration.standing_id,
    )
    unnoted = Registration.standing_id.is_not(None), StandingDate.event_id.is_(None)
    rows = of_events(Registration, *unnoted).outerjoin(StandingDate, noted)
    for slug, number in db.session.execute(rows):
        yield f"standing: {slug}: registration {number} is by a sign-up that notes no such date"


def sign_ups_of_forgotten_people(_now: datetime) -> Iterator[str]:
    """Anonymised registrations lead to no sign-up any more, which has a name."""
    known = Registration.anonymised_at.is_not(None), Registration.standing_id.is_not(None)
    if number := db.session.scalar(select(func.count()).where(*known)):
        yield f"privacy: {number} forgotten registrations still lead to a standing sign-up"

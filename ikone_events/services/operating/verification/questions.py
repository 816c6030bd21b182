"""Questions to the speakers: whose they are, and that none outlives its person."""

from collections.abc import Iterator
from datetime import datetime

from sqlalchemy import func, or_, select

from ikone_events.domain.events.facts import State
from ikone_events.store.db import db
from ikone_events.store.events.models import Event
from ikone_events.store.registering.models import Registration
from ikone_events.store.rooms.models import Question


def of_others(_now: datetime) -> Iterator[str]:
    """A question and its person belong to the same event."""
    rows = db.session.scalars(
        select(Question.id)
        .join(Registration, Question.registration_id == Registration.id)
        .where(Question.event_id != Registration.event_id)
        .order_by(Question.id)
    )
    for number in rows:
        yield f"questions: question {number} belongs to a person of another event"


def of_forgotten_people(_now: datetime) -> Iterator[str]:
    """Anonymised people, and those of archived events, have no questions left."""
    forgotten = or_(Registration.anonymised_at.is_not(None), Event.state == State.ARCHIVED.value)
    rows = db.session.execute(
        select(Event.slug, func.count())
        .select_from(Question)
        .join(Registration, Question.registration_id == Registration.id)
        .join(Event, Registration.event_id == Event.id)
        .where(forgotten)
        .group_by(Event.slug)
        .order_by(Event.slug)
    )
    for slug, number in rows:
        yield f"privacy: {slug}: {number} questions should have been deleted and are not"

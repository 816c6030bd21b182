"""The dates of standing sign-ups: the registrations that the worker makes, each only once."""

from collections.abc import Sequence
from datetime import datetime
from typing import NamedTuple

from sqlalchemy import ColumnElement, Select, func, or_, select, update

from ikone_events.domain.events.lifecycle import State
from ikone_events.domain.refusals import RegistrationClosed
from ikone_events.domain.registering.registration import Attendance, Status
from ikone_events.domain.registering.seating import closed_because
from ikone_events.domain.words import series_slug
from ikone_events.services.registering.new_registrations import StandingApplicant
from ikone_events.services.registering.registrations import register
from ikone_events.services.registering.reminders import find_known
from ikone_events.store.damage import readable
from ikone_events.store.db import db, for_update, insert_into, rows_written
from ikone_events.store.events.models import Event
from ikone_events.store.events.series import SeriesSettings, spellings_of
from ikone_events.store.incoming.models import UndeliverableAddress
from ikone_events.store.registering.availability import get_availability
from ikone_events.store.registering.current_event import lock_current_event
from ikone_events.store.registering.models import Registration
from ikone_events.store.registering.standing import (
    StandingDate,
    StandingSignUp,
    is_applied,
)
from ikone_events.store.rooms.attendance import attendance_of

# So many registrations are looked up at once; the rest at the next look.
_MOST = 500


def lock_standing(number: int) -> StandingSignUp | None:
    """The sign-up as it is now, locked; None if it has ended."""
    mine = select(StandingSignUp).where(StandingSignUp.id == number)
    return db.session.scalar(for_update(mine, StandingSignUp))


class DueRegistration(NamedTuple):
    """A date for which a sign-up is to lead to a registration."""

    slug: str
    standing_id: int


def due_registrations(now: datetime) -> list[DueRegistration]:
    """Whom the worker is to register where; only reads."""
    found: list[DueRegistration] = []
    for slug in _series_with_people():
        for event in open_events(slug):
            if event.by_code or closed_because(get_availability(event, now)) is not None:
                continue
            numbers = _people_due(slug).where(~is_applied(event.id)).limit(_MOST - len(found))
            found += [DueRegistration(event.slug, n) for n in db.session.scalars(numbers)]
            if len(found) >= _MOST:
                return found
    return found


def _series_with_people() -> Sequence[str]:
    """The series that take standing sign-ups and have some."""
    people = select(StandingSignUp.series_slug).where(StandingSignUp.confirmed_at.is_not(None))
    wanted = select(SeriesSettings.slug).where(
        SeriesSettings.standing, SeriesSettings.slug.in_(people)
    )
    return db.session.scalars(wanted.order_by(SeriesSettings.slug)).all()


def open_events(slug: str) -> list[Event]:
    """The events of a series whose registration is open, by date."""
    wanted = select(Event).where(
        Event.series.in_(spellings_of(slug)), Event.state == State.OPEN.value
    )
    return readable(wanted.order_by(Event.starts_at, Event.id), Event)


def _people_due(slug: str) -> Select[int]:
    """The confirmed sign-ups to a series, first come first, without undeliverable addresses."""
    lost = select(UndeliverableAddress.email_key)
    return (
        select(StandingSignUp.id)
        .where(
            StandingSignUp.series_slug == slug,
            StandingSignUp.confirmed_at.is_not(None),
            StandingSignUp.email_key.not_in(lost),
        )
        .order_by(StandingSignUp.confirmed_at, StandingSignUp.id)
    )


def register_standing(due: DueRegistration, *, now: datetime) -> Status | None:
    """Register one person for one date; None if that is not to be done, or has been.

    Needs a transaction. The lock on the event comes first: of two workers the second one finds the
    row of the first. Raises RegistrationClosed, by which nothing is noted.
    """
    current = lock_current_event(due.slug, now)
    standing, event = lock_standing(due.standing_id), current.event
    if standing is None or standing.confirmed_at is None or event.by_code:
        return None
    if series_slug(event.series) != standing.series_slug:
        return None
    if closed := closed_because(current.availability):
        raise RegistrationClosed(closed)
    row = insert_into(StandingDate).values(
        event_id=event.id, standing_id=standing.id, applied_at=now
    )
    # The number of rows of an INSERT is not known on PostgreSQL.
    noted = row.on_conflict_do_nothing().returning(StandingDate.event_id)
    if db.session.scalar(noted) is None:
        return None
    if find_known(event, standing.email) is not None:
        return None
    return register(due.slug, _applicant(standing, standing.confirmed_at), now=now)


def _applicant(standing: StandingSignUp, confirmed_at: datetime) -> StandingApplicant:
    return StandingApplicant(
        salutation=standing.salutation,
        title=standing.title,
        first_name=standing.first_name,
        last_name=standing.last_name,
        email=standing.email,
        organisation=standing.organisation_text,
        position=standing.position,
        locale=standing.locale,
        standing_id=standing.id,
        address_confirmed_at=confirmed_at,
    )


def note_attended(ids: Select[int], *, now: datetime) -> None:
    """Note the last date that people attended, before their registrations are anonymised."""
    rows = db.session.execute(
        select(Registration.standing_id, func.max(Event.starts_at))
        .join(Event, Registration.event_id == Event.id)
        .where(Registration.id.in_(ids), *attended(now))
        .group_by(Registration.standing_id)
    )
    for number, at in rows.all():
        mine = update(StandingSignUp).where(
            StandingSignUp.id == number,
            or_(StandingSignUp.attended_at.is_(None), StandingSignUp.attended_at < at),
        )
        rows_written(mine.values(attended_at=at))


def attended(now: datetime) -> tuple[ColumnElement[bool], ...]:
    """The conditions of registrations from sign-ups whose people are known to have come."""
    came = attendance_of(now) == Attendance.ATTENDED.value
    return Registration.standing_id.is_not(None), came

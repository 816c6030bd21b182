"""Attended events, for certificates."""

from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import select

from ikone_events.domain.events.facts import CALLED_OFF
from ikone_events.domain.registering.registration import Attendance
from ikone_events.store.db import db
from ikone_events.store.events.models import Event
from ikone_events.store.registering.models import Registration
from ikone_events.store.rooms.attendance import attendance_of, minutes_of

_TOOK_PLACE = Event.state.not_in([state.value for state in CALLED_OFF])


@dataclass(frozen=True, slots=True)
class AttendedEvent:
    """An event that a person attended; `minutes` are None where no provider counted them."""

    registration: Registration
    event: Event
    minutes: int | None


def attended_in_series(person: Registration, now: datetime) -> list[AttendedEvent]:
    """The ended events of the event's series that this address attended, the first one first.

    Registrations whose details are deleted belong to nobody any more. An event without a series
    stands for itself.
    """
    event = person.event
    same = Event.series == event.series if event.series else Event.id == event.id
    found = db.session.execute(
        select(Registration, Event)
        .join(Event, Registration.event_id == Event.id)
        .where(
            Registration.email_key == person.email_key,
            Registration.anonymised_at.is_(None),
            same,
            _TOOK_PLACE,
            Event.ends_at <= now,
            attendance_of(now) == Attendance.ATTENDED.value,
        )
        .order_by(Event.starts_at, Event.id)
    ).all()
    minutes = minutes_of([registration.id for registration, _ in found])
    return [AttendedEvent(each, of, minutes.get(each.id)) for each, of in found]


def find_attended(registration_id: int, now: datetime) -> Event | None:
    """The ended event that the person of this row attended, or None; also of forgotten persons."""
    return db.session.scalar(
        select(Event)
        .join(Registration, Registration.event_id == Event.id)
        .where(
            Registration.id == registration_id,
            _TOOK_PLACE,
            Event.ends_at <= now,
            attendance_of(now) == Attendance.ATTENDED.value,
        )
    )

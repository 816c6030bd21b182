"""Recording who attended: one person, or the whole list of an event at once."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

from ikone_events.domain.events.facts import TAKES_PLACE, State
from ikone_events.domain.refusals import N_, Complaint, StatusRefused
from ikone_events.domain.registering.registration import Attendance, Status
from ikone_events.domain.rooms.attendance import statement_for
from ikone_events.domain.times import to_local
from ikone_events.store.events.models import Event
from ikone_events.store.events.queries import lock_event
from ikone_events.store.registering.attendance import people_to_tick
from ikone_events.store.registering.models import Registration
from ikone_events.store.registering.queries import lock_registration
from ikone_events.store.rooms.attendance import attendances, record_door, record_statement


@dataclass(frozen=True, slots=True)
class AttendanceMark:
    """What a form showed of a person, and what it says now; None is unknown."""

    shown: Attendance | None
    wanted: Attendance | None


@dataclass(frozen=True, slots=True)
class SavedAttendance:
    """The number of changed people, and those whom somebody else has marked meanwhile."""

    changed: int
    kept: Sequence[Registration]


def state_attendance(
    public_id: str, attendance: Attendance | None, *, now: datetime, by: str
) -> Registration:
    """Record what a person of the office says of a confirmed person; None takes it back."""
    registration = lock_registration(public_id)
    if registration.status == Status.CONFIRMED.value:
        record_statement(registration.id, registration.event_id, attendance, now=now, by=by)
    return registration


def enter_by_door(public_id: str, *, now: datetime) -> None:
    """Record that a confirmed person pressed the button before the room."""
    registration = lock_registration(public_id)
    if registration.status == Status.CONFIRMED.value:
        record_door(registration.id, registration.event_id, now)


def save_attendance(
    slug: str, marks: Mapping[str, AttendanceMark], *, now: datetime, by: str
) -> SavedAttendance:
    """Record what a form changed, by public id, in one transaction.

    People whom somebody else has marked since keep that; people who are not confirmed any more, or
    whom the form did not show, are left alone. Raises StatusRefused.
    """
    event = lock_event(slug)
    if found := not_recordable_because(event, now):
        raise StatusRefused(found)
    changed, kept = 0, []
    known = attendances(event, now)
    for registration in people_to_tick(event):
        mark = marks.get(registration.public_id)
        if mark is None or mark.wanted is mark.shown:
            continue
        record = known[registration.id]
        present = record.recorded
        if present is mark.shown:
            said = statement_for(
                mark.wanted, at_door=bool(record.door_at), in_room=bool(record.joined_at)
            )
            record_statement(registration.id, event.id, said, now=now, by=by)
            changed += 1
        elif present is not mark.wanted:
            kept.append(registration)
    return SavedAttendance(changed, kept)


def not_recordable_because(event: Event, now: datetime) -> Complaint | None:
    """Why nobody's attendance can be recorded, or None: from the day of the event on."""
    if event.state == State.ARCHIVED.value:
        return Complaint(N_("The names have been deleted; the figures are kept."))
    if event.state not in (*TAKES_PLACE, State.FOLLOWED_UP.value):
        return Complaint(N_("The event does not take place."))
    if to_local(now, event.zone).date() < event.day:
        return Complaint(N_("Attendance can be recorded from the day of the event on."))
    return None

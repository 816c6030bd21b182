"""Recording who attended: one person, or the whole list of an event at once."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

from ikone_events.domain.events.facts import TAKES_PLACE, State
from ikone_events.domain.refusals import N_, Complaint, StatusRefused
from ikone_events.domain.registering.registration import Attendance, Status
from ikone_events.domain.rooms.attendance import statement_for
from ikone_events.domain.times import to_local
from ikone_events.services.mails.values import DOORS_OPEN_BEFORE
from ikone_events.store.events.models import Event
from ikone_events.store.events.queries import lock_event
from ikone_events.store.figures.attendance import attendance_counts
from ikone_events.store.incoming.registration_search import get_person
from ikone_events.store.registering.models import Registration
from ikone_events.store.registering.queries import lock_registration, people_to_tick
from ikone_events.store.rooms.attendance import (
    attendances,
    record_door,
    record_statement,
    state_everybody,
    take_back_statements,
)
from ikone_events.store.rooms.presence import drop_day, let_looks_wait


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


def enter_by_door(registration_id: int, event_id: int, *, now: datetime) -> None:
    """Record that a person pressed the button before the room; the caller has asked the door.

    Without the lock of the event, since hundreds press within seconds: one upsert. Whether the
    person still has a place is asked by whoever reads it.
    """
    record_door(registration_id, event_id, now)


def save_attendance(
    slug: str,
    marks: Mapping[str, AttendanceMark],
    *,
    incomplete: bool | None = None,
    now: datetime,
    by: str,
) -> SavedAttendance:
    """Record what a form changed, by public id, in one transaction.

    People whom somebody else has marked since keep that; people who are not confirmed any more, or
    whom the form did not show, are left alone. `incomplete`: whoever is not recorded is unknown
    from now on, and not absent; None leaves that as it is. Raises StatusRefused.
    """
    event = _lock_recordable(slug, now)
    if incomplete is not None:
        event.attendance_incomplete = incomplete
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


def note_everybody(slug: str, *, now: datetime, by: str) -> int:
    """Record that everybody came of whom nothing is recorded yet; returns of how many people.

    Whoever is noted as absent stays so. Raises StatusRefused.
    """
    return state_everybody(_lock_recordable(slug, now).id, now=now, by=by)


def take_back_everybody(slug: str, *, at: datetime, now: datetime, by: str) -> int:
    """Undo `note_everybody` of this person and moment; returns for how many people.

    What others have recorded of somebody since is kept. Raises StatusRefused.
    """
    return take_back_statements(_lock_recordable(slug, now).id, at=at, by=by)


def state_of_one(
    slug: str, public_id: str, attendance: Attendance | None, *, now: datetime, by: str
) -> None:
    """The same for one person of an event, under the rules of its list.

    Raises NotFound for a person of another event, StatusRefused.
    """
    person = get_person(lock_event(slug), public_id)
    _lock_recordable(slug, now)
    state_attendance(person.public_id, attendance, now=now, by=by)


def forget_former_day(event: Event, *, now: datetime) -> None:
    """Delete who has come to a locked event if it begins on a later day now: nobody came to that.

    Its meetings go too, so that a late report of theirs adds nothing to the new date.
    """
    if _begins_later(event, now):
        let_looks_wait(event.id)
        drop_day(event.id)


def came_before(event: Event, then: Event, *, now: datetime) -> int:
    """How many people have come, if `forget_former_day` deletes that for the event `then`."""
    return attendance_counts(event, now).attended if _begins_later(then, now) else 0


def _begins_later(event: Event, now: datetime) -> bool:
    """Whether the doors of an event open on a later day than today."""
    opens_at = event.starts_at - DOORS_OPEN_BEFORE
    return to_local(now, event.zone).date() < to_local(opens_at, event.zone).date()


def _lock_recordable(slug: str, now: datetime) -> Event:
    event = lock_event(slug)
    if found := not_recordable_because(event, now):
        raise StatusRefused(found)
    let_looks_wait(event.id)
    return event


def not_recordable_because(event: Event, now: datetime) -> Complaint | None:
    """Why nobody's attendance can be recorded, or None: from the day of the event on."""
    if event.state == State.ARCHIVED.value:
        return Complaint(N_("The names have been deleted; the figures are kept."))
    if event.state not in (*TAKES_PLACE, State.FOLLOWED_UP.value):
        return Complaint(N_("The event does not take place."))
    if to_local(now, event.zone).date() < event.day:
        return Complaint(N_("Attendance can be recorded from the day of the event on."))
    return None

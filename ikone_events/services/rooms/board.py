"""The live board of an event: when it can be used, and marking people by hand."""

from datetime import datetime

from ikone_events.domain.events.facts import TAKES_PLACE
from ikone_events.domain.refusals import N_, Complaint, StatusRefused
from ikone_events.domain.registering.registration import Attendance
from ikone_events.domain.rooms.board import BoardPhase, board_phase
from ikone_events.domain.times import to_local
from ikone_events.services.rooms.attendance import state_attendance
from ikone_events.store.events.models import Event
from ikone_events.store.events.queries import lock_event
from ikone_events.store.incoming.registration_search import get_person
from ikone_events.store.rooms.attendance import attendances

_CLOSED = {
    BoardPhase.BEFORE: N_("The live view opens on the day of the event."),
    BoardPhase.CALLED_OFF: N_("The event does not take place."),
    BoardPhase.FORGOTTEN: N_("The names have been deleted; the figures are kept."),
}


def phase_of(event: Event, now: datetime) -> BoardPhase:
    """Whether the board can be used at a moment."""
    today = to_local(now, event.zone).date()
    return board_phase(event.state, today=today, day=event.day, over=now >= event.ends_at)


def is_live(event: Event, now: datetime) -> bool:
    """Whether *Today* and the overview lead to the board: on the day, until the end."""
    return phase_of(event, now) is BoardPhase.OPEN and event.state in TAKES_PLACE


def check_usable(event: Event, now: datetime) -> None:
    """Raise StatusRefused unless the day has come and names are still there."""
    if words := _CLOSED.get(phase_of(event, now)):
        raise StatusRefused(Complaint(words))


def mark_by_hand(
    slug: str, public_id: str, attendance: Attendance | None, *, now: datetime, by: str
) -> Attendance | None:
    """Record what a helper says of a person; None takes it back, and the other sources count.

    Returns what was said before. Raises NotFound for a person of another event, StatusRefused.
    """
    event = lock_event(slug)
    check_usable(event, now)
    person = get_person(event, public_id)
    before = attendances(event, now, [person.id])[person.id].stated
    state_attendance(public_id, attendance, now=now, by=by)
    return before

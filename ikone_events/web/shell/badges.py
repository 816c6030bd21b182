"""Badges: colour, label and icon of stored states, and the public badge of an event."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import NamedTuple

from ikone_events.domain.events.facts import CALLED_OFF, Mode
from ikone_events.domain.events.lifecycle import STATE_LABELS, State
from ikone_events.domain.refusals import N_, Complaint
from ikone_events.domain.registering.registration import ATTENDANCE_LABELS, MODE_LABELS, Attendance
from ikone_events.domain.registering.seating import SeatAvailability, closed_because
from ikone_events.domain.registering.status import REGISTRATION_STATUS_LABELS, RegistrationStatus

# With this many free seats "only a few" are left; with half the seats of a small event.
FEW = 10
# In the order of forms and pages.
MODES = (Mode.ON_SITE, Mode.ONLINE)


class BadgeLook(NamedTuple):
    """Colour, label (a message id) and icon; an empty icon stands for the icon of the colour."""

    kind: str
    label: str
    icon: str = ""


_EVENTS: Mapping[State, tuple[str, str]] = {
    State.DRAFT: ("neutral", "edit"),
    State.ANNOUNCED: ("info", "visibility"),
    State.OPEN: ("success", ""),
    State.CLOSED: ("info", "checklist"),
    State.DISPATCHED: ("info", "mail"),
    State.FOLLOWED_UP: ("success", ""),
    State.ARCHIVED: ("neutral", "drive-folder-upload"),
    State.POSTPONED: ("warning", "autorenew"),
    State.CANCELLED: ("danger", ""),
}
_REGISTRATIONS: Mapping[RegistrationStatus, tuple[str, str]] = {
    RegistrationStatus.ADDRESS: ("info", "mail"),
    RegistrationStatus.APPROVAL: ("warning", "question-mark"),
    RegistrationStatus.CONFIRMED: ("success", ""),
    RegistrationStatus.WAITING: ("warning", ""),
    RegistrationStatus.OFFERED: ("info", ""),
    RegistrationStatus.CANCELLED: ("neutral", "close"),
    RegistrationStatus.DECLINED: ("danger", ""),
    RegistrationStatus.EXPIRED: ("neutral", "close"),
}
_BADGES: Mapping[str, BadgeLook] = {
    **{f"event.{s}": BadgeLook(look[0], STATE_LABELS[s], look[1]) for s, look in _EVENTS.items()},
    **{
        f"registration.{s}": BadgeLook(look[0], REGISTRATION_STATUS_LABELS[s], look[1])
        for s, look in _REGISTRATIONS.items()
    },
    "mail.queued": BadgeLook("info", N_("Waiting to be sent"), "mail"),
    "mail.sending": BadgeLook("info", N_("Being sent"), "autorenew"),
    "mail.deferred": BadgeLook("warning", N_("Sent back for a later try"), "autorenew"),
    "mail.stopped": BadgeLook("warning", N_("Held back")),
    "mail.sent": BadgeLook("success", N_("Sent")),
    "mail.failed": BadgeLook("danger", N_("Not delivered")),
    "attendance.attended": BadgeLook("success", ATTENDANCE_LABELS[Attendance.ATTENDED]),
    "attendance.missed": BadgeLook("neutral", ATTENDANCE_LABELS[Attendance.MISSED], "close"),
    "attendance.": BadgeLook("neutral", ATTENDANCE_LABELS["unknown"], "question-mark"),
}


def badge_of(subject: str, state: str | None) -> BadgeLook:
    """The badge of a stored state; the label of an unknown state is its name.

    `subject`: "event", "registration" (its state is a RegistrationStatus), "mail" or "attendance".
    """
    known = _BADGES.get(f"{subject}.{state or ''}")
    return known or BadgeLook("neutral", state or "", "question-mark")


@dataclass(frozen=True, slots=True)
class EventBadge:
    """Public badge of an event: colour and label (a message id).

    `closed` is the reason why the form takes no registration, `waiting_list` whether it only adds
    to the waiting list.
    """

    kind: str
    label: str
    closed: Complaint | None
    waiting_list: bool = False

    @property
    def open(self) -> bool:
        """Whether the form takes registrations now, for a seat or for the waiting list."""
        return self.closed is None


def badge_for(availability: SeatAvailability, *, was_cancelled: bool = False) -> EventBadge:
    """The public badge of an event at the moment of the availability.

    `was_cancelled`: before it was archived, which hides that it did not take place.
    """
    closed = closed_because(availability)
    state = State.CANCELLED if was_cancelled else availability.state
    if state in CALLED_OFF:
        return EventBadge(_EVENTS[state][0], STATE_LABELS[state], closed)
    if availability.now >= availability.ends_at:
        return EventBadge(
            "neutral", N_("Took place"), closed or Complaint(N_("The event is over."))
        )
    if closed is not None:
        return EventBadge(*_closed_badge(availability), closed)
    if availability.free == 0:
        return EventBadge("warning", N_("Waiting list"), None, waiting_list=True)
    return EventBadge("success", STATE_LABELS[State.OPEN], None)


def _closed_badge(availability: SeatAvailability) -> tuple[str, str]:
    if availability.state is State.ANNOUNCED:
        return "info", N_("Registration opens later")
    if availability.now >= availability.starts_at:
        return "info", N_("Taking place now")
    if availability.free == 0:
        return "neutral", N_("Fully booked")
    return "neutral", STATE_LABELS[State.CLOSED]


def _places_words(free: int | None, capacity: int | None) -> str:
    """How many seats are left, in steps; "" without a limit.

    Never the number: if signing up an address lowered it, the address would be known to be new.
    """
    if free is None or capacity is None:
        return ""
    if free == 0:
        return N_("All places taken")
    few = free <= min(FEW, capacity // 2)
    return N_("Only a few places left") if few else N_("Places available")


def mode_places_words(availability: SeatAvailability, mode: Mode) -> str:
    """How many seats of a hybrid event's mode are left, in steps; "" without a limit."""
    pool = availability.pools.get(mode)
    limits = (availability.capacity, pool.capacity if pool else None)
    known = [limit for limit in limits if limit is not None]
    return _places_words(availability.free_for(mode), min(known, default=None))


def places_left(availability: SeatAvailability) -> list[tuple[str, str]]:
    """Pairs of mode label and seats left in words; one pair per mode of a hybrid event."""
    if not availability.pools:
        found = [("", _places_words(availability.free, availability.capacity))]
    else:
        found = [(MODE_LABELS[mode], mode_places_words(availability, mode)) for mode in MODES]
    return [(mode, words) for mode, words in found if words]


def seats_shown(availability: SeatAvailability) -> object:
    """What public pages show of the seats; equal values give equal pages.

    Everything else of an availability is in the event's row.
    """
    return tuple(places_left(availability)), badge_for(availability), availability.members_first

"""How an event stands for somebody who looks at it from outside: one badge, one sentence."""

from dataclasses import dataclass

from ikone_events.domain.events.facts import Mode
from ikone_events.domain.events.lifecycle import STATE_LABELS, State
from ikone_events.domain.refusals import N_, Complaint
from ikone_events.domain.registering.registration import MODE_LABELS
from ikone_events.domain.registering.seating import SeatAvailability, closed_because

# From here on people had better hurry; of a small event half its places.
FEW = 10
# In the order in which forms and pages name them.
MODES = (Mode.ON_SITE, Mode.ONLINE)


@dataclass(frozen=True, slots=True)
class EventBadge:
    """`kind` is the badge's colour, `label` its word; `closed` says why nobody can register."""

    kind: str
    label: str
    closed: Complaint | None
    line: bool = False

    @property
    def open(self) -> bool:
        """Whether the form takes a registration now, for a seat or for the line."""
        return self.closed is None


_CALLED_OFF = {
    State.CANCELLED: ("danger", STATE_LABELS[State.CANCELLED]),
    State.POSTPONED: ("warning", STATE_LABELS[State.POSTPONED]),
}


def badge_for(availability: SeatAvailability) -> EventBadge:
    """The standing at the sitting's moment."""
    closed = closed_because(availability)
    if availability.state in _CALLED_OFF:
        return EventBadge(*_CALLED_OFF[availability.state], closed)
    if availability.now >= availability.ends_at:
        return EventBadge("neutral", N_("Ended"), closed or Complaint(N_("The event is over.")))
    if closed is not None:
        return EventBadge(*_closed_badge(availability), closed)
    if availability.free == 0:
        return EventBadge("warning", N_("Waiting list"), None, line=True)
    return EventBadge("success", STATE_LABELS[State.OPEN], None)


def _closed_badge(availability: SeatAvailability) -> tuple[str, str]:
    if availability.state is State.ANNOUNCED:
        return "info", N_("Registration opens later")
    if availability.now >= availability.starts_at:
        return "info", N_("Taking place now")
    if availability.free == 0:
        return "neutral", N_("Fully booked")
    return "neutral", STATE_LABELS[State.CLOSED]


def places_words(free: int | None, capacity: int | None) -> str:
    """What is left, in steps; nothing where there is no limit.

    Never the number: whoever signs up an address and sees it fall knows that the address was new.
    """
    if free is None or capacity is None:
        return ""
    if free == 0:
        return N_("All places taken")
    return (
        N_("Only a few places left") if free <= min(FEW, capacity // 2) else N_("Places available")
    )


def mode_places_words(availability: SeatAvailability, mode: Mode) -> str:
    """What is left of a hybrid event's mode; nothing where there is no limit."""
    limits = [
        availability.capacity,
        availability.pools[mode].capacity if mode in availability.pools else None,
    ]
    known = [limit for limit in limits if limit is not None]
    return places_words(availability.free_for(mode), min(known) if known else None)


def places_left(availability: SeatAvailability) -> list[tuple[str, str]]:
    """What is left in words, of a hybrid event for each mode; nothing where there is no limit."""
    if not availability.pools:
        found = [("", places_words(availability.free, availability.capacity))]
    else:
        found = [(MODE_LABELS[mode], mode_places_words(availability, mode)) for mode in MODES]
    return [(mode, words) for mode, words in found if words]


def seats_shown(availability: SeatAvailability) -> object:
    """What visitors see of the seats: words in steps and who comes first, never how many came.

    All else of a sitting stands in the event's row.
    """
    return tuple(places_left(availability)), badge_for(availability), availability.members_first

"""How an event stands for somebody who looks at it from outside: one badge, one sentence."""

from dataclasses import dataclass

from ikone_events.domain.events.facts import Mode
from ikone_events.domain.events.lifecycle import STATE_LABELS, State
from ikone_events.domain.refusals import N_, Complaint
from ikone_events.domain.registering.registration import MODE_LABELS
from ikone_events.domain.registering.seating import Sitting, closed_because

# From here on people had better hurry; of a small event half its places.
FEW = 10
# In the order in which forms and pages name them.
MODES = (Mode.ON_SITE, Mode.ONLINE)


@dataclass(frozen=True, slots=True)
class Standing:
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


def standing_of(sitting: Sitting) -> Standing:
    """The standing at the sitting's moment."""
    closed = closed_because(sitting)
    if sitting.state in _CALLED_OFF:
        return Standing(*_CALLED_OFF[sitting.state], closed)
    if sitting.now >= sitting.ends_at:
        return Standing("neutral", N_("Ended"), closed or Complaint(N_("The event is over.")))
    if closed is not None:
        return Standing(*_closed_badge(sitting), closed)
    if sitting.free == 0:
        return Standing("warning", N_("Waiting list"), None, line=True)
    return Standing("success", STATE_LABELS[State.OPEN], None)


def _closed_badge(sitting: Sitting) -> tuple[str, str]:
    if sitting.state is State.ANNOUNCED:
        return "info", N_("Registration opens later")
    if sitting.now >= sitting.starts_at:
        return "info", N_("Taking place now")
    if sitting.free == 0:
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


def mode_places_words(sitting: Sitting, mode: Mode) -> str:
    """What is left of a hybrid event's mode; nothing where there is no limit."""
    limits = [sitting.capacity, sitting.pools[mode].capacity if mode in sitting.pools else None]
    known = [limit for limit in limits if limit is not None]
    return places_words(sitting.free_for(mode), min(known) if known else None)


def places_left(sitting: Sitting) -> list[tuple[str, str]]:
    """What is left in words, of a hybrid event for each mode; nothing where there is no limit."""
    if not sitting.pools:
        found = [("", places_words(sitting.free, sitting.capacity))]
    else:
        found = [(MODE_LABELS[mode], mode_places_words(sitting, mode)) for mode in MODES]
    return [(mode, words) for mode, words in found if words]


def seats_shown(sitting: Sitting) -> object:
    """What visitors see of the seats: words in steps and who comes first, never how many came.

    All else of a sitting stands in the event's row.
    """
    return tuple(places_left(sitting)), standing_of(sitting), sitting.members_first

"""How an event stands for somebody who looks at it from outside: one badge, one sentence."""

from dataclasses import dataclass
from datetime import datetime

from ikone_events.domain.lifecycle import State
from ikone_events.domain.refusals import N_, Complaint
from ikone_events.domain.seating import Sitting, closed_because

# From here on people had better hurry; of a small event half its places.
FEW = 10


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
    State.CANCELLED: ("danger", N_("Cancelled")),
    State.POSTPONED: ("warning", N_("Postponed")),
}


def standing_of(sitting: Sitting) -> Standing:
    """The standing at the sitting's moment."""
    closed = closed_because(sitting)
    if sitting.state in _CALLED_OFF:
        return Standing(*_CALLED_OFF[sitting.state], closed)
    if sitting.now >= sitting.ends_at:
        return Standing("neutral", N_("Over"), closed or Complaint(N_("The event is over.")))
    if closed is not None:
        return Standing(*_closed_badge(sitting), closed)
    if sitting.free == 0:
        return Standing("warning", N_("Waiting list"), None, line=True)
    return Standing("success", N_("Registration open"), None)


def _closed_badge(sitting: Sitting) -> tuple[str, str]:
    if sitting.state is State.ANNOUNCED:
        return "info", N_("Registration opens later")
    if sitting.now >= sitting.starts_at:
        return "info", N_("Taking place now")
    if sitting.free == 0:
        return "neutral", N_("Fully booked")
    return "neutral", N_("Registration closed")


def places_words(free: int | None, capacity: int | None) -> str:
    """What is left, in steps; nothing where there is no limit.

    Never the number: whoever signs up an address and sees it fall knows that the address was new.
    """
    if free is None or capacity is None:
        return ""
    if free == 0:
        return N_("All places taken")
    return N_("Only a few places left") if free <= min(FEW, capacity // 2) else N_("Places free")


def unchanged(
    moments: tuple[datetime | None, ...], now: datetime
) -> tuple[datetime | None, datetime | None]:
    """The stretch of time around now in which none of the moments passes (from, until)."""
    known = sorted(moment for moment in moments if moment is not None)
    before = [moment for moment in known if moment <= now]
    after = [moment for moment in known if moment > now]
    return (before[-1] if before else None, after[0] if after else None)

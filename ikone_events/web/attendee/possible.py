"""What the person may still do: each wish with its page, until when, and the way out after that."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime

from ikone_events.domain.refusals import Complaint
from ikone_events.domain.self_service import Situation, Wish, wishes


@dataclass(frozen=True, slots=True)
class Choice:
    """One thing on the list; `complaint` says why it can't be done now, and who helps."""

    wish: Wish
    until: datetime | None
    complaint: Complaint | None


def choices(situation: Situation) -> dict[Wish, Choice]:
    """What the standing allows at all, in the order of the page."""
    allowed = wishes(situation)
    return {
        wish: Choice(wish, _UNTIL[wish](situation), allowed[wish])
        for wish in _UNTIL
        if wish in allowed
    }


def can(wish: Wish, offered: Mapping[Wish, Choice]) -> bool:
    """Whether it can be done now."""
    choice = offered.get(wish)
    return choice is not None and choice.complaint is None


_UNTIL: Mapping[Wish, Callable[[Situation], datetime | None]] = {
    Wish.CONFIRM_ADDRESS: lambda situation: situation.hold_until,
    Wish.ACCEPT: lambda situation: situation.hold_until,
    Wish.CHANGE: lambda situation: situation.starts_at,
    Wish.SWITCH_MODE: lambda situation: situation.claims_end_at,
    Wish.HAND_OVER: lambda situation: situation.ends_at,
    Wish.WITHDRAW: lambda situation: situation.ends_at,
}

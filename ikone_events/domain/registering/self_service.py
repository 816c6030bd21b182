"""What people may do to their own registration at a moment, and whom to ask when it is too late.

Withdrawing and handing over until the end, changing answers until the start; what claims places,
the mode among it, until the deadline.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from types import MappingProxyType

from ikone_events.domain.events.facts import State
from ikone_events.domain.refusals import N_, Complaint
from ikone_events.domain.registering.seating import MOVING, TAKES_PLACE
from ikone_events.domain.registering.status import Action, Actor, Standing, possible_actions


class Wish(StrEnum):
    """What the person's page offers."""

    CONFIRM_ADDRESS = "confirm_address"
    ACCEPT = "accept"
    CHANGE = "change"
    CLAIM = "claim"
    SWITCH_MODE = "switch_mode"
    HAND_OVER = "hand_over"
    WITHDRAW = "withdraw"
    DELETE = "delete"


@dataclass(frozen=True, slots=True, kw_only=True)
class Situation:
    """One registration and its event at one moment. `contact` is who helps when it is too late."""

    now: datetime
    standing: Standing
    state: State
    starts_at: datetime
    ends_at: datetime
    deadline: datetime | None
    hold_until: datetime | None
    hybrid: bool
    contact: str

    @property
    def active(self) -> bool:
        """Whether the person has or awaits a seat."""
        return Action.WITHDRAW in possible_actions(self.standing, Actor.PERSON)

    @property
    def claims_end_at(self) -> datetime:
        """Until when places can be claimed: the deadline, or else the start."""
        return self.deadline or self.starts_at


def wishes(situation: Situation) -> Mapping[Wish, Complaint | None]:
    """What the standing allows, each with what is against it at this moment."""
    return {wish: complaint(wish, situation) for wish in Wish if _fits(wish, situation)}


def complaint(wish: Wish, situation: Situation) -> Complaint | None:
    """Why it is not possible now, with the way out; None when it is. The table decides before."""
    return _LIMITS[wish](situation)


def _fits(wish: Wish, situation: Situation) -> bool:
    if wish is Wish.DELETE:
        return True
    if wish in (Wish.CHANGE, Wish.CLAIM):
        return situation.active
    if wish is Wish.SWITCH_MODE and not situation.hybrid:
        return False
    return Action(wish) in possible_actions(situation.standing, Actor.PERSON)


def _over(situation: Situation) -> Complaint | None:
    if situation.now < situation.ends_at:
        return None
    return _too_late(
        N_("The event is over. If something is wrong, write to %(contact)s."), situation
    )


def _called_off(situation: Situation) -> Complaint | None:
    if situation.state in TAKES_PLACE:
        return None
    text = N_("The event does not take place as planned. Please write to %(contact)s.")
    return _too_late(text, situation)


def _held(situation: Situation) -> Complaint | None:
    """What is kept for somebody can be taken up while the line moves and the time has not run."""
    if found := _over(situation):
        return found
    if situation.state not in MOVING:
        text = N_("This is not possible at present, and your place stays kept: %(contact)s.")
        return _too_late(text, situation)
    if situation.hold_until is not None and situation.now >= situation.hold_until:
        text = N_("The time for this has run out. Please register again, or write to %(contact)s.")
        return _too_late(text, situation)
    return None


def _change(situation: Situation) -> Complaint | None:
    if situation.now < situation.starts_at:
        return None
    text = N_("The event has begun. Changes are taken by %(contact)s.")
    return _too_late(text, situation)


def _claim(situation: Situation) -> Complaint | None:
    if situation.now < situation.claims_end_at:
        return _change(situation)
    text = N_("After the registration deadline this is changed by %(contact)s.")
    return _too_late(text, situation)


def _hand_over(situation: Situation) -> Complaint | None:
    return _over(situation) or _called_off(situation)


def _switch_mode(situation: Situation) -> Complaint | None:
    return _claim(situation) or _called_off(situation)


def _delete(situation: Situation) -> Complaint | None:
    if not situation.active or situation.now >= situation.ends_at:
        return None
    return Complaint(N_("Please withdraw first; then your details can be deleted."))


def _too_late(text: str, situation: Situation) -> Complaint:
    return Complaint(text, {"contact": situation.contact})


_LIMITS: Mapping[Wish, Callable[[Situation], Complaint | None]] = MappingProxyType(
    {
        Wish.CONFIRM_ADDRESS: _held,
        Wish.ACCEPT: _held,
        Wish.CHANGE: _change,
        Wish.CLAIM: _claim,
        Wish.SWITCH_MODE: _switch_mode,
        Wish.HAND_OVER: _hand_over,
        Wish.WITHDRAW: _over,
        Wish.DELETE: _delete,
    }
)

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
from ikone_events.domain.registering.status import (
    Actor,
    RegistrationAction,
    RegistrationStatus,
    possible_actions,
)


class SelfServiceAction(StrEnum):
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
class SelfServiceFacts:
    """One registration and its event at one moment. `contact` is who helps when it is too late."""

    now: datetime
    standing: RegistrationStatus
    state: State
    starts_at: datetime
    ends_at: datetime
    deadline: datetime | None
    reserved_until: datetime | None
    hybrid: bool
    contact: str

    @property
    def active(self) -> bool:
        """Whether the person has or awaits a seat."""
        return RegistrationAction.WITHDRAW in possible_actions(self.standing, Actor.PERSON)

    @property
    def claims_end_at(self) -> datetime:
        """Until when places can be claimed: the deadline, or else the start."""
        return self.deadline or self.starts_at


def wishes(facts: SelfServiceFacts) -> Mapping[SelfServiceAction, Complaint | None]:
    """What the standing allows, each with what is against it at this moment."""
    return {wish: complaint(wish, facts) for wish in SelfServiceAction if _fits(wish, facts)}


def complaint(wish: SelfServiceAction, facts: SelfServiceFacts) -> Complaint | None:
    """Why it is not possible now, with the way out; None when it is. The table decides before."""
    return _LIMITS[wish](facts)


def _fits(wish: SelfServiceAction, facts: SelfServiceFacts) -> bool:
    if wish is SelfServiceAction.DELETE:
        return True
    if wish in (SelfServiceAction.CHANGE, SelfServiceAction.CLAIM):
        return facts.active
    if wish is SelfServiceAction.SWITCH_MODE and not facts.hybrid:
        return False
    return RegistrationAction(wish) in possible_actions(facts.standing, Actor.PERSON)


def _over(facts: SelfServiceFacts) -> Complaint | None:
    if facts.now < facts.ends_at:
        return None
    return _too_late(N_("The event is over. If something is wrong, write to %(contact)s."), facts)


def _called_off(facts: SelfServiceFacts) -> Complaint | None:
    if facts.state in TAKES_PLACE:
        return None
    text = N_("The event does not take place as planned. Please write to %(contact)s.")
    return _too_late(text, facts)


def _held(facts: SelfServiceFacts) -> Complaint | None:
    """What is kept for somebody can be taken up while the line moves and the time has not run."""
    if found := _over(facts):
        return found
    if facts.state not in MOVING:
        text = N_("This is not possible at present, and your place stays kept: %(contact)s.")
        return _too_late(text, facts)
    if facts.reserved_until is not None and facts.now >= facts.reserved_until:
        text = N_("The time for this has run out. Please register again, or write to %(contact)s.")
        return _too_late(text, facts)
    return None


def _change(facts: SelfServiceFacts) -> Complaint | None:
    if facts.now < facts.starts_at:
        return None
    text = N_("The event has begun. Changes are taken by %(contact)s.")
    return _too_late(text, facts)


def _claim(facts: SelfServiceFacts) -> Complaint | None:
    if facts.now < facts.claims_end_at:
        return _change(facts)
    text = N_("After the registration deadline this is changed by %(contact)s.")
    return _too_late(text, facts)


def _hand_over(facts: SelfServiceFacts) -> Complaint | None:
    return _over(facts) or _called_off(facts)


def _switch_mode(facts: SelfServiceFacts) -> Complaint | None:
    return _claim(facts) or _called_off(facts)


def _delete(facts: SelfServiceFacts) -> Complaint | None:
    if not facts.active or facts.now >= facts.ends_at:
        return None
    return Complaint(N_("Please withdraw first; then your details can be deleted."))


def _too_late(text: str, facts: SelfServiceFacts) -> Complaint:
    return Complaint(text, {"contact": facts.contact})


_LIMITS: Mapping[SelfServiceAction, Callable[[SelfServiceFacts], Complaint | None]] = (
    MappingProxyType(
        {
            SelfServiceAction.CONFIRM_ADDRESS: _held,
            SelfServiceAction.ACCEPT: _held,
            SelfServiceAction.CHANGE: _change,
            SelfServiceAction.CLAIM: _claim,
            SelfServiceAction.SWITCH_MODE: _switch_mode,
            SelfServiceAction.HAND_OVER: _hand_over,
            SelfServiceAction.WITHDRAW: _over,
            SelfServiceAction.DELETE: _delete,
        }
    )
)

"""What people may do to their own registration at a moment, and whom to ask when it is too late.

People withdraw and hand over until the end, change answers until the start, and change what takes
seats or places (also the mode) until the deadline.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from ikone_events.domain.events.facts import RUNNING, TAKES_PLACE, State
from ikone_events.domain.refusals import N_, Complaint
from ikone_events.domain.registering.status import (
    Actor,
    RegistrationAction,
    RegistrationStatus,
    possible_actions,
)


class SelfServiceAction(StrEnum):
    """An action on the person's page."""

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
    """One registration and its event at one moment; `contact` helps when it is too late."""

    now: datetime
    status: RegistrationStatus
    state: State
    starts_at: datetime
    ends_at: datetime
    deadline: datetime | None
    reserved_until: datetime | None
    hybrid: bool
    contact: str

    @property
    def active(self) -> bool:
        """Whether the person has a seat or waits for one."""
        return RegistrationAction.WITHDRAW in possible_actions(self.status, Actor.PERSON)

    @property
    def claims_end_at(self) -> datetime:
        """The end of claiming places: the deadline, else the start."""
        return self.deadline or self.starts_at


def wishes(facts: SelfServiceFacts) -> Mapping[SelfServiceAction, Complaint | None]:
    """The actions that the status allows, each with its complaint at this moment."""
    return {wish: complaint(wish, facts) for wish in SelfServiceAction if _fits(wish, facts)}


def complaint(wish: SelfServiceAction, facts: SelfServiceFacts) -> Complaint | None:
    """Why an action that the status allows is not possible now, or None."""
    return next((found for limit in _LIMITS[wish] if (found := limit(facts))), None)


def _fits(wish: SelfServiceAction, facts: SelfServiceFacts) -> bool:
    if wish is SelfServiceAction.DELETE:
        return True
    if wish in (SelfServiceAction.CHANGE, SelfServiceAction.CLAIM):
        return facts.active
    if wish is SelfServiceAction.SWITCH_MODE and not facts.hybrid:
        return False
    return RegistrationAction(wish) in possible_actions(facts.status, Actor.PERSON)


def _over(facts: SelfServiceFacts) -> Complaint | None:
    if facts.now < facts.ends_at:
        return None
    return _too_late(N_("The event is over. If something is wrong, write to %(contact)s."), facts)


def _called_off(facts: SelfServiceFacts) -> Complaint | None:
    if facts.state in TAKES_PLACE:
        return None
    text = N_("The event does not take place as planned. Please write to %(contact)s.")
    return _too_late(text, facts)


def _reserved(facts: SelfServiceFacts) -> Complaint | None:
    """A reserved seat can be taken while people get promoted and before its time runs out."""
    if facts.state not in RUNNING:
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


def _delete(facts: SelfServiceFacts) -> Complaint | None:
    if not facts.active or facts.now >= facts.ends_at:
        return None
    return Complaint(N_("Please withdraw first; then your details can be deleted."))


def _too_late(text: str, facts: SelfServiceFacts) -> Complaint:
    return Complaint(text, {"contact": facts.contact})


_LIMITS: Mapping[SelfServiceAction, tuple[Callable[[SelfServiceFacts], Complaint | None], ...]] = {
    SelfServiceAction.CONFIRM_ADDRESS: (_over, _reserved),
    SelfServiceAction.ACCEPT: (_over, _reserved),
    SelfServiceAction.CHANGE: (_change,),
    SelfServiceAction.CLAIM: (_claim,),
    SelfServiceAction.SWITCH_MODE: (_claim, _called_off),
    SelfServiceAction.HAND_OVER: (_over, _called_off),
    SelfServiceAction.WITHDRAW: (_over,),
    SelfServiceAction.DELETE: (_delete,),
}

"""The table of standings: who may do what to a registration, where it leads, what is written.

What the table does not hold is refused. Doors and seats decide which of several targets it is
(`domain/seating.py`); `domain/self_service.py` says until when people may do it themselves.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum
from types import MappingProxyType

from ikone_events.domain.mails.kinds import MailKind
from ikone_events.domain.refusals import N_, Complaint, StandingRefused
from ikone_events.domain.registering.registration import (
    AWAITS_LABELS,
    STATUS_LABELS,
    Awaits,
    Status,
)


class Action(StrEnum):
    """What can be done to a registration."""

    REGISTER = "register"
    ADD = "add"
    TAKE_OVER = "take_over"
    CONFIRM_ADDRESS = "confirm_address"
    APPROVE = "approve"
    ACCEPT = "accept"
    PROMOTE = "promote"
    MOVE_UP = "move_up"
    SWITCH_MODE = "switch_mode"
    HAND_OVER = "hand_over"
    WITHDRAW = "withdraw"
    DECLINE = "decline"
    LAPSE = "lapse"


class Actor(StrEnum):
    """Who does it; the clock also stands for the line that moves up by itself."""

    PERSON = "person"
    ORGANISER = "organiser"
    CLOCK = "clock"


class Standing(StrEnum):
    """A status together with what a pending registration waits for; `none` is before the first."""

    NONE = "none"
    ADDRESS = "pending: address"
    APPROVAL = "pending: approval"
    WAITING = "waitlisted"
    OFFERED = "offered"
    CONFIRMED = "confirmed"
    CANCELLED = "cancelled"
    DECLINED = "declined"
    EXPIRED = "expired"


@dataclass(frozen=True, slots=True)
class Rule:
    """One row of the table. Without a letter of its own it sends the one that tells of the target.

    Which of several targets it is depends on the doors that the event has (`domain/seating.py`).
    """

    action: Action
    sources: tuple[Standing, ...]
    targets: tuple[Standing, ...]
    actors: tuple[Actor, ...]
    letter: MailKind | None = None
    done_in: tuple[Standing, ...] = ()


_NONE = (Standing.NONE,)
_PENDING = (Standing.ADDRESS, Standing.APPROVAL)
_WAITING, _OFFERED = (Standing.WAITING,), (Standing.OFFERED,)
_CONFIRMED, _CANCELLED = (Standing.CONFIRMED,), (Standing.CANCELLED,)
_ACTIVE = (*_PENDING, *_WAITING, *_OFFERED, *_CONFIRMED)
_SEAT = (*_PENDING, *_OFFERED, *_CONFIRMED)
_PERSON, _OFFICE, _CLOCK = (Actor.PERSON,), (Actor.ORGANISER,), (Actor.CLOCK,)
_BOTH = (*_PERSON, *_OFFICE)
_BEHIND_ADDRESS = (Standing.APPROVAL, *_OFFERED, *_CONFIRMED)
_BEHIND_APPROVAL = (*_OFFERED, *_CONFIRMED)
_MOVED_UP = (Standing.ADDRESS, *_OFFERED, *_CONFIRMED)
_IN_LINE_OR_IN = (*_WAITING, *_CONFIRMED)
_SWITCHING = (*_PENDING, *_WAITING, *_CONFIRMED)

# An action is done already in the standings of the last column: pressing again is a success, and
# nothing happens. "Switch mode" leaves everybody at the standing where they are.
# fmt: off
RULES: tuple[Rule, ...] = (
    Rule(Action.REGISTER, _NONE, (*_PENDING, *_WAITING, *_CONFIRMED), _PERSON),
    Rule(Action.ADD, _NONE, (Standing.ADDRESS, *_WAITING, *_CONFIRMED), _OFFICE),
    Rule(Action.TAKE_OVER, (*_NONE, *_WAITING), _IN_LINE_OR_IN, _BOTH, MailKind.TAKEN_OVER),
    Rule(Action.CONFIRM_ADDRESS, _PENDING[:1], _BEHIND_ADDRESS, _BOTH, done_in=_BEHIND_ADDRESS),
    Rule(Action.APPROVE, _PENDING[1:], _BEHIND_APPROVAL, _OFFICE),
    Rule(Action.ACCEPT, _OFFERED, _CONFIRMED, _PERSON, done_in=_CONFIRMED),
    Rule(Action.PROMOTE, _WAITING, _SEAT, _CLOCK, MailKind.PROMOTION),
    Rule(Action.MOVE_UP, _WAITING, _MOVED_UP, _OFFICE, MailKind.PROMOTION),
    Rule(Action.SWITCH_MODE, _SWITCHING, _SWITCHING, _BOTH, MailKind.CHANGED),
    Rule(Action.HAND_OVER, _IN_LINE_OR_IN, _CANCELLED, _BOTH, MailKind.HANDED_OVER),
    Rule(Action.WITHDRAW, _ACTIVE, _CANCELLED, _BOTH, MailKind.WITHDRAWAL, _CANCELLED),
    Rule(Action.DECLINE, _ACTIVE, (Standing.DECLINED,), _OFFICE, MailKind.DECLINED),
    Rule(Action.LAPSE, (*_PENDING, *_OFFERED), (Standing.EXPIRED,), _CLOCK, MailKind.OFFER_LAPSED),
)
# fmt: on

# The letter that tells of a standing.
_TELLS: Mapping[Standing, MailKind] = MappingProxyType(
    {
        Standing.ADDRESS: MailKind.CONFIRM_ADDRESS,
        Standing.APPROVAL: MailKind.AWAITING_APPROVAL,
        Standing.WAITING: MailKind.WAITLIST,
        Standing.OFFERED: MailKind.OFFER,
        Standing.CONFIRMED: MailKind.CONFIRMATION,
    }
)
# Whose row says nothing came from a file: their address is what nobody has confirmed.
_PENDING_BY = {
    Awaits.NOTHING: Standing.ADDRESS,
    Awaits.ADDRESS: Standing.ADDRESS,
    Awaits.APPROVAL: Standing.APPROVAL,
}
_BY_ACTION: Mapping[Action, Rule] = MappingProxyType({rule.action: rule for rule in RULES})


def rule_of(action: Action) -> Rule:
    """The row of an action."""
    return _BY_ACTION[action]


def standing_of(status: str, awaits: str) -> Standing:
    """A registration's standing from its two columns."""
    return _PENDING_BY[Awaits(awaits)] if status == Status.PENDING else Standing(status)


# Whoever declines in a calendar does it in person, though by no press of ours.
CALENDAR = "calendar"
_ACTORS = {"person": Actor.PERSON, CALENDAR: Actor.PERSON, "system": Actor.CLOCK}


def actor_of(name: str) -> Actor:
    """Who an actor of the chain is; organisers stand there by their address."""
    return _ACTORS.get(name, Actor.ORGANISER)


def is_done(action: Action, standing: Standing) -> bool:
    """Whether a press finds its work done: a success without a second letter."""
    return standing in _BY_ACTION[action].done_in


def check(action: Action, standing: Standing, actor: Actor) -> None:
    """Raise StandingRefused unless the table has this."""
    rule = _BY_ACTION[action]
    if standing not in rule.sources or actor not in rule.actors:
        text = N_("“%(action)s” is not possible while the registration stands at “%(standing)s”.")
        values = {"action": ACTION_LABELS[action], "standing": STANDING_LABELS[standing]}
        raise StandingRefused(Complaint(text, values))


def possible_actions(standing: Standing, actor: Actor) -> tuple[Action, ...]:
    """What somebody may do to a registration at a standing: the source of buttons."""
    return tuple(rule.action for rule in RULES if standing in rule.sources and actor in rule.actors)


def letter_for(action: Action, target: Standing) -> MailKind | None:
    """The letter that an action with this outcome owes to the person.

    Who moves up to a seat that is not theirs yet is told what is missing.
    """
    own = _BY_ACTION[action].letter
    if own is None or (own is MailKind.PROMOTION and target is not Standing.CONFIRMED):
        return _TELLS.get(target)
    return own


_KEYS: Mapping[MailKind, str] = MappingProxyType(
    {
        MailKind.CONFIRM_ADDRESS: "address",
        MailKind.AWAITING_APPROVAL: "approval",
        MailKind.WAITLIST: "registered",
        MailKind.OFFER: "offer",
        MailKind.CONFIRMATION: "confirmed",
        MailKind.PROMOTION: "promoted",
        MailKind.CHANGED: "changed",
        MailKind.WITHDRAWAL: "withdrawn",
        MailKind.DECLINED: "declined",
        MailKind.OFFER_LAPSED: "lapsed",
        MailKind.HANDED_OVER: "handed",
        MailKind.TAKEN_OVER: "taken",
    }
)


def letter_key(kind: MailKind, public_id: str, touched: int, *, fresh: bool = False) -> str:
    """The key that makes a letter once; `fresh` is the letter of a new registration."""
    if fresh and kind is MailKind.CONFIRMATION:
        return f"registered:{public_id}"
    again = kind in (MailKind.OFFER, MailKind.CHANGED)
    again |= kind is MailKind.TAKEN_OVER and not fresh
    return f"{_KEYS[kind]}:{public_id}" + (f":{touched}" if again else "")


STANDING_LABELS: dict[Standing, str] = {
    Standing.NONE: N_("Not registered"),
    **{_PENDING_BY[awaits]: label for awaits, label in AWAITS_LABELS.items()},
    **{Standing(s): label for s, label in STATUS_LABELS.items() if s is not Status.PENDING},
}

ACTION_LABELS: dict[Action, str] = {
    Action.REGISTER: N_("Register"),
    Action.ADD: N_("Add by hand"),
    Action.TAKE_OVER: N_("Take over a place"),
    Action.CONFIRM_ADDRESS: N_("Confirm the address"),
    Action.APPROVE: N_("Approve"),
    Action.ACCEPT: N_("Accept the offer"),
    Action.PROMOTE: N_("Move up by the line"),
    Action.MOVE_UP: N_("Move up by hand"),
    Action.SWITCH_MODE: N_("Change how to take part"),
    Action.HAND_OVER: N_("Hand over"),
    Action.WITHDRAW: N_("Withdraw"),
    Action.DECLINE: N_("Decline"),
    Action.LAPSE: N_("Lapse"),
}

# Reasons that the chain gives by itself; organisers write their own.
HELD_BACK = N_("Whoever waited before had to: no place in their mode, or for their administration.")
OUT_OF_ORDER = N_("Moved up although others waited before.")
OVER = N_("The event was over.")
REASONS = frozenset({HELD_BACK, OUT_OF_ORDER, OVER})

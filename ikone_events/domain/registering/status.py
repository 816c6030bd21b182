"""The table of standings: who may do what to a registration, where it leads, what is written.

What the table does not hold is refused. Doors and seats decide which of several targets it is
(`domain/seating.py`); `domain/self_service.py` says until when people may do it themselves.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum
from types import MappingProxyType

from ikone_events.domain.mails.kinds import MailKind
from ikone_events.domain.refusals import N_, Complaint, StatusRefused
from ikone_events.domain.registering.registration import (
    AWAITS_LABELS,
    STATUS_LABELS,
    Awaits,
    Status,
)


class RegistrationAction(StrEnum):
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
    EXPIRE = "expire"


class Actor(StrEnum):
    """Who does it; the clock also stands for the line that moves up by itself."""

    PERSON = "person"
    ORGANISER = "organiser"
    CLOCK = "clock"


class RegistrationStatus(StrEnum):
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
class StatusRule:
    """One row of the table. Without a mail of its own it sends the one that tells of the target.

    Which of several targets it is depends on the doors that the event has (`domain/seating.py`).
    """

    action: RegistrationAction
    sources: tuple[RegistrationStatus, ...]
    targets: tuple[RegistrationStatus, ...]
    actors: tuple[Actor, ...]
    mail: MailKind | None = None
    done_in: tuple[RegistrationStatus, ...] = ()


_NONE = (RegistrationStatus.NONE,)
_PENDING = (RegistrationStatus.ADDRESS, RegistrationStatus.APPROVAL)
_WAITING, _OFFERED = (RegistrationStatus.WAITING,), (RegistrationStatus.OFFERED,)
_CONFIRMED, _CANCELLED = (RegistrationStatus.CONFIRMED,), (RegistrationStatus.CANCELLED,)
_RESERVED, _EXPIRED = (*_PENDING, *_OFFERED), (RegistrationStatus.EXPIRED,)
_ACTIVE = (*_PENDING, *_WAITING, *_OFFERED, *_CONFIRMED)
_SEAT = (*_PENDING, *_OFFERED, *_CONFIRMED)
_PERSON, _OFFICE, _CLOCK = (Actor.PERSON,), (Actor.ORGANISER,), (Actor.CLOCK,)
_BOTH = (*_PERSON, *_OFFICE)
_BEHIND_ADDRESS = (RegistrationStatus.APPROVAL, *_OFFERED, *_CONFIRMED)
_BEHIND_APPROVAL = (*_OFFERED, *_CONFIRMED)
_MOVED_UP = (RegistrationStatus.ADDRESS, *_OFFERED, *_CONFIRMED)
_IN_LINE_OR_IN = (*_WAITING, *_CONFIRMED)
_SWITCHING = (*_PENDING, *_WAITING, *_CONFIRMED)

# An action is done already in the standings of the last column: pressing again is a success, and
# nothing happens. "Switch mode" leaves everybody at the standing where they are.
Do = RegistrationAction

# fmt: off
RULES: tuple[StatusRule, ...] = (
    StatusRule(Do.REGISTER, _NONE, (*_PENDING, *_WAITING, *_CONFIRMED), _PERSON),
    StatusRule(Do.ADD, _NONE, (RegistrationStatus.ADDRESS, *_WAITING, *_CONFIRMED), _OFFICE),
    StatusRule(Do.TAKE_OVER, (*_NONE, *_WAITING), _IN_LINE_OR_IN, _BOTH, MailKind.TAKEN_OVER),
    StatusRule(Do.CONFIRM_ADDRESS, _PENDING[:1], _BEHIND_ADDRESS, _BOTH, done_in=_BEHIND_ADDRESS),
    StatusRule(Do.APPROVE, _PENDING[1:], _BEHIND_APPROVAL, _OFFICE),
    StatusRule(Do.ACCEPT, _OFFERED, _CONFIRMED, _PERSON, done_in=_CONFIRMED),
    StatusRule(Do.PROMOTE, _WAITING, _SEAT, _CLOCK, MailKind.PROMOTION),
    StatusRule(Do.MOVE_UP, _WAITING, _MOVED_UP, _OFFICE, MailKind.PROMOTION),
    StatusRule(Do.SWITCH_MODE, _SWITCHING, _SWITCHING, _BOTH, MailKind.CHANGED),
    StatusRule(Do.HAND_OVER, _IN_LINE_OR_IN, _CANCELLED, _BOTH, MailKind.HANDED_OVER),
    StatusRule(Do.WITHDRAW, _ACTIVE, _CANCELLED, _BOTH, MailKind.WITHDRAWAL, _CANCELLED),
    StatusRule(Do.DECLINE, _ACTIVE, (RegistrationStatus.DECLINED,), _OFFICE, MailKind.DECLINED),
    StatusRule(Do.EXPIRE, _RESERVED, _EXPIRED, _CLOCK, MailKind.OFFER_LAPSED),
)
# fmt: on

# The mail that tells of a standing.
_TELLS: Mapping[RegistrationStatus, MailKind] = MappingProxyType(
    {
        RegistrationStatus.ADDRESS: MailKind.CONFIRM_ADDRESS,
        RegistrationStatus.APPROVAL: MailKind.AWAITING_APPROVAL,
        RegistrationStatus.WAITING: MailKind.WAITLIST,
        RegistrationStatus.OFFERED: MailKind.OFFER,
        RegistrationStatus.CONFIRMED: MailKind.CONFIRMATION,
    }
)
# Whose row says nothing came from a file: their address is what nobody has confirmed.
_PENDING_BY = {
    Awaits.NOTHING: RegistrationStatus.ADDRESS,
    Awaits.ADDRESS: RegistrationStatus.ADDRESS,
    Awaits.APPROVAL: RegistrationStatus.APPROVAL,
}
_BY_ACTION: Mapping[RegistrationAction, StatusRule] = MappingProxyType(
    {rule.action: rule for rule in RULES}
)


def rule_of(action: RegistrationAction) -> StatusRule:
    """The row of an action."""
    return _BY_ACTION[action]


def registration_status(status: str, awaits: str) -> RegistrationStatus:
    """A registration's standing from its two columns."""
    return _PENDING_BY[Awaits(awaits)] if status == Status.PENDING else RegistrationStatus(status)


# Whoever declines in a calendar does it in person, though by no press of ours.
CALENDAR = "calendar"
_ACTORS = {"person": Actor.PERSON, CALENDAR: Actor.PERSON, "system": Actor.CLOCK}


def actor_of(name: str) -> Actor:
    """Who an actor of the chain is; organisers stand there by their address."""
    return _ACTORS.get(name, Actor.ORGANISER)


def is_done(action: RegistrationAction, standing: RegistrationStatus) -> bool:
    """Whether a press finds its work done: a success without a second mail."""
    return standing in _BY_ACTION[action].done_in


def check(action: RegistrationAction, standing: RegistrationStatus, actor: Actor) -> None:
    """Raise StandingRefused unless the table has this."""
    rule = _BY_ACTION[action]
    if standing not in rule.sources or actor not in rule.actors:
        text = N_("“%(action)s” is not possible while the registration stands at “%(standing)s”.")
        values = {"action": ACTION_LABELS[action], "standing": REGISTRATION_STATUS_LABELS[standing]}
        raise StatusRefused(Complaint(text, values))


def possible_actions(standing: RegistrationStatus, actor: Actor) -> tuple[RegistrationAction, ...]:
    """What somebody may do to a registration at a standing: the source of buttons."""
    return tuple(rule.action for rule in RULES if standing in rule.sources and actor in rule.actors)


def mail_for(action: RegistrationAction, target: RegistrationStatus) -> MailKind | None:
    """The mail that an action with this outcome owes to the person.

    Who moves up to a seat that is not theirs yet is told what is missing.
    """
    own = _BY_ACTION[action].mail
    if own is None or (own is MailKind.PROMOTION and target is not RegistrationStatus.CONFIRMED):
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


def mail_key(kind: MailKind, public_id: str, lock_version: int, *, fresh: bool = False) -> str:
    """The key that makes a mail once; `fresh` is the mail of a new registration."""
    if fresh and kind is MailKind.CONFIRMATION:
        return f"registered:{public_id}"
    again = kind in (MailKind.OFFER, MailKind.CHANGED)
    again |= kind is MailKind.TAKEN_OVER and not fresh
    return f"{_KEYS[kind]}:{public_id}" + (f":{lock_version}" if again else "")


REGISTRATION_STATUS_LABELS: dict[RegistrationStatus, str] = {
    RegistrationStatus.NONE: N_("Not registered"),
    **{_PENDING_BY[awaits]: label for awaits, label in AWAITS_LABELS.items()},
    **{
        RegistrationStatus(s): label
        for s, label in STATUS_LABELS.items()
        if s is not Status.PENDING
    },
}

ACTION_LABELS: dict[RegistrationAction, str] = {
    RegistrationAction.REGISTER: N_("Register"),
    RegistrationAction.ADD: N_("Add by hand"),
    RegistrationAction.TAKE_OVER: N_("Take over a place"),
    RegistrationAction.CONFIRM_ADDRESS: N_("Confirm the address"),
    RegistrationAction.APPROVE: N_("Approve"),
    RegistrationAction.ACCEPT: N_("Accept the offer"),
    RegistrationAction.PROMOTE: N_("Move up by the line"),
    RegistrationAction.MOVE_UP: N_("Move up by hand"),
    RegistrationAction.SWITCH_MODE: N_("Change how to take part"),
    RegistrationAction.HAND_OVER: N_("Hand over"),
    RegistrationAction.WITHDRAW: N_("Withdraw"),
    RegistrationAction.DECLINE: N_("Decline"),
    RegistrationAction.EXPIRE: N_("Lapse"),
}

# Reasons that the chain gives by itself; organisers write their own.
SKIPPED_BY_RULE = N_(
    "Whoever waited before had to: no place in their mode, or for their administration."
)
OUT_OF_ORDER = N_("Moved up although others waited before.")
OVER = N_("The event was over.")
REASONS = frozenset({SKIPPED_BY_RULE, OUT_OF_ORDER, OVER})

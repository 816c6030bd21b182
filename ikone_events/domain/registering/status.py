"""The table of status changes: who may do what to a registration, the new status, and the mail.

Everything else is refused. Admission steps and seats decide between several targets (`seating.py`);
`self_service.py` decides until when people may act themselves.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum

from ikone_events.domain.mails.kinds import MailKind
from ikone_events.domain.refusals import N_, Complaint, StatusRefused
from ikone_events.domain.registering.registration import (
    AWAITS_LABELS,
    STATUS_LABELS,
    Awaits,
    Status,
)


class RegistrationAction(StrEnum):
    """An action on a registration."""

    REGISTER = "register"
    ADD = "add"
    TAKE_OVER = "take_over"
    CONFIRM_ADDRESS = "confirm_address"
    APPROVE = "approve"
    ACCEPT = "accept"
    PROMOTE = "promote"
    MOVE_UP = "move_up"
    GIVE_SEAT = "give_seat"
    SWITCH_MODE = "switch_mode"
    HAND_OVER = "hand_over"
    WITHDRAW = "withdraw"
    DECLINE = "decline"
    EXPIRE = "expire"
    CORRECT = "correct"
    ASK_ADDRESS = "ask_address"
    RESEND = "resend"


class Actor(StrEnum):
    """Who acts; CLOCK includes automatic promotion from the waiting list."""

    PERSON = "person"
    ORGANISER = "organiser"
    CLOCK = "clock"


class RegistrationStatus(StrEnum):
    """A status with what a pending registration awaits; `none`: not registered."""

    NONE = "none"
    ADDRESS = "pending: address"
    APPROVAL = "pending: approval"
    WAITING = "waitlisted"
    OFFERED = "offered"
    CONFIRMED = "confirmed"
    CANCELLED = "cancelled"
    DECLINED = "declined"
    EXPIRED = "expired"

    @property
    def columns(self) -> tuple[str, str]:
        """The columns `status` and `awaits` of a registration in this status."""
        stored, _colon, awaits = self.value.partition(": ")
        return stored, awaits


@dataclass(frozen=True, slots=True)
class StatusRule:
    """One row of the table. Without `mail` it sends the mail of the target.

    `done_in` are the statuses in which the action has been done: repeating it succeeds without
    effect.
    """

    action: RegistrationAction
    sources: tuple[RegistrationStatus, ...]
    targets: tuple[RegistrationStatus, ...]
    actors: tuple[Actor, ...]
    mail: MailKind | None = None
    done_in: tuple[RegistrationStatus, ...] = ()

    @property
    def keeps_status(self) -> bool:
        """Whether the action leaves every status as it is."""
        return self.sources == self.targets

    def allows(self, source: RegistrationStatus, target: RegistrationStatus) -> bool:
        """Whether the action may lead from one status to the other."""
        known = source in self.sources and target in self.targets
        return known and (source is target or not self.keeps_status)


_NONE = (RegistrationStatus.NONE,)
_PENDING = (RegistrationStatus.ADDRESS, RegistrationStatus.APPROVAL)
_WAITING, _OFFERED = (RegistrationStatus.WAITING,), (RegistrationStatus.OFFERED,)
_CONFIRMED, _CANCELLED = (RegistrationStatus.CONFIRMED,), (RegistrationStatus.CANCELLED,)
_RESERVED, _EXPIRED = (*_PENDING, *_OFFERED), (RegistrationStatus.EXPIRED,)
_ACTIVE = (*_PENDING, *_WAITING, *_OFFERED, *_CONFIRMED)
_SEAT = (*_PENDING, *_OFFERED, *_CONFIRMED)
_PERSON, _ORGANISER, _CLOCK = (Actor.PERSON,), (Actor.ORGANISER,), (Actor.CLOCK,)
_BOTH = (*_PERSON, *_ORGANISER)
_AFTER_ADDRESS = (RegistrationStatus.APPROVAL, *_OFFERED, *_CONFIRMED)
_AFTER_APPROVAL = (*_OFFERED, *_CONFIRMED)
_PROMOTED = (RegistrationStatus.ADDRESS, *_OFFERED, *_CONFIRMED)
_LISTED = (*_WAITING, *_CONFIRMED)
_SWITCHING = (*_PENDING, *_WAITING, *_CONFIRMED)

# SWITCH_MODE, CORRECT and RESEND keep the status. ASK_ADDRESS follows CORRECT for another address.
Do = RegistrationAction

# fmt: off
RULES: tuple[StatusRule, ...] = (
    StatusRule(Do.REGISTER, _NONE, (*_PENDING, *_WAITING, *_CONFIRMED), _PERSON),
    StatusRule(Do.ADD, _NONE, (RegistrationStatus.ADDRESS, *_WAITING, *_CONFIRMED), _ORGANISER),
    StatusRule(Do.TAKE_OVER, (*_NONE, *_WAITING), _LISTED, _BOTH, MailKind.TAKEN_OVER),
    StatusRule(Do.CONFIRM_ADDRESS, _PENDING[:1], _AFTER_ADDRESS, _BOTH, done_in=_AFTER_ADDRESS),
    StatusRule(Do.APPROVE, _PENDING[1:], _AFTER_APPROVAL, _ORGANISER),
    StatusRule(Do.ACCEPT, _OFFERED, _CONFIRMED, _PERSON, done_in=_CONFIRMED),
    StatusRule(Do.PROMOTE, _WAITING, _SEAT, _CLOCK, MailKind.PROMOTION),
    StatusRule(Do.MOVE_UP, _WAITING, _PROMOTED, _ORGANISER, MailKind.PROMOTION),
    StatusRule(Do.GIVE_SEAT, _WAITING, _PROMOTED, _ORGANISER, MailKind.PROMOTION),
    StatusRule(Do.SWITCH_MODE, _SWITCHING, _SWITCHING, _BOTH, MailKind.CHANGED),
    StatusRule(Do.HAND_OVER, _LISTED, _CANCELLED, _BOTH, MailKind.HANDED_OVER),
    StatusRule(Do.WITHDRAW, _ACTIVE, _CANCELLED, _BOTH, MailKind.WITHDRAWAL, _CANCELLED),
    StatusRule(Do.DECLINE, _ACTIVE, (RegistrationStatus.DECLINED,), _ORGANISER, MailKind.DECLINED),
    StatusRule(Do.EXPIRE, _RESERVED, _EXPIRED, _CLOCK, MailKind.OFFER_LAPSED),
    StatusRule(Do.CORRECT, _ACTIVE, _ACTIVE, _ORGANISER),
    StatusRule(Do.ASK_ADDRESS, (*_PENDING[1:], *_CONFIRMED), _PENDING[:1], _ORGANISER),
    StatusRule(Do.RESEND, _ACTIVE, _ACTIVE, _ORGANISER),
)
# fmt: on

# The mail about a new status.
_MAIL_OF: Mapping[RegistrationStatus, MailKind] = {
    RegistrationStatus.ADDRESS: MailKind.CONFIRM_ADDRESS,
    RegistrationStatus.APPROVAL: MailKind.AWAITING_APPROVAL,
    RegistrationStatus.WAITING: MailKind.WAITLIST,
    RegistrationStatus.OFFERED: MailKind.OFFER,
    RegistrationStatus.CONFIRMED: MailKind.CONFIRMATION,
}
# Pending registrations from a file have no `awaits`: their address is unconfirmed.
_PENDING_BY = {
    Awaits.NOTHING: RegistrationStatus.ADDRESS,
    Awaits.ADDRESS: RegistrationStatus.ADDRESS,
    Awaits.APPROVAL: RegistrationStatus.APPROVAL,
}
_BY_ACTION: Mapping[RegistrationAction, StatusRule] = {rule.action: rule for rule in RULES}


def rule_of(action: RegistrationAction) -> StatusRule:
    """The row of an action."""
    return _BY_ACTION[action]


def registration_status(status: str, awaits: str) -> RegistrationStatus:
    """The RegistrationStatus from the two columns of a registration."""
    return _PENDING_BY[Awaits(awaits)] if status == Status.PENDING else RegistrationStatus(status)


# A person who declines in their calendar.
CALENDAR = "calendar"
_ACTORS = {"person": Actor.PERSON, CALENDAR: Actor.PERSON, "system": Actor.CLOCK}


def actor_of(name: str) -> Actor:
    """The kind of an actor in the status history; organisers are stored by their address."""
    return _ACTORS.get(name, Actor.ORGANISER)


def is_done(action: RegistrationAction, status: RegistrationStatus) -> bool:
    """Whether the action has been done: repeating it succeeds without a mail."""
    return status in _BY_ACTION[action].done_in


def check(action: RegistrationAction, status: RegistrationStatus, actor: Actor) -> None:
    """Raise StatusRefused unless the table allows the action."""
    rule = _BY_ACTION[action]
    if status not in rule.sources or actor not in rule.actors:
        raise _refused(action, status)


def check_change(
    action: RegistrationAction, source: RegistrationStatus, target: RegistrationStatus
) -> None:
    """Raise StatusRefused unless the table has the change: the last check before it is stored."""
    if not _BY_ACTION[action].allows(source, target):
        raise _refused(action, source)


def _refused(action: RegistrationAction, status: RegistrationStatus) -> StatusRefused:
    text = N_(
        "“%(action)s” is not possible while the status of the registration is “%(standing)s”."
    )
    values = {"action": ACTION_LABELS[action], "standing": REGISTRATION_STATUS_LABELS[status]}
    return StatusRefused(Complaint(text, values))


def possible_actions(status: RegistrationStatus, actor: Actor) -> tuple[RegistrationAction, ...]:
    """The actions that the table allows an actor in a status: the source of buttons."""
    return tuple(rule.action for rule in RULES if status in rule.sources and actor in rule.actors)


def mail_for(action: RegistrationAction, target: RegistrationStatus) -> MailKind | None:
    """The mail for an action with this outcome.

    A promotion to a seat that is only reserved sends the mail about what is missing.
    """
    own = _BY_ACTION[action].mail
    if own is None or (own is MailKind.PROMOTION and target is not RegistrationStatus.CONFIRMED):
        return _MAIL_OF.get(target)
    return own


_KEYS: Mapping[MailKind, str] = {
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


def mail_key(kind: MailKind, public_id: str, lock_version: int, *, fresh: bool = False) -> str:
    """The unique key that prevents a second mail; `fresh`: of a new registration."""
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
    RegistrationAction.PROMOTE: N_("Move up automatically"),
    RegistrationAction.MOVE_UP: N_("Move up by hand"),
    RegistrationAction.GIVE_SEAT: N_("Give an extra place"),
    RegistrationAction.SWITCH_MODE: N_("Change how to take part"),
    RegistrationAction.HAND_OVER: N_("Hand over"),
    RegistrationAction.WITHDRAW: N_("Withdraw"),
    RegistrationAction.DECLINE: N_("Decline"),
    RegistrationAction.EXPIRE: N_("Lapse"),
    RegistrationAction.CORRECT: N_("Correct details"),
    RegistrationAction.ASK_ADDRESS: N_("Ask to confirm the new address"),
    RegistrationAction.RESEND: N_("Send the confirmation again"),
}

# Automatic reasons in the status history; organisers write their own.
SKIPPED_BY_RULE = N_(
    "Whoever waited before had to: no place in their mode, or for their public body."
)
OUT_OF_ORDER = N_("Moved up although others waited before.")
BEGUN = N_("The event had begun: nobody moves up automatically any more.")
OVER = N_("The event was over.")
REASONS = frozenset({SKIPPED_BY_RULE, OUT_OF_ORDER, BEGUN, OVER})

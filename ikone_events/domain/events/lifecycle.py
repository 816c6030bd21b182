"""The lifecycle of an event: each action with its states, its needs and its mail."""

from collections.abc import Iterator
from dataclasses import dataclass
from enum import StrEnum

from ikone_events.domain.events.facts import RUNNING, TAKES_PLACE, EventFormat, Facts, State
from ikone_events.domain.events.needs import (
    Need,
    needs_confirmed_person,
    needs_future_deadline,
    needs_future_start,
    needs_link_sent,
    needs_material,
    needs_new_date,
    needs_not_over,
    needs_order_of_times,
    needs_over,
    needs_place,
    needs_privacy_contact,
    needs_reason,
    needs_retention_over,
    needs_room,
    needs_seats,
    needs_summary,
    needs_title,
    needs_video,
)
from ikone_events.domain.mails.audiences import Audience
from ikone_events.domain.mails.kinds import MailKind
from ikone_events.domain.refusals import N_, Complaint, TransitionRefused

__all__ = [
    "ACTION_LABELS",
    "RULES",
    "STATE_LABELS",
    "Action",
    "ActionOffer",
    "Audience",
    "EventFormat",
    "Facts",
    "Message",
    "State",
    "TransitionRule",
    "complaints",
    "find_rule",
    "offers",
    "plan",
]


class Action(StrEnum):
    """What an organiser, a command or a step can do to an event."""

    ANNOUNCE = "announce"
    OPEN = "open"
    CLOSE = "close"
    REOPEN = "reopen"
    DISPATCH = "dispatch"
    FOLLOW_UP = "follow_up"
    ARCHIVE = "archive"
    POSTPONE = "postpone"
    RESCHEDULE = "reschedule"
    CANCEL = "cancel"


@dataclass(frozen=True, slots=True)
class Message:
    """The mail that a transition sends to an audience."""

    kind: MailKind
    audience: Audience


@dataclass(frozen=True, slots=True)
class TransitionRule:
    """One row of the table: action, state before and after, needs, mail."""

    action: Action
    source: State
    target: State
    needs: tuple[Need, ...] = ()
    message: Message | None = None


def _rows(
    action: Action,
    sources: tuple[State, ...],
    target: State,
    needs: tuple[Need, ...],
    message: Message | None = None,
) -> Iterator[TransitionRule]:
    return (TransitionRule(action, source, target, needs, message) for source in sources)


_ANNOUNCE = (
    needs_title,
    needs_summary,
    needs_order_of_times,
    needs_future_start,
    needs_place,
    needs_privacy_contact,
)
_DISPATCH = (needs_video, needs_room, needs_confirmed_person, needs_not_over)
_FOLLOW_UP = (needs_over, needs_material, needs_link_sent)
_NEWS = Message(MailKind.ANNOUNCEMENT, Audience.SUBSCRIBERS)
_OPENING = Message(MailKind.OPENING, Audience.INTERESTED)
_LINK = Message(MailKind.ACCESS_LINK, Audience.CONFIRMED_ONLINE)
_MATERIALS = Message(MailKind.FOLLOW_UP, Audience.CONFIRMED)
_POSTPONED = Message(MailKind.POSTPONED, Audience.CONFIRMED_AND_WAITING)
_MOVED = Message(MailKind.MOVED, Audience.CONFIRMED_AND_WAITING)
_CANCELLED = Message(MailKind.CANCELLATION, Audience.CONFIRMED_AND_WAITING)

# fmt: off
RULES: tuple[TransitionRule, ...] = (
    TransitionRule(Action.ANNOUNCE, State.DRAFT, State.ANNOUNCED, _ANNOUNCE, _NEWS),
    TransitionRule(Action.OPEN, State.ANNOUNCED, State.OPEN, (needs_seats, needs_future_deadline), _OPENING),  # noqa: E501 - one row, one line
    TransitionRule(Action.CLOSE, State.OPEN, State.CLOSED),
    TransitionRule(Action.REOPEN, State.CLOSED, State.OPEN, (needs_future_deadline,)),
    *_rows(Action.DISPATCH, (State.OPEN, State.CLOSED), State.DISPATCHED, _DISPATCH, _LINK),
    *_rows(Action.FOLLOW_UP, RUNNING, State.FOLLOWED_UP, _FOLLOW_UP, _MATERIALS),
    *_rows(Action.ARCHIVE, (State.FOLLOWED_UP, State.CANCELLED), State.ARCHIVED, (needs_retention_over,)),  # noqa: E501 - one row, one line
    *_rows(Action.POSTPONE, TAKES_PLACE, State.POSTPONED, (needs_reason, needs_not_over), _POSTPONED),  # noqa: E501 - one row, one line
    TransitionRule(Action.RESCHEDULE, State.POSTPONED, State.ANNOUNCED, (needs_new_date,), _MOVED),
    *_rows(Action.CANCEL, (*TAKES_PLACE, State.POSTPONED), State.CANCELLED, (needs_reason, needs_not_over), _CANCELLED),  # noqa: E501 - one row, one line
)
# fmt: on

_BY_PAIR = {(rule.action, rule.source): rule for rule in RULES}


@dataclass(frozen=True, slots=True)
class ActionOffer:
    """An action that the event's state allows, with the complaints of its needs."""

    rule: TransitionRule
    complaints: tuple[Complaint, ...]

    @property
    def ready(self) -> bool:
        """Whether the action would succeed now."""
        return not self.complaints


def find_rule(action: Action, state: State) -> TransitionRule | None:
    """The row for an action in a state, or None."""
    return _BY_PAIR.get((action, state))


def complaints(rule: TransitionRule, facts: Facts) -> tuple[Complaint, ...]:
    """The complaints of all needs of a rule, in the table's order."""
    return tuple(c for need in rule.needs if (c := need(facts)) is not None)


def plan(action: Action, facts: Facts) -> TransitionRule:
    """The rule to carry out; raises TransitionRefused with all complaints."""
    rule = find_rule(action, facts.state)
    if rule is None:
        text = N_("“%(action)s” is not possible while the event is in the state “%(state)s”.")
        values = {"action": ACTION_LABELS[action], "state": STATE_LABELS[facts.state]}
        raise TransitionRefused(Complaint(text, values))
    if found := complaints(rule, facts):
        raise TransitionRefused(found)
    return rule


def offers(facts: Facts) -> tuple[ActionOffer, ...]:
    """Every action that the state allows, with its complaints: the source of all buttons.

    Needs that only the form of the action can meet (a reason, a new date) are skipped.
    """
    asked_later = (needs_reason, needs_new_date)
    return tuple(
        ActionOffer(rule, tuple(c for n in rule.needs if n not in asked_later and (c := n(facts))))
        for rule in RULES
        if rule.source is facts.state
    )


_NEXT: dict[State, Action] = {
    State.DRAFT: Action.ANNOUNCE,
    State.ANNOUNCED: Action.OPEN,
    State.DISPATCHED: Action.FOLLOW_UP,
    State.FOLLOWED_UP: Action.ARCHIVE,
    State.CANCELLED: Action.ARCHIVE,
    State.POSTPONED: Action.RESCHEDULE,
}


def next_action(facts: Facts) -> Action | None:
    """The usual next action in the present state; None if there is none."""
    if facts.state in _NEXT:
        return _NEXT[facts.state]
    if facts.state is State.OPEN:
        return Action.DISPATCH if facts.has_room and not facts.over else Action.CLOSE
    if facts.state is State.CLOSED:
        return Action.DISPATCH if facts.has_room and not facts.over else Action.FOLLOW_UP
    return None


STATE_LABELS: dict[State, str] = {
    State.DRAFT: N_("Draft"),
    State.ANNOUNCED: N_("Announced"),
    State.OPEN: N_("Registration open"),
    State.CLOSED: N_("Registration closed"),
    State.DISPATCHED: N_("Access link sent"),
    State.FOLLOWED_UP: N_("Followed up"),
    State.ARCHIVED: N_("Archived"),
    State.POSTPONED: N_("Postponed"),
    State.CANCELLED: N_("Cancelled"),
}

ACTION_LABELS: dict[Action, str] = {
    Action.ANNOUNCE: N_("Announce"),
    Action.OPEN: N_("Open registration"),
    Action.CLOSE: N_("Close registration"),
    Action.REOPEN: N_("Reopen registration"),
    Action.DISPATCH: N_("Send access link"),
    Action.FOLLOW_UP: N_("Send follow-up"),
    Action.ARCHIVE: N_("Archive"),
    Action.POSTPONE: N_("Postpone"),
    Action.RESCHEDULE: N_("Set new date"),
    Action.CANCEL: N_("Cancel event"),
}

"""The lifecycle of an event: each action with its states, its needs and its mail."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace

from ikone_events.domain.events.actions import ACTION_LABELS, UNDOABLE, Action
from ikone_events.domain.events.facts import (
    RUNNING,
    STATE_LABELS,
    TAKES_PLACE,
    EventFormat,
    Facts,
    State,
)
from ikone_events.domain.events.needs import (
    Need,
    needs_conclusion_reason,
    needs_confirmed_person,
    needs_future_deadline,
    needs_future_start,
    needs_link_reason,
    needs_link_sent,
    needs_material,
    needs_new_date,
    needs_no_mail,
    needs_nobody_registered,
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
    "UNDOABLE",
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


@dataclass(frozen=True, slots=True)
class Message:
    """The mail that a transition sends to an audience."""

    kind: MailKind
    audience: Audience


@dataclass(frozen=True, slots=True)
class TransitionRule:
    """One row of the table: action, state before and after, needs, mail.

    `target` is None if the event is deleted. A row with `out_of` holds only for an event that came
    out of one of these states, see `find_rule`.
    """

    action: Action
    source: State
    target: State | None
    needs: tuple[Need, ...] = ()
    message: Message | None = None
    out_of: tuple[State, ...] = ()


def _rows(
    action: Action,
    sources: tuple[State, ...],
    target: State,
    needs: tuple[Need, ...],
    message: Message | None = None,
) -> Iterator[TransitionRule]:
    return (TransitionRule(action, source, target, needs, message) for source in sources)


def _reschedule(target: State, *out_of: State) -> TransitionRule:
    needs = (needs_new_date,)
    return TransitionRule(Action.RESCHEDULE, State.POSTPONED, target, needs, MOVED, out_of)


def _undo(
    source: State, targets: tuple[State, ...], needs: tuple[Need, ...] = ()
) -> Iterator[TransitionRule]:
    return (TransitionRule(Action.UNDO, source, to, needs, out_of=(to,)) for to in targets)


_ANNOUNCE = (
    needs_title,
    needs_summary,
    needs_order_of_times,
    needs_future_start,
    needs_place,
    needs_privacy_contact,
)
_DISPATCH = (needs_video, needs_room, needs_confirmed_person, needs_not_over)
_MARK_SENT = (needs_video, needs_link_reason)
_FOLLOW_UP = (needs_over, needs_material, needs_link_sent)
_CONCLUDE = (needs_over, needs_conclusion_reason)
_DISCARD = (needs_nobody_registered, needs_no_mail)
_NEWS = Message(MailKind.ANNOUNCEMENT, Audience.SUBSCRIBERS)
_OPENING = Message(MailKind.OPENING, Audience.INTERESTED)
_LINK = Message(MailKind.ACCESS_LINK, Audience.CONFIRMED_ONLINE)
_MATERIALS = Message(MailKind.FOLLOW_UP, Audience.FOLLOWED_UP)
_POSTPONED = Message(MailKind.POSTPONED, Audience.CONFIRMED_AND_WAITING)
MOVED = Message(MailKind.MOVED, Audience.CONFIRMED_AND_WAITING)
_CANCELLED = Message(MailKind.CANCELLATION, Audience.CONFIRMED_AND_WAITING)

# fmt: off
RULES: tuple[TransitionRule, ...] = (
    TransitionRule(Action.ANNOUNCE, State.DRAFT, State.ANNOUNCED, _ANNOUNCE, _NEWS),
    TransitionRule(Action.OPEN, State.ANNOUNCED, State.OPEN, (needs_seats, needs_future_deadline), _OPENING),  # noqa: E501 - one row, one line
    TransitionRule(Action.CLOSE, State.OPEN, State.CLOSED),
    TransitionRule(Action.REOPEN, State.CLOSED, State.OPEN, (needs_future_deadline,)),
    *_rows(Action.DISPATCH, (State.OPEN, State.CLOSED), State.DISPATCHED, _DISPATCH, _LINK),
    *_rows(Action.MARK_SENT, (State.OPEN, State.CLOSED), State.DISPATCHED, _MARK_SENT),
    *_rows(Action.FOLLOW_UP, RUNNING, State.FOLLOWED_UP, _FOLLOW_UP, _MATERIALS),
    *_rows(Action.CONCLUDE, TAKES_PLACE, State.FOLLOWED_UP, _CONCLUDE),
    *_rows(Action.ARCHIVE, (State.FOLLOWED_UP, State.CANCELLED), State.ARCHIVED, (needs_retention_over,)),  # noqa: E501 - one row, one line
    *_rows(Action.POSTPONE, TAKES_PLACE, State.POSTPONED, (needs_reason, needs_not_over), _POSTPONED),  # noqa: E501 - one row, one line
    _reschedule(State.ANNOUNCED, State.ANNOUNCED),
    _reschedule(State.OPEN, State.OPEN),
    _reschedule(State.CLOSED, State.CLOSED, State.DISPATCHED),
    *_rows(Action.CANCEL, TAKES_PLACE, State.CANCELLED, (needs_reason, needs_not_over), _CANCELLED),
    TransitionRule(Action.CANCEL, State.POSTPONED, State.CANCELLED, (needs_reason,), _CANCELLED),
    TransitionRule(Action.DISCARD, State.DRAFT, None, _DISCARD),
    *_undo(State.ANNOUNCED, (State.DRAFT,), (needs_nobody_registered,)),
    *_undo(State.OPEN, (State.DRAFT,), (needs_nobody_registered,)),  # announced and opened at once
    *_undo(State.POSTPONED, TAKES_PLACE),
    *_undo(State.CANCELLED, (*TAKES_PLACE, State.POSTPONED)),
)
# fmt: on


@dataclass(frozen=True, slots=True)
class ActionOffer:
    """An action that the event's state allows, with the complaints of its needs."""

    rule: TransitionRule
    complaints: tuple[Complaint, ...]

    @property
    def ready(self) -> bool:
        """Whether the action would succeed now."""
        return not self.complaints


def find_rule(action: Action, state: State, out_of: State | None = None) -> TransitionRule | None:
    """The row for an action in a state, or None.

    `out_of` is the state from which it came, where that decides. A postponed event that was loaded
    without its history came out of the state “announced”.
    """
    if action is Action.RESCHEDULE:
        out_of = out_of or State.ANNOUNCED
    return _BY_STATES.get((action, state, out_of)) or _BY_STATES.get((action, state, None))


_BY_STATES = {
    (rule.action, rule.source, out_of): rule for rule in RULES for out_of in rule.out_of or (None,)
}


def rule_for(action: Action, facts: Facts) -> TransitionRule | None:
    """The row for an action with these facts, or None."""
    out_of = facts.undo_to if action is Action.UNDO else facts.before
    return find_rule(action, facts.state, out_of)


def complaints(rule: TransitionRule, facts: Facts) -> tuple[Complaint, ...]:
    """The complaints of all needs of a rule, in the table's order."""
    return tuple(c for need in rule.needs if (c := need(facts)) is not None)


def plan(action: Action, facts: Facts) -> TransitionRule:
    """The rule to carry out; raises TransitionRefused with all complaints."""
    return plan_in_turn([action], facts)[0]


def plan_in_turn(actions: Sequence[Action], facts: Facts) -> list[TransitionRule]:
    """The rules of actions that follow each other; raises TransitionRefused with all complaints."""
    rules: list[TransitionRule] = []
    found: list[Complaint] = []
    for action in actions:
        rule = rule_for(action, facts)
        if rule is None:
            raise TransitionRefused(_not_possible(action, facts.state))
        rules.append(rule)
        found += complaints(rule, facts)
        facts = replace(facts, state=rule.target or facts.state)
    if found:
        raise TransitionRefused(c for number, c in enumerate(found) if c not in found[:number])
    return rules


def _not_possible(action: Action, state: State) -> Complaint:
    if action is Action.UNDO:
        return Complaint(NOTHING_TO_UNDO)
    text = N_("“%(action)s” is not possible while the status of the event is “%(state)s”.")
    return Complaint(text, {"action": ACTION_LABELS[action], "state": STATE_LABELS[state]})


NOTHING_TO_UNDO = N_(
    "There is nothing to undo any more: the e-mails are being sent, or something else has happened."
)


def offers(facts: Facts) -> tuple[ActionOffer, ...]:
    """Every action that the state allows, with its complaints: the source of all buttons.

    Needs that only the form of the action can meet (a reason, a new date) are skipped.
    """
    asked_later = (needs_reason, needs_link_reason, needs_conclusion_reason, needs_new_date)
    return tuple(
        ActionOffer(rule, tuple(c for n in rule.needs if n not in asked_later and (c := n(facts))))
        for rule in RULES
        if rule.source is facts.state and rule is rule_for(rule.action, facts)
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
    if facts.over and facts.state in (State.DRAFT, State.ANNOUNCED):
        return Action.DISCARD if facts.state is State.DRAFT else Action.CONCLUDE
    if facts.state in _NEXT:
        return _NEXT[facts.state]
    if facts.state not in (State.OPEN, State.CLOSED):
        return None
    if facts.over:
        return Action.MARK_SENT if facts.has_room else Action.FOLLOW_UP
    if facts.has_room:
        return Action.DISPATCH
    return Action.CLOSE if facts.state is State.OPEN else Action.FOLLOW_UP

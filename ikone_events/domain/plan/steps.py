"""Steps: what happens to an event by itself, whether it may happen now, and until when.

A step is a transition of the lifecycle or a mail. Its verdict is derived from the facts at one
moment, so that the page "What happens next" and the worker can never disagree.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum
from types import MappingProxyType

from ikone_events.domain.events.facts import Facts, State
from ikone_events.domain.events.lifecycle import (
    ACTION_LABELS,
    RULES,
    STATE_LABELS,
    Action,
    complaints,
    find_rule,
)
from ikone_events.domain.events.needs import (
    Need,
    needs_link_to_have_been_sent,
    needs_not_over,
    needs_over,
    needs_retention_over,
)
from ikone_events.domain.mails.kinds import LABELS, MailKind
from ikone_events.domain.plan.times import Anchors
from ikone_events.domain.refusals import N_, Complaint


class Verdict(StrEnum):
    """What can be said of a step that has not run yet."""

    WAITING = "waiting"
    READY = "ready"
    BLOCKED = "blocked"
    LATE = "late"
    MOOT = "moot"


@dataclass(frozen=True, slots=True, kw_only=True)
class What:
    """What a step does: exactly one of the two is set."""

    action: Action | None = None
    kind: MailKind | None = None

    @property
    def label(self) -> str:
        """The step's name as a message id."""
        return ACTION_LABELS[self.action] if self.action else LABELS[self.kind or MailKind.NOTE]


@dataclass(frozen=True, slots=True)
class Judgement:
    """A verdict with the complaints behind it, or those to be expected when the time comes."""

    verdict: Verdict
    complaints: tuple[Complaint, ...] = ()


@dataclass(frozen=True, slots=True)
class StepMail:
    """In which states a mail of a step makes sense, and what it needs."""

    states: frozenset[State]
    needs: tuple[Need, ...] = ()


_TAKES_PLACE = frozenset({State.OPEN, State.CLOSED, State.DISPATCHED})
_KNOWN = _TAKES_PLACE | {State.ANNOUNCED, State.FOLLOWED_UP, State.POSTPONED, State.CANCELLED}

MAILS: Mapping[MailKind, StepMail] = MappingProxyType(
    {
        MailKind.REMINDER_DEADLINE: StepMail(frozenset({State.OPEN}), (needs_not_over,)),
        MailKind.REMINDER_DAY: StepMail(_TAKES_PLACE, (needs_not_over,)),
        MailKind.REMINDER_HOUR: StepMail(_TAKES_PLACE, (needs_not_over,)),
        MailKind.FEEDBACK: StepMail(
            _TAKES_PLACE | {State.FOLLOWED_UP}, (needs_over, needs_link_to_have_been_sent)
        ),
        MailKind.NOTE: StepMail(_KNOWN),
    }
)

# How late a mail may leave: after that it would confuse more than it tells.
GRACE: Mapping[MailKind, timedelta] = MappingProxyType(
    {
        MailKind.REMINDER_DEADLINE: timedelta(hours=12),
        MailKind.REMINDER_DAY: timedelta(hours=6),
        MailKind.REMINDER_HOUR: timedelta(minutes=30),
        MailKind.FEEDBACK: timedelta(days=7),
        MailKind.NOTE: timedelta(days=1),
    }
)

# Needs that time alone meets: nothing to do about them beforehand.
_CLOCK = (needs_over, needs_not_over, needs_retention_over)
# The path of an event that takes place; a step whose target lies behind the event is moot.
_PATH = (
    State.DRAFT,
    State.ANNOUNCED,
    State.OPEN,
    State.CLOSED,
    State.DISPATCHED,
    State.FOLLOWED_UP,
    State.ARCHIVED,
)
# In these states the plan rests: a draft begins it by being announced, a new date resumes it.
RESTING = (State.DRAFT, State.POSTPONED)


def latest(what: What, due: datetime, anchors: Anchors) -> datetime | None:
    """The last moment at which a step still makes sense; None when it is never too late."""
    if what.kind is not None:
        return _latest_mail(what.kind, due, anchors)
    if what.action in (Action.ANNOUNCE, Action.OPEN):
        return anchors.starts_at
    if what.action in (Action.CLOSE, Action.DISPATCH):
        return anchors.ends_at
    return anchors.retention_until if what.action is Action.FOLLOW_UP else None


def _latest_mail(kind: MailKind, due: datetime, anchors: Anchors) -> datetime:
    late = due + GRACE[kind]
    if kind is MailKind.REMINDER_DEADLINE:
        return min(late, anchors.deadline or anchors.starts_at)
    if kind in (MailKind.REMINDER_DAY, MailKind.REMINDER_HOUR):
        return min(late, anchors.starts_at)
    return late


def judge(what: What, due: datetime, anchors: Anchors, facts: Facts) -> Judgement:
    """What is to be said of a step that has not run: it waits, may run, or why it can't."""
    if is_moot(what, facts.state):
        return Judgement(Verdict.MOOT)
    if facts.now < due:
        return Judgement(Verdict.WAITING, _foreseen(what, facts))
    found = obstacles(what, facts)
    last = latest(what, due, anchors)
    if last is not None and facts.now > last:
        return Judgement(Verdict.LATE, found)
    if facts.state in RESTING and what.action is not Action.ANNOUNCE:
        return Judgement(Verdict.WAITING, found)
    return Judgement(Verdict.BLOCKED if found else Verdict.READY, found)


def obstacles(what: What, facts: Facts) -> tuple[Complaint, ...]:
    """Everything that keeps a step from running at this moment."""
    if what.kind is not None:
        mail = MAILS[what.kind]
        if facts.state not in mail.states:
            return (_not_possible(what, facts.state),)
        return tuple(c for need in mail.needs if (c := need(facts)) is not None)
    if what.action is None:
        raise ValueError("a step is a transition or an e-mail")
    rule = find_rule(what.action, facts.state)
    return (_not_possible(what, facts.state),) if rule is None else complaints(rule, facts)


def _foreseen(what: What, facts: Facts) -> tuple[Complaint, ...]:
    """What would stand in the way later if nothing is done, beside what time settles."""
    if what.action is None:
        return ()
    # The last row of an action starts where the event stands when everything went as planned.
    rule = [rule for rule in RULES if rule.action is what.action][-1]
    needs = (need for need in rule.needs if need not in _CLOCK)
    return tuple(c for need in needs if (c := need(_in_state(facts, rule.source))) is not None)


def _in_state(facts: Facts, state: State) -> Facts:
    values = {name: getattr(facts, name) for name in Facts.__slots__}
    return Facts(**{**values, "state": state})


def needs_of(what: What) -> tuple[Need, ...]:
    """Every need that `judge` and `obstacles` may ask of a step, whatever the event's state."""
    if what.kind is not None:
        return MAILS[what.kind].needs
    return tuple(need for rule in RULES if rule.action is what.action for need in rule.needs)


def is_moot(what: What, state: State) -> bool:
    """Whether the event has gone past what the step would do, or will not take place."""
    if what.kind is MailKind.NOTE or what.action is Action.ARCHIVE:
        return state is State.ARCHIVED
    if state is State.CANCELLED:
        return True
    if what.action is None or state not in _PATH:
        return state is State.ARCHIVED
    targets = {rule.target for rule in RULES if rule.action is what.action}
    return any(_PATH.index(state) >= _PATH.index(t) for t in targets if t in _PATH)


def _not_possible(what: What, state: State) -> Complaint:
    text = N_("“%(action)s” is not possible while the event is in the state “%(state)s”.")
    return Complaint(text, {"action": what.label, "state": STATE_LABELS[state]})

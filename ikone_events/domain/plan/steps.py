"""Steps of an event: transitions and mails that the worker runs, and when they may run.

The verdict of a step is derived from facts, so pages and the worker always agree.
"""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from enum import StrEnum

from ikone_events.domain.events.facts import RUNNING, TAKES_PLACE, Facts, State
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
from ikone_events.domain.mails.kinds import LABELS, REMINDERS, MailKind
from ikone_events.domain.plan.times import Anchors
from ikone_events.domain.refusals import N_, Complaint


class Verdict(StrEnum):
    """The verdict on a step that has not run yet."""

    WAITING = "waiting"
    READY = "ready"
    BLOCKED = "blocked"
    LATE = "late"
    MOOT = "moot"


@dataclass(frozen=True, slots=True, kw_only=True)
class What:
    """What a step does: exactly one of the two fields is set."""

    action: Action | None = None
    kind: MailKind | None = None

    @property
    def label(self) -> str:
        """The step's name as a message id."""
        return ACTION_LABELS[self.action] if self.action else LABELS[self.kind or MailKind.NOTE]


@dataclass(frozen=True, slots=True)
class Judgement:
    """A verdict with its complaints, or those expected when the step is due."""

    verdict: Verdict
    complaints: tuple[Complaint, ...] = ()


@dataclass(frozen=True, slots=True)
class StepMail:
    """The states in which a mail of a step is sent, and its needs."""

    states: frozenset[State]
    needs: tuple[Need, ...] = ()


_RUNNING = frozenset(RUNNING)
_PUBLIC = frozenset(State) - {State.DRAFT, State.ARCHIVED}

MAILS: Mapping[MailKind, StepMail] = {
    MailKind.REMINDER_DEADLINE: StepMail(frozenset({State.OPEN}), (needs_not_over,)),
    MailKind.REMINDER_DAY: StepMail(_RUNNING, (needs_not_over,)),
    MailKind.REMINDER_HOUR: StepMail(_RUNNING, (needs_not_over,)),
    MailKind.FEEDBACK: StepMail(
        _RUNNING | {State.FOLLOWED_UP}, (needs_over, needs_link_to_have_been_sent)
    ),
    MailKind.NOTE: StepMail(_PUBLIC),
}

# How late a mail may be sent.
GRACE: Mapping[MailKind, timedelta] = {
    MailKind.REMINDER_DEADLINE: timedelta(hours=12),
    MailKind.REMINDER_DAY: timedelta(hours=6),
    MailKind.REMINDER_HOUR: timedelta(minutes=30),
    MailKind.FEEDBACK: timedelta(days=7),
    MailKind.NOTE: timedelta(days=1),
}

# Needs that are met by the passing of time.
_CLOCK = (needs_over, needs_not_over, needs_retention_over)
# The usual order of states; a step whose target state has been reached is moot.
_PATH = (State.DRAFT, *TAKES_PLACE, State.FOLLOWED_UP, State.ARCHIVED)
# The plan is suspended in these states; it starts when announced and resumes with a new date.
RESTING = (State.DRAFT, State.POSTPONED)


def latest(what: What, due: datetime, anchors: Anchors) -> datetime | None:
    """The last moment at which a step may run; None without a limit."""
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
    if kind in REMINDERS:
        return min(late, anchors.starts_at)
    return late


def judge(what: What, due: datetime, anchors: Anchors, facts: Facts) -> Judgement:
    """The verdict on a step that has not run: it waits, may run, or can't (with complaints)."""
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
    """The complaints that keep a step from running now."""
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
    """The complaints to expect when the step is due, apart from those that time settles."""
    if what.action is None:
        return ()
    # The last row of an action starts from the state that the plan leads to.
    rule = [rule for rule in RULES if rule.action is what.action][-1]
    needs = (need for need in rule.needs if need not in _CLOCK)
    then = replace(facts, state=rule.source)
    return tuple(c for need in needs if (c := need(then)) is not None)


def needs_of(what: What) -> tuple[Need, ...]:
    """Every need that `judge` and `obstacles` may check for a step, in any state of the event."""
    if what.kind is not None:
        return MAILS[what.kind].needs
    return tuple(need for rule in RULES if rule.action is what.action for need in rule.needs)


def is_moot(what: What, state: State) -> bool:
    """Whether the step has become pointless: its state is reached, or the event is cancelled."""
    if what.kind is MailKind.NOTE or what.action is Action.ARCHIVE:
        return state is State.ARCHIVED
    if state is State.CANCELLED:
        return True
    if what.action is None or state not in _PATH:
        return state is State.ARCHIVED
    targets = {rule.target for rule in RULES if rule.action is what.action}
    return any(_PATH.index(state) >= _PATH.index(t) for t in targets if t in _PATH)


def _not_possible(what: What, state: State) -> Complaint:
    text = N_("“%(action)s” is not possible while the status of the event is “%(state)s”.")
    return Complaint(text, {"action": what.label, "state": STATE_LABELS[state]})

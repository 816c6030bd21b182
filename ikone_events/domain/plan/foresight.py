"""Mails of a plan that will be dropped, as far as it can be said beforehand."""

from collections.abc import Hashable, Iterable
from dataclasses import dataclass
from datetime import datetime

from ikone_events.domain.events.facts import STATE_LABELS, State
from ikone_events.domain.events.lifecycle import find_rule
from ikone_events.domain.plan.steps import MAILS, What, latest
from ikone_events.domain.plan.times import Anchors
from ikone_events.domain.refusals import N_, Complaint


@dataclass(frozen=True, slots=True)
class ComingStep:
    """A step that is switched on and has not run; `key` is any name of it."""

    key: Hashable
    what: What
    due: datetime


def dropped(
    steps: Iterable[ComingStep], anchors: Anchors, state: State, now: datetime
) -> dict[Hashable, Complaint]:
    """The mails that will be dropped if the plan runs as it is, with the reason, by their key.

    Transitions are expected to succeed at their time: what blocks them is said at them. A draft is
    taken as announced now; of a postponed event nothing can be said.
    """
    if state is State.POSTPONED:
        return {}
    steps = sorted(steps, key=lambda step: step.due)
    found: dict[Hashable, Complaint] = {}
    for step in steps:
        if step.what.kind is None or step.due <= now:
            continue
        last = latest(step.what, step.due, anchors) or step.due
        then = _state_at(last, steps, State.ANNOUNCED if state is State.DRAFT else state)
        if last < step.due:
            found[step.key] = Complaint(N_("It will not be sent: its time is too late."))
        elif then not in MAILS[step.what.kind].states:
            text = N_("It will not be sent: by then the status of the event will be “%(state)s”.")
            found[step.key] = Complaint(text, {"state": STATE_LABELS[then]})
    return found


def _state_at(moment: datetime, steps: Iterable[ComingStep], state: State) -> State:
    for step in steps:
        if step.what.action is None or step.due > moment:
            continue
        rule = find_rule(step.what.action, state)
        state = state if rule is None or rule.target is None else rule.target
    return state

"""What the plan of an event will do, said beforehand: on pages, before anybody presses a button."""

from dataclasses import replace
from datetime import datetime

from ikone_events.domain.events.facts import Facts, State
from ikone_events.domain.events.lifecycle import Action
from ikone_events.domain.plan.foresight import ComingStep, dropped
from ikone_events.domain.plan.steps import RESTING, Verdict
from ikone_events.services.events.steps import StepView, look_at
from ikone_events.services.plan.plans import anchors_of, steps_of, what_of
from ikone_events.store.events.models import Event
from ikone_events.store.plan.models import due_actions_of


def step_views(event: Event, facts: Facts) -> list[StepView]:
    """All steps of an event, done and to come, ordered by time; with what will be dropped."""
    steps = steps_of(event)
    coming = [ComingStep(s.id, what_of(s), s.due_at) for s in steps if s.active and not s.outcome]
    lost = dropped(coming, anchors_of(event), facts.state, facts.now)
    views = [look_at(step, facts) for step in steps]
    return [
        StepView(view.step, replace(view.judgement, complaints=(lost[view.step.id],)), dropped=True)
        if view.step.id in lost and view.judgement and view.judgement.verdict is Verdict.WAITING
        else view
        for view in views
    ]


def runs_by_itself(event: Event, now: datetime) -> dict[Action, datetime]:
    """The actions that the plan will carry out, and when."""
    resting = State(event.state) in RESTING
    return {
        Action(action): due_at
        for action, due_at in due_actions_of(event)
        if due_at > now and (not resting or action == Action.ANNOUNCE)
    }

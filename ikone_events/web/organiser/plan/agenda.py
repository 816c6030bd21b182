"""From rows to facts: the events of an organiser as the rules of the dashboard look at them."""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import replace
from datetime import datetime

from ikone_events.domain.events.lifecycle import Facts, State
from ikone_events.domain.events.todo import Blocked, EventTodoFacts
from ikone_events.domain.plan.steps import Verdict
from ikone_events.services.events.steps import look_at
from ikone_events.services.events.transitions import facts_of
from ikone_events.services.plan.plans import what_of
from ikone_events.store.events.models import Event
from ikone_events.store.figures.counts import Counts
from ikone_events.store.plan.models import Step, waiting_steps
from ikone_events.web.shell.i18n import page_locale

_COMING = (State.ANNOUNCED.value, State.OPEN.value, State.CLOSED.value, State.DISPATCHED.value)


def split(events: Iterable[Event], now: datetime) -> tuple[list[Event], list[Event]]:
    """Coming events, the next first, and past ones, the latest first."""
    coming = [event for event in events if event.ends_at > now]
    past = [event for event in events if event.ends_at <= now]
    return coming, past[::-1]


def next_event(coming: Iterable[Event]) -> Event | None:
    """The next event that will take place as things stand."""
    return next((event for event in coming if event.state in _COMING), None)


def todo_facts(
    events: Iterable[Event], counts: Mapping[int, Counts], now: datetime
) -> list[EventTodoFacts]:
    """The facts of each event that is not archived, with the steps that stand still."""
    wanted = [event for event in events if event.state != State.ARCHIVED.value]
    due: dict[int, list[Step]] = {event.id: [] for event in wanted}
    for step in waiting_steps(due, now):
        due[step.event_id].append(step)
    return [_todo_facts(event, counts[event.id], due[event.id], now) for event in wanted]


def _blocked(steps: Iterable[Step], facts: Facts) -> Iterator[Blocked]:
    for step in steps:
        judgement = look_at(step, facts).judgement
        if judgement is not None and judgement.verdict is Verdict.BLOCKED:
            what = what_of(step)
            yield Blocked(
                step_id=step.id,
                label=step.title or what.label,
                complaints=judgement.complaints,
                action=what.action,
            )


def _holds_back(event: Event, now: datetime) -> bool:
    """Whether somebody may wait although there are free places."""
    closed_to_others = event.members_until is not None and now < event.members_until
    limits = (event.per_administration, event.capacity_online, event.capacity_on_site)
    return closed_to_others or any(limit is not None for limit in limits)


def _todo_facts(event: Event, counts: Counts, due: Iterable[Step], now: datetime) -> EventTodoFacts:
    facts = facts_of(event, now, numbers=counts.numbers)
    return EventTodoFacts(
        slug=event.slug,
        facts=replace(facts, title=event.title_in(page_locale())),
        seated=counts.seated,
        waiting=counts.waiting,
        to_approve=counts.to_approve,
        held_back=_holds_back(event, now),
        failed_mail=counts.failed_mail - counts.bounced_mail,
        unreached=counts.unreached,
        odd_answers=counts.odd_answers,
        blocked=tuple(_blocked(due, facts)),
    )

"""The coming steps of all events that the organiser may see."""

from collections.abc import Iterable
from datetime import datetime, timedelta

from ikone_events.domain.events.facts import TAKES_PLACE, Number, State
from ikone_events.domain.events.history import NO_PAST
from ikone_events.services.events.steps import look_at
from ikone_events.services.events.transitions import facts_of
from ikone_events.services.plan.step_mails import count_people
from ikone_events.store.events.models import Event
from ikone_events.store.figures.counts import numbers_for
from ikone_events.store.plan.models import waiting_steps
from ikone_events.web.organiser.plan.step_views import (
    BLOCKED,
    COMING,
    StepRow,
    event_row,
    row_of,
)

AHEAD = timedelta(days=30)


def upcoming_mails(events: Iterable[Event], moment: datetime) -> list[StepRow]:
    """Return the steps of the next thirty days that write to people, without blocked ones."""
    return [row for row in upcoming_rows(events, moment) if row.writes and not row.dropped]


def upcoming_rows(events: Iterable[Event], moment: datetime) -> list[StepRow]:
    """Return the steps of the next thirty days and the events among them, without blocked steps.

    The number of queries does not grow with the events.
    """
    active = [event for event in events if event.state != State.ARCHIVED.value]
    rows = [row for row in _steps(active, moment) if row.status != BLOCKED]
    return sorted([*rows, *_events(active, moment)], key=lambda row: row.at)


def _steps(events: Iterable[Event], moment: datetime) -> list[StepRow]:
    by_id = {event.id: event for event in events}
    numbers = numbers_for(by_id, Number)
    facts = {key: facts_of(by_id[key], moment, numbers=numbers[key], past=NO_PAST) for key in by_id}
    looks = [look_at(step, facts[step.event_id]) for step in waiting_steps(by_id, moment + AHEAD)]
    people = count_people((look.step for look in looks), now=moment)
    rows = [
        row_of(look, by_id[look.step.event_id], facts[look.step.event_id], people) for look in looks
    ]
    return [row for row in rows if row.status in COMING]


def _events(events: Iterable[Event], moment: datetime) -> list[StepRow]:
    """Return the rows of the events that will take place."""
    return [
        event_row(event)
        for event in events
        if event.state in TAKES_PLACE and moment <= event.starts_at <= moment + AHEAD
    ]

"""The coming steps of all events that the organiser may see."""

from collections.abc import Iterable
from datetime import datetime, timedelta

from flask import render_template

from ikone_events.domain.events.facts import Number, State
from ikone_events.domain.events.history import NO_PAST
from ikone_events.domain.times import to_local
from ikone_events.services.events.steps import look_at
from ikone_events.services.events.transitions import facts_of
from ikone_events.services.installation import get_installation, now
from ikone_events.services.plan.step_mails import count_people
from ikone_events.store.events.models import Event
from ikone_events.store.events.queries import events_of
from ikone_events.store.figures.counts import numbers_for
from ikone_events.store.plan.models import waiting_steps
from ikone_events.web.organiser.frame import blueprint
from ikone_events.web.organiser.plan.step_views import (
    BLOCKED,
    READY,
    RESTS,
    WAITING,
    StepRow,
    event_row,
    row_of,
)
from ikone_events.web.shell.access import Permission, organiser, permission
from ikone_events.web.shell.i18n import gettext as _

AHEAD = timedelta(days=30)
_WEEK = timedelta(days=7)
_SHOWN = (BLOCKED, READY, WAITING, RESTS)
_TAKE_PLACE = frozenset(
    state.value for state in (State.ANNOUNCED, State.OPEN, State.CLOSED, State.DISPATCHED)
)


@blueprint.get("/steps")
@permission(Permission.SEE_EVENTS)
def all_steps() -> str:
    """Show blocked steps, and those of the next thirty days."""
    moment = now()
    events = [e for e in events_of(organiser()) if e.state != State.ARCHIVED.value]
    rows = sorted([*_steps(events, moment), *_events(events, moment)], key=lambda row: row.at)
    return render_template(
        "organiser/plan/all_steps.html",
        blocked=[row for row in rows if row.status == BLOCKED],
        groups=_groups([row for row in rows if row.status != BLOCKED], moment),
    )


def _steps(events: Iterable[Event], moment: datetime) -> list[StepRow]:
    by_id = {event.id: event for event in events}
    numbers = numbers_for(by_id, Number)
    facts = {key: facts_of(by_id[key], moment, numbers=numbers[key], past=NO_PAST) for key in by_id}
    looks = [look_at(step, facts[step.event_id]) for step in waiting_steps(by_id, moment + AHEAD)]
    people = count_people(look.step for look in looks)
    rows = [
        row_of(look, by_id[look.step.event_id], facts[look.step.event_id], people) for look in looks
    ]
    return [row for row in rows if row.status in _SHOWN]


def _events(events: Iterable[Event], moment: datetime) -> list[StepRow]:
    """Return the rows of the events that will take place."""
    return [
        event_row(event)
        for event in events
        if event.state in _TAKE_PLACE and moment <= event.starts_at <= moment + AHEAD
    ]


def _groups(rows: Iterable[StepRow], moment: datetime) -> list[tuple[str, str, list[StepRow]]]:
    """Group rows by day: key, heading and rows of each group that is not empty."""
    zone = get_installation().settings.timezone
    today = to_local(moment, zone).date()
    groups: tuple[tuple[str, str, list[StepRow]], ...] = (
        ("today", _("Today"), []),
        ("week", _("In the next seven days"), []),
        ("later", _("Later"), []),
    )
    for row in rows:
        day = to_local(row.at, zone).date()
        groups[0 if day <= today else 1 if day <= today + _WEEK else 2][2].append(row)
    return [group for group in groups if group[2]]

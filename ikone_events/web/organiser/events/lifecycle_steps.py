"""The lifecycle of one event as a stepper, with dates from its history."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from ikone_events.domain.events.lifecycle import EventFormat, State
from ikone_events.domain.times import date_numeric
from ikone_events.store.events.models import Event, StateChange
from ikone_events.store.events.queries import retention_until
from ikone_events.web.shell.i18n import gettext as _
from ikone_events.web.shell.i18n import page_locale

# "held" is derived from the clock, all others are states.
_HELD = "held"
_PATH = (
    *(State.DRAFT.value, State.ANNOUNCED.value, State.OPEN.value, State.CLOSED.value),
    *(State.DISPATCHED.value, _HELD, State.FOLLOWED_UP.value, State.ARCHIVED.value),
)
# States in which an event whose end has passed counts as held.
_TOOK_PLACE = (State.OPEN.value, State.CLOSED.value, State.DISPATCHED.value)
# States that are not on the path; the page shows an alert instead of the stepper.
OFF_THE_PATH = (State.POSTPONED.value, State.CANCELLED.value)


@dataclass(frozen=True, slots=True)
class LifeStep:
    """One circle of the stepper."""

    label: str
    state: str
    note: str


def life_steps(event: Event, history: Sequence[StateChange], now: datetime) -> list[LifeStep]:
    """Return the steps of the event's path: done, current or to come."""
    path = [step for step in _PATH if _is_on_path(step, event)]
    reached = path.index(event.state) if event.state in path else -1
    if now >= event.ends_at and event.state in _TOOK_PLACE:
        reached = path.index(_HELD)
    # A loaded event begins further on the path; the date of its first state is unknown.
    known = (c for c in history if c.source or c.target == State.DRAFT.value)
    days = {change.target: change.at for change in known}
    return [
        LifeStep(
            _label(step),
            "current" if number == reached else "done" if number < reached else "todo",
            _note(step, number <= reached, event, days),
        )
        for number, step in enumerate(path)
    ]


def _is_on_path(step: str, event: Event) -> bool:
    """Events on site send no access link; "closed" replaces "open" while it is the state."""
    if step == State.DISPATCHED.value:
        return event.format != EventFormat.ON_SITE.value or event.state == step
    if step in (State.OPEN.value, State.CLOSED.value):
        closed = event.state == State.CLOSED.value
        return (step == State.CLOSED.value) is closed
    return True


def _label(step: str) -> str:
    labels = {
        State.DRAFT.value: _("Draft"),
        State.ANNOUNCED.value: _("Announced"),
        State.OPEN.value: _("Registration"),
        State.CLOSED.value: _("Registration closed"),
        State.DISPATCHED.value: _("Access link sent"),
        _HELD: _("Held"),
        State.FOLLOWED_UP.value: _("Followed up"),
        State.ARCHIVED.value: _("Archived"),
    }
    return labels[step]


def _note(step: str, reached: bool, event: Event, days: dict[str, datetime]) -> str:
    if step == _HELD:
        return _day(event.starts_at, event)
    if reached:
        if step == State.OPEN.value and event.state == step and event.deadline is not None:
            return _("until %(day)s", day=_day(event.deadline, event))
        return _day(days[step], event) if step in days else ""
    if step == State.ARCHIVED.value:
        return _("from %(day)s", day=_day(retention_until(event), event))
    return ""


def _day(moment: datetime, event: Event) -> str:
    return date_numeric(moment, locale=page_locale(), zone=event.zone)

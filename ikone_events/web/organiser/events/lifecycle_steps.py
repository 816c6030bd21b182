"""The lifecycle of one event as a stepper: what really happened, according to its history."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

from ikone_events.domain.events.facts import RUNNING
from ikone_events.domain.events.lifecycle import Action, EventFormat, State
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


@dataclass(frozen=True, slots=True)
class LifeStep:
    """One circle of the stepper: done, current, todo, or skipped (it never happened)."""

    label: str
    state: str
    note: str


def life_steps(event: Event, history: Sequence[StateChange], now: datetime) -> list[LifeStep]:
    """Return the steps of the event's path."""
    path = [step for step in _PATH if _is_on_path(step, event)]
    reached = path.index(event.state) if event.state in path else -1
    if now >= event.ends_at and event.state in RUNNING:
        reached = path.index(_HELD)
    happened = _happened(history, path)
    return [
        LifeStep(
            _label(step, happened.get(step)),
            _state(number, reached, is_done=step in happened),
            _note(step, event, happened, reached=number <= reached),
        )
        for number, step in enumerate(path)
    ]


def _happened(history: Sequence[StateChange], path: Sequence[str]) -> dict[str, StateChange | None]:
    """Return the last change that led to each step; None where it is not known.

    What was undone has not happened. A loaded event has come to its state by the usual path.
    """
    found: dict[str, StateChange | None] = {}
    for change in history:
        if change.action == Action.UNDO:
            found.pop(change.source, None)
        elif not change.source and change.target in path:
            found |= dict.fromkeys(path[: path.index(change.target) + 1])
            if change.target == State.DRAFT:
                found[change.target] = change
        else:
            found[change.target] = change
            if change.action == Action.RESCHEDULE:
                found.pop(State.DISPATCHED.value, None)
            if change.source in RUNNING and change.target == State.FOLLOWED_UP:
                found[_HELD] = None
    if not history:
        found |= dict.fromkeys(path)
    return found


def _state(number: int, reached: int, *, is_done: bool) -> str:
    if number == reached:
        return "current"
    if number > reached:
        return "todo"
    return "done" if is_done else "skipped"


def _is_on_path(step: str, event: Event) -> bool:
    """Events on site send no access link; "closed" replaces "open" while it is the state."""
    if step == State.DISPATCHED.value:
        return event.format != EventFormat.ON_SITE.value or event.state == step
    if step in (State.OPEN.value, State.CLOSED.value):
        closed = event.state == State.CLOSED.value
        return (step == State.CLOSED.value) is closed
    return True


def _label(step: str, change: StateChange | None) -> str:
    if change is not None and change.action == Action.MARK_SENT:
        return _("Link sent by other means")
    if change is not None and change.action == Action.CONCLUDE:
        return _("Concluded without follow-up")
    labels = {
        State.DRAFT.value: _("Draft"),
        State.ANNOUNCED.value: _("Announced"),
        State.OPEN.value: _("Registration"),
        State.CLOSED.value: _("Registration closed"),
        State.DISPATCHED.value: _("Access link sent"),
        _HELD: _("Took place"),
        State.FOLLOWED_UP.value: _("Followed up"),
        State.ARCHIVED.value: _("Archived"),
    }
    return labels[step]


def _note(
    step: str, event: Event, happened: Mapping[str, StateChange | None], *, reached: bool
) -> str:
    if step == _HELD:
        return _day(event.starts_at, event)
    if reached:
        if step == State.OPEN.value and event.state == step and event.deadline is not None:
            return _("until %(day)s", day=_day(event.deadline, event))
        change = happened.get(step)
        return _day(change.at, event) if change is not None else ""
    if step == State.ARCHIVED.value:
        return _("from %(day)s", day=_day(retention_until(event), event))
    return ""


def _day(moment: datetime, event: Event) -> str:
    return date_numeric(moment, locale=page_locale(), zone=event.zone)

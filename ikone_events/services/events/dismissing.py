"""Dismissing entries of the to-do list, each for one event, for everybody who sees it."""

from collections.abc import Collection
from datetime import datetime

from sqlalchemy import delete, select

from ikone_events.domain.events.todo import RULES
from ikone_events.domain.refusals import N_, Complaint, NotFound
from ikone_events.store.db import db, rows_written
from ikone_events.store.events.models import DismissedTodo, Event
from ikone_events.store.events.queries import lock_event


def dismiss(slug: str, name: str, fact: str, *, actor: str, now: datetime) -> None:
    """Dismiss an entry as it was shown; it returns when its fact changes. Raises NotFound."""
    if name not in {rule.__name__ for rule in RULES}:
        raise NotFound(Complaint(N_("There is no such entry.")))
    event = lock_event(slug)
    _forget(event, name)
    row = DismissedTodo(event_id=event.id, name=name, fact=fact[:64])
    row.dismissed_at, row.dismissed_by = now, actor
    db.session.add(row)
    db.session.flush()


def show_again(slug: str, name: str) -> None:
    """Undo the dismissal of an entry. Raises NotFound."""
    _forget(lock_event(slug), name)


def dismissed_of(event_ids: Collection[int]) -> dict[int, frozenset[tuple[str, str]]]:
    """The names and facts of the dismissed entries of these events, by event id."""
    wanted = select(DismissedTodo).where(DismissedTodo.event_id.in_(event_ids))
    found: dict[int, set[tuple[str, str]]] = {event_id: set() for event_id in event_ids}
    for row in db.session.scalars(wanted):
        found[row.event_id].add((row.name, row.fact))
    return {event_id: frozenset(rows) for event_id, rows in found.items()}


def _forget(event: Event, name: str) -> None:
    mine = (DismissedTodo.event_id == event.id) & (DismissedTodo.name == name)
    rows_written(delete(DismissedTodo).where(mine))

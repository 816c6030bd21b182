"""Statements that several checks have in common."""

from typing import Any

from sqlalchemy import ColumnElement, Select, func, select

from ikone_events.store.events.models import Event


def of_events(model: Any, *where: ColumnElement[bool]) -> Select[str, int]:
    """Rows of a table that fulfil the conditions: slug of the event, and number, in their order."""
    found = select(Event.slug, model.id).join(Event, model.event_id == Event.id)
    return found.where(*where).order_by(model.id)


def numbers_by_event(model: Any, *where: ColumnElement[bool]) -> Select[str, int]:
    """How many such rows each event has: slug and number; events without any are left out."""
    found = select(Event.slug, func.count()).join(model, model.event_id == Event.id)
    return found.where(*where).group_by(Event.slug).order_by(Event.slug)

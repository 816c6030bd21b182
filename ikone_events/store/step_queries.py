"""Reads of steps, of one event or many."""

from collections.abc import Collection
from datetime import datetime

from sqlalchemy import select

from ikone_events.domain.messages import MailKind
from ikone_events.store.db import db
from ikone_events.store.events import Event
from ikone_events.store.steps import Step


def waiting_steps(event_ids: Collection[int], until: datetime) -> list[Step]:
    """The active steps of these events that have not run and are due by a moment, by time."""
    wanted = select(Step).where(
        Step.event_id.in_(event_ids),
        Step.outcome == "",
        Step.active,
        Step.due_at <= until,
    )
    return list(db.session.scalars(wanted.order_by(Step.due_at, Step.id)))


def own_messages_of(event: Event) -> list[Step]:
    """The organisers' own messages of an event, sent or not, in the order they were written."""
    wanted = select(Step).where(Step.event_id == event.id, Step.kind == MailKind.NOTE.value)
    return list(db.session.scalars(wanted.order_by(Step.id)))

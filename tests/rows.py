"""What is stored now, each read in a context of its own; what the worker and an edit change."""

from typing import Any, TypeVar

from flask import Flask
from sqlalchemy import func, select

from ikone_events.store.db import db, transaction
from ikone_events.store.events.models import Event
from ikone_events.store.incoming.models import IncomingMail
from ikone_events.store.mails.models import OutboxMail
from ikone_events.store.plan.models import Step

Row = TypeVar("Row")


def work(app: Flask) -> int:
    """Let a worker do all that is due; returns the number of mails sent."""
    sent: int = app.extensions["ikone_engine"].run_once()
    return sent


def count(app: Flask, table: type[object]) -> int:
    """How many rows a table has."""
    with app.app_context():
        return db.session.scalar(select(func.count()).select_from(table)) or 0


def the_only(app: Flask, table: type[Row]) -> Row:
    """The row of a table that has a single one."""
    with app.app_context():
        return db.session.scalars(select(table)).one()


def reload(app: Flask, row: Row) -> Row:
    """A row as it is stored now."""
    known: Any = row
    with app.app_context():
        return db.session.get_one(type(row), known.id)


def written_mails(app: Flask) -> list[OutboxMail]:
    """All mails, in their order."""
    with app.app_context():
        return list(db.session.scalars(select(OutboxMail).order_by(OutboxMail.id)))


def kinds_of_mails(app: Flask) -> list[str]:
    """The kinds of all mails, in their order."""
    return [mail.kind for mail in written_mails(app)]


def received_mails(app: Flask) -> list[IncomingMail]:
    """All mails that were read from the mailbox, in their order."""
    with app.app_context():
        return list(db.session.scalars(select(IncomingMail).order_by(IncomingMail.id)))


def step_of(app: Flask, event: Event, name: str) -> Step:
    """The step of this name in the plan of an event."""
    with app.app_context():
        return db.session.scalars(
            select(Step).where(Step.event_id == event.id, Step.name == name)
        ).one()


def change_event(app: Flask, event: Event, **values: Any) -> None:
    """Give a stored event other values."""
    with app.app_context(), transaction():
        stored = db.session.get_one(Event, event.id)
        for name, value in values.items():
            setattr(stored, name, value)

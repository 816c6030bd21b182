"""An office whose mails the tests read."""

from typing import Any

from flask import Flask
from sqlalchemy import select

from ikone_events.store.db import db, transaction
from ikone_events.store.events.models import Event
from ikone_events.store.mails.models import OutboxMail
from tests.mailbox import Mailbox


def work(app: Flask) -> int:
    """One run of the worker; returns the number of mails sent."""
    sent: int = app.extensions["ikone_engine"].run_once()
    return sent


def office_mails(app: Flask, kind: str = "office_") -> list[OutboxMail]:
    """All mails to the office of a kind, the oldest first."""
    with app.app_context():
        wanted = select(OutboxMail).where(OutboxMail.kind.startswith(kind))
        found = list(db.session.scalars(wanted.order_by(OutboxMail.id)))
        db.session.expunge_all()
        return found


def received(mailbox: Mailbox) -> list[str]:
    """The texts of the mails that have arrived."""
    return [mail.text.replace("\r\n", "\n") for mail in mailbox.received]


def change_event(app: Flask, event: Event, **values: Any) -> None:
    """Give a stored event other values."""
    with app.app_context(), transaction():
        stored = db.session.get_one(Event, event.id)
        for name, value in values.items():
            setattr(stored, name, value)

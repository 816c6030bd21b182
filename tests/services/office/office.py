"""An office whose mails the tests read."""

from flask import Flask
from sqlalchemy import select

from ikone_events.store.db import db
from ikone_events.store.mails.models import OutboxMail
from tests.mailbox import Mailbox


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

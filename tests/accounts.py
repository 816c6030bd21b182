"""Accounts, and the links that are mailed to their owners."""

import re
from typing import Any

from flask import Flask
from sqlalchemy import select

from ikone_events.domain.mails.kinds import WITH_KEY
from ikone_events.services.accounts.organisers import NewOrganiser, add
from ikone_events.store.accounts.models import Organiser
from ikone_events.store.db import db, transaction
from ikone_events.store.mails.models import OutboxMail
from tests.factories import NOW

PASSWORD = "Lange-Wörter-2026"
LINK = re.compile(r"https?://[^/\s]+(/login/reset/\S+)")


def make_account(
    app: Flask, email: str = "ada@example.org", role: str = "admin", **values: Any
) -> int:
    """Add an account; returns its number."""
    new = {"password": PASSWORD, "name": "Wilma Organisaria", **values}
    with app.app_context(), transaction():
        return add(NewOrganiser(email=email, role=role, **new), now=NOW).id


def stored_account(app: Flask, number: int) -> Organiser:
    """The account as it is stored, with its role."""
    with app.app_context():
        account = db.session.get_one(Organiser, number, populate_existing=True)
        assert account.role
        db.session.expunge_all()
        return account


def link_mails(app: Flask) -> list[OutboxMail]:
    """All mails with a link to set a password, the oldest first."""
    kinds = [kind.value for kind in WITH_KEY]
    with app.app_context():
        wanted = select(OutboxMail).where(OutboxMail.kind.in_(kinds)).order_by(OutboxMail.id)
        return list(db.session.scalars(wanted))


def link_in(text: str) -> str:
    """The path of the link in a mail."""
    found = LINK.search(text)
    assert found, text
    return found[1]

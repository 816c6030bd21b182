"""What a visitor does with a page: read its token, fill its form, look at its answer."""

import re
import sys
from collections.abc import Callable
from types import FrameType
from typing import Any

from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy import event as sqlalchemy_event
from sqlalchemy import select
from werkzeug.test import TestResponse

from ikone_events.mail.writing.compose import compose
from ikone_events.store.db import db

PERSON = {
    "salutation": "frau",
    "title": "Dr.",
    "first_name": "Jördis",
    "last_name": "Beispiel",
    "email": "joerdis.beispiel@example.org",
    "organisation": "Stadtverwaltung Bendorf",
    "position": "Digitalisierung",
    "question": "Was kostet das?",
    "website": "",
}


def token_of(page: TestResponse) -> str:
    """The CSRF token in a page's form."""
    found = re.search(r'name="csrf_token"[^>]*value="([^"]+)"', page.text)
    assert found, "the page has no form"
    return found[1]


def outcome_of(page: TestResponse) -> str | None:
    """What the page says about itself to programs."""
    found = re.search(r'<main[^>]*data-outcome="([^"]*)"', page.text)
    return found[1] if found else None


def sign_up(client: FlaskClient, slug: str, **changes: Any) -> TestResponse:
    """Open the form and send it; the answer itself, redirects are not followed."""
    path = f"/events/{slug}/register"
    token = token_of(client.get(path))
    return client.post(path, data={**PERSON, **changes, "csrf_token": token})


def colleague(number: int, **changes: Any) -> dict[str, Any]:
    """The entries for somebody who is registered along."""
    entries = {
        "salutation": "herr",
        "title": "",
        "first_name": f"Kollege{number}",
        "last_name": "Muster",
        "email": f"kollege{number}@example.org",
        **changes,
    }
    return {f"p{number}-{name}": value for name, value in entries.items()}


def press(client: FlaskClient, form: str, target: str | None = None) -> TestResponse:
    """Open a page with a button and press it."""
    token = token_of(client.get(form))
    return client.post(target or form, data={"csrf_token": token})


def everything(app: Flask) -> dict[str, list[Any]]:
    """All rows of all tables, to compare before and after."""
    with app.app_context():
        return {
            table.name: sorted(map(repr, db.session.execute(select(table))))
            for table in db.metadata.sorted_tables
        }


class Queries:
    """The statements that run inside `with Queries(app) as queries:`."""

    def __init__(self, app: Flask) -> None:
        with app.app_context():
            self._engine = db.engine
        self.statements: list[str] = []

    def __len__(self) -> int:
        return len(self.statements)

    def __enter__(self) -> "Queries":
        sqlalchemy_event.listen(self._engine, "before_cursor_execute", self._note)
        return self

    def __exit__(self, *_fault: object) -> None:
        sqlalchemy_event.remove(self._engine, "before_cursor_execute", self._note)

    def _note(self, _connection: object, _cursor: object, statement: str, *_more: object) -> None:
        if not statement.startswith("BEGIN"):
            self.statements.append(statement)


def mails_composed(work: Callable[[], object]) -> int:
    """How many mails are composed meanwhile, whether they are sent or not."""
    found = 0

    def note(frame: FrameType, happens: str, _value: object) -> None:
        nonlocal found
        found += happens == "call" and frame.f_code is compose.__code__

    sys.setprofile(note)
    try:
        work()
    finally:
        sys.setprofile(None)
    return found

"""People who sign in, and browsers in which they have."""

import re
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import pytest
from flask import Flask
from flask import session as session_of_request
from flask.testing import FlaskClient
from flask_wtf.csrf import generate_csrf
from werkzeug.test import TestResponse

from ikone_events.services.accounts.organisers import NewOrganiser, add
from ikone_events.store.accounts.models import Organiser
from ikone_events.store.db import db, transaction
from tests.factories import NOW, FixedClock

PASSWORD = "Lange-Wörter-2026"


@dataclass
class Person:
    """An organiser as a test knows them."""

    id: int
    email: str


@dataclass
class Browser:
    """A signed-in browser that knows its CSRF token."""

    client: FlaskClient
    token: str

    def get(self, path: str, **more: Any) -> TestResponse:
        """A page, read to its end: the server closes what is behind it."""
        return self.client.get(path, **{"buffered": True, **more})

    def post(self, path: str, data: dict[str, Any] | None = None, **more: Any) -> TestResponse:
        """A form with the token that its page would have carried."""
        return self.client.post(path, data={"csrf_token": self.token, **(data or {})}, **more)


def upload(browser: Browser, slug: str, name: str, content: bytes, **data: str) -> int:
    """Send a material's file; the answer's status. Flask's own encoder leaves large bodies open."""
    head = "--x\r\nContent-Disposition: form-data; name="
    fields = {"csrf_token": browser.token, **data}
    body = "".join(f'{head}"{key}"\r\n\r\n{value}\r\n' for key, value in fields.items())
    body += f'{head}"slides-file"; filename="{name}"\r\nContent-Type: text/plain\r\n\r\n'
    return browser.client.post(
        f"/organise/events/{slug}/materials/slides",
        data=body.encode() + content + b"\r\n--x--\r\n",
        content_type="multipart/form-data; boundary=x",
    ).status_code


def token_of(page: TestResponse) -> str:
    """The CSRF token of a page's form."""
    found = re.search(r'name="csrf_token"[^>]*value="([^"]+)"', page.text)
    assert found is not None, page.text[:500]
    return found[1]


@pytest.fixture
def make_person(app: Flask) -> Callable[..., Person]:
    """Make an organiser; `only` limits them to some events."""

    def make(email: str = "team@example.org", role: str = "organiser", **more: Any) -> Person:
        with app.app_context():
            with transaction():
                new = NewOrganiser(
                    email=email, role=role, password=PASSWORD, name="Wilma Organisaria", **more
                )
                organiser = add(new, now=NOW)
            return Person(organiser.id, organiser.email)

    return make


@pytest.fixture
def browser_of(app: Flask, clock: FixedClock) -> Callable[[Person], Browser]:
    """A browser in which somebody has signed in, without the cost of hashing."""

    def browser(person: Person) -> Browser:
        client = app.test_client()
        with app.app_context():
            identifier = db.session.get_one(Organiser, person.id).fs_uniquifier
        with client.session_transaction() as session:
            session["_user_id"] = identifier
            session["account"] = person.id
            session["_fresh"] = True
            session["signed_in_at"] = session["seen_at"] = int(clock().timestamp())
            with app.test_request_context():
                token = generate_csrf()
                session["csrf_token"] = session_of_request["csrf_token"]
        return Browser(client, token)

    return browser


@pytest.fixture
def team(make_person: Callable[..., Person], browser_of: Callable[[Person], Browser]) -> Browser:
    """The browser of an organiser who sees everything."""
    return browser_of(make_person())


@pytest.fixture
def viewer(make_person: Callable[..., Person], browser_of: Callable[[Person], Browser]) -> Browser:
    """The browser of somebody who may only look."""
    return browser_of(make_person("blick@example.org", "viewer"))


@pytest.fixture
def stranger(
    app: Flask, make_person: Callable[..., Person], browser_of: Callable[[Person], Browser]
) -> Browser:
    """The browser of an organiser to whom no event was assigned."""
    person = make_person("fremd@example.org", "organiser")
    with app.app_context(), transaction():
        db.session.get_one(Organiser, person.id).sees_all = False
    return browser_of(person)

"""What arrives where a form is expected: of another type, broken or odd, on every route."""

from collections.abc import Callable, Sequence
from io import BytesIO
from pathlib import Path
from typing import TypeVar

import pytest
from flask import Flask, request
from flask.testing import FlaskClient
from sqlalchemy import func, select

from ikone_events.app import create_app
from ikone_events.domain.tokens import Purpose
from ikone_events.store.db import db
from ikone_events.store.events.models import Event
from ikone_events.store.mails.models import Subscriber
from ikone_events.web.shell import bodies
from ikone_events.web.shell.access import Permission, permission
from ikone_events.web.shell.bodies import LONGEST_BOUNDARY
from tests.effort import by_night
from tests.factories import (
    make_registration,
    make_settings,
    make_speaker,
    make_subscriber,
    personal_path,
    speaker_path,
    subscription_path,
)
from tests.web.organiser import test_access
from tests.web.organiser.conftest import Browser, Person, token_of
from tests.web.organiser.test_access import address

T = TypeVar("T")
event, ids = test_access.event, test_access.ids  # fixtures
JSON = b'{"email": "a@example.org", "password": 5, "csrf_token": []}'
OTHER_TYPES = (
    "application/json",
    "APPLICATION/JSON; Charset=utf-8",
    "application/vnd.api+json",
    "text/plain",
    "text/plain; charset=utf-8",
    "application/xml",
    "application/octet-stream",
    "application/x-www-form-urlencoded-not",
    "multipart/mixed; boundary=x",
    "nonsense",
    "; charset=utf-8",
    None,
)
URLENCODED = "application/x-www-form-urlencoded"
PART = b'--x\r\nContent-Disposition: form-data; name="email"\r\n\r\n'
ODD_FORMS = (
    (URLENCODED, b"%"),
    (URLENCODED, b"&=&%=%zz&;"),
    (URLENCODED, b"email=%FF%FE&name=%C3%28&action=%ED%A0%80"),
    (URLENCODED, b"email=\xff\xfe"),
    (URLENCODED, JSON),
    (URLENCODED + "; charset=utf-16", b"email=a%40example.org"),
    (URLENCODED + "; charset=nonsense; charset", b"email=a%40example.org"),
    ("Application/X-WWW-Form-URLencoded", b"email=a&email=b&email="),
    ("multipart/form-data; boundary=x", b"no part"),
    ("multipart/form-data; boundary=x", PART),
    ("multipart/form-data; boundary=x", PART + b"\xff\xfe\r\n--x--\r\n"),
    ("multipart/form-data; boundary=x", b"--x\r\n\r\nno head\r\n--x--\r\n"),
    ('multipart/form-data; boundary="x"', b"--x\r\nContent-Disposition: form-data\r\n\r\n--x--"),
)  # fmt: skip
# Routes that take JSON or a signed report and no form; who sends what is in their own tests.
NO_FORMS = ("/check-in/presses", "/report")
BAD_BOUNDARIES = (
    "",
    "; boundary",
    "; boundary=",
    '; boundary=""',
    "; boundary=" + "x" * (LONGEST_BOUNDARY + 1),
)


@pytest.fixture
def paths(app: Flask, event: Event, ids: dict[str, object]) -> list[str]:
    """Every address that takes a form, with something real behind it."""
    values = {"slug": event.slug, "action": "close", "token": "x", **ids}
    person = personal_path(app, make_registration(app, event))
    found = []
    for rule in app.url_map.iter_rules():
        if "POST" not in (rule.methods or ()):
            continue
        start = rule.rule.split("/")[1]
        if start == "r":
            found.append(person + rule.rule.removeprefix("/r/<token>"))
        elif start == "upload":
            upload = speaker_path(app, make_speaker(app, event), Purpose.UPLOAD)
            found.append(upload + ("/x/remove" if rule.rule.endswith("/remove") else ""))
        elif start in ("subscribe", "unsubscribe") and "token" in rule.arguments:
            found.append(subscription_path(app, make_subscriber(app), start))
        else:
            found.append(address(app, rule, values))
    assert len(found) > 70
    assert not [path for path in found if "<" in path]
    # Last: whoever is logged out is asked for a login everywhere.
    return sorted(found, key="/logout".__eq__)


def _in_turn(cases: Sequence[T], number: int) -> Sequence[T]:
    """Two cases for each of many routes, others each time, so that all come often."""
    first = number * 2 % len(cases)
    return by_night(cases, [*cases, *cases][first : first + 2])


@pytest.mark.slow
def test_other_types_are_refused_on_every_route(
    make_person: Callable[..., Person],
    browser_of: Callable[[Person], Browser],
    client: FlaskClient,
    paths: list[str],
) -> None:
    admin = browser_of(make_person(role="admin"))  # who may hand in every file
    for number, path in enumerate(paths):
        for kind in _in_turn(OTHER_TYPES, number):
            for sender in (admin.client, client):
                answer = sender.post(path, data=JSON, content_type=kind)
                login = answer.status_code == 303 and "/login?" in answer.location
                if path.endswith(NO_FORMS) and not login:
                    assert 400 <= answer.status_code < 500, (path, kind, answer.status_code)
                    continue
                assert login or answer.status_code == 415, (path, kind, answer.status_code)
                assert login or "<h1>" in answer.text


def test_buttons_without_fields_need_no_type(team: Browser, paths: list[str]) -> None:
    token = {"X-CSRFToken": token_of(team.get("/organise/"))}
    for path in (each for each in paths if not each.endswith(NO_FORMS)):
        assert team.client.post(path, headers=token).status_code not in (400, 415, 500), path


@pytest.mark.slow
def test_odd_forms_are_answered_with_words(team: Browser, paths: list[str]) -> None:
    token = {"X-CSRFToken": token_of(team.get("/organise/"))}
    for headers, forms in ((token, ODD_FORMS), ({}, ODD_FORMS[-2:])):
        for number, path in enumerate(paths):
            for kind, body in _in_turn(forms, number):
                answer = team.client.post(path, data=body, content_type=kind, headers=headers)
                assert answer.status_code < 500, (path, kind, body)
                if answer.status_code >= 400:
                    assert "<h1" in answer.text, (path, kind, body)


def test_form_without_a_boundary_is_refused(
    make_person: Callable[..., Person], browser_of: Callable[[Person], Browser], paths: list[str]
) -> None:
    admin = browser_of(make_person(role="admin"))  # who may hand in every file
    for number, path in enumerate(each for each in paths if not each.endswith(NO_FORMS)):
        for bad in _in_turn(BAD_BOUNDARIES, number):
            kind = f"multipart/form-data{bad}"
            assert admin.client.post(path, data=PART, content_type=kind).status_code == 400, path


def test_login_is_no_api(client: FlaskClient) -> None:
    """Neither a request in JSON nor the wish for an answer in it opens a second way in."""
    wish = {"Accept": "application/json"}
    token = token_of(client.get("/login", headers=wish))
    form = {"email": "a@example.org", "password": "x", "csrf_token": token}
    assert client.post("/login", data=form, headers=wish).mimetype == "text/html"
    for path in ("/login", "/logout"):
        answer = client.post(path, json=form, headers=wish)
        assert (answer.status_code, answer.mimetype) == (415, "text/html")


def test_one_click_of_a_mail_provider_is_taken(app: Flask, client: FlaskClient) -> None:
    """RFC 8058, 3.1 allows both types; programs add a charset of their own."""
    body = PART.replace(b"email", b"List-Unsubscribe") + b"One-Click\r\n--x--"
    for kind, sent in (
        (URLENCODED, b"List-Unsubscribe=One-Click"),
        (f"{URLENCODED}; charset=ISO-8859-1", b"List-Unsubscribe=One-Click"),
        ("multipart/form-data; boundary=x", body),
    ):
        path = subscription_path(app, make_subscriber(app))
        answer = client.post(path, data=sent, content_type=kind)
        assert answer.status_code == 200, kind
    with app.app_context():
        assert db.session.scalar(select(func.count(Subscriber.id))) == 0


def test_form_of_very_many_fields_is_refused(client: FlaskClient) -> None:
    """Half a million empty fields fit into a megabyte and fill a hundred when parsed."""
    answer = client.post("/login", data=b"&" * 500_000, content_type=URLENCODED)
    assert answer.status_code == 413
    parts = b"".join(
        b'--x\r\nContent-Disposition: form-data; name="a"\r\n\r\n\r\n' for _ in range(300)
    )
    kind = "multipart/form-data; boundary=x"
    assert client.post("/login", data=parts + b"--x--", content_type=kind).status_code == 413
    large = PART + b"x" * bodies.MOST_BYTES + b"\r\n--x--"
    assert client.post("/login", data=large, content_type=kind).status_code == 413


def test_body_without_a_length_is_bounded(client: FlaskClient) -> None:
    """Other servers than ours hand on chunked bodies while they arrive."""
    for kind, start in ((URLENCODED, b"a="), ("multipart/form-data; boundary=x", PART)):
        endless = BytesIO(start + b"x" * 2 * bodies.MOST_BYTES)
        answer = client.post(
            "/login",
            input_stream=endless,
            content_type=kind,
            headers={"Transfer-Encoding": "chunked"},
            environ_base={"wsgi.input_terminated": True},
        )
        assert answer.status_code == 413, kind
        assert endless.tell() <= bodies.MOST_BYTES + 1


def test_route_can_name_other_types(tmp_path: Path) -> None:
    @permission(Permission.PUBLIC)
    @bodies.content_types("application/json")
    def take() -> str:
        return str(request.get_json())

    app = create_app(
        make_settings(tmp_path / "data"),
        more_pages=lambda app: app.add_url_rule("/take", view_func=take, methods=["POST"]),
    )
    app.config["WTF_CSRF_ENABLED"] = False
    client = app.test_client()
    assert client.post("/take", json=[1]).text == "[1]"
    assert client.post("/take", data={"a": "b"}).status_code == 415

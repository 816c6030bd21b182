"""The login: who gets in, the answer to everybody else, and when a session ends."""

import re
from collections.abc import Callable
from typing import Any

import pytest
from flask import Flask
from flask.testing import FlaskClient
from werkzeug.test import TestResponse

from ikone_events.services.accounts.organisers import end_sessions
from ikone_events.store.accounts.models import Organiser
from ikone_events.store.db import db, transaction
from ikone_events.web.shell.login import is_path_here
from tests.factories import FixedClock
from tests.web.organiser.conftest import PASSWORD, Browser, Person, token_of


def log_in(
    client: FlaskClient, email: str, password: str = PASSWORD, query: str = "", **data: Any
) -> TestResponse:
    """Fill in the login page and send it."""
    token = token_of(client.get(f"/login{query}"))
    form = {"email": email, "password": password, "csrf_token": token, **data}
    return client.post(f"/login{query}", data=form)


@pytest.mark.usefixtures("costly_hashing")
def test_login_leads_to_the_overview(
    app: Flask, client: FlaskClient, make_person: Callable[..., Person]
) -> None:
    person = make_person()
    with app.app_context():
        stored = db.session.get_one(Organiser, person.id).password
    assert stored.startswith("$argon2id$v=19$m=65536,t=3,p=4$")
    answer = log_in(client, person.email.upper())
    assert (answer.status_code, answer.location) == (303, "/organise/")
    assert client.get("/organise/").status_code == 200


def test_login_page_speaks_both_languages(client: FlaskClient) -> None:
    assert "Passwort" in client.get("/login?lang=de").text
    assert "Password" in client.get("/login?lang=en").text


def test_login_leads_back_to_the_page_that_was_asked_for(
    client: FlaskClient, make_person: Callable[..., Person]
) -> None:
    person = make_person()
    sent_away = client.get("/organise/events?x=1")
    assert sent_away.status_code == 303
    answer = log_in(client, person.email, query=sent_away.location.removeprefix("/login"))
    assert answer.location == "/organise/events?x=1"


@pytest.mark.parametrize(
    "target",
    [
        "https://evil.example/",
        "//evil.example/",
        "/\\evil.example/",
        "\\\\evil.example",
        "/\t/evil.example/",
        "javascript:alert(1)",
        "http:evil.example",
        "/ /evil.example",
    ],
)
def test_login_never_leads_to_another_site(
    client: FlaskClient, make_person: Callable[..., Person], target: str
) -> None:
    person = make_person()
    answer = log_in(client, person.email, next=target)
    assert answer.status_code == 303
    assert is_path_here(answer.location)
    assert not is_path_here(target)
    assert not answer.location.startswith(("//", "/\\"))


def test_wrong_unknown_and_deactivated_are_answered_alike(
    app: Flask, client: FlaskClient, make_person: Callable[..., Person]
) -> None:
    known, gone = make_person(), make_person("weg@example.org")
    with app.app_context(), transaction():
        db.session.get_one(Organiser, gone.id).active = False
    answers = [
        log_in(client, known.email, "falsch-aber-lang-genug"),
        log_in(client, "niemand@example.org", "falsch-aber-lang-genug"),
        log_in(client, gone.email),
        log_in(client, "keine-adresse", "falsch-aber-lang-genug"),
        log_in(client, known.email, ""),
    ]
    bodies = {re.sub(r'value="[^"]*"', "", answer.text) for answer in answers}
    assert len(bodies) == 1
    assert {answer.status_code for answer in answers} == {200}
    assert PASSWORD not in answers[2].text


def test_login_needs_its_token(client: FlaskClient, make_person: Callable[..., Person]) -> None:
    person = make_person()
    answer = client.post("/login", data={"email": person.email, "password": PASSWORD})
    assert answer.status_code == 400
    assert client.get("/organise/").status_code == 303


def test_logout_is_a_post_and_ends_every_copy_of_the_session(
    client: FlaskClient, app: Flask, make_person: Callable[..., Person]
) -> None:
    person = make_person()
    log_in(client, person.email)
    stolen = client.get_cookie("session")
    assert stolen is not None
    assert client.get("/logout").status_code == 405
    answer = client.post("/logout", data={"csrf_token": token_of(client.get("/organise/"))})
    assert (answer.status_code, answer.location) == (303, "/login")
    assert client.get("/organise/").status_code == 303
    thief = app.test_client()
    thief.set_cookie("session", stolen.value)
    assert thief.get("/organise/").status_code == 303


def test_deactivation_and_a_new_identifier_end_the_session(
    app: Flask,
    make_person: Callable[..., Person],
    browser_of: Callable[[Person], Browser],
) -> None:
    one, other = make_person(), make_person("zwei@example.org")
    browsers = [browser_of(one), browser_of(other)]
    assert [browser.get("/organise/").status_code for browser in browsers] == [200, 200]
    with app.app_context(), transaction():
        db.session.get_one(Organiser, one.id).active = False
        end_sessions(other.id)
    assert [browser.get("/organise/").status_code for browser in browsers] == [303, 303]


def test_session_ends_after_an_hour_of_rest(team: Browser, clock: FixedClock) -> None:
    clock.move(minutes=59)
    assert team.get("/organise/").status_code == 200
    clock.move(minutes=59)
    assert team.get("/organise/").status_code == 200
    clock.move(minutes=61)
    answer = team.get("/organise/events")
    assert (answer.status_code, answer.location) == (303, "/login?next=/organise/events")


def test_session_ends_after_twelve_hours_of_work(team: Browser, clock: FixedClock) -> None:
    for _ in range(14):
        clock.move(minutes=50)
        assert team.get("/organise/").status_code == 200
    clock.move(minutes=50)
    assert team.get("/organise/").status_code == 303


def test_token_in_the_address_opens_nothing(app: Flask, make_person: Callable[..., Person]) -> None:
    person = make_person()
    with app.test_request_context():
        token = db.session.get_one(Organiser, person.id).get_auth_token()
    client = app.test_client()
    assert client.get(f"/organise/?auth_token={token}").status_code == 303
    assert client.get("/organise/", headers={"Authentication-Token": token}).status_code == 303


def test_only_login_and_logout_are_there(client: FlaskClient) -> None:
    for path in ("/register", "/reset", "/verify", "/change", "/us-signin", "/tf-setup"):
        assert client.get(path).status_code == 404, path


def test_broken_target_of_a_login_is_ignored(client: FlaskClient) -> None:
    assert client.get("/login?next=//[").status_code == 200

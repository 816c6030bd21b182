"""Forgotten passwords: asked for, mailed, set by a button, and nothing learnt by strangers."""

import logging
import re
from pathlib import Path

import pytest
from flask import Flask
from flask.testing import FlaskClient
from werkzeug.test import TestResponse

from ikone_events.config import Settings
from ikone_events.web.shell.errors import hide_tokens
from tests.accounts import PASSWORD, link_in, link_mails, make_account, stored_account
from tests.factories import FixedClock, make_settings
from tests.web.visitor import everything, token_of

NEW = "drei blaue Fahrräder"
EMAIL = "ada@example.org"


def ask(client: FlaskClient, email: str, **more: str) -> TestResponse:
    data = {"email": email, "csrf_token": token_of(client.get("/login/reset"))}
    return client.post("/login/reset", data=data, **more)


def send(client: FlaskClient, path: str, password: str, again: str | None = None) -> TestResponse:
    data = {"password": password, "again": password if again is None else again}
    return client.post(path, data={**data, "csrf_token": token_of(client.get(path))})


def log_in(client: FlaskClient, password: str) -> TestResponse:
    data = {"email": EMAIL, "password": password, "csrf_token": token_of(client.get("/login"))}
    return client.post("/login", data=data)


@pytest.fixture
def link(app: Flask, client: FlaskClient) -> str:
    """The path of a link that was mailed."""
    make_account(app)
    ask(client, EMAIL)
    return link_in(link_mails(app)[-1].text)


def test_login_page_leads_to_a_link_that_works(app: Flask, client: FlaskClient) -> None:
    make_account(app)
    assert 'href="/login/reset"' in client.get("/login").text
    answer = ask(client, EMAIL)
    assert (answer.status_code, answer.location) == (303, "/login/reset/sent")
    path = link_in(link_mails(app)[-1].text)
    done = send(client, path, NEW)
    assert (done.status_code, done.location) == (303, "/login")
    assert log_in(client, PASSWORD).status_code == 200
    assert log_in(client, NEW).status_code == 303


def test_gateways_that_open_the_link_change_nothing(
    app: Flask, client: FlaskClient, link: str
) -> None:
    before = everything(app)
    for method in ("GET", "HEAD", "GET"):
        assert client.open(link, method=method).status_code == 200
    assert everything(app) == before
    assert send(client, link, NEW).status_code == 303


def test_used_expired_and_forged_links_show_what_to_do(
    app: Flask, client: FlaskClient, clock: FixedClock, link: str
) -> None:
    send(client, link, NEW)
    ask(client, EMAIL)
    expired = link_in(link_mails(app)[-1].text)
    clock.move(hours=1)
    for path in (link, expired, f"{link}x", "/login/reset/nothing"):
        for method in ("GET", "POST"):
            if method == "POST":
                token = token_of(client.get("/login/reset"))
                data = {"password": NEW, "again": NEW, "csrf_token": token}
                answer = client.post(path, data=data)
            else:
                answer = client.get(path)
            assert answer.status_code == 410, (path, method)
            assert 'href="/login/reset"' in answer.text


@pytest.mark.parametrize(
    ("typed", "words"),
    [
        (("kurz", None), "mindestens 12"),
        (("Password1234!", None), "verwenden viele"),
        (("organisaria-backt-Brot", None), "weder Ihren Namen"),
        ((NEW, "drei blaue Farräder"), "nicht gleich"),
        (("", None), "geben Sie ein Passwort ein"),
    ],
)
def test_unfit_password_leaves_the_link_alive(
    client: FlaskClient, link: str, typed: tuple[str, str | None], words: str
) -> None:
    answer = send(client, link, *typed)
    assert answer.status_code == 422
    assert words in answer.text
    assert not typed[0] or f'value="{typed[0]}' not in answer.text
    assert send(client, link, NEW).status_code == 303


def test_answer_is_the_same_for_every_address(app: Flask, client: FlaskClient) -> None:
    make_account(app)
    answers = [ask(client, email) for email in (EMAIL, "niemand@example.org", "x@y.example")]
    assert {(a.status_code, a.location, a.text) for a in answers} == {
        (303, "/login/reset/sent", answers[0].text)
    }
    assert len(link_mails(app)) == 1
    assert "ein aktives Konto" in client.get("/login/reset/sent").text


def test_pages_of_links_are_private(client: FlaskClient, link: str) -> None:
    for path in (link, f"{link}x"):
        headers = client.get(path).headers
        assert headers["Referrer-Policy"] == "no-referrer"
        assert headers["Cache-Control"] == "no-store"
        assert "noindex" in headers["X-Robots-Tag"]


def test_link_needs_its_token_of_the_form(app: Flask, client: FlaskClient, link: str) -> None:
    assert client.post(link, data={"password": NEW, "again": NEW}).status_code == 400
    assert send(client, link, NEW).status_code == 303


def test_sessions_end_with_the_reset(app: Flask, client: FlaskClient, link: str) -> None:
    other = app.test_client()
    assert log_in(other, PASSWORD).status_code == 303
    assert other.get("/organise/").status_code == 200
    send(client, link, NEW)
    assert other.get("/organise/").status_code == 303


def test_security_log_names_numbers_alone(
    app: Flask, client: FlaskClient, caplog: pytest.LogCaptureFixture
) -> None:
    number = make_account(app)
    caplog.set_level(logging.INFO, "ikone_events.security")
    ask(client, EMAIL)
    ask(client, "niemand@example.org")
    send(client, link_in(link_mails(app)[-1].text), NEW)
    lines = [r.getMessage() for r in caplog.records if r.name == "ikone_events.security"]
    assert [re.findall(r'"event": "(\w+)"', line)[0] for line in lines][:3] == [
        "password_reset_asked",
        "password_reset_asked",
        "password_changed",
    ]
    assert f'"about": {number}' in lines[0]
    assert "example.org" not in "".join(lines)


class TestRateLimits:
    """Requests are limited by network, and mails by address without a word about it."""

    @pytest.fixture
    def settings(self, data_dir: Path) -> Settings:
        """Settings with rate limits."""
        return make_settings(data_dir, rate_limits=True)

    def test_one_address_gets_three_mails_an_hour(self, app: Flask, client: FlaskClient) -> None:
        make_account(app)
        codes = []
        for number in range(5):
            network = {"REMOTE_ADDR": f"198.51.100.{number}"}
            codes.append(ask(client, EMAIL, environ_base=network).status_code)  # type: ignore[arg-type]
        assert codes == [303] * 5
        assert len(link_mails(app)) == 3

    def test_one_network_is_slowed_down(self, client: FlaskClient) -> None:
        codes = [ask(client, f"a{n}@example.org").status_code for n in range(12)]
        assert codes == [303] * 10 + [429] * 2


def test_invited_person_without_a_password_can_not_log_in(app: Flask, client: FlaskClient) -> None:
    number = make_account(app, password=None)
    assert stored_account(app, number).password is None
    for password in ("", PASSWORD):
        assert log_in(client, password).status_code == 200
    assert client.get("/organise/").status_code == 303


def test_log_keeps_no_link() -> None:
    record = logging.makeLogRecord({"msg": "fault at %s", "args": ("/login/reset/WyI3Iiwx.abc",)})
    assert hide_tokens(record)
    assert record.getMessage() == "fault at /login/reset/…"

"""What goes with every answer, and what is refused at the gate."""

import logging
import re
from pathlib import Path

import pytest
from flask import Flask
from flask.testing import FlaskClient

from ikone_events.app import create_app
from ikone_events.services.mails.drafts import mask_links
from ikone_events.store.db import db
from ikone_events.web.shell.errors import hide_tokens
from ikone_events.web.shell.headers import is_personal
from tests.factories import FixedClock, make_event, make_registration, make_settings, personal_path

POLICY = (
    "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data:; "
    "font-src 'self'; connect-src 'self'; form-action 'self'; base-uri 'none'; "
    "frame-ancestors 'none'"
)


def test_no_token_of_a_personal_link_is_kept_or_logged(app: Flask, client: FlaskClient) -> None:
    rules = [rule for rule in app.url_map.iter_rules() if "token" in rule.arguments]
    assert len(rules) > 20
    robots = re.findall(r"^Disallow: (\S+)", client.get("/robots.txt").text, re.MULTILINE)
    for rule in rules:
        path = rule.rule.replace("<token>", "SECRET.x-1")
        record = logging.LogRecord("x", 20, "x", 1, "GET %s 200", (path,), None)
        assert hide_tokens(record)
        assert "SECRET" not in record.getMessage()
        assert "SECRET" not in mask_links(f"(http://localhost{path})")
        assert is_personal(path)
        assert path.startswith(tuple(robots)), path


def test_every_answer_carries_the_headers(app: Flask, client: FlaskClient) -> None:
    event = make_event(app)
    person = make_registration(app, event)
    pages = (
        "/",
        f"/events/{event.slug}",
        f"/events/{event.slug}/register",
        personal_path(app, person),
        "/login",
        "/organise/",
        "/healthz",
        "/calendar.ics",
        "/nothing",
        "/static/app.css",
    )
    for path in pages:
        with client.get(path) as answer:
            assert answer.headers.getlist("Content-Security-Policy") == [POLICY], path
            assert answer.headers["X-Content-Type-Options"] == "nosniff"
            assert answer.headers["Referrer-Policy"] in ("same-origin", "no-referrer")
            assert "camera=()" in answer.headers["Permissions-Policy"]
            assert "Strict-Transport-Security" not in answer.headers, "plain http here"


def test_pages_hold_nothing_inline_and_load_nothing_foreign(
    app: Flask, client: FlaskClient
) -> None:
    event = make_event(app)
    person = make_registration(app, event)
    for path in (
        "/",
        f"/events/{event.slug}",
        f"/events/{event.slug}/register",
        personal_path(app, person),
    ):
        text = client.get(path).text
        assert " style=" not in text
        assert "<style" not in text
        assert " onclick=" not in text
        assert "<script>" not in text
        assert 'src="http' not in text
        assert '<link rel="stylesheet" href="http' not in text


def test_https_brings_secure_cookies_and_hsts(tmp_path: Path, clock: FixedClock) -> None:
    settings = make_settings(tmp_path, base_url="https://events.example.org")
    app = create_app(settings, clock=clock)
    with app.app_context():
        db.create_all()
    event = make_event(app)
    client = app.test_client()
    base = "https://events.example.org"
    page = client.get(f"/events/{event.slug}/register?lang=en", base_url=base)
    assert page.headers["Strict-Transport-Security"] == "max-age=31536000"
    cookies = {cookie.split("=")[0]: cookie for cookie in page.headers.getlist("Set-Cookie")}
    assert set(cookies) == {"__Host-session", "lang"}
    for cookie in cookies.values():
        assert "Secure" in cookie
        assert "HttpOnly" in cookie
        assert "SameSite=Lax" in cookie
    assert client.get("/", base_url="https://localhost").status_code == 400
    with app.app_context():
        db.session.remove()
        db.engine.dispose()


FOREIGN = ("evil.example", "localhost.evil.example", "evil.example:80", "localhost@evil.example")


@pytest.mark.parametrize("host", FOREIGN)
@pytest.mark.parametrize("path", ["/", "/login", "/static/app.css", "/nothing", "/r/x"])
def test_foreign_host_is_refused(client: FlaskClient, host: str, path: str) -> None:
    answer = client.get(path, headers={"Host": host})
    assert answer.status_code == 400
    assert "evil" not in answer.text


def test_own_machine_answers_on_any_port(client: FlaskClient) -> None:
    for host in ("localhost", "localhost:8123", "127.0.0.1:9000"):
        assert client.get("/", headers={"Host": host}).status_code == 200


def test_links_come_from_the_settings_not_from_the_request(app: Flask, client: FlaskClient) -> None:
    make_event(app)
    for path in ("/feed.atom", "/calendar.ics", "/.well-known/security.txt"):
        text = client.get(path, headers={"Host": "127.0.0.1:9000"}).text
        assert "127.0.0.1" not in text
        assert "http://localhost/" in text or "privacy" in path


NUL = ("/events/a%00b", "/?lang=%00", "/events/x/register?q=a%00", "/r/%00", "/organise/events/%00")


@pytest.mark.parametrize("path", NUL)
def test_nul_byte_in_an_address_is_refused(client: FlaskClient, path: str) -> None:
    assert client.get(path).status_code == 400
    assert client.post(path).status_code == 400


def test_odd_addresses_are_not_found_and_never_a_fault(app: Flask, client: FlaskClient) -> None:
    slug = make_event(app).slug
    odd = (
        "/events/%ff%fe",
        f"/events/{slug}%0d%0aX",
        "/events/" + "x" * 3000,
        "//evil.example/",
        "/events/..%2f..",
    )
    for path in odd:
        assert client.get(path).status_code in (400, 404, 308), path


def test_method_that_a_page_does_not_know_is_refused(client: FlaskClient) -> None:
    answer = client.post("/privacy")
    assert answer.status_code in (400, 405)
    assert client.delete("/").status_code in (400, 405)


DIRECTIVE = r"(?:no-store|no-cache|private|public|immutable|max-age=\d+)"


def test_every_cache_control_is_one_that_browsers_know(app: Flask, client: FlaskClient) -> None:
    """Flask-Security wrote “no-store=True”, which a browser may ignore."""
    slug = make_event(app).slug
    answers = [client.get(path) for path in ("/", "/login", "/organise/", "/nothing", "/subscribe")]
    answers += [client.get(f"/events/{slug}{page}") for page in ("", "/register", "/event.ics")]
    answers += [
        client.get("/calendar.ics"),
        client.get("/static/app.css?v=1"),
        client.post("/login"),
    ]
    for answer in answers:
        with answer:
            for header in answer.headers.getlist("Cache-Control"):
                assert re.fullmatch(rf"{DIRECTIVE}(?:, {DIRECTIVE})*", header), header
    assert client.get("/login").headers["Cache-Control"] == "no-store"

"""The two questions that machines ask."""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest
from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy import event as sqlalchemy_event
from werkzeug.test import TestResponse

from ikone_events.app import create_app
from ikone_events.config import Settings
from ikone_events.domain.refusals import Outage
from ikone_events.store import write_trial
from ikone_events.store.db import db, transaction
from ikone_events.store.events.queries import lock_event
from ikone_events.store.write_trial import WriteTrial
from tests.factories import (
    NOW,
    FixedClock,
    make_event,
    make_heartbeat,
    make_mail,
    make_mailbox,
    make_pause,
    make_registration,
)

TOKEN = "fYx3-Rk8_pQ2vLm7Zt5w"


def test_process_answers_without_a_database(app: Flask, client: FlaskClient) -> None:
    with app.app_context():
        db.drop_all()
    answer = client.get("/healthz")
    assert (answer.status_code, answer.text) == (200, "ok\n")


def test_ready_with_a_fresh_heartbeat(app: Flask, client: FlaskClient) -> None:
    make_heartbeat(app)
    answer = client.get("/readyz")
    expected = {
        "ready": True,
        "database": True,
        "worker": True,
        "mail_server": True,
        "mailbox": True,
        "held": False,
        "stuck_mail": 0,
        "failed_mail": 0,
        "reasons": [],
    }
    assert (answer.status_code, answer.json) == (200, expected)
    assert answer.headers["Cache-Control"] == "no-store"


def test_not_ready_without_a_worker(app: Flask, client: FlaskClient) -> None:
    assert client.get("/readyz").status_code == 503
    make_heartbeat(app, NOW - timedelta(seconds=121))
    answer = client.get("/readyz")
    assert answer.status_code == 503
    assert answer.json == {
        **(answer.json or {}),
        "worker": False,
        "ready": False,
        "reasons": ["worker"],
    }
    make_heartbeat(app, NOW - timedelta(seconds=119), worker="other:1")
    assert client.get("/readyz").status_code == 200, "one living worker is enough"


def test_not_ready_without_a_database(app: Flask, client: FlaskClient) -> None:
    with app.app_context():
        db.drop_all()
    answer = client.get("/readyz")
    expected = {"ready": False, "database": False, "reasons": ["database"]}
    assert (answer.status_code, answer.json) == (503, expected)


def ask(app: Flask, address: str, **headers: str) -> TestResponse:
    """The answer to a monitoring program at an address."""
    return app.test_client().get("/readyz", environ_base={"REMOTE_ADDR": address}, headers=headers)


@pytest.mark.parametrize("ready", [True, False])
def test_strangers_see_no_details(
    app: Flask, settings: Settings, clock: FixedClock, ready: bool
) -> None:
    if ready:
        make_heartbeat(app)
    behind = create_app(replace(settings, health_token=TOKEN, trusted_proxies=1), clock=clock)
    bearer = {"Authorization": f"Bearer {TOKEN}"}
    strangers = (
        ask(app, "192.0.2.1"),
        ask(app, ""),
        ask(app, "127.0.0.1", **{"X-Forwarded-For": "192.0.2.1"}),  # a proxy nobody declared
        ask(app, "192.0.2.1", **bearer),  # there is no token
        ask(behind, "127.0.0.1", **{"X-Forwarded-For": "192.0.2.1"}),
        ask(behind, "192.0.2.1", Authorization=f"Bearer {TOKEN[:-1]}"),
        ask(behind, "192.0.2.1", Authorization="Bearer ü"),
        ask(behind, "192.0.2.1", Authorization=f"Basic {TOKEN}"),
    )
    known = (
        ask(app, "127.0.0.1"),
        ask(app, "::1"),
        ask(app, "::ffff:127.0.0.1"),
        ask(behind, "127.0.0.1", **{"X-Forwarded-For": "127.0.0.1"}),
        ask(behind, "192.0.2.1", **bearer),
    )
    with behind.app_context():
        db.engine.dispose()
    assert [answer.json for answer in strangers] == [{"ready": ready}] * len(strangers)
    assert ["failed_mail" in (answer.json or {}) for answer in known] == [True] * len(known)
    assert {answer.status_code for answer in (*strangers, *known)} == {200 if ready else 503}


def test_failed_write_is_red_until_one_succeeds(app: Flask, client: FlaskClient) -> None:
    make_heartbeat(app)
    slug = make_event(app).slug
    assert client.get("/readyz").status_code == 200

    with app.app_context(), read_only(), pytest.raises(Outage), transaction():
        lock_event(slug)
    answer = client.get("/readyz")
    red = {"ready": False, "database": False, "reasons": ["database"]}
    assert (answer.status_code, answer.json) == (503, {**(answer.json or {}), **red})

    with app.app_context(), transaction():
        lock_event(slug)
    assert client.get("/readyz").status_code == 200


def test_health_tries_a_write_however_often_it_is_asked(
    app: Flask, client: FlaskClient, monkeypatch: pytest.MonkeyPatch
) -> None:
    make_heartbeat(app)
    app.extensions["ikone_write_trial"] = WriteTrial()
    with app.app_context(), read_only():
        assert client.get("/readyz").status_code == 503
    assert client.get("/readyz").status_code == 503, "strangers cause no further trial so soon"
    monkeypatch.setattr(write_trial, "EVERY_SECONDS", 0.0)
    assert client.get("/readyz").status_code == 200


@contextmanager
def read_only() -> Iterator[None]:
    """SQLite refuses writes, on every connection."""

    def refuse(connection: Any, _record: Any, _proxy: Any) -> None:
        connection.execute("PRAGMA query_only=ON")

    engine = db.engine
    engine.dispose()
    sqlalchemy_event.listen(engine, "checkout", refuse)
    try:
        yield
    finally:
        sqlalchemy_event.remove(engine, "checkout", refuse)
        db.session.remove()
        engine.dispose()


def test_not_ready_while_mails_are_stuck(app: Flask, client: FlaskClient) -> None:
    make_heartbeat(app)
    person = make_registration(app, make_event(app))
    make_mail(app, person, due_at=NOW - timedelta(minutes=9))
    assert client.get("/readyz").status_code == 200
    make_mail(app, person, due_at=NOW - timedelta(minutes=11))
    answer = client.get("/readyz")
    assert (answer.status_code, answer.json) == (503, {**(answer.json or {}), "stuck_mail": 1})


def test_long_mailing_that_moves_is_not_stuck(app: Flask, client: FlaskClient) -> None:
    make_heartbeat(app)
    person = make_registration(app, make_event(app))
    make_mail(app, person, due_at=NOW - timedelta(hours=1))
    make_mail(app, person, state="sent", sent_at=NOW - timedelta(minutes=1))
    assert client.get("/readyz").status_code == 200


def test_refused_mails_are_a_number_to_look_at(app: Flask, client: FlaskClient) -> None:
    make_heartbeat(app)
    make_mail(app, make_registration(app, make_event(app)), state="failed")
    answer = client.get("/readyz")
    assert (answer.status_code, answer.json) == (200, {**(answer.json or {}), "failed_mail": 1})


def test_not_ready_while_the_mail_server_refuses_us(app: Flask, client: FlaskClient) -> None:
    make_heartbeat(app, refused_at=NOW - timedelta(minutes=5), refusal="535 wrong password")
    assert client.get("/readyz").status_code == 200, "nothing waits for the mail server"
    make_mail(app, make_registration(app, make_event(app)), due_at=NOW + timedelta(minutes=1))
    answer = client.get("/readyz")
    assert (answer.status_code, answer.json) == (
        503,
        {**(answer.json or {}), "mail_server": False, "reasons": ["mail_server"]},
    )
    assert "535" not in answer.text, "the server's words are no business of strangers"


def test_not_ready_while_a_backup_waits_to_be_released(app: Flask, client: FlaskClient) -> None:
    make_heartbeat(app)
    make_pause(app, "backup of yesterday")
    answer = client.get("/readyz")
    assert (answer.status_code, answer.json) == (
        503,
        {**(answer.json or {}), "held": True, "reasons": ["held"]},
    )


def test_mailbox_that_is_not_read_is_reported_and_is_no_reason_to_restart(
    settings: Settings, clock: FixedClock, app: Flask
) -> None:
    named = replace(settings, imap_url="imaps://eva:geheim@mail.example.org")
    reading = create_app(named, clock=clock)
    make_heartbeat(app)
    make_mailbox(app, named, failed_at=NOW - timedelta(minutes=31), failure="no such user eva")
    answer = reading.test_client().get("/readyz")
    state = {"ready": True, "mailbox": False, "reasons": ["mailbox"]}
    assert (answer.status_code, answer.json) == (200, {**(answer.json or {}), **state})
    assert "eva" not in answer.text
    assert app.test_client().get("/readyz").json == {
        **(answer.json or {}),
        "mailbox": True,
        "reasons": [],
    }, "another mailbox"
    with reading.app_context():
        db.engine.dispose()

"""The two questions that machines ask."""

from dataclasses import replace
from datetime import timedelta

from flask import Flask
from flask.testing import FlaskClient

from ikone_events.app import create_app
from ikone_events.config import Settings
from ikone_events.store.db import db
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


def test_mailbox_that_is_not_read_is_told_and_is_no_reason_to_restart(
    settings: Settings, clock: FixedClock, app: Flask
) -> None:
    named = replace(settings, imap_url="imaps://eva:geheim@mail.example.org")
    reading = create_app(named, clock=clock)
    make_heartbeat(app)
    make_mailbox(app, named, failed_at=NOW - timedelta(minutes=31), failure="no such user eva")
    answer = reading.test_client().get("/readyz")
    told = {"ready": True, "mailbox": False, "reasons": ["mailbox"]}
    assert (answer.status_code, answer.json) == (200, {**(answer.json or {}), **told})
    assert "eva" not in answer.text
    assert app.test_client().get("/readyz").json == {
        **(answer.json or {}),
        "mailbox": True,
        "reasons": [],
    }, "another mailbox"
    with reading.app_context():
        db.engine.dispose()

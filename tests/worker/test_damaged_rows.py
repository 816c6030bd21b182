"""Rows that can't be read: each fails alone, with words, and everything else goes on.

SQLite stores any value in any column; the damage is written with raw SQL.
"""

import sqlite3
from dataclasses import replace
from datetime import timedelta
from itertools import count

import pytest
from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy import select

from ikone_events.config import Settings
from ikone_events.domain.operating.alarms import Alarm
from ikone_events.services.operating.health import engine_health
from ikone_events.services.operating.verification import faults
from ikone_events.store.db import db
from ikone_events.store.events.models import Event
from ikone_events.store.mails.models import Mailing, OutboxMail
from ikone_events.store.plan.models import Step
from ikone_events.store.registering.models import Registration
from ikone_events.worker.work import SHARE_SECONDS, Worker
from tests.factories import (
    NOW,
    FixedClock,
    make_event,
    make_mail,
    make_mailing,
    make_registration,
    make_subscriber,
)
from tests.mailbox import Mailbox
from tests.rows import work

LATIN = b"Gr\xfc\xdfe an M\xfcller"
DAMAGE = [
    ("created_at", "gestern"),
    ("created_at", 12.5),
    ("text", LATIN),
    ("subject", "bytes"),
    ("recipient", LATIN),
    ("html", None),
    ("calendar", "BEGIN:VCALENDAR"),
    ("answer", LATIN),
    ("tries_before", "viele"),
]


@pytest.fixture
def settings(settings: Settings, mailbox: Mailbox) -> Settings:
    return replace(settings, smtp_url=mailbox.url, mail_per_minute=600_000)


def damage(settings: Settings, table: str, column: str, number: int, value: object) -> None:
    """Write a value; bytes are stored as text that is no UTF-8, "bytes" as a real blob."""
    expression = "CAST(? AS TEXT)" if isinstance(value, bytes) else "?"
    stored = b"\x00\x01" if value == "bytes" else value
    with sqlite3.connect(settings.data_dir / "ikone.db") as connection:
        connection.execute("PRAGMA ignore_check_constraints=ON")
        wanted = f"UPDATE {table} SET {column} = {expression} WHERE id = ?"  # noqa: S608 - ours
        connection.execute(wanted, (stored, number))
    connection.close()


def verified(app: Flask, word: str) -> list[str]:
    with app.app_context():
        return [line for line in faults(NOW) if word in line]


def trouble(app: Flask, clock: FixedClock) -> str:
    with app.app_context():
        state = engine_health(clock())
        assert (Alarm.TROUBLE in state.alarms) == bool(state.trouble)
        return state.trouble


@pytest.mark.parametrize(
    ("column", "value"), [pair for pair in DAMAGE if pair[1] is not None], ids=str
)
def test_damaged_mail_fails_alone_and_shows_why(
    app: Flask, settings: Settings, mailbox: Mailbox, column: str, value: object
) -> None:
    event = make_event(app)
    first, second, third = (make_mail(app, make_registration(app, event)) for _ in range(3))
    damage(settings, "outbox_mail", column, first.id, value)
    assert any(column in line for line in verified(app, f"outbox_mail {first.id} can't be read"))

    work(app)

    assert {mail.recipient for mail in mailbox.received} == {second.recipient, third.recipient}
    with app.app_context():
        rows = db.session.scalars(select(OutboxMail).order_by(OutboxMail.id)).all()
        assert [row.state for row in rows] == ["failed", "sent", "sent"]
        assert column in rows[0].answer
        assert "damaged" in rows[0].answer
    assert len(verified(app, f"mails: mail {first.id}")) == 1
    assert work(app) == 0


def test_damaged_mail_is_shown_to_the_organiser(
    app: Flask, settings: Settings, mailbox: Mailbox, client: FlaskClient
) -> None:
    event = make_event(app)
    mail = make_mail(app, make_registration(app, event), text="Grüße")
    damage(settings, "outbox_mail", "text", mail.id, LATIN)
    work(app)
    with app.app_context():
        found = db.session.get_one(OutboxMail, mail.id)
        assert (found.state, found.message_id) == ("failed", "")
        assert found.text == "Gr\ufffd\ufffde an M\ufffdller"


def test_damaged_registration_fails_its_own_mail_of_a_mailing(
    app: Flask, settings: Settings, mailbox: Mailbox, clock: FixedClock
) -> None:
    event = make_event(app, lock_version=5)
    people = [make_registration(app, event) for _ in range(3)]
    mailing = make_mailing(app, event, finished_at=None, event_lock_version=5)
    damage(settings, "registration", "last_name", people[1].id, LATIN)

    work(app)

    assert {mail.recipient for mail in mailbox.received} == {people[0].email, people[2].email}
    with app.app_context():
        [row] = db.session.scalars(select(OutboxMail).where(OutboxMail.state == "failed")).all()
        assert (row.registration_id, row.recipient) == (people[1].id, people[1].email)
        assert "last_name" in row.answer
        assert "M" + chr(0xFC) not in row.answer
        assert db.session.get_one(Mailing, mailing.id).finished_at is not None
    assert len(verified(app, f"registration {people[1].id} can't be read: last_name")) == 1


def test_damaged_subscriber_fails_its_own_mail(
    app: Flask, settings: Settings, mailbox: Mailbox
) -> None:
    event = make_event(app)
    readers = [make_subscriber(app) for _ in range(2)]
    make_mailing(app, event, kind="announcement", audience="subscribers", finished_at=None)
    damage(settings, "subscriber", "created_at", readers[0].id, "irgendwann")

    work(app)

    assert {mail.recipient for mail in mailbox.received} == {readers[1].email}


@pytest.mark.parametrize("column", ["created_at", "old_starts_at"])
def test_damaged_mailing_is_stopped_and_others_go_on(
    app: Flask, settings: Settings, mailbox: Mailbox, clock: FixedClock, column: str
) -> None:
    event = make_event(app, lock_version=5)
    person = make_registration(app, event)
    bad = make_mailing(app, event, finished_at=None, event_lock_version=5)
    make_mailing(app, event, finished_at=None, event_lock_version=5)
    damage(settings, "mailing", column, bad.id, "neulich")

    work(app)
    work(app)

    assert [mail.recipient for mail in mailbox.received] == [person.email]
    with app.app_context():
        found = db.session.get_one(Mailing, bad.id)
        assert (found.stopped_at, found.stopped_by) == (NOW, "damage")


@pytest.mark.parametrize("place", [("step", "due_at"), ("step", "title"), ("event", "ends_at")])
def test_damaged_step_or_event_does_not_stop_the_tick(
    app: Flask, settings: Settings, mailbox: Mailbox, clock: FixedClock, place: tuple[str, str]
) -> None:
    table, column = place
    bad, good = make_event(app), make_event(app)
    with app.app_context():
        app.extensions["ikone_engine"].run_once()  # lays the plans
        steps = {
            event.id: db.session.scalars(select(Step).where(Step.event_id == event.id)).first()
            for event in (bad, good)
        }
        number = bad.id if table == "event" else steps[bad.id].id  # type: ignore[union-attr]
    mail = make_mail(app, make_registration(app, good))
    with sqlite3.connect(settings.data_dir / "ikone.db") as connection:
        past = str((NOW - timedelta(hours=1)).replace(tzinfo=None)) + ".000000"
        connection.execute("UPDATE step SET due_at = ?, outcome = ''", (past,))
    connection.close()
    value: object = "0000 irgendwann" if column.endswith("_at") else LATIN
    damage(settings, table, column, number, value)

    work(app)

    assert mail.recipient in [received.recipient for received in mailbox.received]
    with app.app_context():
        settled = select(Step).where(Step.event_id == good.id, Step.outcome != "")
        assert db.session.scalars(settled).first() is not None
    assert verified(app, f"{table} {number} can't be read")
    assert f"{table} {number}" in trouble(app, clock) or "step" in trouble(app, clock)


def test_trouble_is_over_when_the_damage_is(
    app: Flask, settings: Settings, clock: FixedClock
) -> None:
    event = make_event(app, ends_at=NOW - timedelta(days=1), starts_at=NOW - timedelta(days=2))
    work(app)
    assert trouble(app, clock) == ""
    damage(settings, "event", "changed_at", event.id, "neulich")
    clock.move(days=200)
    work(app)
    assert trouble(app, clock) != ""
    damage(settings, "event", "changed_at", event.id, "2026-01-01 00:00:00.000000")
    clock.move(minutes=1)  # not all is looked for at every look
    work(app)
    assert trouble(app, clock) == ""


def test_damaged_person_is_forgotten_all_the_same(
    app: Flask, settings: Settings, clock: FixedClock
) -> None:
    event = make_event(app)
    people = [
        make_registration(app, event, status="expired", status_at=NOW - timedelta(days=8))
        for _ in range(2)
    ]
    damage(settings, "registration", "question", people[0].id, LATIN)

    work(app)

    with app.app_context():
        rows = db.session.scalars(select(Registration.email)).all()
        assert rows == ["", ""]


def test_damaged_send_rate_is_written_anew(
    app: Flask, settings: Settings, mailbox: Mailbox
) -> None:
    event = make_event(app)
    make_mail(app, make_registration(app, event))
    work(app)
    damage(settings, "send_rate", "next_at", 1, "bald")
    make_mail(app, make_registration(app, event))

    assert work(app) == 1


def test_damaged_events_leave_the_lists_standing(
    app: Flask, settings: Settings, client: FlaskClient
) -> None:
    bad, good = make_event(app), make_event(app)
    damage(settings, "event", "summary", bad.id, LATIN)

    answer = client.get("/")

    assert answer.status_code == 200
    assert good.title in answer.text
    with app.app_context():
        assert db.session.scalar(select(Event.slug).where(Event.id == bad.id)) == bad.slug


@pytest.mark.parametrize(
    ("table", "column"), [("mailing", "texts"), ("event", "programme"), ("step", "reasons")]
)
def test_damaged_json_fails_what_needs_it_and_nothing_else(
    app: Flask, settings: Settings, mailbox: Mailbox, table: str, column: str
) -> None:
    bad, good = make_event(app, lock_version=5), make_event(app, lock_version=5)
    for event in (bad, good):
        make_registration(app, event, email=f"{event.slug}@example.org")
    mailing = make_mailing(app, bad, finished_at=None, event_lock_version=5)
    make_mailing(app, good, finished_at=None, event_lock_version=5)
    work_first = app.extensions["ikone_engine"]._worker  # lays the plans
    with app.app_context():
        work_first._look_around()
        step = db.session.scalars(select(Step.id).where(Step.event_id == bad.id)).first()
    number = {"mailing": mailing.id, "event": bad.id, "step": step or 0}[table]
    damage(settings, table, column, number, '{"de": ')

    work(app)

    assert f"{good.slug}@example.org" in {mail.recipient for mail in mailbox.received}
    assert len(verified(app, f"{table} {number} can't be read: {column}")) == 1
    if table == "mailing":
        with app.app_context():
            [row] = db.session.scalars(select(OutboxMail).where(OutboxMail.event_id == bad.id))
            assert (row.state, "JSONDecodeError" in row.answer) == ("failed", True)


def test_trouble_stays_while_the_rest_of_the_work_is_done(
    app: Flask, settings: Settings, clock: FixedClock
) -> None:
    late = {"status": "pending", "awaits": "address", "reserved_until": NOW - timedelta(hours=1)}
    bad, *good = (make_event(app) for _ in range(4))
    for event in (bad, *good):
        make_registration(app, event, **late)
    damage(settings, "event", "ends_at", bad.id, "0000 irgendwann")
    ticks = count()
    # One item of each kind at a look: the clock moves on by the share of one kind.
    Worker(app, settings, timer=lambda: next(ticks) * SHARE_SECONDS).work_off()
    with app.app_context():
        assert set(db.session.scalars(select(Registration.status))) == {"pending", "expired"}
    assert f"waiting list: not done for {bad.slug}" in trouble(app, clock)

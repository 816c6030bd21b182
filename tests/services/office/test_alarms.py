"""Alarms: at once, to the right people, once per cause and again when it has come back."""

import sqlite3
from collections.abc import Iterator
from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest
from flask import Flask
from sqlalchemy import select, update

from ikone_events.config import Settings
from ikone_events.domain.incoming.mails import IncomingOutcome
from ikone_events.domain.office.mails import OfficeMail
from ikone_events.services.accounts import changes
from ikone_events.services.office import alarms, recipients
from ikone_events.services.operating.verification import faults
from ikone_events.store.db import db, transaction
from ikone_events.store.events.models import Event
from ikone_events.store.mails.models import Heartbeat, OutboxMail
from ikone_events.store.office.models import OfficeAlarm
from ikone_events.store.plan.models import Step
from tests.accounts import make_account
from tests.at_once import at_once
from tests.factories import NOW, FixedClock, make_event, make_mail, make_mailing, make_registration
from tests.mailbox import Mailbox
from tests.received import absence, bounce, receive
from tests.rows import change_event, work
from tests.services.office.office import office_mails, received
from tests.web.visitor import Queries

CONTACT = "jutta.beispiel@example.org"


@pytest.fixture
def settings(settings: Settings, mailbox: Mailbox) -> Settings:
    return replace(settings, smtp_url=mailbox.url)


@pytest.fixture
def admin(app: Flask) -> int:
    return make_account(app)


def soon(app: Flask, **values: Any) -> Event:
    """An event of tomorrow without a room."""
    times = {"starts_at": NOW + timedelta(hours=20), "ends_at": NOW + timedelta(hours=22)}
    return make_event(app, **{"room_url": "", "title": "Dörfer", **times, **values})


def blocked_step(app: Flask, event: Event, **values: Any) -> int:
    """The step that sends the access link, overdue since an hour."""
    defaults: dict[str, Any] = {
        "name": "dispatch",
        "action": "dispatch",
        "anchor": "start",
        "amount": -1,
        "unit": "working_days",
        "due_at": NOW - timedelta(hours=1),
    }
    with app.app_context(), transaction():
        step = Step(event_id=event.id, **{**defaults, **values})
        db.session.add(step)
        db.session.flush()
        return step.id


def subjects(app: Flask) -> list[tuple[str, str]]:
    return sorted((mail.recipient, mail.subject) for mail in office_mails(app))


def settled(app: Flask, clock: FixedClock) -> list[tuple[str, str]]:
    """Let the worker look again; all mails so far."""
    clock.move(minutes=1)
    work(app)
    return subjects(app)


def test_missing_room_of_tomorrow_is_reported_at_once_and_once(
    app: Flask, clock: FixedClock, admin: int, mailbox: Mailbox
) -> None:
    event = soon(app)
    work(app)
    assert [mail.subject for mail in mailbox.received] == ["Dringend, Link eintragen: Dörfer"]
    text = received(mailbox)[0]
    link = f"http://localhost/organise/events/{event.slug}/to-do/step_blocked"
    assert f"\nLink eintragen: {link}\n" in text
    assert "http://localhost/organise/account#mails" in text
    assert mailbox.received[0].message["Auto-Submitted"] == "auto-generated"
    for _ in range(3):
        assert len(settled(app, clock)) == 1


@pytest.mark.both_databases
def test_alarm_comes_again_only_after_its_cause_was_settled(
    app: Flask, clock: FixedClock, admin: int
) -> None:
    event = soon(app)
    assert len(settled(app, clock)) == 1
    change_event(app, event, room_url="https://video.example.org/raum")
    assert len(settled(app, clock)) == 1
    with app.app_context():
        assert db.session.scalars(select(OfficeAlarm)).all() == []
    change_event(app, event, room_url="")
    assert len(settled(app, clock)) == 2
    assert len(settled(app, clock)) == 2


@pytest.mark.both_databases
def test_two_workers_at_once_report_a_cause_once(app: Flask, clock: FixedClock, admin: int) -> None:
    event = soon(app)

    def settle(_number: int) -> int:
        with app.app_context(), transaction():
            return alarms.settle_alarms(event.slug, now=clock())

    written = at_once(settle, range(4))
    assert sorted(written) == [0, 0, 0, 1]
    assert len(office_mails(app)) == 1


def test_blocked_step_is_reported_with_its_event_when_two_days_are_left(
    app: Flask, clock: FixedClock, admin: int
) -> None:
    starts_at = NOW + timedelta(days=2, hours=1)
    event = soon(app, plan="online", starts_at=starts_at, ends_at=starts_at + timedelta(hours=2))
    blocked_step(app, event)
    work(app)
    assert subjects(app) == []
    clock.move(hours=1)
    work(app)
    assert subjects(app) == []  # two whole working days are left
    assert settled(app, clock) == [("ada@example.org", "Dringend, Link eintragen: Dörfer")]
    assert "„Zugangslink versenden“ (Dörfer) ist blockiert:" in office_mails(app)[0].text


def test_each_failed_mailing_is_reported_and_none_twice(
    app: Flask, clock: FixedClock, admin: int
) -> None:
    event = soon(app, room_url="https://video.example.org/raum", state="dispatched")
    failed = {"state": "failed", "answer": "550 no"}
    first, second = (make_mailing(app, event).id for _ in range(2))
    make_mail(app, make_registration(app, event), mailing_id=first, **failed)
    assert len(settled(app, clock)) == 1
    make_mail(app, make_registration(app, event), mailing_id=first, **failed)
    assert len(settled(app, clock)) == 1
    make_mail(app, make_registration(app, event), mailing_id=second, **failed)
    assert settled(app, clock) == [("ada@example.org", "Dringend, E-Mails ansehen: Dörfer")] * 2
    with app.app_context(), transaction():
        mails = db.session.scalars(select(OutboxMail).where(OutboxMail.mailing_id == second))
        mails.one().state = "stopped"
    assert len(settled(app, clock)) == 2  # the first one is still known


def test_alarms_go_to_administrators_and_the_contact_who_want_them(
    app: Flask, clock: FixedClock, admin: int
) -> None:
    event = soon(app)
    other = make_event(app)
    make_account(app, CONTACT.upper(), role="organiser")
    make_account(app, "andere@example.org", role="organiser")
    make_account(app, "blick@example.org", role="viewer")
    without = make_account(app, "ohne@example.org")
    gone = make_account(app, "weg@example.org")
    with app.app_context(), transaction():
        recipients.choose_mails(without, dict.fromkeys(OfficeMail, False), now=clock())
        changes.set_active(gone, active=False)
    work(app)
    assert [mail.recipient for mail in office_mails(app)] == ["ada@example.org", CONTACT.upper()]
    assert event.slug != other.slug


def test_contact_who_does_not_see_the_event_is_not_notified(app: Flask, clock: FixedClock) -> None:
    other = make_event(app)
    soon(app)
    make_account(app, CONTACT, role="organiser", only=(other.slug,))
    work(app)
    assert subjects(app) == []


def test_alarm_speaks_the_language_of_the_account(app: Flask, clock: FixedClock) -> None:
    account = make_account(app)
    with app.app_context(), transaction():
        changes.set_own_details(account, name="Ada", locale="en")
    soon(app, title_en="Villages")
    work(app)
    assert subjects(app) == [("ada@example.org", "Urgent, Enter link: Villages")]


def test_unsent_alarm_goes_with_a_disabled_account(
    app: Flask, clock: FixedClock, mailbox: Mailbox, admin: int
) -> None:
    make_account(app, "eva@example.org")
    mailbox.answer = lambda _to: "451 later"
    soon(app)
    work(app)
    assert len(office_mails(app)) == 2
    with app.app_context(), transaction():
        changes.set_active(admin, active=False)
    assert [mail.recipient for mail in office_mails(app)] == ["eva@example.org"]


def test_trouble_of_the_worker_is_mailed_to_administrators_once_a_day_while_an_event_is_near(
    app: Flask, clock: FixedClock, admin: int
) -> None:
    make_account(app, CONTACT, role="organiser")

    def trouble(words: str) -> list[str]:
        with app.app_context():
            app.extensions["ikone_engine"].beat()
            with transaction():
                db.session.execute(update(Heartbeat).values(trouble=words))
            for slug in alarms.alarms_to_settle(clock()):
                with transaction():
                    alarms.settle_alarms(slug, now=clock())
        return [mail.recipient for mail in office_mails(app)]

    far = make_event(app)
    assert trouble("step: not done for 3") == []
    change_event(
        app, far, starts_at=NOW + timedelta(days=1), ends_at=NOW + timedelta(days=1, hours=1)
    )
    assert trouble("step: not done for 3") == ["ada@example.org"]
    assert office_mails(app)[0].subject == "Dringend, „Heute“ öffnen: IKONE DS"
    for words in ("", "step: not done for 3", "", "other"):
        assert len(trouble(words)) == 1


@pytest.mark.parametrize("database", ["sqlite"], indirect=True)
def test_damaged_event_silences_no_alarm_of_others(
    app: Flask, settings: Settings, clock: FixedClock, admin: int
) -> None:
    damaged = soon(app, title="Beschädigt")
    soon(app)
    with sqlite3.connect(settings.data_dir / "ikone.db") as connection:
        connection.execute("UPDATE event SET changed_at = 'neulich' WHERE id = ?", (damaged.id,))
    connection.close()
    assert [subject for _, subject in settled(app, clock)] == ["Dringend, Link eintragen: Dörfer"]


@pytest.fixture
def quiet(app: Flask, admin: int) -> Iterator[Queries]:
    """The statements of a look while no event is near."""
    make_event(app)
    with Queries(app) as queries:
        yield queries


def test_look_costs_two_statements_while_nothing_is_near(app: Flask, quiet: Queries) -> None:
    with app.app_context():
        quiet.statements.clear()
        assert alarms.alarms_to_settle(NOW) == []
    assert len(quiet.statements) == 2


def test_bounces_answers_and_absences_break_nothing(
    app: Flask, clock: FixedClock, admin: int
) -> None:
    soon(app)
    work(app)
    (mail,) = office_mails(app)
    assert receive(app, absence(mail), now=clock()) is IncomingOutcome.NOTED
    assert receive(app, bounce(mail), now=clock()) is IncomingOutcome.TAKEN
    assert office_mails(app)[0].state == "failed"
    assert len(settled(app, clock)) == 1
    with app.app_context():
        assert [line for line in faults(clock()) if line.startswith("mails:")] == []

"""The digest: on working days, when something is to do, once a morning however many look."""

from dataclasses import replace
from datetime import UTC, date, datetime, timedelta

import pytest
from flask import Flask

from ikone_events.config import Settings
from ikone_events.domain.office.mails import OfficeMail
from ikone_events.services.accounts import changes
from ikone_events.services.office import mornings, recipients
from ikone_events.services.office.mornings import Morning
from ikone_events.store.db import db, transaction
from ikone_events.store.events.models import Event
from ikone_events.store.mails.models import OutboxMail
from ikone_events.worker.work import Worker
from tests.accounts import make_account
from tests.at_once import at_once
from tests.claims import claim_next
from tests.factories import NOW, FixedClock, make_event
from tests.mailbox import Mailbox
from tests.rows import change_event, work
from tests.services.office.office import office_mails, received

TUESDAY = datetime(2026, 3, 3, 6, 30, tzinfo=UTC)  # half past seven in Berlin
FRIDAY, MONDAY = TUESDAY + timedelta(days=3), TUESDAY + timedelta(days=6)


@pytest.fixture
def settings(settings: Settings, mailbox: Mailbox) -> Settings:
    return replace(settings, smtp_url=mailbox.url)


@pytest.fixture
def account(app: Flask) -> int:
    return make_account(app, role="organiser")


@pytest.fixture
def event(app: Flask, account: int) -> Event:
    """An event whose registration should have been opened."""
    return make_event(app, state="announced", title="Dörfer")


def at(app: Flask, clock: FixedClock, moment: datetime) -> list[str]:
    """Let the worker work at a moment; the subjects of all digests so far."""
    clock.moment = moment
    work(app)
    return [mail.subject for mail in office_mails(app, "office_digest")]


def test_digest_comes_at_half_past_seven_with_links_to_the_buttons(
    app: Flask, clock: FixedClock, event: Event, mailbox: Mailbox
) -> None:
    assert at(app, clock, TUESDAY - timedelta(minutes=1)) == []
    assert at(app, clock, TUESDAY) == ["Zu erledigen am 03.03.2026: 1"]
    text = received(mailbox)[-1]
    assert "– Die Anmeldung für „Dörfer“ ist noch nicht geöffnet. " in text
    assert f"http://localhost/organise/events/{event.slug}/to-do/opening_due" in text
    assert "http://localhost/organise/account#mails" in text
    assert len(at(app, clock, TUESDAY + timedelta(hours=2))) == 1


def test_nothing_to_do_means_no_mail_also_if_something_comes_up_later(
    app: Flask, clock: FixedClock, account: int
) -> None:
    event = make_event(app)
    assert at(app, clock, TUESDAY) == []
    change_event(app, event, state="announced")
    assert at(app, clock, TUESDAY + timedelta(hours=1)) == []
    assert len(at(app, clock, TUESDAY + timedelta(days=1))) == 1


def test_late_worker_sends_until_noon_and_then_skips_the_day(
    app: Flask, clock: FixedClock, event: Event
) -> None:
    assert at(app, clock, TUESDAY + timedelta(hours=4, minutes=30)) == []
    assert len(at(app, clock, TUESDAY + timedelta(days=1, hours=4, minutes=29))) == 1


def test_weekend_and_new_account_have_no_digest(
    app: Flask, clock: FixedClock, event: Event
) -> None:
    make_account(app, "neu@example.org")  # at NOW, after half past seven
    assert at(app, clock, NOW + timedelta(minutes=1)) == []
    at(app, clock, FRIDAY)
    for days in (1, 2):
        assert len(at(app, clock, FRIDAY + timedelta(days=days))) == 2
    assert len(at(app, clock, MONDAY)) == 4


def test_restarted_worker_writes_no_second_digest(
    app: Flask, clock: FixedClock, event: Event, settings: Settings
) -> None:
    at(app, clock, TUESDAY)
    for _ in range(2):
        Worker(app, settings).work_off()
    assert len(office_mails(app)) == 1


@pytest.mark.both_databases
def test_several_workers_write_one_digest(app: Flask, clock: FixedClock, event: Event) -> None:
    due = Morning(OfficeMail.DIGEST, 1, date(2026, 3, 3))
    with app.app_context():
        due = next(d for d in mornings.mornings_due(TUESDAY) if d.which is OfficeMail.DIGEST)

    def write(_number: int) -> bool:
        with app.app_context(), transaction():
            return mornings.write_morning(due, now=TUESDAY)

    assert sorted(at_once(write, range(4))) == [False, False, False, True]
    assert len(office_mails(app)) == 1


@pytest.mark.both_databases
def test_digest_waits_for_the_mail_server_until_there_is_a_newer_one(
    app: Flask, clock: FixedClock, event: Event, mailbox: Mailbox
) -> None:
    mailbox.answer = lambda _to: "451 4.3.0 down"
    at(app, clock, TUESDAY)
    for hours in (1, 5, 12, 23):
        assert at(app, clock, TUESDAY + timedelta(hours=hours)) == ["Zu erledigen am 03.03.2026: 1"]
    assert mailbox.received == []
    wednesday = TUESDAY + timedelta(days=1)
    assert at(app, clock, wednesday) == ["Zu erledigen am 04.03.2026: 1"]
    mailbox.answer = lambda _to: None
    for hours in (1, 2, 3, 9):
        at(app, clock, wednesday + timedelta(hours=hours))
    assert [mail.subject for mail in mailbox.received] == ["Zu erledigen am 04.03.2026: 1"]


def test_digest_that_is_being_sent_is_waited_for(
    app: Flask, clock: FixedClock, event: Event, mailbox: Mailbox
) -> None:
    mailbox.answer = lambda _to: "451 4.3.0 down"
    at(app, clock, TUESDAY)
    wednesday = TUESDAY + timedelta(days=1)
    with app.app_context(), transaction():
        db.session.get_one(OutboxMail, office_mails(app)[0].id).due_at = wednesday
    with app.app_context(), transaction():
        claim_next(now=wednesday, lease=timedelta(minutes=5))
    assert at(app, clock, wednesday) == ["Zu erledigen am 03.03.2026: 1"]
    assert at(app, clock, wednesday + timedelta(minutes=6)) == ["Zu erledigen am 04.03.2026: 1"]


def test_digest_shows_what_the_account_may_see(app: Flask, clock: FixedClock) -> None:
    mine = make_event(app, state="announced", title="Meine")
    make_event(app, state="announced", title="Andere")
    make_account(app, role="organiser", only=(mine.slug,))
    make_account(app, "blick@example.org", role="viewer")
    assert at(app, clock, TUESDAY) == ["Zu erledigen am 03.03.2026: 1"]
    (mail,) = office_mails(app)
    assert "„Meine“" in mail.text
    assert "Andere" not in mail.text + mail.html


def test_accounts_that_are_disabled_or_want_none_get_none(
    app: Flask, clock: FixedClock, event: Event, account: int
) -> None:
    gone = make_account(app, "weg@example.org", role="organiser")
    with app.app_context(), transaction():
        recipients.choose_mails(account, dict.fromkeys(OfficeMail, False), now=clock())
        changes.set_active(gone, active=False)
    assert at(app, clock, TUESDAY) == []
    with app.app_context(), transaction():
        recipients.choose_mails(account, dict.fromkeys(OfficeMail, True), now=clock())
    assert at(app, clock, TUESDAY + timedelta(hours=1)) == []  # it begins on the next morning
    assert len(at(app, clock, TUESDAY + timedelta(days=1))) == 1

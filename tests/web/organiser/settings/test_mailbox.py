"""The page of the mailbox: what the servers say, and tests of both without waiting for them."""

import threading
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest
from flask import Flask
from sqlalchemy import select

from ikone_events.config import Settings
from ikone_events.demo.catcher import free_port
from ikone_events.services.operating import mail_test
from ikone_events.services.operating.retention import delete_expired
from ikone_events.store.db import db, transaction
from ikone_events.store.mails.models import OutboxMail
from ikone_events.worker import reading
from ikone_events.worker.reading import MailboxReader
from ikone_events.worker.work import Worker
from tests.factories import FixedClock, make_pause, make_settings
from tests.mailbox import Mailbox
from tests.patience import wait_for
from tests.scripted_imap import ScriptedImap
from tests.services.operating.installations import call
from tests.web.organiser.conftest import Browser

PAGE = "/organise/settings/mailbox"


@pytest.fixture
def imap() -> Iterator[ScriptedImap]:
    with ScriptedImap() as server:
        yield server


@pytest.fixture
def settings(tmp_path: Path, mailbox: Mailbox, imap: ScriptedImap) -> Settings:
    return make_settings(
        tmp_path / "data",
        smtp_url=mailbox.url.replace("smtp://", "smtp://eva:geheim-17@"),
        imap_url=imap.url,
        mail_per_minute=600_000,
        rate_limits=True,
    )


@pytest.fixture
def worker(app: Flask, mailbox: Mailbox) -> Worker:
    """A worker whose mail server asks for no password."""
    known: Settings = app.extensions["ikone_installation"].settings
    return Worker(app, replace(known, smtp_url=mailbox.url))


def german(browser: Browser) -> str:
    return browser.get(f"{PAGE}?lang=de").text


def test_administrator_sees_servers_without_their_secrets(admin: Browser) -> None:
    text = german(admin)
    for words in ("events@example.org", "127.0.0.1", "eva at 127.0.0.1/INBOX", "IKONE_SMTP_URL"):
        assert words in text
    assert "geheim" not in text


def test_others_see_no_servers_and_test_nothing(team: Browser, viewer: Browser) -> None:
    for other in (team, viewer):
        text = german(other)
        assert "keiner Veranstaltung" in text
        assert "127.0.0.1" not in text
        for path in ("test", "read"):
            assert other.post(f"{PAGE}/{path}").status_code == 403


def test_test_mail_goes_to_the_one_who_asks_and_its_result_is_shown(
    app: Flask, admin: Browser, worker: Worker, mailbox: Mailbox
) -> None:
    assert admin.post(f"{PAGE}/test").status_code == 303
    waiting = admin.get(PAGE)
    assert "wartet auf das Senden" in german(admin)
    assert waiting.headers["Refresh"]
    worker.work_off()
    assert [mail.recipient for mail in mailbox.received] == ["admin@example.org"]
    assert mailbox.received[0].subject.startswith("Test: E-Mails von IKONE DS")
    text = german(admin)
    assert "hat die Test-E-Mail angenommen" in text
    assert "250" in text  # the server's words
    assert call(app, "verify").exit_code == 0
    assert "Refresh" not in admin.get(PAGE).headers


def test_refusal_is_shown_in_the_words_of_the_server(
    admin: Browser, worker: Worker, mailbox: Mailbox
) -> None:
    mailbox.answer = lambda _recipient: "550 5.7.1 Absender <b>unbekannt</b>"
    admin.post(f"{PAGE}/test")
    worker.work_off()
    text = german(admin)
    assert "hat die Test-E-Mail abgelehnt" in text
    assert "5.7.1 Absender &lt;b&gt;unbekannt" in text


def test_server_that_is_down_is_shown_and_the_mail_waits(app: Flask, admin: Browser) -> None:
    known: Settings = app.extensions["ikone_installation"].settings
    down = Worker(app, replace(known, smtp_url=f"smtp://127.0.0.1:{free_port()}?tls=none"))
    for _again in range(2):
        assert admin.post(f"{PAGE}/test").status_code == 303
        down.work_off()
        text = german(admin)
        assert "Der Mailserver nimmt keine E-Mails an" in text
        assert "refused" in text
    with app.app_context():
        assert len(db.session.scalars(select(OutboxMail)).all()) == 1


def test_pause_after_a_restore_is_shown(app: Flask, admin: Browser) -> None:
    make_pause(app)
    assert "Das Senden ist angehalten" in german(admin)


def test_tests_are_limited(admin: Browser) -> None:
    answers = [admin.post(f"{PAGE}/test").status_code for _ in range(11)]
    assert answers == [303] * 10 + [429]


def test_mailbox_is_read_when_somebody_asks(
    app: Flask, admin: Browser, imap: ScriptedImap, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(reading, "ASK_SECONDS", 0.02)
    stopping = threading.Event()
    known: Settings = app.extensions["ikone_installation"].settings
    reader = MailboxReader(app, known, stopping)
    thread = threading.Thread(target=reader.run)
    thread.start()
    try:
        wait_for(lambda: imap.heard)
        before = len(imap.heard)
        assert admin.post(f"{PAGE}/read").status_code == 303
        wait_for(lambda: len(imap.heard) > before)
        wait_for(lambda: "gleich gelesen" not in german(admin))
    finally:
        stopping.set()
        thread.join()
    assert "Das Postfach wurde zuletzt" in german(admin)


def test_old_test_mail_is_deleted(
    app: Flask, admin: Browser, worker: Worker, clock: FixedClock
) -> None:
    admin.post(f"{PAGE}/test")
    worker.work_off()
    with app.app_context():
        assert mail_test.last_sent_at() is not None
        for days, left in ((29, 1), (2, 0)):
            clock.move(days=days)
            with transaction():
                delete_expired(clock())
            assert len(db.session.scalars(select(OutboxMail)).all()) == left


def test_earlier_address_leads_here(admin: Browser) -> None:
    answer = admin.get("/organise/incoming")
    assert (answer.status_code, answer.headers["Location"]) == (308, PAGE)


def test_menu_names_all_settings(admin: Browser) -> None:
    text = german(admin)
    for path in ("texts", "accounts", "organisation", "mailbox"):
        assert f'href="/organise/settings/{path}"' in text

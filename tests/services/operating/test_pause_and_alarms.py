"""The worker under a hold, and what it remembers of a mail server that refuses us."""

from pathlib import Path

import pytest
from flask import Flask

from ikone_events.config import Settings
from ikone_events.services.mails.outbox_pause import end_pause
from ikone_events.services.operating.health import engine_health
from ikone_events.store.db import db, transaction
from ikone_events.store.events.models import Event
from tests.factories import (
    NOW,
    PAST,
    FixedClock,
    make_event,
    make_mail,
    make_pause,
    make_registration,
    make_settings,
)
from tests.mailbox import Mailbox
from tests.rows import work


@pytest.fixture
def settings(data_dir: Path, mailbox: Mailbox) -> Settings:
    return make_settings(data_dir, smtp_url=mailbox.url, mail_per_minute=600_000)


def test_paused_worker_does_nothing_until_released(app: Flask, mailbox: Mailbox) -> None:
    over = make_event(app, **PAST, retention_days=0)
    make_mail(app, make_registration(app, make_event(app)))
    make_pause(app)

    assert (work(app), mailbox.received) == (0, [])
    assert _figures(app, over) == ""

    with app.app_context(), transaction():
        assert end_pause()
    assert (work(app), len(mailbox.received)) == (1, 1)
    assert _figures(app, over) != ""


def _figures(app: Flask, event: Event) -> str:
    with app.app_context():
        return db.session.get_one(Event, event.id).figures


def test_hold_stops_a_worker_between_two_mails(app: Flask, mailbox: Mailbox) -> None:
    person = make_registration(app, make_event(app))
    for _ in range(3):
        make_mail(app, person)

    def hold_after_the_first(_recipient: str) -> None:
        make_pause(app, "restored meanwhile")

    mailbox.answer = hold_after_the_first
    # The next mail was claimed with the settling of the one before.
    assert work(app) <= 2


def test_refusal_of_the_mail_server_is_remembered_until_it_takes_a_mail(
    app: Flask, mailbox: Mailbox, clock: FixedClock
) -> None:
    person = make_registration(app, make_event(app))
    make_mail(app, person)
    mailbox.answer = lambda _recipient: "535 5.7.8 no such user"
    work(app)
    clock.move(minutes=1)
    work(app)

    found = _health(app)
    assert (found.refused_at, found.refusal) == (NOW, "535 5.7.8 no such user")

    mailbox.answer = lambda _recipient: None
    clock.move(hours=1)
    make_mail(app, person)
    assert work(app) >= 1
    assert _health(app).refused_at is None


def _health(app: Flask):
    with app.app_context():
        return engine_health(app.extensions["ikone_installation"].clock())


def test_bad_recipient_is_no_refusal_of_ours(app: Flask, mailbox: Mailbox) -> None:
    person = make_registration(app, make_event(app))
    make_mail(app, person)
    make_mail(app, person, due_at=NOW.replace(year=2027))
    mailbox.answer = lambda _recipient: "550 no such person"
    work(app)
    assert _health(app).refused_at is None

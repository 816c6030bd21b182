"""Mails of a mailing are held back and sent after all; each change is on the record."""

from datetime import timedelta

import pytest
from flask import Flask

from ikone_events.services.mails import outbox
from ikone_events.services.mails.delivery_log import notes_of
from ikone_events.store.db import db, transaction
from ikone_events.store.events.models import Event
from ikone_events.store.mails.models import Mailing, OutboxMail
from tests.claims import claim_next
from tests.factories import NOW, make_event, make_mail, make_registration

LEASE = timedelta(seconds=120)


@pytest.fixture
def event(app: Flask) -> Event:
    return make_event(app)


@pytest.fixture
def mailing(app: Flask, event: Event) -> Mailing:
    with app.app_context(), transaction():
        made = Mailing(event_id=event.id, kind="access_link", audience="confirmed", created_at=NOW)
        db.session.add(made)
        db.session.flush()
        return made


def mail_of(app: Flask, event: Event, mailing: Mailing | None, **values: object) -> OutboxMail:
    number = mailing.id if mailing else None
    return make_mail(app, make_registration(app, event), mailing_id=number, **values)


def states(app: Flask, *mails: OutboxMail) -> list[str]:
    with app.app_context():
        return [db.session.get_one(OutboxMail, mail.id).state for mail in mails]


def stop(app: Flask, mailing: Mailing) -> int:
    with app.app_context(), transaction():
        return outbox.stop(mailing, actor="anna@example.org", now=NOW)


def resume(app: Flask, mailing: Mailing) -> int:
    with app.app_context(), transaction():
        return outbox.resume(mailing, actor="bo@example.org", now=NOW)


def test_stop_holds_back_what_waits_and_nothing_else(
    app: Flask, event: Event, mailing: Mailing
) -> None:
    waiting = mail_of(app, event, mailing)
    sent = mail_of(app, event, mailing, state="sent")
    leaving = mail_of(app, event, mailing, lease_until=NOW + LEASE)
    orphaned = mail_of(app, event, mailing, lease_until=NOW - LEASE)
    other = mail_of(app, event, None)

    assert stop(app, mailing) == 2

    assert states(app, waiting, sent, leaving, orphaned, other) == [
        "stopped",
        "sent",
        "queued",
        "stopped",
        "queued",
    ]


def test_stopped_mail_is_claimed_by_nobody(app: Flask, event: Event, mailing: Mailing) -> None:
    mail_of(app, event, mailing)
    stop(app, mailing)

    with app.app_context(), transaction():
        assert claim_next(now=NOW, lease=LEASE) is None


def test_resumed_mails_are_sent(app: Flask, event: Event, mailing: Mailing) -> None:
    mail = mail_of(app, event, mailing)
    stop(app, mailing)

    assert resume(app, mailing) == 1

    assert app.extensions["ikone_engine"].run_once() == 1
    assert states(app, mail) == ["sent"]


def test_stopping_and_resuming_are_noted_with_who_did_it(
    app: Flask, event: Event, mailing: Mailing
) -> None:
    mail = mail_of(app, event, mailing)
    stop(app, mailing)
    resume(app, mailing)

    with app.app_context():
        noted = [(note.what, note.actor, note.at) for note in notes_of(mail)]
    assert noted == [("stopped", "anna@example.org", NOW), ("resumed", "bo@example.org", NOW)]

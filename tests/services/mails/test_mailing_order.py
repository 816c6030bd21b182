"""Mailings beside one another: urgent ones first, those that events have overtaken not at all."""

from datetime import timedelta

import pytest
from flask import Flask
from sqlalchemy import select

from ikone_events.domain.events.lifecycle import Action, Message
from ikone_events.domain.mails.audiences import Audience
from ikone_events.domain.mails.kinds import MailKind
from ikone_events.services.events.transitions import Request, perform
from ikone_events.services.mails.mailing_chunks import CHUNK, expand_chunk, find_open_mailing
from ikone_events.services.mails.mailing_progress import progress_of
from ikone_events.services.mails.mailings import start_mailing
from ikone_events.store.db import db, transaction
from ikone_events.store.events.models import Event
from ikone_events.store.events.queries import lock_event
from ikone_events.store.mails.models import Mailing, OutboxMail
from ikone_events.web.organiser.mails.mailing_words import rest_words
from tests.factories import (
    NOW,
    FixedClock,
    make_event,
    make_registration,
    make_subscriber,
)
from tests.mailbox import Mailbox
from tests.rows import work

pytestmark = pytest.mark.both_databases

REMINDER = Message(MailKind.REMINDER_HOUR, Audience.CONFIRMED)
NEWS = Message(MailKind.ANNOUNCEMENT, Audience.SUBSCRIBERS)


def start(app: Flask, event: Event, message: Message) -> int:
    with app.app_context(), transaction():
        return start_mailing(lock_event(event.slug), message, now=NOW).id


def test_reminder_does_not_wait_for_news_to_thousands(app: Flask) -> None:
    big, small = make_event(app, state="announced"), make_event(app, state="dispatched")
    make_subscriber(app)
    make_registration(app, small)
    news = start(app, big, NEWS)
    reminder = start(app, small, REMINDER)
    with app.app_context():
        assert find_open_mailing(NOW) == reminder
        with transaction():
            expand_chunk(reminder, now=NOW)
        assert find_open_mailing(NOW) == news


@pytest.mark.parametrize("action", [Action.CANCEL, Action.POSTPONE])
def test_event_called_off_is_not_reminded_of(app: Flask, mailbox: Mailbox, action: Action) -> None:
    """Half of the reminders lie in the outbox, the others are not written yet."""
    event = make_event(app, state="dispatched")
    for _ in range(CHUNK + 1):
        make_registration(app, event)
    reminder = start(app, event, REMINDER)
    with app.app_context(), transaction():
        expand_chunk(reminder, now=NOW)
    with app.app_context(), transaction():
        perform(event.slug, Request(action=action, actor="Wilma", reason="krank"), now=NOW)
    work(app)
    with app.app_context():
        kinds = set(db.session.scalars(select(OutboxMail.kind).where(OutboxMail.state == "sent")))
    assert kinds == {"cancellation" if action is Action.CANCEL else "postponed"}
    assert len(mailbox.received) == CHUNK + 1


@pytest.mark.parametrize("written", [False, True])
def test_reminder_that_would_come_after_the_start_is_held_back(
    app: Flask, clock: FixedClock, mailbox: Mailbox, written: bool
) -> None:
    event = make_event(app, state="dispatched")
    make_registration(app, event)
    reminder = start(app, event, REMINDER)
    if written:
        with app.app_context(), transaction():
            expand_chunk(reminder, now=NOW)
    clock.moment = event.starts_at + timedelta(minutes=1)

    assert work(app) == 0

    assert mailbox.received == []
    with app.app_context():
        progress = progress_of(db.session.get_one(Mailing, reminder), NOW)
        assert progress.is_stopped
        assert "1" in rest_words(progress)

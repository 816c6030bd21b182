"""A mailing is stopped and goes on: what has gone is gone, none twice, none after the stop."""

import threading
from collections import Counter
from datetime import timedelta

import pytest
from flask import Flask
from sqlalchemy import func, select

from ikone_events.domain.events.lifecycle import Action
from ikone_events.domain.refusals import NotFound
from ikone_events.services.events.transitions import Request, perform
from ikone_events.services.mails import outbox
from ikone_events.services.mails.mailing_chunks import CHUNK, expand_chunk, find_open_mailing
from ikone_events.services.mails.mailing_progress import (
    MailCounts,
    progress_of,
    progress_of_mailings,
)
from ikone_events.services.mails.mailings import resume_mailing, stop_mailing
from ikone_events.store.db import db, transaction
from ikone_events.store.events.models import Event
from ikone_events.store.mails.models import Mailing, OutboxMail
from tests.claims import claim_next
from tests.factories import NOW, FixedClock, make_event, make_registration
from tests.mailbox import Mailbox
from tests.patience import PATIENCE
from tests.rows import work

pytestmark = pytest.mark.both_databases

LEASE = timedelta(seconds=120)


def dispatch(app: Flask, people: int) -> tuple[Event, int]:
    """An event whose access links are about to be written, and the number of that mailing."""
    event = make_event(app, state="closed")
    for _ in range(people):
        make_registration(app, event)
    with app.app_context(), transaction():
        done = perform(event.slug, Request(action=Action.DISPATCH, actor="test"), now=NOW)
        assert done.mailing is not None
        return event, done.mailing.id


def stop(app: Flask, event: Event, mailing_id: int) -> None:
    with app.app_context(), transaction():
        stop_mailing(event, mailing_id, actor="Wilma", now=NOW)


def resume(app: Flask, event: Event, mailing_id: int) -> None:
    with app.app_context(), transaction():
        resume_mailing(event, mailing_id, actor="Wilma", now=NOW)


def figures(app: Flask, mailing_id: int) -> MailCounts:
    with app.app_context():
        return progress_of(db.session.get_one(Mailing, mailing_id), NOW).counts


def test_stopped_mailing_writes_and_sends_nothing_more(app: Flask, mailbox: Mailbox) -> None:
    event, mailing = dispatch(app, CHUNK + 5)
    with app.app_context(), transaction():
        expand_chunk(mailing, now=NOW)

    stop(app, event, mailing)

    assert work(app) == 0
    assert mailbox.received == []
    assert figures(app, mailing) == MailCounts(stopped=CHUNK, unwritten=5, reached=True)


def test_resumed_mailing_reaches_everybody_once(app: Flask, mailbox: Mailbox) -> None:
    event, mailing = dispatch(app, CHUNK + 5)
    with app.app_context(), transaction():
        expand_chunk(mailing, now=NOW)
    stop(app, event, mailing)

    resume(app, event, mailing)

    assert work(app) == CHUNK + 5
    assert max(Counter(mail.recipient for mail in mailbox.received).values()) == 1
    assert figures(app, mailing) == MailCounts(sent=CHUNK + 5, reached=True)


def test_mail_on_its_way_at_the_stop_is_sent(app: Flask, mailbox: Mailbox) -> None:
    event, mailing = dispatch(app, 3)
    with app.app_context(), transaction():
        expand_chunk(mailing, now=NOW)
    with app.app_context(), transaction():
        claim = claim_next(now=NOW, lease=LEASE)
    assert claim is not None

    stop(app, event, mailing)
    with app.app_context(), transaction():
        assert outbox.mark_sent([(claim, "250 ok")], now=NOW) == 1

    assert figures(app, mailing) == MailCounts(sent=1, stopped=2, reached=True)


def test_mail_deferred_after_the_stop_is_held_back_too(
    app: Flask, mailbox: Mailbox, clock: FixedClock
) -> None:
    event, mailing = dispatch(app, 3)
    with app.app_context(), transaction():
        expand_chunk(mailing, now=NOW)
    with app.app_context(), transaction():
        claim = claim_next(now=NOW, lease=LEASE)
    assert claim is not None

    stop(app, event, mailing)
    with app.app_context(), transaction():
        outbox.mark_deferred(claim, now=NOW, answer="450 later")
    clock.move(days=2)

    assert work(app) == 0
    assert mailbox.received == []
    assert figures(app, mailing) == MailCounts(stopped=3, reached=True)


def test_mail_whose_worker_died_before_the_stop_is_held_back(
    app: Flask, mailbox: Mailbox, clock: FixedClock
) -> None:
    event, mailing = dispatch(app, 3)
    with app.app_context(), transaction():
        expand_chunk(mailing, now=NOW)
    with app.app_context(), transaction():
        assert claim_next(now=NOW, lease=LEASE) is not None

    stop(app, event, mailing)
    clock.move(minutes=10)

    assert work(app) == 0
    assert figures(app, mailing) == MailCounts(stopped=3, reached=True)


def test_stop_against_a_running_worker_sends_none_twice_and_none_later(
    app: Flask, mailbox: Mailbox
) -> None:
    people = 2 * CHUNK
    event, mailing = dispatch(app, people)
    some_gone = threading.Event()

    def answer(_recipient: str) -> None:
        if len(mailbox.received) > people // 4:
            some_gone.set()

    mailbox.answer = answer
    worker = threading.Thread(target=work, args=(app,))
    worker.start()
    assert some_gone.wait(PATIENCE)
    stop(app, event, mailing)
    worker.join(PATIENCE)
    gone = len(mailbox.received)

    assert work(app) == 0
    assert len(mailbox.received) == gone < people
    now = figures(app, mailing)
    assert (now.sent, now.queued, now.total) == (gone, 0, people)

    resume(app, event, mailing)
    assert work(app) == people - gone
    assert set(Counter(mail.recipient for mail in mailbox.received).values()) == {1}
    assert len(mailbox.received) == people


def test_finished_mailing_has_nothing_to_stop(app: Flask, mailbox: Mailbox) -> None:
    event, mailing = dispatch(app, 2)
    work(app)

    stop(app, event, mailing)

    with app.app_context():
        (progress,) = progress_of_mailings(event, NOW)
        assert (progress.is_running, progress.is_stopped) == (False, False)


def test_second_stop_keeps_the_name_of_the_first(app: Flask) -> None:
    event, mailing = dispatch(app, 2)
    stop(app, event, mailing)
    with app.app_context(), transaction():
        stopped = stop_mailing(event, mailing, actor="Somebody else", now=NOW)
        assert stopped.stopped_by == "Wilma"


def test_mailing_of_another_event_is_not_found(app: Flask) -> None:
    _, mailing = dispatch(app, 1)
    other = make_event(app)

    with pytest.raises(NotFound):
        stop(app, other, mailing)
    with pytest.raises(NotFound):
        resume(app, other, mailing)


def test_stopped_mailing_does_not_hold_up_the_next(app: Flask) -> None:
    event, first = dispatch(app, 1)
    _, second = dispatch(app, 1)
    stop(app, event, first)

    with app.app_context():
        assert find_open_mailing(NOW) == second


def test_mailing_to_nobody_finishes_at_once(app: Flask) -> None:
    event = make_event(app, state="draft")
    with app.app_context(), transaction():
        perform(event.slug, Request(action=Action.ANNOUNCE, actor="test"), now=NOW)

    assert work(app) == 0

    with app.app_context():
        assert find_open_mailing(NOW) is None
        assert db.session.scalar(select(func.count()).select_from(OutboxMail)) == 0

"""Much due work and many mails take turns: neither waits until the other is done."""

from dataclasses import replace
from datetime import timedelta
from itertools import count

from flask import Flask
from sqlalchemy import func, select

from ikone_events.services.installation import get_installation
from ikone_events.store.db import db
from ikone_events.store.mails.models import OutboxMail
from ikone_events.store.registering.models import Registration
from ikone_events.worker.work import LOOK_SECONDS, SHARE_SECONDS, Worker
from tests.factories import (
    NOW,
    FixedClock,
    make_event,
    make_mail,
    make_mailing,
    make_registration,
)
from tests.mailbox import Mailbox
from tests.services.registering.seats import faults, statuses

PAST_TIME = {"status": "pending", "awaits": "address", "reserved_until": NOW - timedelta(hours=1)}


def worker(app: Flask, mailbox: Mailbox, seconds: float) -> Worker:
    """A worker whose every look at the clock costs so many seconds."""
    with app.app_context():
        settings = replace(
            get_installation().settings, smtp_url=mailbox.url, mail_per_minute=600_000
        )
    ticks = count()
    return Worker(app, settings, timer=lambda: next(ticks) * seconds)


def numbers(app: Flask) -> tuple[int, int]:
    """How many reservations have expired, and how many mails were sent."""
    with app.app_context():
        expired = select(func.count()).where(Registration.status == "expired")
        sent = select(func.count()).where(OutboxMail.state == "sent")
        return db.session.scalar(expired) or 0, db.session.scalar(sent) or 0


def test_mails_leave_while_many_events_are_overdue(
    app: Flask, clock: FixedClock, mailbox: Mailbox
) -> None:
    for _ in range(6):
        make_registration(app, make_event(app), **PAST_TIME)
    make_mail(app, make_registration(app, make_event(app)))
    seen: list[int] = []
    mailbox.answer = lambda _to: seen.append(numbers(app)[0])

    sent = worker(app, mailbox, SHARE_SECONDS).work_off()

    assert (numbers(app), sent) == ((6, 1), 1)
    assert seen == [1]
    assert [fault for fault in faults(app) if fault.startswith("seats:")] == []


def test_single_mail_leaves_before_a_check_for_due_work_and_a_mailing_after_it(
    app: Flask, clock: FixedClock, mailbox: Mailbox
) -> None:
    make_registration(app, make_event(app), **PAST_TIME)
    event = make_event(app)
    make_mail(app, make_registration(app, event), mailing_id=make_mailing(app, event).id)
    single = make_mail(app, make_registration(app, event))
    seen: list[tuple[str, int]] = []
    mailbox.answer = lambda to: seen.append((to, numbers(app)[0]))

    woken = worker(app, mailbox, LOOK_SECONDS)
    assert woken.wake_up() == 2
    woken.stopping.set()
    woken.rest()

    assert [(to == single.recipient, expired) for to, expired in seen] == [(True, 0), (False, 1)]


def test_item_that_fails_keeps_nothing_waiting(
    app: Flask, clock: FixedClock, mailbox: Mailbox
) -> None:
    """No mail can be written about an event in an unknown zone; the other events are settled."""
    broken = make_event(app, slug="a-broken", zone="Nowhere/Unknown")
    offered = {"status": "offered", "reserved_until": NOW - timedelta(hours=1)}
    make_registration(app, broken, **offered)
    for _ in range(3):
        make_registration(app, make_event(app), **PAST_TIME)

    worker(app, mailbox, SHARE_SECONDS).work_off()

    assert numbers(app)[0] == 3
    assert list(statuses(app, broken).values()) == ["offered"]

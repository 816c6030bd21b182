"""Mails that were claimed together: none is lost, sent twice, or sent although it was stopped."""

import threading
import time
from collections import Counter
from collections.abc import Callable
from contextlib import closing
from dataclasses import replace
from datetime import timedelta

import pytest
from flask import Flask
from sqlalchemy import update

from ikone_events.config import Settings
from ikone_events.mail.sending.deliver import MailConnection
from ikone_events.mail.sending.outcomes import DeliveryOutcome
from ikone_events.services.mails import outbox
from ikone_events.services.mails.delivery_log import notes_of
from ikone_events.store.db import db, rows_written, transaction
from ikone_events.store.mails.models import Mailing, OutboxMail
from ikone_events.store.registering.models import Registration
from ikone_events.worker.batches import MOST_AT_ONCE, BatchSize
from ikone_events.worker.sending import MailSender
from tests.factories import (
    FixedClock,
    make_event,
    make_mail,
    make_mailing,
    make_registration,
)
from tests.mailbox import Mailbox
from tests.rows import written_mails

pytestmark = pytest.mark.both_databases

LEASE = timedelta(seconds=120)
AT_ONCE = 4


class KilledError(BaseException):
    """As kill -9: nothing of the worker goes on."""


class DyingConnection(MailConnection):
    """Its worker dies when so many mails have been accepted."""

    lives = 2

    def deliver(self, content: bytes, sender: str, recipient: str) -> DeliveryOutcome:
        if not self.lives:
            raise KilledError
        self.lives -= 1
        return super().deliver(content, sender, recipient)


@pytest.fixture
def settings(settings: Settings, mailbox: Mailbox) -> Settings:
    return replace(settings, smtp_url=mailbox.url, mail_per_minute=600_000)


def send(app: Flask, settings: Settings, connection: MailConnection | None = None) -> int:
    """One worker, which claims four mails at once from the beginning."""
    sender = MailSender(settings, "test:1", threading.Event(), at_once=AT_ONCE)
    with app.app_context(), closing(connection or MailConnection(settings.smtp)) as to:
        return sender.send(to, seconds=1000)


def post(app: Flask, number: int, *, mailing: bool = False) -> list[OutboxMail]:
    event = make_event(app, capacity=None)
    mailing_id = make_mailing(app, event).id if mailing else None
    people = [make_registration(app, event) for _ in range(number)]
    return [make_mail(app, each, mailing_id=mailing_id, link_epoch=1) for each in people]


def during_first(mailbox: Mailbox, happens: Callable[[], object]) -> None:
    """Let something happen while the mail server thinks about the first recipient."""
    begun: list[str] = []

    def answer(recipient: str) -> None:
        begun.append(recipient)
        if len(begun) == 1:
            happens()
            time.sleep(0.02)  # a mail that was read just now counts as being sent

    mailbox.answer = answer


def test_worker_killed_within_a_batch_repeats_only_what_it_had_not_noted(
    app: Flask, settings: Settings, mailbox: Mailbox, clock: FixedClock
) -> None:
    mails = post(app, AT_ONCE + 2)
    with pytest.raises(KilledError):
        send(app, settings, DyingConnection(settings.smtp))
    assert len(mailbox.received) == DyingConnection.lives
    clock.move(seconds=LEASE.total_seconds() + 1)

    send(app, settings)

    arrived = Counter(str(mail.message["Message-ID"]) for mail in mailbox.received)
    assert arrived == {
        mail.message_id: 2 if number < DyingConnection.lives else 1
        for number, mail in enumerate(mails)
    }
    assert {row.state for row in written_mails(app)} == {"sent"}


def test_mailing_stopped_within_a_batch_sends_none_of_the_rest(
    app: Flask, settings: Settings, mailbox: Mailbox
) -> None:
    first, *rest = post(app, AT_ONCE, mailing=True)

    def stop() -> None:
        with app.app_context(), transaction():
            mailing = db.session.get_one(Mailing, first.mailing_id)
            outbox.stop(mailing, actor="", now=first.created_at)
            mailing.stopped_at = first.created_at

    during_first(mailbox, stop)

    assert send(app, settings) == 1

    assert [row.state for row in written_mails(app)] == ["sent", *["stopped"] * len(rest)]
    assert [mail.recipient for mail in mailbox.received] == [first.recipient]
    with app.app_context():
        assert [note.what for note in notes_of(rest[0])] == ["stopped"]


def test_mail_whose_links_were_replaced_within_a_batch_is_not_sent(
    app: Flask, settings: Settings, mailbox: Mailbox
) -> None:
    first, second, third = post(app, 3)

    def replace_links() -> None:
        with app.app_context(), transaction():
            mine = Registration.id == second.registration_id
            rows_written(update(Registration).where(mine).values(link_epoch=2))

    during_first(mailbox, replace_links)

    assert send(app, settings) == 2

    assert [row.state for row in written_mails(app)] == ["sent", "stopped", "sent"]
    with app.app_context():
        assert [note.what for note in notes_of(second)] == ["replaced"]
    assert {mail.recipient for mail in mailbox.received} == {first.recipient, third.recipient}


def test_mail_that_another_worker_has_claimed_is_left_to_it(
    app: Flask, settings: Settings, mailbox: Mailbox
) -> None:
    _first, second = post(app, 2)

    def claim() -> None:
        with app.app_context(), transaction():
            values = update(OutboxMail).values(tries=7)
            rows_written(values.where(OutboxMail.id == second.id))

    during_first(mailbox, claim)

    assert send(app, settings) == 1

    assert [(row.state, row.tries) for row in written_mails(app)] == [("sent", 1), ("queued", 7)]


def test_mail_whose_lease_is_too_short_is_claimed_anew(
    app: Flask, settings: Settings, mailbox: Mailbox, clock: FixedClock
) -> None:
    post(app, 2)
    leases = []

    def answer(_recipient: str) -> None:
        leases.append(max(row.lease_until or clock() for row in written_mails(app)) - clock())
        clock.move(seconds=40)

    mailbox.answer = answer

    assert send(app, settings) == 2

    assert leases == [LEASE, LEASE]
    assert [(row.state, row.tries) for row in written_mails(app)] == [("sent", 1), ("sent", 1)]


def test_rest_of_a_batch_costs_no_try_when_the_server_goes_away(
    app: Flask, settings: Settings, mailbox: Mailbox
) -> None:
    post(app, AT_ONCE)
    mailbox.answer = lambda _recipient: "421 4.3.2 Down"

    assert send(app, settings) == 0

    assert [(row.state, row.tries, row.lease_until) for row in written_mails(app)] == [
        ("queued", 1, None),
        *[("queued", 0, None)] * (AT_ONCE - 1),
    ]


def test_batch_grows_while_the_database_is_slow_and_ends_with_one_mail() -> None:
    size = BatchSize()
    sizes = []
    for turn, sending in [(1, 1)] * 6 + [(0.15, 1)] + [(0.01, 1)] * 6:
        size.adapt(turn=turn, sending=sending)
        sizes.append(size.most)
    assert sizes == [2, 4, 8, MOST_AT_ONCE, 16, 16, 16, 8, 4, 2, 1, 1, 1]

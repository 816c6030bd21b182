"""The send_rate holds for the whole installation, however many workers there are."""

import threading
import time
from dataclasses import replace
from datetime import timedelta

import pytest
from flask import Flask
from sqlalchemy import select

from ikone_events.config import Settings
from ikone_events.services.mails import send_rate
from ikone_events.store.db import db, transaction
from ikone_events.store.mails.models import SendRate
from ikone_events.worker.work import Worker
from tests.factories import NOW, make_event, make_mail, make_registration
from tests.mailbox import Mailbox
from tests.patience import PATIENCE

pytestmark = pytest.mark.both_databases

GAP = timedelta(seconds=1)
PER_MINUTE, MAILS = 1200, 9


def ask(app: Flask) -> tuple[object, object]:
    with app.app_context(), transaction():
        return send_rate.next_slot(NOW, GAP)


def test_first_mail_may_leave_at_once(app: Flask) -> None:
    assert ask(app) == (NOW, NOW)


def test_of_two_workers_that_saw_the_same_slot_one_gets_it(app: Flask) -> None:
    ask(app)
    with app.app_context(), transaction():
        assert send_rate.reserve_slot(NOW, NOW, GAP)
        assert not send_rate.reserve_slot(NOW, NOW, GAP)

    assert ask(app) == (NOW + GAP, NOW + GAP)


def test_slot_that_was_missed_is_no_credit(app: Flask) -> None:
    with app.app_context(), transaction():
        db.session.add(SendRate(id=1, next_at=NOW - timedelta(hours=1)))

    assert ask(app) == (NOW - timedelta(hours=1), NOW)


def test_clock_that_was_set_back_stops_no_mails(app: Flask) -> None:
    with app.app_context(), transaction():
        db.session.add(SendRate(id=1, next_at=NOW + timedelta(hours=2)))

    assert ask(app) == (NOW + timedelta(hours=2), NOW)


def test_mails_at_full_speed_take_no_slots(app: Flask, mailbox: Mailbox) -> None:
    make_mail(app, make_registration(app, make_event(app)))

    assert app.extensions["ikone_engine"].run_once() == 1

    with app.app_context():
        assert db.session.scalar(select(SendRate)) is None


class TestPaced:
    @pytest.fixture
    def settings(self, settings: Settings) -> Settings:
        return replace(settings, mail_per_minute=PER_MINUTE)

    def test_three_workers_together_keep_the_pace(
        self, app: Flask, settings: Settings, mailbox: Mailbox
    ) -> None:
        event = make_event(app)
        for _ in range(MAILS):
            make_mail(app, make_registration(app, event))
        arrivals: list[float] = []
        mailbox.answer = lambda _recipient: arrivals.append(time.monotonic())
        workers = [Worker(app, settings) for _ in range(3)]

        threads = [threading.Thread(target=worker.work_off) for worker in workers]
        began = time.monotonic()
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join(PATIENCE)

        assert len(mailbox.received) == MAILS
        assert len({mail.recipient for mail in mailbox.received}) == MAILS
        # No mail may arrive before its turn.
        assert max(arrivals) - began >= (MAILS - 1) * 60 / PER_MINUTE

    def test_stopped_worker_gives_its_next_mail_back_untried(
        self, app: Flask, settings: Settings, mailbox: Mailbox
    ) -> None:
        event = make_event(app)
        mails = [make_mail(app, make_registration(app, event)) for _ in range(3)]
        worker = Worker(app, replace(settings, mail_per_minute=60))
        mailbox.answer = lambda _recipient: worker.stopping.set()

        assert worker.work_off() == 1

        with app.app_context():
            rest = [db.session.merge(mail, load=True) for mail in mails[1:]]
            for mail in rest:
                db.session.refresh(mail)
            left = [(x.state, x.lease_until, x.tries - x.tries_before) for x in rest]
            db.session.rollback()
        assert left == [("queued", None, 0)] * 2

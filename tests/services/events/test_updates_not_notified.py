"""Updates that do not leave: who is notified all the same, and which answers count."""

from collections.abc import Callable
from datetime import timedelta

import pytest
from flask import Flask

from ikone_events.domain.mails.kinds import MailKind
from ikone_events.services.events.obsolete_mailings import stop_by_hand
from ikone_events.services.mails.mailing_chunks import expand_chunk
from ikone_events.services.mails.mailings import resume_mailing
from ikone_events.services.mails.writing import write_mail
from ikone_events.services.registering.status import approve
from ikone_events.store.db import db, transaction
from ikone_events.store.events.models import Event
from ikone_events.store.events.queries import lock_event
from ikone_events.store.mails.models import OutboxMail
from ikone_events.store.registering.models import Registration
from tests.factories import NOW, FixedClock, make_registration
from tests.mailbox import Mailbox
from tests.received import calendar_answer, receive
from tests.services.events.edits import (
    DRAFT,
    Edit,
    begin_update,
    days_later,
    invite,
    shown,
    wait_and_work,
    work,
)

WRONG = days_later(1)


def answer_of(app: Flask, person: Registration) -> str:
    with app.app_context():
        return db.session.get_one(Registration, person.id).partstat


def current(app: Flask, person: Registration) -> Registration:
    with app.app_context():
        found = db.session.get_one(Registration, person.id)
        db.session.expunge(found)
        return found


def accept(app: Flask, person: Registration, clock: FixedClock) -> None:
    clock.move(minutes=1)
    person = current(app, person)
    receive(app, calendar_answer(person, received_at=clock.moment), now=clock.moment)
    assert answer_of(app, person) == "ACCEPTED"


def stop(app: Flask, event: Event, number: int, clock: FixedClock) -> None:
    with app.app_context(), transaction():
        stop_by_hand(event, number, actor="Anna", now=clock.moment)


def put_back_after_stopping(
    app: Flask, event: Event, edit: Edit, number: int, clock: FixedClock
) -> None:
    stop(app, event, number, clock)
    clock.move(minutes=1)
    edit()


def put_back_before_stopping(
    app: Flask, event: Event, edit: Edit, number: int, clock: FixedClock
) -> None:
    edit()
    clock.move(minutes=1)
    stop(app, event, number, clock)


def put_back_after_a_refusal(
    app: Flask, event: Event, edit: Edit, number: int, clock: FixedClock
) -> None:
    edit()
    with app.app_context(), transaction():
        db.session.query(OutboxMail).filter_by(mailing_id=number).update({"state": "failed"})


@pytest.mark.parametrize(
    "put_back", [put_back_after_stopping, put_back_before_stopping, put_back_after_a_refusal]
)
def test_acceptance_counts_when_the_date_is_restored_before_anybody_was_notified(
    app: Flask,
    event: Event,
    edit: Edit,
    *,
    mailbox: Mailbox,
    clock: FixedClock,
    put_back: Callable[..., None],
) -> None:
    person = invite(app, event)
    work(app)
    accept(app, person, clock)
    edit(**WRONG)
    number = begin_update(app, event, clock)
    assert answer_of(app, person) == ""
    put_back(app, event, edit, number, clock)
    wait_and_work(app, clock)

    assert len(mailbox.to(person.email)) == 1
    assert answer_of(app, person) == "ACCEPTED"


def test_acceptance_of_the_old_date_is_none_of_the_new_one(
    app: Flask, event: Event, edit: Edit, mailbox: Mailbox, clock: FixedClock
) -> None:
    person = invite(app, event)
    work(app)
    accept(app, person, clock)
    edit(**WRONG)
    number = begin_update(app, event, clock)
    stop(app, event, number, clock)
    assert answer_of(app, person) == ""
    work(app)
    edit(**days_later(2))
    wait_and_work(app, clock)
    assert answer_of(app, person) == ""
    assert [shown(mail) for mail in mailbox.to(person.email)][1:] == [
        DRAFT.starts_at + timedelta(days=2)
    ]


def test_resumed_update_asks_again_who_accepted_the_old_date_meanwhile(
    app: Flask, event: Event, edit: Edit, mailbox: Mailbox, clock: FixedClock
) -> None:
    person, other = invite(app, event), invite(app, event)
    work(app)
    invited = current(app, person)
    edit(**WRONG)
    number = begin_update(app, event, clock)
    stop(app, event, number, clock)
    answer = calendar_answer(invited, received_at=clock.moment)
    receive(app, answer, now=clock.moment)
    assert answer_of(app, person) == "ACCEPTED"
    clock.move(minutes=1)
    with app.app_context(), transaction():
        resume_mailing(event, number, actor="Anna", now=clock.moment)
    assert (answer_of(app, person), answer_of(app, other)) == ("", "")
    work(app)
    assert [shown(mail) for mail in mailbox.to(person.email)][1:] == [WRONG["starts_at"]]


@pytest.mark.parametrize("refused", [True, False])
def test_update_reaches_those_whose_own_mail_has_failed(
    app: Flask, event: Event, edit: Edit, *, mailbox: Mailbox, clock: FixedClock, refused: bool
) -> None:
    """A mailing leaves out who changed status since: their own mails contain the new date."""
    person = make_registration(app, event, status="pending", awaits="approval")
    with app.app_context(), transaction():
        waiting = db.session.get_one(Registration, person.id)
        write_mail(
            MailKind.AWAITING_APPROVAL, waiting, lock_event(event.slug), key="first", now=NOW
        )
    work(app)
    edit(**WRONG)
    number = begin_update(app, event, clock, written=False)
    with app.app_context(), transaction():
        approve(person.public_id, expected="pending: approval", actor="Anna", now=clock.moment)
    with app.app_context(), transaction():
        own = db.session.query(OutboxMail).filter_by(kind="confirmation").one()
        own.state = "failed" if refused else "queued"
    with app.app_context(), transaction():
        assert expand_chunk(number, now=clock.moment) == (1 if refused else 0)
    work(app)
    [update] = mailbox.to(person.email)[1:]
    assert shown(update) == WRONG["starts_at"]

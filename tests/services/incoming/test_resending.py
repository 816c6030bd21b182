"""Sending again: what the event or the person has overtaken is written anew, or stays."""

from datetime import timedelta

import pytest
from flask import Flask
from sqlalchemy import select

from ikone_events.domain.events.draft import RoomChoice
from ikone_events.domain.events.lifecycle import Action, Message
from ikone_events.domain.mails.audiences import Audience
from ikone_events.domain.mails.kinds import MailKind
from ikone_events.domain.refusals import UnfitInput
from ikone_events.services.events.editing import set_room
from ikone_events.services.events.transitions import Request, perform
from ikone_events.services.incoming.resending import Resent, retry_mail, retry_mails
from ikone_events.services.mails import undeliverable_addresses
from ikone_events.services.mails.mailing_chunks import expand_chunk
from ikone_events.services.mails.mailings import resume_mailing, start_mailing, stop_mailing
from ikone_events.services.mails.writing import write_mail
from ikone_events.services.registering.status import withdraw
from ikone_events.store.db import db, transaction
from ikone_events.store.events.models import Event
from ikone_events.store.events.queries import lock_event
from ikone_events.store.mails.models import Mailing, OutboxMail
from ikone_events.store.registering.models import Registration
from tests.factories import NOW, FixedClock, make_event, make_mail, make_registration
from tests.mailbox import Mailbox
from tests.rows import the_only, work

LATER = NOW + timedelta(hours=1)
ACTOR = "Wilma Organisaria"


@pytest.fixture
def failed(app: Flask, mailbox: Mailbox) -> OutboxMail:
    """A confirmation that the mail server refused for good."""
    event = make_event(app)
    person = make_registration(app, event)
    with app.app_context(), transaction():
        held = lock_event(event.slug)
        registration = db.session.get_one(Registration, person.id)
        write_mail(MailKind.CONFIRMATION, registration, held, key="failed", now=NOW)
    mailbox.answer = lambda _recipient: "550 no such user"
    work(app)
    mailbox.answer = lambda _recipient: None
    return mails(app)[0]


def mails(app: Flask) -> list[OutboxMail]:
    with app.app_context():
        rows = list(db.session.scalars(select(OutboxMail).order_by(OutboxMail.id)))
        db.session.expunge_all()
        return rows


def reschedule(app: Flask, slug: str) -> None:
    start = LATER + timedelta(days=50)
    for action, values in (
        (Action.POSTPONE, {"reason": "Sturm"}),
        (Action.RESCHEDULE, {"new_starts_at": start, "new_ends_at": start + timedelta(hours=1)}),
    ):
        with app.app_context(), transaction():
            perform(slug, Request(action=action, actor=ACTOR, **values), now=LATER)  # type: ignore[arg-type]


def test_mail_that_nothing_has_overtaken_keeps_its_message_id(
    app: Flask, failed: OutboxMail, mailbox: Mailbox, clock: FixedClock
) -> None:
    with app.app_context(), transaction():
        retry_mail(the_only(app, Event), failed.id, actor=ACTOR, now=LATER)
    clock.moment = LATER
    work(app)
    assert [str(m.message["Message-ID"]) for m in mailbox.received] == [failed.message_id]


def test_mail_with_an_old_date_is_written_anew(app: Flask, failed: OutboxMail) -> None:
    event = the_only(app, Event)
    reschedule(app, event.slug)
    with app.app_context(), transaction():
        retry_mail(event, failed.id, actor=ACTOR, now=LATER + timedelta(minutes=1))
    again = mails(app)[0]
    assert (again.state, again.message_id != failed.message_id) == ("queued", True)
    assert "16. März" in failed.text
    assert "16. März" not in again.text


def test_confirmation_of_a_cancelled_event_is_not_sent_again(
    app: Flask, failed: OutboxMail
) -> None:
    event = the_only(app, Event)
    with app.app_context(), transaction():
        perform(event.slug, Request(action=Action.CANCEL, actor=ACTOR, reason="Sturm"), now=LATER)
    with pytest.raises(UnfitInput), app.app_context(), transaction():
        retry_mail(event, failed.id, actor=ACTOR, now=LATER)
    with app.app_context(), transaction():
        assert retry_mails(event, actor=ACTOR, now=LATER) == Resent(0, untrue=1)
    assert mails(app)[0].state == "failed"


def test_failed_mails_are_sent_again_as_things_stand_now(
    app: Flask, failed: OutboxMail, mailbox: Mailbox
) -> None:
    event = the_only(app, Event)
    reschedule(app, event.slug)
    with app.app_context(), transaction():
        assert retry_mails(event, actor=ACTOR, now=LATER + timedelta(minutes=1)).sent == 1
    assert "16. März" not in mails(app)[0].text


def test_failed_mails_to_undeliverable_addresses_are_left_out(
    app: Flask, failed: OutboxMail
) -> None:
    """Only the address counts that this mail is written to."""
    event = the_only(app, Event)
    others = [make_registration(app, event) for _ in range(3)]
    ours = [make_mail(app, person, state="failed") for person in others]
    make_mail(app, others[0], state="failed", message_id="", kind="note")
    with app.app_context(), transaction():
        undeliverable_addresses.mark(others[1].email.upper(), code="5.1.1", words="", now=NOW)
        undeliverable_addresses.mark("andere@example.org", code="5.1.1", words="", now=NOW)
    with app.app_context(), transaction():
        resent = retry_mails(event, actor=ACTOR, now=NOW)
    assert resent == Resent(3, undeliverable=1, unwritten=1)
    states = {mail.id: mail.state for mail in mails(app)}
    assert [states[each.id] for each in ours] == ["queued", "failed", "queued"]
    with app.app_context(), transaction():
        retry_mail(event, ours[1].id, actor=ACTOR, now=NOW)  # one mail, knowingly
    assert {mail.state for mail in mails(app) if mail.id == ours[1].id} == {"queued"}


@pytest.fixture
def stopped(app: Flask) -> tuple[Event, int, list[Registration]]:
    """A mailing that was written to three people and stopped before any mail left."""
    event = make_event(app, state="dispatched")
    people = [make_registration(app, event) for _ in range(3)]
    with app.app_context(), transaction():
        held = lock_event(event.slug)
        message = Message(MailKind.REMINDER_DAY, Audience.CONFIRMED)
        number = start_mailing(held, message, now=NOW).id
    with app.app_context(), transaction():
        expand_chunk(number, now=NOW)
    with app.app_context(), transaction():
        stop_mailing(event, number, actor=ACTOR, now=NOW)
    return event, number, people


def test_resumed_mailing_leaves_out_who_withdrew_meanwhile(
    app: Flask,
    stopped: tuple[Event, int, list[Registration]],
    mailbox: Mailbox,
    clock: FixedClock,
) -> None:
    event, number, people = stopped
    with app.app_context(), transaction():
        withdraw(people[0].public_id, now=LATER)
    with app.app_context(), transaction():
        resume_mailing(event, number, actor=ACTOR, now=LATER)
    clock.moment = LATER
    work(app)
    reminded = {m.recipient for m in mailbox.received if "Erinnerung" in m.subject}
    assert reminded == {person.email for person in people[1:]}


def test_mailing_is_not_resumed_after_its_event_has_changed(
    app: Flask, stopped: tuple[Event, int, list[Registration]], clock: FixedClock
) -> None:
    event, number, _people = stopped
    with app.app_context(), transaction():
        set_room(
            event.slug,
            RoomChoice(room_url="https://video.example.org/anderer", dial_in=""),
            now=LATER,
        )
    with pytest.raises(UnfitInput), app.app_context(), transaction():
        resume_mailing(event, number, actor=ACTOR, now=LATER)
    with app.app_context():
        assert db.session.get_one(Mailing, number).stopped_at is not None

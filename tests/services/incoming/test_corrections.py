"""A failed mail reaches its person once the address is put right; nothing else may change."""

from datetime import timedelta

import pytest
from flask import Flask
from icalendar import Calendar

from ikone_events.domain.events.lifecycle import Action
from ikone_events.domain.refusals import NotFound, UnfitInput
from ikone_events.services.events.transitions import Request, perform
from ikone_events.services.incoming.resending import correct_and_retry
from ikone_events.services.mails.delivery_log import notes_of
from ikone_events.services.mails.outbox import retry_all
from ikone_events.services.registering.registrations import Applicant, register
from ikone_events.store.db import db, transaction
from ikone_events.store.events.models import Event
from ikone_events.store.mails.models import OutboxMail
from ikone_events.store.registering.models import Registration
from tests.factories import NOW, make_event, make_mail, make_registration
from tests.mailbox import Mailbox
from tests.rows import work

WRONG, RIGHT = "eva@exmaple.org", "eva@example.org"


def sign_up(app: Flask, event: Event, email: str) -> None:
    eva = Applicant(
        first_name="Eva", last_name="Muster", email=email, organisation="Stadt Trier", locale="de"
    )
    with app.app_context(), transaction():
        register(event.slug, eva, now=NOW)


def the_mail(app: Flask) -> OutboxMail:
    with app.app_context():
        return db.session.query(OutboxMail).order_by(OutboxMail.id.desc()).first()


@pytest.fixture
def event(app: Flask) -> Event:
    return make_event(app)


@pytest.fixture
def failed(app: Flask, event: Event, mailbox: Mailbox) -> OutboxMail:
    """Eva's confirmation, which her mistyped address did not take."""
    sign_up(app, event, WRONG)
    mailbox.answer = lambda recipient: "550 no such user" if recipient == WRONG else None
    work(app)
    return the_mail(app)


def correct(app: Flask, event: Event, mail: OutboxMail, email: str) -> None:
    with app.app_context(), transaction():
        correct_and_retry(event, mail.id, email, actor="anna@example.org", now=NOW)


def test_corrected_mail_arrives_as_a_new_one_at_the_right_address(
    app: Flask, event: Event, failed: OutboxMail, mailbox: Mailbox
) -> None:
    assert failed.state == "failed"
    correct(app, event, failed, RIGHT)

    assert work(app) == 1

    (arrived,) = mailbox.to(RIGHT)
    assert arrived.message["Message-ID"] != failed.message_id
    assert arrived.message["References"] is None
    assert arrived.calendar is not None
    attendee = Calendar.from_ical(arrived.calendar).walk("VEVENT")[0]["ATTENDEE"]
    assert attendee == f"mailto:{RIGHT}"
    with app.app_context():
        person = db.session.query(Registration).one()
        assert (person.email, person.email_key) == (RIGHT, RIGHT)
        assert person.thread_id == arrived.message["Message-ID"]
        assert db.session.query(OutboxMail).count() == 1


def test_correction_stands_on_the_record_with_who_did_it(
    app: Flask, event: Event, failed: OutboxMail
) -> None:
    correct(app, event, failed, RIGHT)

    with app.app_context():
        noted = [(note.what, note.words, note.actor) for note in notes_of(failed)]
    assert noted == [
        ("failed", "550 no such user", ""),
        ("corrected", f"{WRONG} → {RIGHT}", "anna@example.org"),
    ]


def test_mail_of_a_mailing_is_corrected_within_it(app: Flask, mailbox: Mailbox) -> None:
    event = make_event(app, state="closed")
    make_registration(app, event, email=WRONG)
    make_registration(app, event, email="other@example.org")
    mailbox.answer = lambda recipient: "550 no such user" if recipient == WRONG else None
    with app.app_context(), transaction():
        perform(event.slug, Request(action=Action.DISPATCH, actor="test"), now=NOW)
    assert work(app) == 1
    with app.app_context():
        mail = db.session.query(OutboxMail).filter_by(recipient=WRONG).one()

    correct(app, event, mail, RIGHT)

    assert work(app) == 1
    (arrived,) = mailbox.to(RIGHT)
    assert arrived.calendar is not None
    with app.app_context():
        kept = db.session.get_one(OutboxMail, mail.id)
        assert (kept.state, kept.mailing_id, kept.key) == ("sent", mail.mailing_id, mail.key)


def test_address_of_somebody_else_here_is_refused(
    app: Flask, event: Event, failed: OutboxMail
) -> None:
    sign_up(app, event, "Adam@example.org")

    with pytest.raises(UnfitInput) as refused:
        correct(app, event, failed, "adam@EXAMPLE.org")

    assert refused.value.complaints[0].about == "email"
    with app.app_context():
        assert db.session.get_one(OutboxMail, failed.id).state == "failed"


@pytest.mark.parametrize("email", ["", "eva", "eva@example.org\r\nBcc: x@y.de", "a@b.de, c@d.de"])
def test_unfit_address_is_refused(app: Flask, event: Event, failed: OutboxMail, email: str) -> None:
    with pytest.raises(UnfitInput) as refused:
        correct(app, event, failed, email)

    assert refused.value.complaints[0].about == "email"


def test_only_failed_mails_of_the_event_are_corrected(
    app: Flask, event: Event, failed: OutboxMail
) -> None:
    queued = make_mail(app, make_registration(app, event))
    other = make_event(app)

    with pytest.raises(NotFound):
        correct(app, event, queued, RIGHT)
    with pytest.raises(NotFound):
        correct(app, other, failed, RIGHT)


def test_other_mails_leave_for_the_right_address_too(app: Flask, mailbox: Mailbox) -> None:
    """One that failed as well, one that waits, one that was held back: none to a stranger.

    The former address is only notified that it has the registration no longer.
    """
    event = make_event(app, state="dispatched")
    person = make_registration(app, event, email=WRONG, calendar_sequence=0)
    mails = {
        state: make_mail(app, person, kind=kind, state=state)
        for state, kind in (
            ("failed", "access_link"),
            ("queued", "reminder_day"),
            ("stopped", "reminder_hour"),
            ("sent", "confirmation"),
        )
    }
    pressed = make_mail(app, person, kind="moved", state="failed")

    correct(app, event, pressed, RIGHT)

    with app.app_context(), transaction():
        assert retry_all(event, now=NOW) == 1
    assert work(app) == 4
    (notice,) = mailbox.to(WRONG)
    assert notice.subject.startswith("Andere E-Mail-Adresse")
    with app.app_context():
        rows = {kept.id: kept for kept in db.session.query(OutboxMail)}
    kept = {state: rows[mail.id].recipient for state, mail in mails.items()}
    assert kept == {"failed": RIGHT, "queued": WRONG, "stopped": RIGHT, "sent": WRONG}
    assert rows[mails["queued"].id].state == "stopped"
    entry = rows[mails["failed"].id].calendar
    assert entry is not None
    assert f"mailto:{RIGHT}".encode() in entry.replace(b"\r\n ", b"")


def test_mail_on_its_way_is_left_to_its_worker(app: Flask, mailbox: Mailbox) -> None:
    event = make_event(app, state="dispatched")
    person = make_registration(app, event, email=WRONG)
    going = make_mail(app, person, lease_until=NOW + timedelta(minutes=2))
    correct(app, event, make_mail(app, person, state="failed"), RIGHT)
    with app.app_context():
        assert db.session.get_one(OutboxMail, going.id).message_id == going.message_id

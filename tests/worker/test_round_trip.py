"""Out by a real mail server, back through a real mailbox: the whole way of an invitation."""

from collections.abc import Iterator
from pathlib import Path

import pytest
from flask import Flask
from icalendar import Calendar
from sqlalchemy import select

from ikone_events.config import Settings
from ikone_events.domain.registering.registration import Status
from ikone_events.services.registering.registrations import Applicant, register
from ikone_events.store.db import db, transaction
from ikone_events.store.incoming.models import UndeliverableAddress
from ikone_events.store.registering.models import Registration
from tests.dovecot import Postbox, dovecot
from tests.factories import NOW, FixedClock, make_event, make_settings
from tests.foreign_mails import EVA, PROGRAMS, Maker, postfix_bounce
from tests.mailbox import Mailbox, Received
from tests.rows import work

pytestmark = pytest.mark.imap


@pytest.fixture
def mailbox() -> Iterator[Mailbox]:
    with Mailbox() as server:
        yield server


@pytest.fixture
def box() -> Postbox:
    return dovecot().mailbox()


@pytest.fixture
def settings(data_dir: Path, mailbox: Mailbox, box: Postbox) -> Settings:
    return make_settings(
        data_dir,
        smtp_url=mailbox.url,
        mail_per_minute=600_000,
        imap_url=box.url,
        authserv_id="mx.example.org",
    )


def invited(app: Flask, mailbox: Mailbox) -> Received:
    """Register as people do; the mail that arrives."""
    event = make_event(app)
    applicant = Applicant(
        first_name="Eva", last_name="Muster", email=EVA, organisation="Stadt Trier", locale="de"
    )
    with app.app_context(), transaction():
        assert register(event.slug, applicant, now=NOW) is Status.CONFIRMED
    work(app)
    return mailbox.received[-1]


def person(app: Flask) -> Registration:
    with app.app_context():
        return db.session.scalars(select(Registration)).one()


def answer(mail: Received, make: Maker, partstat: str) -> bytes:
    """What a person's program sends after a press, made from the object that it got."""
    assert mail.calendar is not None
    (event,) = Calendar.from_ical(mail.calendar).events
    trace = b"Authentication-Results: mx.example.org; dmarc=pass header.from=trier.example\r\n"
    return trace + make(str(event["UID"]), partstat=partstat, sequence=str(event["SEQUENCE"]))


@pytest.mark.parametrize("program", PROGRAMS)
def test_acceptance_of_each_program_stands_at_the_person(
    app: Flask, mailbox: Mailbox, box: Postbox, program: str
) -> None:
    mail = invited(app, mailbox)
    box.put(answer(mail, PROGRAMS[program], "ACCEPTED"))
    work(app)
    assert person(app).partstat == "ACCEPTED"
    assert len(mailbox.received) == 1, "nothing is ever answered"
    assert box.subjects() == []


@pytest.mark.parametrize("program", PROGRAMS)
def test_decline_is_followed_by_a_question_at_once(
    app: Flask, mailbox: Mailbox, box: Postbox, program: str
) -> None:
    mail = invited(app, mailbox)
    box.put(answer(mail, PROGRAMS[program], "DECLINED"))
    work(app)
    found = person(app)
    assert (found.partstat, found.status) == ("DECLINED", "confirmed")
    assert [received.recipient for received in mailbox.received] == [EVA, EVA]


def test_bounce_of_a_mail_marks_its_address(
    app: Flask, mailbox: Mailbox, box: Postbox, clock: FixedClock
) -> None:
    mail = invited(app, mailbox)
    box.put(postfix_bounce(outbox_mail=str(mail.message["Message-ID"])))
    work(app)
    with app.app_context():
        assert list(db.session.scalars(select(UndeliverableAddress.email_key))) == [EVA]

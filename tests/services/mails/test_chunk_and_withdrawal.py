"""A chunk of a mailing and a person who withdraws at that moment: the calendar stays right."""

import threading
import time

import pytest
from flask import Flask
from icalendar import Calendar
from sqlalchemy import select

from ikone_events.domain.events.lifecycle import Message
from ikone_events.domain.mails.audiences import Audience
from ikone_events.domain.mails.kinds import MailKind
from ikone_events.services.mails.mailing_chunks import expand_chunk
from ikone_events.services.mails.mailings import start_mailing
from ikone_events.services.registering.status import withdraw
from ikone_events.store.db import db, transaction
from ikone_events.store.events.queries import lock_event
from ikone_events.store.mails.models import OutboxMail
from tests.factories import NOW, make_event, make_registration
from tests.patience import PATIENCE

pytestmark = pytest.mark.both_databases


def sequence_of(mail: OutboxMail) -> int:
    return int(Calendar.from_ical(mail.calendar or b"").walk("VEVENT")[0]["SEQUENCE"])


def test_who_withdraws_during_a_chunk_gets_the_last_word(app: Flask) -> None:
    """Both mails change the calendar entry; the withdrawal must have the higher sequence."""
    event = make_event(app, state="dispatched")
    person = make_registration(app, event, calendar_sequence=0)
    message = Message(MailKind.MOVED, Audience.CONFIRMED_AND_WAITING)
    with app.app_context(), transaction():
        mailing = start_mailing(lock_event(event.slug), message, now=NOW).id
    written = threading.Event()

    def expand() -> None:
        with app.app_context(), transaction():
            expand_chunk(mailing, now=NOW)
            written.set()
            time.sleep(0.5)

    worker = threading.Thread(target=expand)
    worker.start()
    written.wait(PATIENCE)
    with app.app_context(), transaction():
        withdraw(person.public_id, now=NOW)
    worker.join()

    with app.app_context():
        mails = db.session.scalars(select(OutboxMail)).all()
        sequences = {mail.kind: sequence_of(mail) for mail in mails}
    assert sequences == {"moved": 0, "withdrawal": 1}

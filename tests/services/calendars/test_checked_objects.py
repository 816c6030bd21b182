"""A mail without a sound calendar object never leaves: its cause is undone, or its row fails."""

import pytest
from flask import Flask
from sqlalchemy import select

from ikone_events.domain.calendars.invitation import CalendarError
from ikone_events.domain.events.lifecycle import Action
from ikone_events.services.events.transitions import Request, perform
from ikone_events.services.registering.status import withdraw
from ikone_events.store.db import db, transaction
from ikone_events.store.mails.models import OutboxMail
from ikone_events.store.registering.models import Registration
from tests.factories import NOW, make_event, make_registration
from tests.mailbox import Mailbox

DAMAGED = "a uid, that no program takes"


def test_single_mail_with_a_refused_object_undoes_its_cause(app: Flask) -> None:
    event = make_event(app)
    person = make_registration(app, event, calendar_uid=DAMAGED, calendar_sequence=0)

    with app.app_context():
        with pytest.raises(CalendarError, match="number"), transaction():
            withdraw(person.public_id, now=NOW)
        assert db.session.get_one(Registration, person.id).status == "confirmed"
        assert db.session.scalars(select(OutboxMail)).all() == []


def test_mailing_marks_the_one_refused_object_and_sends_the_others(
    app: Flask, mailbox: Mailbox
) -> None:
    event = make_event(app)
    make_registration(app, event, email="kaputt@example.org", calendar_uid=DAMAGED)
    make_registration(app, event, email="heil@example.org")
    with app.app_context(), transaction():
        perform(event.slug, Request(action=Action.DISPATCH, actor="team"), now=NOW)

    app.extensions["ikone_engine"].run_once()

    assert [mail.recipient for mail in mailbox.received] == ["heil@example.org"]
    with app.app_context():
        wanted = select(OutboxMail).where(OutboxMail.recipient == "kaputt@example.org")
        failed = db.session.scalars(wanted).one()
        assert failed.state == "failed"
        assert "CalendarError: The number of the calendar entry is damaged." in failed.answer

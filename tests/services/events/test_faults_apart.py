"""What goes wrong with one event goes wrong there alone."""

from collections.abc import Iterator
from datetime import timedelta

import pytest
from flask import Flask
from sqlalchemy import select, text, update

from ikone_events.domain.events.lifecycle import Message
from ikone_events.domain.mails.audiences import Audience
from ikone_events.domain.mails.kinds import MailKind
from ikone_events.services.mails.mailings import start_mailing
from ikone_events.services.plan import plans
from ikone_events.store.db import db, transaction
from ikone_events.store.events.models import Event
from ikone_events.store.events.queries import lock_event
from ikone_events.store.mails.models import OutboxMail
from ikone_events.store.registering.models import Registration
from tests.factories import NOW, FixedClock, make_event, make_mail, make_registration
from tests.mailbox import Mailbox

pytestmark = pytest.mark.both_databases

STUCK = {
    "sqlite": [
        "CREATE TRIGGER stuck BEFORE UPDATE ON registration BEGIN SELECT RAISE(ABORT, 'stuck'); END"
    ],
    "postgresql": [
        (
            "CREATE FUNCTION stuck() RETURNS trigger AS"
            " $$ BEGIN RAISE EXCEPTION 'stuck'; END $$ LANGUAGE plpgsql"
        ),
        "CREATE TRIGGER stuck BEFORE UPDATE ON registration FOR EACH ROW EXECUTE FUNCTION stuck()",
    ],
}

# A mail to one address is refused by the database itself, however often it is tried.
REFUSED = {
    "sqlite": [
        """CREATE TRIGGER refused BEFORE INSERT ON outbox_mail
           WHEN NEW.recipient = 'eva@example.org' AND NEW.state = 'queued'
           BEGIN SELECT RAISE(ABORT, 'refused'); END"""
    ],
    "postgresql": [
        """CREATE FUNCTION refused() RETURNS trigger AS $$ BEGIN
           RAISE EXCEPTION 'refused' USING ERRCODE = 'data_exception'; END $$ LANGUAGE plpgsql""",
        """CREATE TRIGGER refused BEFORE INSERT ON outbox_mail FOR EACH ROW
           WHEN (NEW.recipient = 'eva@example.org' AND NEW.state = 'queued')
           EXECUTE FUNCTION refused()""",
    ],
}


@pytest.fixture(autouse=True)
def no_trigger_is_left(app: Flask) -> Iterator[None]:
    """The PostgreSQL database of this process is emptied after a test, not made anew."""
    yield
    with app.app_context(), transaction():
        if db.engine.dialect.name == "postgresql":
            db.session.execute(text("DROP FUNCTION IF EXISTS stuck, refused CASCADE"))


def test_mail_that_the_database_refuses_holds_up_no_other(app: Flask, mailbox: Mailbox) -> None:
    event = make_event(app)
    for name in ("adam", "eva", "noah"):
        make_registration(app, event, email=f"{name}@example.org")
    message = Message(MailKind.REMINDER_DAY, Audience.CONFIRMED)
    with app.app_context(), transaction():
        for words in REFUSED[db.engine.dialect.name]:
            db.session.execute(text(words))
        start_mailing(lock_event(event.slug), message, now=NOW)

    assert app.extensions["ikone_engine"].run_once() == 2

    with app.app_context():
        rows = db.session.execute(select(OutboxMail.recipient, OutboxMail.state))
        failed = db.session.scalar(select(OutboxMail.answer).where(OutboxMail.state == "failed"))
    assert dict(rows.all()) == {
        "adam@example.org": "sent",
        "eva@example.org": "failed",
        "noah@example.org": "sent",
    }
    assert failed is not None
    assert "refused" in failed


def test_fault_of_one_event_holds_up_no_other(
    app: Flask, clock: FixedClock, mailbox: Mailbox
) -> None:
    """Its zone is none that this machine knows, so its mails can't be written."""
    broken, sound = (make_event(app, state="announced", deadline=None) for _ in range(2))
    with app.app_context(), transaction():
        for event in (broken, sound):
            plans.create_plan(lock_event(event.slug), now=NOW - timedelta(days=60))
        db.session.execute(update(Event).where(Event.id == broken.id).values(zone="Mars/Olympus"))
    make_event(app, zone="Mars/Olympus")  # without a plan
    make_registration(app, broken, status="waitlisted")
    make_mail(app, make_registration(app, sound))

    assert app.extensions["ikone_engine"].run_once() >= 1

    with app.app_context():
        states = dict(db.session.execute(select(Event.id, Event.state)).all())
    assert states[sound.id] == "open"
    assert states[broken.id] == "announced"


def test_fault_in_forgetting_holds_up_no_mail(
    app: Flask, clock: FixedClock, mailbox: Mailbox
) -> None:
    """A trigger keeps the row of somebody who is to be forgotten as it is."""
    over = make_event(app, starts_at=NOW - timedelta(days=40), ends_at=NOW - timedelta(days=39))
    stays = make_registration(app, over, status="cancelled")
    make_mail(app, make_registration(app, make_event(app)))
    with app.app_context(), transaction():
        for words in STUCK[db.engine.dialect.name]:
            db.session.execute(text(words))
    assert app.extensions["ikone_engine"].run_once() == 1
    with app.app_context():
        assert db.session.get_one(Registration, stays.id).anonymised_at is None

"""What goes wrong with one event goes wrong there alone."""

from datetime import timedelta

from flask import Flask
from sqlalchemy import select, update

from ikone_events.services import plans
from ikone_events.store.db import db, transaction
from ikone_events.store.events import Event
from ikone_events.store.queries import hold_event
from tests.factories import NOW, FixedClock, make_event, make_letter, make_registration
from tests.mailbox import Mailbox


def test_fault_of_one_event_holds_up_no_other(
    app: Flask, clock: FixedClock, mailbox: Mailbox
) -> None:
    """Its zone is none that this machine knows, so its letters can't be written."""
    broken, sound = (make_event(app, state="announced", deadline=None) for _ in range(2))
    with app.app_context(), transaction():
        for event in (broken, sound):
            plans.lay_plan(hold_event(event.slug), now=NOW - timedelta(days=60))
        db.session.execute(update(Event).where(Event.id == broken.id).values(zone="Mars/Olympus"))
    make_event(app, zone="Mars/Olympus")  # without a plan
    make_registration(app, broken, status="waitlisted")
    make_letter(app, make_registration(app, sound))

    assert app.extensions["ikone_engine"].run_once() >= 1

    with app.app_context():
        states = dict(db.session.execute(select(Event.id, Event.state)).all())
    assert states[sound.id] == "open"
    assert states[broken.id] == "announced"

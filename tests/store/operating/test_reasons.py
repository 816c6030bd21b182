"""Stored reasons are message ids: they follow when the English of a text changes."""

import json
from collections.abc import Iterator

import flask_migrate
import pytest
from flask import Flask
from sqlalchemy import select

from ikone_events.app import create_app
from ikone_events.config import Settings
from ikone_events.domain.events.needs import PRIVACY_CONTACT_MISSING
from ikone_events.domain.registering.status import BEGUN
from ikone_events.services.plan.plans import reasons_of
from ikone_events.store.db import db, transaction
from ikone_events.store.operating.schema import attach_alembic, migrate
from ikone_events.store.plan.models import Step
from ikone_events.store.registering.models import StatusChange
from tests.factories import NOW, make_event, make_registration

NOT_NOW = "“%(action)s” is not possible while the event is in the state “%(state)s”."
OLD_CONTACT = "The contact for data protection is not set (IKONE_PRIVACY_CONTACT)."
OLD_BEGUN = "The event had begun: nobody moves up by the line any more."


@pytest.fixture
def app_before(settings: Settings) -> Iterator[Flask]:
    """The application on a database of the version before."""
    app = create_app(settings)
    attach_alembic(app)
    with app.app_context():
        migrate()
        yield app
        db.session.remove()
        db.engine.dispose()


def test_reasons_of_the_version_before_are_translated(app_before: Flask) -> None:
    event = make_event(app_before)
    person = make_registration(app_before, event)
    flask_migrate.downgrade(revision="0015")
    change = {"action": "promote", "source": "waitlisted", "target": "confirmed", "at": NOW}
    stored = json.dumps([[NOT_NOW, {"action": "Open"}], [OLD_CONTACT, {}]])
    step = {"anchor": "start", "unit": "days", "due_at": NOW, "outcome": "expired"}
    with transaction():
        db.session.add(
            StatusChange(registration_id=person.id, actor="system", reason=OLD_BEGUN, **change)
        )
        db.session.add(Step(event_id=event.id, name="announce", reasons=stored, **step))

    migrate()

    known = db.session.scalars(select(StatusChange.reason).where(StatusChange.actor == "system"))
    assert known.all() == [BEGUN]
    reasons = reasons_of(db.session.scalars(select(Step)).one())
    assert reasons[1] == PRIVACY_CONTACT_MISSING
    assert "while the status of the event is “%(state)s”" in reasons[0].text

"""The trial's calendar buttons: the whole way of an answer, without a mailbox."""

from collections.abc import Iterator

import pytest
from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy import select

from ikone_events.app import create_app
from ikone_events.config import Settings
from ikone_events.demo.catcher import Catcher
from ikone_events.demo.pages import Trial, TrialClock
from ikone_events.services.registering.registrations import Applicant, register
from ikone_events.services.registering.status import withdraw
from ikone_events.store.db import db, transaction
from ikone_events.store.incoming.models import IncomingMail
from ikone_events.store.operating.schema import migrate
from ikone_events.store.registering.models import Registration
from tests.factories import NOW, make_event, make_settings
from tests.rows import kinds_of_mails
from tests.web.visitor import token_of

MARIA = Applicant(
    first_name="Maria",
    last_name="Muster",
    email="maria@example.org",
    organisation="Stadtverwaltung Bendorf",
    locale="de",
)


@pytest.fixture
def trial(settings: Settings) -> Iterator[Flask]:
    """A trial in which Maria's confirmation has been caught as number 1."""
    clock = TrialClock(NOW)
    catcher = Catcher(clock)
    caught_at = f"smtp://127.0.0.1:{catcher.start()}?tls=none"
    fast = make_settings(settings.data_dir, smtp_url=caught_at, mail_per_minute=600_000)
    app = create_app(fast, clock=clock, more_pages=Trial(clock, catcher).register)
    app.testing = True
    app.extensions["ikone_wake"] = lambda: None
    with app.app_context():
        migrate()
    event = make_event(app, slug="workshop")
    with app.app_context(), transaction():
        register(event.slug, MARIA, now=NOW)
    app.extensions["ikone_engine"].run_once()
    yield app
    catcher.stop()
    with app.app_context():
        db.session.remove()
        db.engine.dispose()


def press(client: FlaskClient, answer: str, number: int = 1) -> str:
    """Press a button of the mail's page and read what it says then."""
    path = f"/demo/mails/{number}"
    data = {"csrf_token": token_of(client.get(path)), "answer": answer}
    sent = client.post(f"{path}/reply", data=data)
    if sent.status_code != 303:
        return str(sent.status_code)
    return client.get(path).text


def maria(app: Flask) -> Registration:
    with app.app_context():
        found = db.session.scalars(select(Registration)).one()
        db.session.expunge_all()
        return found


def test_buttons_answer_as_a_calendar_would(trial: Flask) -> None:
    client = trial.test_client()
    assert "vermerkt" in press(client, "TENTATIVE")
    assert maria(trial).partstat == "TENTATIVE"
    press(client, "DECLINED")
    assert (maria(trial).partstat, maria(trial).status) == ("DECLINED", "confirmed")
    assert kinds_of_mails(trial) == ["confirmation", "not_coming"]
    press(client, "ACCEPTED")
    assert maria(trial).partstat == "ACCEPTED"
    with trial.app_context():
        assert all(db.session.scalars(select(IncomingMail.authenticated)))


def test_mail_without_an_invitation_has_no_buttons(trial: Flask) -> None:
    client = trial.test_client()
    press(client, "DECLINED")
    trial.extensions["ikone_engine"].run_once()
    page = client.get("/demo/mails/2").text
    assert "/cancel" in page, "this is the question by e-mail"
    assert "/reply" not in page
    assert press(client, "NEEDS-ACTION") == "400"


def test_button_below_a_withdrawn_invitation_does_nothing(trial: Flask) -> None:
    with trial.app_context(), transaction():
        withdraw(maria(trial).public_id, now=NOW)
    assert "gilt nicht mehr" in press(trial.test_client(), "ACCEPTED")
    assert maria(trial).partstat == ""

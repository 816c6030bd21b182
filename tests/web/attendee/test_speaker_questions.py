"""Questions on a speaker's page: those of the form and of the live board, in the office's order."""

from datetime import timedelta

import pytest
from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy import select

from ikone_events.services.rooms import questions
from ikone_events.store.db import db, transaction
from ikone_events.store.events.models import Event
from ikone_events.store.rooms.models import Question
from tests.factories import (
    FixedClock,
    make_event,
    make_organisation,
    make_registration,
    make_speaker,
    speaker_path,
)


@pytest.fixture
def running(app: Flask, clock: FixedClock) -> Event:
    """An event that runs, with one question of a form."""
    event = make_event(app, state="dispatched")
    make_registration(app, event, question="Was kostet das?", last_name="Geheim")
    clock.moment = event.starts_at + timedelta(minutes=10)
    return event


def ask(app: Flask, event: Event, clock: FixedClock, text: str, **values: object) -> str:
    """A question asked live; returns its key."""
    person = make_registration(app, event, **values)
    clock.move(seconds=1)
    with app.app_context():
        with transaction():
            questions.ask_live(person.public_id, text, now=clock())
        wanted = select(Question.public_id).where(Question.text == text)
        return db.session.scalars(wanted).one()


def test_speaker_reads_live_questions_in_the_order_of_the_office(
    app: Flask, client: FlaskClient, clock: FixedClock, running: Event
) -> None:
    town = make_organisation(app, "Stadt Kusel")
    first = ask(
        app, running, clock, "Ist das sicher?", organisation_id=town.id, last_name="Heimlich"
    )
    last = ask(app, running, clock, "Gibt es Geld?", organisation_text="Frau Privat")
    path = speaker_path(app, make_speaker(app, running)) + "?lang=de"

    page = client.get(path).text
    asked = ("Was kostet das?", "Ist das sicher?", "Gibt es Geld?")
    assert [page.index(text) for text in asked] == sorted(page.index(text) for text in asked)
    assert "(Stadt Kusel)" in page
    for secret in ("Geheim", "Heimlich", "Privat"):
        assert secret not in page

    with app.app_context(), transaction():
        questions.move(running.slug, last, first, below=False, now=clock())
        questions.tick(running.slug, first, answered=True, now=clock(), by="anna")
    page = client.get(path).text
    asked = ("Was kostet das?", "Gibt es Geld?", "Ist das sicher?")
    assert [page.index(text) for text in asked] == sorted(page.index(text) for text in asked)
    assert page.count("beantwortet") == 1

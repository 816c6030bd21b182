"""Copying an event by hand: a small form, a new draft, and nobody else's event."""

from flask import Flask
from sqlalchemy import select

from ikone_events.store.accounts.models import Organiser, assignment
from ikone_events.store.db import db, transaction
from ikone_events.store.events.models import Event
from tests.factories import make_event
from tests.web.organiser.conftest import Browser


def copies(app: Flask, event: Event) -> list[Event]:
    with app.app_context():
        return list(db.session.scalars(select(Event).where(Event.id != event.id)))


def test_event_is_copied_from_its_page(app: Flask, team: Browser) -> None:
    event = make_event(app, title="Sensoren", title_en="Sensors", zone="Europe/Berlin")
    path = f"/organise/events/{event.slug}/copy"
    assert path in team.get(f"/organise/events/{event.slug}").text
    page = team.get(path).text
    assert 'value="Sensoren"' in page
    given = {"title": "Sensoren II", "title_en": "Sensors II", "starts_at": "2026-09-07T10:00"}
    answer = team.post(path, given)
    assert answer.status_code == 303
    assert answer.location == "/organise/events/sensoren-ii"
    (made,) = copies(app, event)
    assert (made.title, made.title_en, made.state) == ("Sensoren II", "Sensors II", "draft")
    assert made.starts_at.isoformat() == "2026-09-07T08:00:00+00:00"
    assert "Die Kopie ist als Entwurf gespeichert." in team.get(answer.location).text


def test_refused_copy_keeps_what_was_typed(app: Flask, team: Browser) -> None:
    event = make_event(app)
    path = f"/organise/events/{event.slug}/copy"
    for given in (
        {"title": "", "starts_at": "2026-09-07T10:00"},
        {"title": "Neu", "starts_at": ""},
        {"title": "Neu", "starts_at": "morgen"},
        {"title": "Neu", "starts_at": "2026-03-29T02:30"},
        {"title": "Neu\u2028Bcc: x", "starts_at": "2026-09-07T10:00"},
    ):
        answer = team.post(path, {"title_en": "Kept words", **given})
        assert answer.status_code == 422, given
        assert 'value="Kept words"' in answer.text
    assert copies(app, event) == []


def test_copy_is_for_those_who_may_edit_this_event(
    app: Flask, viewer: Browser, stranger: Browser
) -> None:
    event = make_event(app)
    path = f"/organise/events/{event.slug}/copy"
    given = {"title": "Neu", "starts_at": "2026-09-07T10:00"}
    assert viewer.get(path).status_code == viewer.post(path, given).status_code == 403
    assert stranger.get(path).status_code == stranger.post(path, given).status_code == 404
    assert copies(app, event) == []


def test_who_sees_some_events_sees_the_copy_too(app: Flask, stranger: Browser) -> None:
    event = make_event(app)
    with app.app_context(), transaction():
        person = db.session.scalars(select(Organiser)).one()
        row = {"organiser_id": person.id, "event_id": event.id}
        db.session.execute(assignment.insert().values(**row))
    path = f"/organise/events/{event.slug}/copy"
    answer = stranger.post(path, {"title": "Neu", "starts_at": "2026-09-07T10:00"})
    assert stranger.get(answer.location).status_code == 200

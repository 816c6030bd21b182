"""The page that renews everybody's links: what it will do, to how many, and once."""

from flask import Flask
from sqlalchemy import func, select

from ikone_events.store.db import db
from ikone_events.store.mails.models import Mailing
from tests.factories import make_event, make_registration
from tests.web.organiser.conftest import Browser


def mailings(app: Flask) -> int:
    with app.app_context():
        return db.session.scalar(select(func.count()).select_from(Mailing)) or 0


def test_page_shows_what_renewing_does_and_to_how_many(app: Flask, team: Browser) -> None:
    event = make_event(app)
    for status in ("confirmed", "confirmed", "waitlisted", "cancelled"):
        make_registration(app, event, status=status)
    path = f"/organise/events/{event.slug}/links"
    assert path in team.get(f"/organise/events/{event.slug}/mail/sent").text
    page = team.get(f"{path}?lang=en").text
    assert "All 3 people who are registered or waiting" in page
    assert "2 calendar entries are replaced" in page
    assert mailings(app) == 0
    german = team.get(f"{path}?lang=de").text
    assert "Alle 3 Personen, die angemeldet sind oder warten" in german

    answer = team.post(f"{path}?lang=en", {"seen": "0"}, follow_redirects=True)
    assert "The links are being renewed." in answer.text
    assert "New personal links" in answer.text
    assert mailings(app) == 1
    assert "Last renewed on" in team.get(f"{path}?lang=en").text

    again = team.post(f"{path}?lang=en", {"seen": "0"})
    assert again.status_code == 409
    assert "Somebody was faster" in again.text
    assert mailings(app) == 1


def test_event_without_people_offers_nothing_to_renew(app: Flask, team: Browser) -> None:
    event = make_event(app)
    path = f"/organise/events/{event.slug}/links"
    assert path not in team.get(f"/organise/events/{event.slug}/mail/sent").text
    assert 'value="0"' not in team.get(path).text
    assert team.post(path, {"seen": "0"}).status_code == 422


def test_event_that_is_called_off_promises_no_entry(app: Flask, team: Browser) -> None:
    event = make_event(app, state="postponed")
    make_registration(app, event)
    page = team.get(f"/organise/events/{event.slug}/links?lang=en").text
    assert "calendar entry is replaced" not in page

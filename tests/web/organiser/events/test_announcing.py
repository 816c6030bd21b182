"""The page of an announcement: a missing summary, and registration in the same press."""

from datetime import timedelta

from flask import Flask
from sqlalchemy import select

from ikone_events.services.mails.subscribers import subscribe
from ikone_events.store.db import db, transaction
from ikone_events.store.events.models import Event
from ikone_events.store.mails.models import Mailing, Subscriber
from tests.factories import NOW, make_event
from tests.web.organiser.conftest import Browser


def stored(app: Flask) -> Event:
    with app.app_context():
        return db.session.scalars(select(Event)).one()


def test_missing_summary_is_asked_where_the_event_is_announced(app: Flask, team: Browser) -> None:
    event = make_event(app, state="draft", summary="")
    path = f"/organise/events/{event.slug}"
    assert f"{path}/preview/announce" in team.get(path).text
    page = team.get(f"{path}/preview/announce").text
    assert 'name="summary"' in page
    empty = team.post(f"{path}/do/announce", {"state": "draft", "summary": " "})
    assert empty.status_code == 409
    assert 'id="summary-error"' in empty.text
    unfit = team.post(f"{path}/do/announce", {"state": "draft", "summary": "kaputt\x01"})
    assert unfit.status_code == 422
    assert stored(app).state == "draft"
    form = {"state": "draft", "summary": "Kurz gesagt.", "also": "open"}
    assert team.post(f"{path}/do/announce", form).status_code == 303
    found = stored(app)
    assert (found.state, found.summary) == ("open", "Kurz gesagt.")


def test_preview_of_the_announcement_shows_the_typed_summary(app: Flask, team: Browser) -> None:
    event = make_event(app, state="draft", summary="")
    with app.app_context(), transaction():
        subscribe("neugierig@example.org", "de", now=NOW)
        db.session.scalars(select(Subscriber)).one().confirmed_at = NOW
    path = f"/organise/events/{event.slug}/preview/announce"
    page = team.post(path, {"summary": "Ganz neu getippt."}).text
    assert page.count("Ganz neu getippt.") >= 2
    tested = team.post(f"{path}/test", {"state": "draft", "summary": "Ganz neu getippt."}).text
    assert tested.count("Ganz neu getippt.") >= 2
    assert stored(app).summary == ""


def test_announcing_alone_leaves_registration_closed(app: Flask, team: Browser) -> None:
    event = make_event(app, state="draft")
    path = f"/organise/events/{event.slug}"
    assert 'name="summary"' not in team.get(f"{path}/preview/announce").text
    assert team.post(f"{path}/do/announce", {"state": "draft"}).status_code == 303
    assert stored(app).state == "announced"
    with app.app_context():
        assert db.session.scalars(select(Mailing.kind)).all() == ["announcement"]


def test_announced_and_opened_event_says_who_is_told_and_is_undone(
    app: Flask, team: Browser
) -> None:
    event = make_event(app, state="draft")
    with app.app_context(), transaction():
        subscribe("neugierig@example.org", "de", now=NOW)
        db.session.scalars(select(Subscriber)).one().confirmed_at = NOW
    path = f"/organise/events/{event.slug}"
    team.get(f"{path}?lang=en")
    form = {"state": "draft", "also": "open"}
    page = team.post(f"{path}/do/announce", form, follow_redirects=True).text
    page = page.replace("\u00a0", " ").replace(" (German time)", "")
    assert "The event is announced, and registration is open." in page
    assert "sent to one person on Mon, 2 March 2026, 10:10: Subscribers of the network (1)" in page
    assert "You can undo this until Mon, 2 March 2026, 10:10; no e-mail is sent before." in page
    with app.app_context():
        assert {mailing.due_at for mailing in db.session.scalars(select(Mailing))} == {
            NOW + timedelta(minutes=10)
        }
    assert team.post(f"{path}/do/undo", {"state": "open"}).status_code == 303
    assert stored(app).state == "draft"


def test_opening_that_would_be_refused_is_not_offered(app: Flask, team: Browser) -> None:
    event = make_event(app, state="draft", deadline=NOW)
    path = f"/organise/events/{event.slug}"
    page = team.get(f"{path}/preview/announce?lang=en").text
    assert "The registration deadline is in the past." in page
    assert 'name="also"' not in page
    answer = team.post(f"{path}/do/announce", {"state": "draft", "also": "open"})
    assert answer.status_code == 409
    assert stored(app).state == "draft"


def test_announcement_of_a_stale_page_changes_nothing(app: Flask, team: Browser) -> None:
    event = make_event(app, state="announced")
    path = f"/organise/events/{event.slug}"
    assert team.post(f"{path}/do/announce", {"state": "draft"}).status_code == 409
    assert team.post(f"{path}/do/announce", {"state": "announced"}).status_code == 409
    assert team.get(f"{path}/preview/announce").status_code == 409
    assert team.post(f"{path}/do/announce", {"state": ""}).status_code == 422
    assert stored(app).state == "announced"

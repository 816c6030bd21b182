"""The buttons of the lifecycle: what they do, refuse, and say."""

from datetime import timedelta
from itertools import product

import pytest
from flask import Flask
from sqlalchemy import select
from werkzeug.test import TestResponse

from ikone_events.domain.events.lifecycle import EventFormat, State
from ikone_events.store.db import db
from ikone_events.store.events.models import Event, StateChange
from ikone_events.store.mails.models import Mailing
from tests.factories import NOW, make_event, make_registration
from tests.rows import reload
from tests.web.organiser.conftest import Browser


def press(browser: Browser, event: Event, action: str, state: str, **data: str) -> TestResponse:
    """Press a button on a page that showed a state."""
    path = f"/organise/events/{event.slug}/do/{action}"
    return browser.post(path, {"state": state, **data})


def test_announce_and_open_lead_on(app: Flask, team: Browser) -> None:
    event = make_event(app, state="draft")
    page = team.get(f"/organise/events/{event.slug}?lang=en").text
    assert f"/organise/events/{event.slug}/preview/announce" in page
    assert press(team, event, "announce", "draft").status_code == 303
    assert press(team, event, "open", "announced").status_code == 303
    assert reload(app, event).state == "open"


def test_history_names_the_person_and_the_reason(app: Flask, team: Browser) -> None:
    event = make_event(app)
    press(team, event, "cancel", "open", reason="Zu wenige <b>Anmeldungen</b>.")
    with app.app_context():
        change = db.session.scalars(select(StateChange)).one()
        assert (change.actor, change.reason) == (
            "Wilma Organisaria",
            "Zu wenige <b>Anmeldungen</b>.",
        )
    page = team.get(f"/organise/events/{event.slug}/history").text
    assert "Wilma Organisaria" in page
    assert "Zu wenige &lt;b&gt;Anmeldungen&lt;/b&gt;." in page
    overview = team.get(f"/organise/events/{event.slug}").text
    assert "Zu wenige &lt;b&gt;" in overview


def test_stale_page_changes_nothing(app: Flask, team: Browser) -> None:
    event = make_event(app, state="closed")
    answer = team.post(f"/organise/events/{event.slug}/do/dispatch?lang=en", {"state": "open"})
    assert answer.status_code == 409
    assert "Somebody was faster" in answer.text
    assert reload(app, event).state == "closed"


@pytest.mark.parametrize("state", ["", "nonsense"])
def test_press_without_a_state_is_refused(app: Flask, team: Browser, state: str) -> None:
    event = make_event(app)
    assert press(team, event, "close", state).status_code == 422
    assert reload(app, event).state == "open"


def test_refusal_shows_all_complaints(app: Flask, team: Browser) -> None:
    event = make_event(app, room_url="")
    answer = team.post(f"/organise/events/{event.slug}/do/dispatch?lang=en", {"state": "open"})
    assert answer.status_code == 409
    assert "The access link to the video room is missing." in answer.text
    assert "Nobody is confirmed yet." in answer.text
    assert reload(app, event).state == "open"


def test_action_of_another_state_is_refused(app: Flask, team: Browser) -> None:
    event = make_event(app, state="draft")
    assert press(team, event, "follow_up", "draft").status_code == 409
    assert team.get(f"/organise/events/{event.slug}/do/follow_up").status_code == 409
    assert team.get(f"/organise/events/{event.slug}/do/explode").status_code == 404
    assert press(team, event, "explode", "draft").status_code == 404


def test_dispatch_shows_how_many_mails_are_written(app: Flask, team: Browser) -> None:
    event = make_event(app)
    for _ in range(3):
        make_registration(app, event)
    make_registration(app, event, status="waitlisted")
    page = team.get(f"/organise/events/{event.slug}?lang=en").text
    assert "3 people get an e-mail each" in page
    answer = team.post(
        f"/organise/events/{event.slug}/do/dispatch", {"state": "open"}, follow_redirects=True
    )
    assert "The e-mail is sent to 3 people." in answer.text
    with app.app_context():
        assert db.session.scalars(select(Mailing.kind)).all() == ["access_link"]


def test_reason_is_asked_for_and_kept(app: Flask, team: Browser) -> None:
    event = make_event(app)
    base = f"/organise/events/{event.slug}/do/cancel"
    assert 'name="reason"' in team.get(base).text
    refused = team.post(base, {"state": "open", "reason": "  "})
    assert refused.status_code == 409
    assert 'href="#reason"' in refused.text
    unfit = team.post(base, {"state": "open", "reason": "kaputt\x01"})
    assert unfit.status_code == 422
    assert team.post(base, {"state": "open", "reason": "x" * 2001}).status_code == 422
    assert reload(app, event).state == "open"
    assert team.post(base, {"state": "open", "reason": "Krankheit"}).status_code == 303


def test_room_is_saved_taken_away_and_checked(app: Flask, team: Browser) -> None:
    event = make_event(app, room_url="")
    path = f"/organise/events/{event.slug}/room"
    for bad in (
        "javascript:alert(1)",
        "video.example.org",
        "https://a b",
        "https://x/" + "y" * 2000,
    ):
        answer = team.post(path, {"room_url": bad, "dial_in": ""})
        assert answer.status_code == 422
        assert 'href="#room_url"' in answer.text or "room_url-error" in answer.text
    good = "https://video.example.org/neu"
    assert team.post(path, {"room_url": f" {good} ", "dial_in": "+49 1"}).status_code == 303
    with app.app_context():
        stored = db.session.get_one(Event, event.id)
        assert (stored.room_url, stored.dial_in) == (good, "+49 1")
    assert team.post(path, {"room_url": "", "dial_in": ""}).status_code == 303


@pytest.mark.parametrize("days", [-100, 1])
def test_page_of_an_event_stands_in_every_state(app: Flask, team: Browser, days: int) -> None:
    start = NOW + timedelta(days=days)
    times = {"starts_at": start, "ends_at": start + timedelta(hours=1)}
    for state, kind in product(State, EventFormat):
        event = make_event(app, state=state.value, format=kind.value, **times)
        page = team.get(f"/organise/events/{event.slug}")
        assert page.status_code == 200
        assert page.text.count("kern-btn--primary") <= 1
        beside = state in (State.POSTPONED, State.CANCELLED)
        assert page.text.count('aria-current="step"') == (0 if beside else 1), (state, kind)

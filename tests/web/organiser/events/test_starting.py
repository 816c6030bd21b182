"""A new event: three fields, or a copy of the last one of its kind."""

import re
from datetime import timedelta

from flask import Flask
from sqlalchemy import select

from ikone_events.store.db import db
from ikone_events.store.events.models import Event
from tests.factories import NOW, make_event
from tests.web.organiser.conftest import Browser

THREE = {"title": "Raum", "starts_at": "2026-04-14T10:00", "format": "on_site"}


def test_three_fields_make_a_draft_with_usual_settings(app: Flask, team: Browser) -> None:
    answer = team.post("/organise/events/new", THREE)
    assert (answer.status_code, answer.location) == (303, "/organise/events/raum")
    with app.app_context():
        event = db.session.scalars(select(Event)).one()
    assert (event.state, event.title, event.format) == ("draft", "Raum", "on_site")
    assert event.ends_at - event.starts_at == timedelta(hours=2)
    assert (event.zone, event.retention_days) == ("Europe/Berlin", 90)
    assert (event.waiting_list, event.colleagues, event.accepts_late) == (True, True, True)
    assert (event.contact_name, event.contact_email) == ("Wilma Organisaria", "team@example.org")


def test_start_asks_for_three_things(team: Browser) -> None:
    page = team.get("/organise/events/new").text
    form = page.partition('<form class="fields"')[2].partition("</form>")[0]
    assert set(re.findall(r'name="(\w+)"', form)) == {
        *("csrf_token", "title", "starts_at", "format"),
    }


def test_start_that_has_passed_is_asked_about_at_once(app: Flask, team: Browser) -> None:
    answer = team.post("/organise/events/new", {**THREE, "starts_at": "2025-04-14T10:00"})
    assert answer.status_code == 422
    assert "Der Beginn liegt in der Vergangenheit." in answer.text
    box = re.search(r'name="dates_meant"[^>]*value="([^"]+)"', answer.text)
    assert box
    meant = {**THREE, "starts_at": "2025-04-14T10:00", "dates_meant": box[1]}
    assert team.post("/organise/events/new", meant).status_code == 303


def test_refused_start_keeps_what_was_typed(team: Browser) -> None:
    answer = team.post("/organise/events/new", {**THREE, "starts_at": "demnächst"})
    assert answer.status_code == 422
    assert 'data-page="new"' in answer.text
    assert 'value="Raum"' in answer.text
    assert 'value="demnächst"' in answer.text
    assert 'id="starts_at-error"' in answer.text


def test_last_event_of_each_kind_is_offered_as_a_template(app: Flask, team: Browser) -> None:
    for slug, days, more in (
        ("alt", -60, {"series": "Reihe"}),
        ("neu", -30, {"series": "REIHE"}),
        ("online", -20, {}),
        ("vor-ort", -10, {"format": "on_site", "place": "Rathaus"}),
        ("entwurf", 10, {"state": "draft", "series": "Andere"}),
    ):
        when = NOW + timedelta(days=days)
        make_event(app, slug=slug, starts_at=when, ends_at=when + timedelta(hours=1), **more)
    page = team.get("/organise/events/new").text
    assert re.findall(r"/organise/events/([\w-]+)/copy", page) == ["vor-ort", "online", "neu"]

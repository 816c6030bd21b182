"""A series for organisers: its events and figures, the next date in two presses, its settings."""

import re
from datetime import UTC, datetime, timedelta

from flask import Flask
from sqlalchemy import select

from ikone_events.store.db import db
from ikone_events.store.events.models import Event
from ikone_events.store.events.series import SeriesSettings
from tests.factories import NOW, PAST, make_event, make_registration
from tests.standing import SERIES, SLUG, make_date, make_series, make_standing
from tests.web.organiser.conftest import Browser

PATH = f"/organise/series/{SLUG}"


def test_series_shows_its_events_with_figures(app: Flask, team: Browser) -> None:
    make_series(app)
    past = make_date(app, title="Im Februar", state="followed_up", **PAST)
    for number in range(2):
        make_registration(app, past, attendance="attended" if number else "missed")
    make_date(app, title="Im März")
    make_event(app, title="Anderes")
    make_standing(app)
    page = team.get(PATH).text
    assert "Im Februar" in page
    assert "Im März" in page
    assert "Anderes" not in page
    assert re.search(r'data-l="Bestätigt"[^>]*>2', page), page
    figures = f"/organise/figures/series/{SLUG}"
    assert f'href="{figures}"' in page
    assert f'href="{PATH}"' in team.get(figures).text
    assert "Eine Person wird zu jedem Termin angemeldet." in page
    assert team.get("/organise/series/nix").status_code == 404


def test_next_date_is_two_presses_from_the_overview(app: Flask, team: Browser) -> None:
    """Monthly: the first Tuesday of April is the 7th; Monday the 6th is Easter."""
    last = datetime(2026, 3, 3, 13, 30, tzinfo=UTC)
    event = make_date(app, title="Runder Tisch", starts_at=last, ends_at=last + timedelta(hours=1),
                      state="followed_up")  # fmt: skip
    overview = team.get(f"/organise/events/{event.slug}").text
    assert "Nächsten Termin anlegen" in overview
    page = team.get(f"/organise/events/{event.slug}/copy").text
    assert 'value="2026-04-07T14:30"' in page
    ticked = re.findall(r'<input[^>]*checked[^>]*name="parts"[^>]*value="(\w+)"', page)
    assert ticked == ["content", "settings", "fields", "texts", "plan", "contacts", "feedback"]
    form = {
        "title": "Runder Tisch",
        "title_en": "",
        "starts_at": "2026-04-07T14:30",
        "parts": ticked,
    }
    answer = team.post(f"/organise/events/{event.slug}/copy", form)
    assert answer.status_code == 303
    with app.app_context():
        made = db.session.scalars(select(Event).where(Event.state == "draft")).one()
        assert made.starts_at == datetime(2026, 4, 7, 12, 30, tzinfo=UTC)
        assert (made.series, made.summary, made.capacity) == (SERIES, "Kurz gesagt.", 20)


def test_suggestion_follows_the_last_date_and_skips_holidays(app: Flask, team: Browser) -> None:
    make_series(app, rhythm="four_weeks")
    first = make_date(app)
    planned = datetime(2026, 4, 8, 8, 0, tzinfo=UTC)  # 1 May and 6 May: the latter is no holiday
    make_date(app, state="draft", starts_at=planned - timedelta(days=5), ends_at=planned)
    # Friday 3 April, four weeks later is 1 May.
    page = team.get(f"/organise/events/{first.slug}/copy").text
    assert 'value="2026-05-08T10:00"' in page
    alone = make_event(app)
    assert 'value="2026-04-13T10:00"' in team.get(f"/organise/events/{alone.slug}/copy").text


def test_settings_are_saved_and_wrong_ones_kept(app: Flask, team: Browser, viewer: Browser) -> None:
    make_date(app)
    given = {"text": "Für alle", "text_en": "For all", "rhythm": "quarterly", "standing": "y"}
    assert team.post(f"{PATH}/settings", given).status_code == 303
    assert team.post(f"{PATH}/settings", {**given, "text": "Neu"}).status_code == 303
    refused = team.post(f"{PATH}/settings", {**given, "rhythm": "never"})
    assert refused.status_code == 422
    assert "Für alle" in refused.text
    refused = team.post(f"{PATH}/settings", {**given, "text_en": "[We](www.example.org)"})
    assert (refused.status_code, 'href="#text_en"' in refused.text) == (422, True)
    assert "[We](www.example.org)" in refused.text
    assert viewer.get(f"{PATH}/settings").status_code == 403
    with app.app_context():
        (row,) = db.session.scalars(select(SeriesSettings))
        assert (row.text, row.rhythm, row.standing) == ("Neu", "quarterly", True)
        assert row.changed_at == NOW


def test_stranger_sees_no_series_of_others(app: Flask, stranger: Browser) -> None:
    make_date(app)
    assert stranger.get(PATH).status_code == 404
    assert stranger.get(f"{PATH}/settings").status_code == 403
    assert stranger.get(f"{PATH}/standing").status_code == 403


def test_name_that_looks_like_another_series_is_questioned(app: Flask, team: Browser) -> None:
    make_date(app)
    event = make_event(app, state="draft")
    page = team.get(f"/organise/events/{event.slug}/edit").text
    assert f"<option>{SERIES}" in page
    form = {
        "edit_version": "1",
        "title": "Auftakt",
        "series": "Runder Tische",
        "starts_at": "2026-03-16T10:00",
        "ends_at": "2026-03-16T12:00",
        "zone": "Europe/Berlin",
        "format": "online",
        "room_provider": "link",
        "retention_days": "90",
    }
    answer = team.post(f"/organise/events/{event.slug}/edit", form)
    assert answer.status_code == 303
    assert "Meinten Sie „Runder Tisch“?" in team.get(answer.location).text

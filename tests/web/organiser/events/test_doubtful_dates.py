"""A date in the past or with a mistyped year is saved only after it has been confirmed."""

import re
from datetime import timedelta
from typing import Any

import pytest
from flask import Flask
from werkzeug.test import TestResponse

from tests.factories import NOW, make_event
from tests.web.organiser.conftest import Browser
from tests.web.organiser.events.test_editing import filled, stored

PAST = {"starts_at": "2025-04-14T10:00", "ends_at": "2025-04-14T12:00"}
FAR = {"starts_at": "2062-04-14T10:00", "ends_at": "2062-04-14T12:00"}
LONG = {"ends_at": "2027-04-14T12:00"}


def tick(answer: TestResponse) -> dict[str, str]:
    """What the box sends that the page shows for these dates."""
    box = re.search(r'<input[^>]*name="dates_meant"[^>]*>', answer.text)
    assert box is not None, answer.text
    value = re.search(r'value="([^"]+)"', box[0])
    assert value is not None
    return {"dates_meant": value[1]}


@pytest.mark.parametrize(
    ("dates", "words"),
    [
        (PAST, "Der Beginn liegt in der Vergangenheit."),
        (FAR, "Der Beginn liegt mehr als drei Jahre in der Zukunft, im Jahr 2062."),
        (LONG, "Die Veranstaltung dauert länger als einen Monat."),
    ],
)
def test_doubtful_date_of_a_new_event_is_asked_for(
    app: Flask, team: Browser, dates: dict[str, str], words: str
) -> None:
    form = filled(**dates, title="Mein Titel")
    answer = team.post("/organise/events/new", form)
    assert answer.status_code == 422
    assert words in answer.text
    assert 'value="Mein Titel"' in answer.text
    assert stored(app) == []
    assert team.post("/organise/events/new", {**form, **tick(answer)}).status_code == 303
    assert len(stored(app)) == 1


def test_usual_dates_are_not_asked_for(team: Browser) -> None:
    assert "dates_meant" not in team.get("/organise/events/new").text
    assert team.post("/organise/events/new", filled()).status_code == 303


def test_tick_counts_for_the_dates_it_was_shown_for(app: Flask, team: Browser) -> None:
    ticked = tick(team.post("/organise/events/new", filled(**PAST)))
    answer = team.post("/organise/events/new", filled(**FAR, **ticked))
    assert answer.status_code == 422
    assert "checked" not in re.findall(r'<input[^>]*name="dates_meant"[^>]*>', answer.text)[0]
    assert stored(app) == []


def test_edit_asks_only_about_changed_dates(app: Flask, team: Browser) -> None:
    ago = NOW - timedelta(days=30)
    event = make_event(app, state="draft", starts_at=ago, ends_at=ago + timedelta(hours=2))
    path = f"/organise/events/{event.slug}/edit"
    page = team.get(path).text
    values = {
        name: re.search(rf'name="{name}"[^>]*value="([^"]+)"', page)[1]  # type: ignore[index]
        for name in ("starts_at", "ends_at", "edit_version")
    }
    assert team.post(path, filled(**values, title="Anderer Titel")).status_code == 303
    changed: dict[str, Any] = {**values, **PAST, "edit_version": "2"}
    answer = team.post(path, filled(**changed))
    assert answer.status_code == 422
    assert team.post(path, filled(**changed, **tick(answer))).status_code == 303


def test_copy_into_the_past_is_asked_for(app: Flask, team: Browser) -> None:
    event = make_event(app)
    path, form = f"/organise/events/{event.slug}/copy", {"title": "Neu", **PAST}
    answer = team.post(path, form)
    assert answer.status_code == 422
    assert team.post(path, {**form, **tick(answer)}).status_code == 303


def test_new_date_far_ahead_is_asked_for_before_its_preview(app: Flask, team: Browser) -> None:
    event = make_event(app, state="postponed")
    path = f"/organise/events/{event.slug}/date"
    form = {"when": "date", **FAR}
    for more in ({"look": "1"}, {}):
        answer = team.post(path, {**form, **more})
        assert answer.status_code == 422
        assert "im Jahr 2062" in answer.text
    preview = team.post(path, {**form, **tick(answer), "look": "1"})
    assert preview.status_code == 200
    assert tick(preview) == tick(answer)
    assert team.post(path, {**form, **tick(preview)}).status_code == 303

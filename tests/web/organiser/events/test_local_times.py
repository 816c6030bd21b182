"""A local time that the clocks never show, or show twice, is refused wherever one is typed."""

from typing import Any

import pytest
from flask import Flask
from sqlalchemy import select
from werkzeug.test import TestResponse

from ikone_events.store.db import db
from ikone_events.store.events.models import Event
from tests.factories import NOW, make_event
from tests.web.organiser.conftest import Browser
from tests.web.organiser.events.test_editing import filled
from tests.web.organiser.plan.test_writing import FORM

NEVER, TWICE = "2026-03-29T02:30", "2026-10-25T02:30"
WORDS = {
    NEVER: "Am 29.03.2026 gibt es die Uhrzeit 2:30 nicht:",
    TWICE: "Am 25.10.2026 gibt es die Uhrzeit 2:30 zweimal:",
}


def new_event(team: Browser, _event: Event, **typed: str) -> TestResponse:
    return team.post("/organise/events/new", filled(**typed))


def edit(team: Browser, event: Event, **typed: str) -> TestResponse:
    form = filled(edit_version=str(event.edit_version), **typed)
    return team.post(f"/organise/events/{event.slug}/edit", form)


def copy(team: Browser, event: Event, **typed: str) -> TestResponse:
    return team.post(f"/organise/events/{event.slug}/copy", {"title": "Neu", **typed})


def reschedule(team: Browser, event: Event, **typed: str) -> TestResponse:
    form: dict[str, Any] = {
        "when": "date",
        "starts_at": "2026-03-28T10:00",
        "ends_at": "2026-11-02T12:00",
        **typed,
    }
    return team.post(f"/organise/events/{event.slug}/date", form)


def write(team: Browser, event: Event, **typed: str) -> TestResponse:
    form = {**FORM, "anchor": "fixed", **typed}
    return team.post(f"/organise/events/{event.slug}/write", form)


MOMENTS = ("starts_at", "ends_at", "deadline", "members_until")
PLACES = [
    *((new_event, field) for field in MOMENTS),
    *((edit, field) for field in MOMENTS),
    *((reschedule, field) for field in MOMENTS[:2]),
    (copy, "starts_at"),
    (write, "fixed"),
]


@pytest.mark.parametrize("typed", [NEVER, TWICE])
@pytest.mark.parametrize(("place", "field"), PLACES)
def test_impossible_local_time_is_shown_at_its_field_and_kept(
    app: Flask, team: Browser, place: Any, field: str, typed: str
) -> None:
    event = make_event(app, state="postponed" if place is reschedule else "open")
    answer = place(team, event, **{field: typed})
    assert answer.status_code == 422
    assert WORDS[typed] in answer.text
    assert f'href="#{field}"' in answer.text
    assert f'value="{typed}"' in answer.text
    with app.app_context():
        (unchanged,) = db.session.scalars(select(Event))
        assert (unchanged.edit_version, unchanged.starts_at) == (
            event.edit_version,
            event.starts_at,
        )


def test_the_zone_of_the_event_decides(app: Flask, team: Browser) -> None:
    """London's clocks skip another hour, India's none."""
    night = {"starts_at": NEVER, "ends_at": "2026-03-29T08:00"}
    assert new_event(team, make_event(app), **night, zone="Asia/Kolkata").status_code == 303
    assert new_event(team, make_event(app), **night, zone="Europe/London").status_code == 303
    skipped = {**night, "starts_at": "2026-03-29T01:30"}
    assert new_event(team, make_event(app), **skipped, zone="Europe/London").status_code == 422


def test_public_page_and_form_show_the_clocks_of_the_event(app: Flask, team: Browser) -> None:
    event = make_event(
        app,
        zone="Pacific/Chatham",
        starts_at=NOW.replace(month=7),
        ends_at=NOW.replace(month=7, hour=11),
    )
    page = team.get(f"/events/{event.slug}?lang=en").text.replace("\u00a0", " ")
    assert "21:45–\u206023:45 (Pacific/Chatham time)" in page
    form = team.get(f"/organise/events/{event.slug}/edit").text
    assert 'value="2026-07-02T21:45"' in form

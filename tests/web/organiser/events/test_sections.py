"""“Details” in sections: what applies to a format, what is kept, and previews."""

import re
from typing import Any

import pytest
from flask import Flask

from ikone_events.store.events.models import Event
from tests.factories import make_event, make_registration
from tests.own_fields import make_field
from tests.rows import the_only
from tests.web.organiser.conftest import Browser
from tests.web.organiser.events.test_editing import filled


def shown_of(page: str) -> set[str]:
    """The parts of the form that are not hidden, by the formats they are for."""
    found = re.findall(r'data-formats="([^"]+)"( hidden)?', page)
    return {formats for formats, hidden in found if not hidden}


@pytest.mark.parametrize(
    ("event_format", "shown"),
    [
        ("online", {"online hybrid"}),
        ("on_site", {"on_site hybrid"}),
        ("hybrid", {"online hybrid", "on_site hybrid", "hybrid"}),
    ],
)
def test_only_fields_that_apply_are_shown(
    app: Flask, team: Browser, event_format: str, shown: set[str]
) -> None:
    event = make_event(app, format=event_format, place="Rathaus")
    page = team.get(f"/organise/events/{event.slug}/edit").text
    assert shown_of(page) == shown
    for hidden in re.findall(r'data-formats="[^"]+" hidden>.*?</div>\s*</div>', page, re.DOTALL):
        assert "required" not in hidden


def test_texts_of_another_format_are_kept_and_its_numbers_are_no_obstacle(
    app: Flask, team: Browser
) -> None:
    event = make_event(app, format="hybrid", place="Rathaus", capacity_online=5)
    typed: dict[str, Any] = filled(
        title=event.title, place="Rathaus", room_url="https://video.example.org/r"
    )
    path = f"/organise/events/{event.slug}/edit"
    numbers = {"capacity_online": "5", "capacity_on_site": "7"}
    assert team.post(path, {**typed, **numbers, "edit_version": "1"}).status_code == 303
    found = the_only(app, Event)
    assert (found.format, found.place, found.capacity_online) == ("online", "Rathaus", None)
    on_site = {**typed, "format": "on_site", "plan": "round_table", "edit_version": "2"}
    assert team.post(path, on_site).status_code == 303
    found = the_only(app, Event)
    assert (found.format, found.room_url) == ("on_site", "https://video.example.org/r")
    assert found.plan != "round_table"


def test_refused_field_is_shown_although_it_does_not_apply(app: Flask, team: Browser) -> None:
    event = make_event(app, format="on_site", place="Rathaus")
    typed = filled(format="on_site", place="Rathaus", room_url="keine", edit_version="1")
    answer = team.post(f"/organise/events/{event.slug}/edit", typed)
    assert answer.status_code == 422
    assert "online hybrid" in shown_of(answer.text)
    assert 'id="room_url-error"' in answer.text


def test_preview_shows_the_description_and_stores_nothing(app: Flask, team: Browser) -> None:
    event = make_event(app, state="draft", description="Alt")
    path = f"/organise/events/{event.slug}/edit/look"
    typed = {"description": "Aus *Anträgen* lernen", "edit_version": "1", "format": "hybrid"}
    for title, status in (("Titel", 200), ("", 422)):
        answer = team.post(path, filled(**typed, title=title))
        assert answer.status_code == status
        assert "<p>Aus <em>Anträgen</em> lernen</p>" in answer.text
        assert "on_site hybrid" in shown_of(answer.text)
    assert the_only(app, Event).description == "Alt"


def test_index_leads_to_every_section(app: Flask, team: Browser) -> None:
    page = team.get(f"/organise/events/{make_event(app).slug}/edit").text
    index = page.partition('<nav class="index"')[2].partition("</nav>")[0]
    linked = re.findall(r'href="#([\w-]+)"', index)
    assert linked == re.findall(r'<section class="card" id="([\w-]+)"', page)
    assert len(linked) == 7


def test_questions_and_codes_are_linked(app: Flask, team: Browser) -> None:
    event = make_event(app)
    make_field(app, event, key="mittagessen", label="Mittagessen")
    page = team.get(f"/organise/events/{event.slug}/edit").text
    for path in ("form", "form/fields/mittagessen", "form/preview", "codes"):
        assert f'href="/organise/events/{event.slug}/{path}"' in page


def test_zone_is_a_choice_that_keeps_an_unusual_one(app: Flask, team: Browser) -> None:
    event = make_event(app, zone="US/Eastern")
    page = team.get(f"/organise/events/{event.slug}/edit").text
    zones = page.partition('name="zone"')[2].partition("</select>")[0]
    assert zones.count(" selected ") == 1
    assert '<option selected value="US/Eastern">' in zones
    assert '<option value="Pacific/Chatham">' in zones


def test_people_who_know_the_date_are_counted_beside_it(app: Flask, team: Browser) -> None:
    event = make_event(app)
    path = f"/organise/events/{event.slug}"
    assert f"{path}/date" not in team.get(f"{path}/edit").text
    make_registration(app, event)
    page = team.get(f"{path}/edit?lang=en").text
    assert "One person knows this date." in page
    assert f'href="{path}/date"' in page

"""Accounts with the role door: the check-in of their events, and nothing else."""

from collections.abc import Callable
from datetime import timedelta

import pytest
from flask import Flask

from tests.factories import NOW, TODAY, make_event
from tests.web.organiser import test_access
from tests.web.organiser.conftest import Browser, Person
from tests.web.organiser.test_access import address, rules

event, ids = test_access.event, test_access.ids  # fixtures
# What a person with this role may open besides the check-in: the own account and the handbook.
OWN = ("/organise/account", "/organise/help")


@pytest.fixture
def door(
    app: Flask, make_person: Callable[..., Person], browser_of: Callable[[Person], Browser]
) -> Browser:
    make_event(app, slug="heute", title="Heute vor Ort", **TODAY)
    make_event(app, slug="andere", title="Nicht meine", **TODAY)
    person = make_person("tuer@example.org", "door", only=("heute",))
    return browser_of(person)


def test_login_leads_to_the_check_ins_of_today(door: Browser) -> None:
    answer = door.get("/organise/")
    assert (answer.status_code, answer.location) == (303, "/organise/entrances")
    page = door.get("/organise/entrances?lang=en").text
    assert '<main data-page="entrances"' in page
    assert "/organise/events/heute/check-in" in page
    assert "Nicht meine" not in page
    assert door.get("/organise/events/heute/check-in").status_code == 200
    assert door.get("/organise/events/andere/check-in").status_code == 404


def test_page_without_an_event_today_shows_it_and_names_the_next(
    app: Flask, make_person: Callable[..., Person], browser_of: Callable[[Person], Browser]
) -> None:
    later = {"starts_at": NOW + timedelta(days=9), "ends_at": NOW + timedelta(days=9, hours=2)}
    make_event(app, slug="bald", title="Bald vor Ort", **{**TODAY, **later})
    make_event(app, slug="online", title="Nur online")
    door = browser_of(make_person("tuer@example.org", "door", only=("bald", "online")))
    page = door.get("/organise/entrances?lang=en").text
    assert "No check-in today" in page
    assert "Bald vor Ort" in page
    assert "Nur online" not in page
    assert door.get("/organise/events/bald/check-in").status_code == 200


def test_every_other_page_is_refused(app: Flask, door: Browser, ids: dict[str, object]) -> None:
    """Also those of the own event: names and answers are shown at the check-in alone."""
    own = {**ids, "slug": "heute", "action": "close"}
    opened = set()
    for rule in rules(app):
        path = address(app, rule, own)
        if path.startswith(OWN):
            continue
        for method in (rule.methods or set()) & {"GET", "POST"}:
            sent = door.get(path) if method == "GET" else door.post(path)
            if sent.status_code not in (403, 404):
                opened.add(rule.endpoint)
    assert opened == {
        "organiser.dashboard",  # leads to the entrances
        "organiser.entrances",
        "organiser.check_in",
        "organiser.press_in",
        "organiser.undo_press",
        "organiser.presses",
    }


def test_page_offers_nothing_that_is_refused(door: Browser) -> None:
    page = door.get("/organise/events/heute/check-in").text
    for part in ("registrations", "edit", "mail", "materials", "search"):
        assert f"/organise/events/heute/{part}" not in page
    assert 'href="/organise/events"' not in page
    assert 'role="search"' not in page

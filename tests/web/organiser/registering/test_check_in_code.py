"""The page behind a check-in code: for its holder, for helpers, and for codes that name nobody."""

import logging
import re
from collections.abc import Callable

import pytest
from flask import Flask
from flask.testing import FlaskClient

from ikone_events.store.db import db, transaction
from ikone_events.store.events.models import Event
from ikone_events.store.registering.models import Registration
from ikone_events.store.rooms.models import AttendanceRecord
from ikone_events.web.shell.errors import hide_tokens
from tests.factories import (
    TODAY,
    FixedClock,
    check_in_path,
    door_path,
    make_event,
    make_registration,
    personal_path,
)
from tests.web.organiser.conftest import Browser, Person


@pytest.fixture
def event(app: Flask) -> Event:
    return make_event(app, slug="vor-ort", title="Glasfaser vor Ort", **TODAY)


@pytest.fixture
def person(app: Flask, event: Event) -> Registration:
    return make_registration(app, event, last_name="Adler", note="Braucht eine Rampe.")


def helper_of(
    event: Event, make_person: Callable[..., Person], browser_of: Callable[[Person], Browser]
) -> Browser:
    return browser_of(make_person("tuer@example.org", "door", only=(event.slug,)))


def is_in(app: Flask, person: Registration) -> bool:
    with app.app_context():
        found = db.session.get(AttendanceRecord, person.id)
        return found is not None and found.stated == "attended"


@pytest.mark.parametrize(("locale", "words"), [("de", "Bitte am Einlass"), ("en", "Please show")])
def test_holder_sees_nothing_of_the_person(
    app: Flask, client: FlaskClient, person: Registration, locale: str, words: str
) -> None:
    page = client.get(f"{check_in_path(app, person)}?lang={locale}")
    assert page.status_code == 200
    assert words in page.text
    assert "Glasfaser vor Ort" in page.text
    for private in ("Maria", "Adler", person.email, "Stadtverwaltung", "Rampe", person.public_id):
        assert private not in page.text
    assert page.headers["Cache-Control"] == "no-store"
    assert page.headers["Referrer-Policy"] == "no-referrer"
    assert "Set-Cookie" not in client.get(check_in_path(app, person)).headers
    assert not is_in(app, person)


def test_code_in_capitals_is_the_same_code(
    app: Flask, client: FlaskClient, team: Browser, person: Registration
) -> None:
    path = check_in_path(app, person).replace("/c/", "/C/")
    page = client.get(path)
    assert "Bitte am Einlass" in page.text
    assert page.headers["Cache-Control"] == "no-store"
    assert "Maria Adler" in team.get(path).text


@pytest.mark.parametrize("state", ["cancelled", "postponed"])
def test_holder_reads_that_an_event_was_called_off(
    app: Flask, client: FlaskClient, state: str
) -> None:
    person = make_registration(app, make_event(app, **{**TODAY, "state": state}))
    page = client.get(f"{check_in_path(app, person)}?lang=en").text
    assert f"The event has been {state}" in page
    assert "Please show" not in page


def test_tokens_of_codes_are_kept_out_of_logs() -> None:
    token = "WyJ4IiwxXQ.abc"
    for path in (f"/c/{token}", f"/C/{token}"):
        record = logging.LogRecord("x", logging.INFO, "x", 1, "GET %s", (path,), None)
        hide_tokens(record)
        assert token not in record.getMessage()


def test_helper_sees_the_person_and_one_button(
    app: Flask,
    event: Event,
    person: Registration,
    make_person: Callable[..., Person],
    browser_of: Callable[[Person], Browser],
) -> None:
    helper = helper_of(event, make_person, browser_of)
    path = check_in_path(app, person)
    page = helper.get(path).text
    assert "Maria Adler" in page
    assert "Braucht eine Rampe." in page
    main = page.partition("<main")[2]
    assert len(re.findall(r"<form", main)) == 1
    assert not is_in(app, person), "a GET changes nothing"
    sent = dict(re.findall(r'<input type="hidden" name="(\w+)" value="([^"]*)"', main))
    answer = helper.client.post(f"/organise/events/{event.slug}/check-in", data=sent)
    assert (answer.status_code, answer.location) == (303, f"{path}?new=1")
    assert is_in(app, person)
    assert "data-checked-in" not in helper.get(answer.location).text
    second = helper.get(f"{path}?lang=en").text
    assert 'data-checked-in="2026-03-02T10:00+01:00"' in second
    assert "Checked in at 10:00 by Wilma Organisaria" in second
    undo = dict(re.findall(r'name="(\w+)" value="([^"]*)"', second.partition("<main")[2]))
    back = helper.client.post(f"/organise/events/{event.slug}/check-in/undo", data=undo)
    assert back.location == path
    assert not is_in(app, person)


def test_other_helpers_read_no_name(
    app: Flask,
    viewer: Browser,
    stranger: Browser,
    person: Registration,
) -> None:
    path = f"{check_in_path(app, person)}?lang=en"
    assert "cannot check people in" in viewer.get(path).text
    refused = stranger.get(path)
    assert (refused.status_code, "belongs to another event" in refused.text) == (403, True)
    for browser in (viewer, stranger):
        assert "Adler" not in browser.get(path).text


def test_entrance_of_whoever_used_the_browser_before_is_not_named(
    app: Flask,
    make_person: Callable[..., Person],
    browser_of: Callable[[Person], Browser],
    event: Event,
    person: Registration,
) -> None:
    make_event(app, slug="nebenan", title="Nebenan", **TODAY)
    helper = browser_of(make_person("tuer@example.org", "door", only=(event.slug,)))
    with helper.client.session_transaction() as session:
        session["entrance"] = "nebenan"
    page = helper.get(check_in_path(app, person)).text
    assert "Nebenan" not in page
    assert 'name="person"' in page
    assert "nebenan" not in helper.get("/c/x").text


def test_code_of_another_entrance_gets_words_and_no_button(
    app: Flask, team: Browser, event: Event, person: Registration
) -> None:
    other = make_event(app, slug="nebenan", title="Nebenan", **TODAY)
    team.get(f"/organise/events/{other.slug}/check-in")
    page = team.get(f"{check_in_path(app, person)}?lang=en").text
    assert "belongs to “Glasfaser vor Ort”" in page
    assert "You are at the entrance of “Nebenan”" in page
    assert 'name="person"' not in page
    assert "Adler" not in page
    team.get(f"/organise/events/{event.slug}/check-in")
    assert 'name="person"' in team.get(check_in_path(app, person)).text


def test_wrong_codes_get_words(
    app: Flask, client: FlaskClient, team: Browser, person: Registration
) -> None:
    right = check_in_path(app, person)
    others = (door_path(app, person), personal_path(app, person))
    foreign = [f"/c/{path.rpartition('/')[2]}" for path in others]
    for path in (right[:-1], right[:30], "/c/x", *foreign):
        answer = team.get(f"{path}?lang=en")
        assert (answer.status_code, "check-in code is not valid" in answer.text) == (404, True), (
            path
        )
        assert client.get(path).status_code == 404
    with app.app_context(), transaction():
        db.session.get_one(Registration, person.id).link_epoch += 1
    replaced = team.get(f"{right}?lang=en")
    assert (replaced.status_code, "replaced by a newer one" in replaced.text) == (404, True)
    assert client.get(right).status_code == 410


def test_check_in_code_opens_nothing_else(
    app: Flask, client: FlaskClient, person: Registration
) -> None:
    token = check_in_path(app, person).rpartition("/")[2]
    for path in (f"/r/{token}", f"/r/{token}/room", f"/door/{token}", f"/r/{token}/materials"):
        assert client.get(path).status_code == 404


def test_ended_session_shows_no_person(
    app: Flask, team: Browser, person: Registration, clock: FixedClock
) -> None:
    assert "Adler" in team.get(check_in_path(app, person)).text
    clock.move(minutes=61)
    answer = team.get(check_in_path(app, person))
    assert (answer.status_code, "/login" in answer.location) == (303, True)

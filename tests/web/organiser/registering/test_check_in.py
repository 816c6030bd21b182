"""The check-in of an event: scanners, names, undo, presses of the script, who may do what."""

import re
from collections.abc import Callable
from datetime import datetime, timedelta
from typing import Any

import pytest
from flask import Flask
from werkzeug.test import TestResponse

from ikone_events.store.db import db, transaction
from ikone_events.store.events.models import Event
from ikone_events.store.registering.form_fields import Answer, FormField
from ikone_events.store.registering.models import Registration
from ikone_events.store.rooms.models import AttendanceRecord
from ikone_events.web.shell.access import Permission
from tests.factories import (
    NOW,
    TODAY,
    FixedClock,
    check_in_path,
    door_path,
    make_event,
    make_registration,
    personal_path,
)
from tests.web.organiser.conftest import Browser, Person

CAMERA = "camera=(self), geolocation=(), microphone=()"


@pytest.fixture
def event(app: Flask) -> Event:
    return make_event(app, slug="vor-ort", title="Glasfaser vor Ort", **TODAY)


@pytest.fixture
def helper(
    make_person: Callable[..., Person], browser_of: Callable[[Person], Browser], event: Event
) -> Browser:
    """The browser of somebody with the role door for this event."""
    person = make_person("tuer@example.org", "door", only=(event.slug,))
    return browser_of(person)


def path_of(event: Event, part: str = "") -> str:
    return f"/organise/events/{event.slug}/check-in{part}"


def scan(browser: Browser, event: Event, typed: str) -> str:
    """Type like a scanner, and read the page that follows."""
    browser.get("/organise/entrances?lang=en")
    answer = browser.post(path_of(event), {"typed": typed})
    assert answer.status_code == 303
    return browser.get(answer.location).text


def send(browser: Browser, event: Event, *presses: dict[str, Any], **more: Any) -> TestResponse:
    """What the script sends."""
    headers = {"X-CSRFToken": browser.token, **more}
    return browser.client.post(
        path_of(event, "/presses"), json={"presses": list(presses)}, headers=headers
    )


def stated(app: Flask, person: Registration) -> tuple[str, datetime | None]:
    with app.app_context():
        found = db.session.get(AttendanceRecord, person.id)
        return (found.stated, found.stated_at) if found else ("", None)


def numbers(page: str) -> tuple[str, str]:
    found = re.search(r'data-present="(\d+)" data-expected="(\d+)"', page)
    assert found
    return found[1], found[2]


def test_scanned_code_lets_in_and_the_second_scan_shows_since_when(
    app: Flask, helper: Browser, event: Event, clock: FixedClock
) -> None:
    person = make_registration(app, event, last_name="Adler", note="Braucht eine Rampe.")
    make_registration(app, event, last_name="Zander")
    code = f"http://localhost{check_in_path(app, person)}"
    page = scan(helper, event, code)
    assert numbers(page) == ("1", "2")
    assert "<h2>Maria Adler</h2>" in page
    assert "Braucht eine Rampe." in page
    assert "data-checked-in" not in page
    clock.move(minutes=5)
    again = scan(helper, event, code.replace("http://localhost/c/", "HTTP://LOCALHOST/C/"))
    assert 'data-checked-in="2026-03-02T10:00+01:00"' in again
    assert "Checked in at 10:00 by Wilma Organisaria" in again
    assert stated(app, person) == ("attended", NOW)
    assert scan(helper, event, code.rpartition("/")[2]).count("data-checked-in") == 1


@pytest.mark.parametrize(
    ("values", "words"),
    [
        ({"status": "waitlisted"}, "on the waiting list and has no place"),
        ({"status": "cancelled"}, "was withdrawn"),
        ({"status": "pending"}, "has not been confirmed yet"),
    ],
)
def test_code_of_somebody_without_a_place_gets_words(
    app: Flask, helper: Browser, event: Event, values: dict[str, str], words: str
) -> None:
    person = make_registration(app, event, **values)
    assert words in scan(helper, event, check_in_path(app, person))
    assert stated(app, person) == ("", None)


def test_other_codes_get_words_and_record_nothing(
    app: Flask, helper: Browser, team: Browser, event: Event
) -> None:
    other = make_event(app, title="Ganz anders", **TODAY)
    stranger = make_registration(app, other)
    person = make_registration(app, event)
    code = check_in_path(app, stranger)
    assert "belongs to another event" in scan(helper, event, code)
    assert "Ganz anders" not in scan(helper, event, code)
    assert "belongs to “Ganz anders”" in scan(team, event, code)
    right = check_in_path(app, person)
    for wrong in (right[:-3], right[:60], door_path(app, person), personal_path(app, person)):
        assert "check-in code is not valid" in scan(helper, event, f"http://localhost{wrong}")
    with app.app_context(), transaction():
        db.session.get_one(Registration, person.id).link_epoch += 1
    assert "replaced by a newer one" in scan(helper, event, right)
    assert stated(app, person) == stated(app, stranger) == ("", None)


@pytest.mark.parametrize("days", [-1, 1])
def test_event_of_another_day_shows_it_and_offers_no_button(
    app: Flask, team: Browser, days: int
) -> None:
    start = NOW + timedelta(days=days)
    times = {"starts_at": start, "ends_at": start + timedelta(hours=2)}
    event = make_event(app, **{**TODAY, **times})
    person = make_registration(app, event)
    page = team.get(path_of(event)).text
    assert 'name="typed"' not in page
    assert 'name="person"' not in page
    answer = team.post(path_of(event), {"person": person.public_id})
    assert answer.status_code == 303
    assert 'class="kern-alert kern-alert--danger answer"' in team.get(answer.location).text
    said = "later day" if days > 0 else "earlier day"
    assert said in team.get(f"{path_of(event)}?lang=en").text
    assert stated(app, person) == ("", None)


def test_typed_name_is_looked_for_and_let_in_by_a_button(
    app: Flask, helper: Browser, event: Event
) -> None:
    person = make_registration(app, event, last_name="Özdemir")
    make_registration(app, event, last_name="Wartend", status="waitlisted")
    answer = helper.post(path_of(event), {"typed": "  oezdemir "})
    page = helper.get(answer.location).text
    assert re.findall(r"<h3>Maria (\w+)", page) == ["Özdemir"]
    assert f'name="person" value="{person.public_id}"' in page
    helper.post(path_of(event), {"person": person.public_id})
    assert stated(app, person) == ("attended", NOW)
    assert "No place" in helper.get(f"{path_of(event)}?q=wartend&lang=en").text
    assert "Nobody of this name" in helper.get(f"{path_of(event)}?q=niemand&lang=en").text


def test_entry_is_taken_back_by_another_helper_and_that_is_shown(
    app: Flask, helper: Browser, team: Browser, event: Event
) -> None:
    person = make_registration(app, event, last_name="Adler")
    helper.post(path_of(event), {"person": person.public_id})
    page = team.get(f"{path_of(event)}?person={person.public_id}&lang=en").text
    since = re.search(r'name="since" value="([^"]+)"', page)
    assert since
    data = {"person": person.public_id, "since": since[1]}
    answer = team.post(path_of(event, "/undo"), data)
    assert "Undone: Maria Adler is not checked in." in team.get(f"{answer.location}&lang=en").text
    assert stated(app, person) == ("", None)
    team.post(path_of(event, "/undo"), data)
    assert "is not checked in" in team.get(f"{answer.location}&lang=en").text


def test_helper_sees_the_answers_that_their_role_may_see(
    app: Flask, helper: Browser, team: Browser, event: Event
) -> None:
    person = make_registration(app, event)
    with app.app_context(), transaction():
        for key, seen_by in (("rampe", "viewer"), ("diät", "organiser"), ("geheim", "admin")):
            field = FormField(
                event_id=event.id,
                key=key,
                kind="short_text",
                label=f"Feld {key}",
                seen_by=seen_by,
                position=1,
            )
            db.session.add(field)
            db.session.flush()
            db.session.add(Answer(registration_id=person.id, field_id=field.id, value="ja", at=NOW))
    path = f"{path_of(event)}?person={person.public_id}"
    seen = {
        who: re.findall(r"<dt>Feld (\w+)", browser.get(path).text)
        for who, browser in (("door", helper), ("organiser", team))
    }
    assert seen == {"door": ["rampe"], "organiser": ["rampe", "diät"]}


def test_only_this_page_may_ask_for_the_camera_and_loads_the_scanner(
    app: Flask, team: Browser, event: Event
) -> None:
    page = team.get(path_of(event))
    assert page.headers["Permissions-Policy"] == CAMERA
    assert "check-in.js" in page.text
    assert "jsqr.js" in page.text
    assert (
        page.headers["Content-Security-Policy"]
        == team.get("/organise/").headers["Content-Security-Policy"]
    )
    person = make_registration(app, event)
    for path in ("/", "/organise/", f"/organise/events/{event.slug}", check_in_path(app, person)):
        other = team.get(path)
        assert other.headers["Permissions-Policy"].startswith("camera=()")
        assert "jsqr" not in other.text
        assert "check-in.js" not in other.text


def test_presses_of_the_script_are_carried_out_once_by_their_keys(
    app: Flask, helper: Browser, event: Event, clock: FixedClock
) -> None:
    first, second = make_registration(app, event), make_registration(app, event)
    presses = (
        {"key": "0123456789abcdef", "code": check_in_path(app, first), "ago": 300},
        {"key": "fedcba9876543210", "person": second.public_id, "ago": -50},
        {"key": "aaaaaaaaaaaaaaaa", "code": "http://localhost/c/kaputt", "ago": 1.5},
    )
    answer = send(helper, event, *presses)
    assert answer.status_code == 200
    body = answer.get_json()
    assert body["done"] == [each["key"] for each in presses]
    assert [each["kind"] for each in body["outcomes"]] == ["success", "success", "danger"]
    assert numbers(body["page"]) == ("2", "2")
    assert stated(app, first) == ("attended", NOW - timedelta(minutes=5))
    assert stated(app, second) == ("attended", NOW)
    clock.move(minutes=2)
    again = send(helper, event, *presses).get_json()
    assert [each["kind"] for each in again["outcomes"]] == ["warning", "warning", "danger"]
    assert stated(app, first) == ("attended", NOW - timedelta(minutes=5))


@pytest.mark.parametrize(
    "body",
    [
        None,
        [],
        {"presses": "x"},
        {"presses": [1]},
        {"presses": [{"key": "short", "person": "x"}]},
        {"presses": [{"key": "0123456789abcdef", "person": ["x"]}]},
        {"presses": [{"key": "0123456789abcdef", "person": "x", "ago": "gestern"}]},
        {"presses": [{"key": f"0123456789abc{n:03}", "code": "x"} for n in range(51)]},
    ],
)
def test_presses_that_our_script_does_not_send_are_refused(
    helper: Browser, event: Event, body: object
) -> None:
    headers = {"X-CSRFToken": helper.token}
    answer = helper.client.post(path_of(event, "/presses"), json=body, headers=headers)
    assert answer.status_code == 400


def test_presses_need_the_token_and_the_login(
    app: Flask, helper: Browser, event: Event, clock: FixedClock
) -> None:
    person = make_registration(app, event)
    press = {"key": "0123456789abcdef", "person": person.public_id}
    app.config["WTF_CSRF_ENABLED"] = True
    assert send(helper, event, press, **{"X-CSRFToken": ""}).status_code == 400
    clock.move(minutes=61)
    ended = send(helper, event, press)
    assert (ended.status_code, "/login" in ended.location) == (303, True)
    assert stated(app, person) == ("", None)


def test_viewer_and_people_of_other_events_can_not_check_in(
    app: Flask, viewer: Browser, stranger: Browser, event: Event
) -> None:
    person = make_registration(app, event)
    for browser, status in ((viewer, 403), (stranger, 404)):
        assert browser.get(path_of(event)).status_code == status
        for part, data in (("", {"person": person.public_id}), ("/undo", {})):
            assert browser.post(path_of(event, part), data).status_code == status
        press = {"key": "0123456789abcdef", "person": person.public_id}
        assert send(browser, event, press).status_code == status
    assert "/check-in" not in viewer.get(f"/organise/events/{event.slug}").text
    assert stated(app, person) == ("", None)


def test_overview_leads_to_the_check_in_of_events_with_an_entrance(
    app: Flask, team: Browser, event: Event
) -> None:
    make_registration(app, event)
    page = team.get(f"/organise/events/{event.slug}?lang=en").text
    assert page.count(path_of(event)) == 2
    assert "0 of 1 are there" in page
    assert path_of(event) in team.get(f"/organise/events/{event.slug}/registrations").text
    later = make_event(app, format="hybrid")
    assert team.get(f"/organise/events/{later.slug}").text.count(path_of(later)) == 1
    online = make_event(app)
    make_registration(app, online)
    for part in ("", "/registrations"):
        assert path_of(online) not in team.get(f"/organise/events/{online.slug}{part}").text


def test_helper_of_one_event_reaches_nobody_of_another(
    app: Flask, helper: Browser, event: Event
) -> None:
    """By the other event, by its people and by their codes, through every route of the role."""
    other = make_event(app, title="Nicht meine", **TODAY)
    stranger = make_registration(app, other, first_name="Gerda", last_name="Geheimrat")
    code = check_in_path(app, stranger)
    presses = [
        {"key": "0123456789abcdef", "person": stranger.public_id},
        {"key": "0123456789abcdee", "code": code},
    ]
    found: dict[str, set[int]] = {}
    for rule in app.url_map.iter_rules():
        view = app.view_functions[rule.endpoint]
        if getattr(view, "permission", "") != Permission.CHECK_IN or "slug" not in rule.arguments:
            continue
        for slug in (other.slug, "gibt-es-nicht", event.slug):
            path = rule.rule.replace("<slug>", slug)
            answers = [helper.get(path, query_string={"person": stranger.public_id, "q": "Ger"})]
            answers += [helper.post(path, {name: stranger.public_id}) for name in ("person", "q")]
            answers.append(helper.post(path, {"typed": code}))
            headers = {"X-CSRFToken": helper.token}
            answers.append(helper.client.post(path, json={"presses": presses}, headers=headers))
            answers.append(helper.get(path_of(event)))
            assert not [each for each in answers if re.search("Geheimrat|Nicht meine", each.text)]
            known = found.setdefault(slug, set())
            known |= {each.status_code for each in answers[:-1]} - {405, 415}
    assert found == {other.slug: {404}, "gibt-es-nicht": {404}, event.slug: {200, 303, 400}}
    refused = helper.get(code)
    assert (refused.status_code, "Geheimrat" in refused.text) == (403, False)
    assert stated(app, stranger) == ("", None)

"""The link of calendar entries: it opens the video room and shows nothing of the person."""

from datetime import timedelta

import pytest
from flask import Flask
from flask.testing import FlaskClient
from werkzeug.test import TestResponse

from ikone_events.domain.tokens import LinkClaim, Purpose
from ikone_events.services.installation import get_installation
from ikone_events.store.db import db, transaction
from ikone_events.store.events.models import Event
from ikone_events.store.registering.models import Registration
from ikone_events.web.shell.headers import CONTENT_SECURITY_POLICY
from tests.attending import attendance_of_person
from tests.factories import FixedClock, door_path, make_event, make_registration, personal_path
from tests.web.attendee.test_room import DOORS, ROOM, make_press
from tests.web.visitor import everything, press

HYBRID = {"format": "hybrid", "place": "Rathaus, Saal 1"}


def shows_nobody(app: Flask, page: TestResponse, person: Registration) -> bool:
    """Whether a page, with its headers, reveals nothing of the person and no way to the data."""
    text = f"{page.headers}\n{page.text}"
    personal = (person.first_name, person.last_name, person.email, person.organisation_text)
    secrets = (*personal, person.question, person.position, person.note, "/r/")
    return not any(secret in text for secret in secrets)


def guest(app: Flask, event: Event, **values: str) -> Registration:
    texts = {"question": "Wer zahlt das?", "position": "Bauamt", "note": "Rollstuhl"}
    return make_registration(app, event, **{**texts, **values})


@pytest.mark.parametrize("case", DOORS)
def test_door_of_the_calendar_has_the_hours_of_the_personal_one_and_shows_nobody(
    app: Flask,
    client: FlaskClient,
    clock: FixedClock,
    case: tuple[dict[str, str], dict[str, str], timedelta, str],
) -> None:
    event_values, person_values, after_start, door = case
    event = make_event(app, **event_values)
    person = guest(app, event, **person_values)
    make_press(app, person)
    clock.moment = event.starts_at + after_start
    path = door_path(app, person)
    for address in (path, f"{path}?go=1", f"{path}?lang=en"):
        page = client.get(address)
        assert page.status_code == 200
        assert shows_nobody(app, page, person)
        assert (ROOM in page.text) == (door == "open" and "?go" in address)
        assert page.headers["Cache-Control"] == "no-store"
        assert page.headers["Referrer-Policy"] == "no-referrer"
        assert page.headers["X-Robots-Tag"] == "noindex, nofollow"
        assert page.headers["Content-Security-Policy"] == CONTENT_SECURITY_POLICY
    assert f'data-door="{door}"' in client.get(path).text


def test_press_at_the_door_of_the_calendar_is_attendance(
    app: Flask, client: FlaskClient, clock: FixedClock
) -> None:
    event = make_event(app, state="dispatched")
    person = guest(app, event)
    clock.moment = event.starts_at
    path = door_path(app, person)
    before = everything(app)
    for query in ("", "?go=1"):
        assert "Refresh" not in client.get(path + query).headers
    assert everything(app) == before

    answer = press(client, path)
    assert (answer.status_code, answer.location) == (303, f"{path}?go=1")
    assert attendance_of_person(app, person) == "attended"
    led = client.get(answer.location)
    assert led.headers["Refresh"] == f"0; url={ROOM}"
    assert shows_nobody(app, led, person)


def test_press_at_a_closed_door_of_the_calendar_changes_nothing(
    app: Flask, client: FlaskClient
) -> None:
    event = make_event(app, state="dispatched")
    person = guest(app, event)
    path = door_path(app, person)
    answer = press(client, personal_path(app, person, "/cancel"), target=path)
    assert (answer.status_code, answer.location) == (303, path)
    assert attendance_of_person(app, person) is None


WORDS = [
    ({"state": "open"}, {}, "Der Zugangslink kommt"),
    ({"state": "dispatched"}, {}, "öffnet am"),
    ({"state": "cancelled"}, {}, "Die Veranstaltung ist abgesagt"),
    ({"state": "postponed"}, {}, "Sobald es einen neuen Termin gibt"),
    ({"state": "dispatched"}, {"status": "cancelled"}, "nicht mehr gültig"),
    ({"state": "dispatched"}, {"status": "waitlisted"}, "nicht mehr gültig"),
    ({"state": "dispatched", **HYBRID}, {"mode": "on_site"}, "Der Videoraum ist für alle"),
]


@pytest.mark.parametrize("case", WORDS)
def test_door_of_the_calendar_shows_what_to_do(
    app: Flask, client: FlaskClient, case: tuple[dict[str, str], dict[str, str], str]
) -> None:
    event_values, person_values, words = case
    event = make_event(app, **event_values)
    page = client.get(door_path(app, guest(app, event, **person_values)))
    assert words in page.text


def test_door_does_not_reveal_whether_a_person_waits_or_has_withdrawn(
    app: Flask, client: FlaskClient
) -> None:
    event = make_event(app, state="dispatched")
    statuses = ("waitlisted", "cancelled", "declined", "expired", "offered")
    people = [guest(app, event, status=status) for status in statuses]
    paths = [door_path(app, person) for person in people]
    pages = {client.get(path).text.replace(path, "") for path in paths}
    assert len(pages) == 1


def test_each_link_opens_its_own_page_only(app: Flask, client: FlaskClient) -> None:
    event = make_event(app, state="dispatched")
    person = guest(app, event)
    door = door_path(app, person).removeprefix("/door/")
    own = personal_path(app, person).removeprefix("/r/")
    for path in (f"/door/{own}", f"/r/{door}", f"/r/{door}/room", f"/r/{door}/data.json"):
        assert client.get(path).status_code == 404, path
    assert client.get(f"/feeds/{door}.ics").status_code == 404


def test_forged_unknown_and_replaced_doors_are_refused_kindly(
    app: Flask, client: FlaskClient
) -> None:
    event = make_event(app, state="dispatched")
    person = guest(app, event)
    replaced = door_path(app, person)
    with app.app_context():
        sign = get_installation().signer.sign
        unknown = sign(Purpose.DOOR, LinkClaim("nobody", 1))
        future = sign(Purpose.DOOR, LinkClaim(person.public_id, 9))
        with transaction():
            db.session.get_one(Registration, person.id).link_epoch = 2
    for token in ("forged", unknown, future):
        page = client.get(f"/door/{token}")
        assert page.status_code == 404
        assert "Dieser Link" in page.text
    gone = client.get(replaced)
    assert gone.status_code == client.get(f"{replaced}?go=1").status_code == 410
    assert shows_nobody(app, gone, person)
    assert press(client, "/login", target=replaced).status_code == 410
    assert attendance_of_person(app, person) is None


def test_entries_already_sent_lead_into_the_room_as_before(
    app: Flask, client: FlaskClient, clock: FixedClock
) -> None:
    """They hold the personal link, which is the one of the mails: it can't be distinguished."""
    event = make_event(app, state="dispatched")
    person = guest(app, event)
    clock.moment = event.starts_at
    assert press(client, personal_path(app, person, "/room")).status_code == 303
    assert attendance_of_person(app, person) == "attended"

"""The door to the video room: when it opens, and that only a press counts as attendance."""

from datetime import timedelta

import pytest
from flask import Flask
from flask.testing import FlaskClient

from ikone_events.domain.events.facts import State
from ikone_events.services.mails.values import links_of
from ikone_events.store.db import db, transaction
from ikone_events.store.registering.models import Registration
from ikone_events.store.rooms.attendance import record_door
from tests.attending import attendance_of_person
from tests.factories import NOW, FixedClock, make_event, make_registration, personal_path
from tests.web.visitor import everything, press

ROOM = "https://video.example.org/raum-geheim"
EARLY, OPEN = timedelta(minutes=-15, seconds=-1), timedelta(minutes=-15)
# Two hours, and half an hour for those who come back.
END, LATE = timedelta(hours=2), timedelta(hours=2, minutes=30)


def make_press(app: Flask, person: Registration) -> None:
    """Somebody has pressed the button of the door before."""
    with app.app_context(), transaction():
        record_door(person.id, person.event_id, NOW)


DOORS = [
    ({"state": "open"}, {}, OPEN, "link_comes"),
    ({"state": "closed"}, {}, OPEN, "link_comes"),
    ({"state": "dispatched", "room_url": ""}, {}, OPEN, "link_comes"),
    ({"state": "dispatched"}, {}, EARLY, "waiting"),
    ({"state": "dispatched"}, {}, OPEN, "open"),
    ({"state": "dispatched"}, {}, END, "open"),
    ({"state": "dispatched"}, {}, LATE - timedelta(seconds=1), "open"),
    ({"state": "dispatched"}, {}, LATE, "over"),
    ({"state": "followed_up"}, {}, OPEN, "over"),
    ({"state": "dispatched"}, {"status": "waitlisted"}, OPEN, "not_confirmed"),
    ({"state": "dispatched"}, {"status": "cancelled"}, OPEN, "not_confirmed"),
    ({"state": "cancelled"}, {}, OPEN, "called_off"),
    ({"state": "postponed"}, {}, OPEN, "called_off"),
    ({"state": "closed", "format": "on_site", "place": "Rathaus"}, {}, OPEN, "on_site"),
]


@pytest.mark.parametrize("case", DOORS)
def test_door_knows_its_hours_and_its_guests(
    app: Flask,
    client: FlaskClient,
    clock: FixedClock,
    case: tuple[dict[str, str], dict[str, str], timedelta, str],
) -> None:
    event_values, person_values, after_start, door = case
    event = make_event(app, **event_values)
    person = make_registration(app, event, **person_values)
    make_press(app, person)
    clock.moment = event.starts_at + after_start
    path = personal_path(app, person, "/room")
    page = client.get(path)
    assert page.status_code == 200
    assert f'data-door="{door}"' in page.text
    assert ROOM not in page.text
    behind = client.get(path + "?go=1")
    assert (ROOM in behind.text) == (door == "open")
    assert ("Refresh" in behind.headers) == (door == "open")
    shows_number = "+49 631 000 123" in page.text
    assert shows_number == (door in ("waiting", "open"))


@pytest.mark.parametrize("state", [state.value for state in State])
@pytest.mark.parametrize("room_url", [ROOM, ""])
def test_mails_lead_to_the_door_in_those_states_in_which_it_opens(
    app: Flask, client: FlaskClient, clock: FixedClock, state: str, room_url: str
) -> None:
    event = make_event(app, state=state, room_url=room_url)
    person = make_registration(app, event)
    clock.moment = event.starts_at
    page = client.get(personal_path(app, person, "/room"))
    with app.app_context():
        stored = db.session.get_one(Registration, person.id)
        led = bool(links_of(stored.event, stored).room)
    assert led == ('data-door="open"' in page.text) == (state == "dispatched" and room_url != "")


def test_press_is_noted_and_leads_to_the_room(
    app: Flask, client: FlaskClient, clock: FixedClock
) -> None:
    event = make_event(app, state="dispatched")
    person = make_registration(app, event)
    clock.moment = event.starts_at
    path = personal_path(app, person, "/room")
    assert "vermerken wir Ihre Teilnahme" in client.get(path).text
    answer = press(client, path)
    assert (answer.status_code, answer.location) == (303, f"{path}?go=1")
    assert attendance_of_person(app, person) == "attended"
    page = client.get(answer.location)
    assert page.headers["Refresh"] == f"0; url={ROOM}"
    assert f'href="{ROOM}"' in page.text
    assert page.headers["Referrer-Policy"] == "no-referrer"
    again = press(client, path)
    assert again.location == f"{path}?go=1"


def test_looking_is_no_attendance(app: Flask, client: FlaskClient, clock: FixedClock) -> None:
    event = make_event(app, state="dispatched")
    person = make_registration(app, event)
    clock.moment = event.starts_at
    before = everything(app)
    path = personal_path(app, person, "/room")
    for query in ("", "?go=1", "?go"):
        page = client.get(path + query)
        assert "Refresh" not in page.headers
        assert ROOM not in page.text
    assert everything(app) == before


def test_press_before_the_door_opens_changes_nothing(
    app: Flask, client: FlaskClient, clock: FixedClock
) -> None:
    event = make_event(app, state="dispatched")
    person = make_registration(app, event)
    form = personal_path(app, person, "/cancel")  # any page with a token
    path = personal_path(app, person, "/room")
    answer = press(client, form, target=path)
    assert (answer.status_code, answer.location) == (303, path)
    assert attendance_of_person(app, person) is None


def test_moved_room_is_found_through_the_old_mail(
    app: Flask, client: FlaskClient, clock: FixedClock
) -> None:
    event = make_event(
        app, state="dispatched", room_url="https://bürger.example.org/a b".replace(" ", "%20")
    )
    person = make_registration(app, event)
    clock.moment = event.starts_at
    page = press(client, personal_path(app, person, "/room"))
    refresh = client.get(page.location).headers["Refresh"]
    assert refresh == "0; url=https://xn--brger-kva.example.org/a%20b"


def test_door_leads_to_the_questions_while_they_can_be_asked(
    app: Flask, client: FlaskClient, clock: FixedClock
) -> None:
    event = make_event(app, state="dispatched")
    person = make_registration(app, event)
    path = personal_path(app, person, "/room")
    ways = (EARLY, "Zu Ihrer Anmeldung"), (OPEN, "Zu Ihrer Anmeldung und Ihren Fragen")
    for after_start, words in (*ways, (END, "Zu Ihrer Anmeldung")):
        clock.moment = event.starts_at + after_start
        assert f">{words}</a>" in client.get(path).text
    clock.moment = event.starts_at
    press(client, path)
    assert ">Zu Ihrer Anmeldung und Ihren Fragen</a>" in client.get(f"{path}?go=1").text

"""A video service that fails at the door: people get dial-in and contact, the office an alarm."""

from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path
from urllib.parse import quote

import pytest
from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy import select

from ikone_events.config import Settings
from ikone_events.services.rooms.call_guard import CallGuard
from ikone_events.store.db import db, transaction
from ikone_events.store.events.models import Event
from ikone_events.store.mails.models import OutboxMail
from ikone_events.store.office.models import OfficeAlarm
from ikone_events.store.registering.models import Registration
from tests.accounts import make_account
from tests.attending import attendance_of_person
from tests.factories import (
    FixedClock,
    door_path,
    make_event,
    make_registration,
    make_settings,
    personal_path,
)
from tests.rows import work
from tests.services.office.office import office_mails
from tests.services.rooms.video_server import VideoServer, video_server
from tests.web.visitor import everything, press, token_of

ROOM = "video-server-marker"


@pytest.fixture
def server() -> Iterator[VideoServer]:
    with video_server() as started:
        yield started


@pytest.fixture
def settings(data_dir: Path, server: VideoServer) -> Settings:
    return make_settings(
        data_dir,
        bbb_url=server.url,
        bbb_secret="geheim",
        outgoing_hosts=("127.0.0.1",),
    )


@pytest.fixture
def event(app: Flask, clock: FixedClock) -> Event:
    values = {"room_provider": "bbb", "contact_phone": "+49 631 000 456", "room_pin": ""}
    made = make_event(app, state="dispatched", **values)
    clock.moment = made.starts_at - timedelta(minutes=5)
    return made


@pytest.fixture
def person(app: Flask, event: Event) -> Registration:
    return make_registration(app, event)


class Timer:
    def __init__(self, app: Flask) -> None:
        self.now = 0.0
        app.extensions["ikone_room_calls"] = CallGuard(self)

    def __call__(self) -> float:
        return self.now


@pytest.fixture
def timer(app: Flask) -> Timer:
    return Timer(app)


@dataclass(frozen=True)
class Scene:
    """What happens at a door: who presses, what the service does, what time it is."""

    app: Flask
    client: FlaskClient
    clock: FixedClock
    server: VideoServer
    timer: Timer


@pytest.fixture
def scene(app: Flask, clock: FixedClock, server: VideoServer, timer: Timer) -> Scene:
    return Scene(app, app.test_client(), clock, server, timer)


def alarm_mails(app: Flask) -> list[OutboxMail]:
    return [mail for mail in office_mails(app) if mail.kind == "office_alarm"]


def alarms_of(app: Flask) -> list[str]:
    with app.app_context():
        return list(db.session.scalars(select(OfficeAlarm.key)))


@pytest.mark.parametrize("path_of", [personal_path, door_path])
def test_failing_service_keeps_the_press_and_shows_another_way(
    scene: Scene, event: Event, person: Registration, path_of: type
) -> None:
    app, client, server = scene.app, scene.client, scene.server
    server.fails = True
    path = path_of(app, person) + ("/room" if path_of is personal_path else "")
    answer = press(client, path)
    assert (answer.status_code, answer.location) == (303, f"{path}?go=failed")
    assert attendance_of_person(app, person) == "attended"
    page = client.get(answer.location)
    assert page.status_code == 200
    assert 'data-door="unavailable"' in page.text
    for shown in (event.dial_in, event.contact_name, event.contact_email, event.contact_phone):
        assert shown in page.text
    assert "Noch einmal versuchen" in page.text
    assert f":{server.port}" not in page.text
    assert page.headers["Cache-Control"] == "no-store"
    in_english = client.get(answer.location + "&lang=en").text
    assert "Try to enter again" in in_english


def test_next_press_after_a_failure_asks_again_and_leads_on(
    app: Flask, client: FlaskClient, server: VideoServer, person: Registration, timer: Timer
) -> None:
    path = personal_path(app, person, "/room")
    server.fails = True
    press(client, path)
    server.fails = False
    assert press(client, path).location == f"{path}?go=failed"  # known, not asked again
    assert server.calls == 1
    timer.now += 11
    answer = press(client, f"{path}?go=failed", target=path)
    assert answer.location == f"{path}?go=1"
    page = client.get(answer.location)
    assert f"http://127.0.0.1:{server.port}/" in page.headers["Refresh"]
    assert 'data-door="enter"' in page.text


def test_office_is_notified_of_a_failing_service_once_until_it_works(
    scene: Scene, event: Event, person: Registration
) -> None:
    app, client, server = scene.app, scene.client, scene.server
    make_account(app)
    path = personal_path(app, person, "/room")
    server.fails = True
    for _ in range(3):
        press(client, path)
        scene.timer.now += 11
        scene.clock.move(minutes=1)
        work(app)
    (mail,) = alarm_mails(app)
    assert mail.subject == f"Dringend, Videoraum prüfen: {event.title}"
    assert f"/organise/events/{event.slug}/to-do/room_unreachable" in mail.text
    server.fails = False
    press(client, path)
    assert alarms_of(app) == []
    work(app)
    assert len(alarm_mails(app)) == 1
    scene.timer.now += 31
    scene.clock.move(minutes=1)
    server.fails = True
    press(client, path)
    assert len(alarm_mails(app)) == 2


def test_alarm_ends_with_the_event_and_with_another_room(scene: Scene, event: Event) -> None:
    app, client, server = scene.app, scene.client, scene.server
    make_account(app)
    server.fails = True
    path = personal_path(app, make_registration(app, event), "/room")
    press(client, path)
    assert len(alarms_of(app)) == 1
    with app.app_context(), transaction():
        db.session.get_one(Event, event.id).room_provider = "link"
    scene.clock.move(minutes=1)
    work(app)
    assert alarms_of(app) == []
    with app.app_context(), transaction():
        db.session.get_one(Event, event.id).room_provider = "bbb"
    scene.timer.now += 11
    press(client, path)
    assert len(alarms_of(app)) == 1
    scene.clock.moment = event.ends_at
    work(app)
    assert alarms_of(app) == []


def test_presses_while_the_room_is_opened_wait_on_a_page_and_not_in_a_thread(
    app: Flask, clock: FixedClock, server: VideoServer, event: Event
) -> None:
    people = [make_registration(app, event) for _ in range(12)]
    paths = [personal_path(app, each, "/room") for each in people]
    server.fall_silent()
    with ThreadPoolExecutor(1) as first:
        making = first.submit(press, app.test_client(), paths[0])
        assert server.asked.wait(60)
        for path in paths[1:]:
            client = app.test_client()
            answer = press(client, path)
            assert answer.location == f"{path}?go=opening"
        assert client.get(f"/events/{event.slug}").status_code == 200
        server.speak()
        assert making.result().location == f"{paths[0]}?go=1"
    assert server.calls == 1
    assert [attendance_of_person(app, each) for each in people] == ["attended"] * 12
    page = client.get(answer.location)
    assert 'data-door="enter"' in page.text


def test_page_of_an_unfinished_opening_looks_again_and_stops_by_itself(
    app: Flask, client: FlaskClient, event: Event, person: Registration
) -> None:
    """As in a process that knows nothing of the call: no provider is set up in its place."""
    path = personal_path(app, person, "/room")
    press(client, path)
    with app.app_context(), transaction():
        db.session.get_one(Event, event.id).room_provider = "jitsi"
    seen, address = [], f"{path}?go=opening"
    while "Refresh" in (page := client.get(address)).headers:
        assert 'data-door="opening"' in page.text
        seconds, _, address = page.headers["Refresh"].partition("; url=")
        seen.append(int(seconds))
    assert 'data-door="unavailable"' in page.text
    assert 0 < sum(seen) <= 10


def test_looking_asks_no_provider_and_changes_nothing(scene: Scene, person: Registration) -> None:
    """So late that nobody knows any more whether the room is there."""
    path = personal_path(scene.app, person, "/room")
    press(scene.client, path)
    scene.clock.move(minutes=10)
    scene.timer.now += 3600
    calls, before = scene.server.calls, everything(scene.app)
    for query in ("", "?go=1", "?go=failed", "?go=opening", "?go=opening&looks=99", "?wait=1"):
        scene.client.get(path + query)
        scene.client.head(path + query)
    assert scene.server.calls == calls
    assert everything(scene.app) == before
    press(scene.client, path)
    assert scene.server.calls == calls + 1


def test_name_is_passed_on_as_the_person_wishes(
    app: Flask, client: FlaskClient, person: Registration
) -> None:
    path = personal_path(app, person, "/room")
    page = client.get(path)
    assert 'name="guest"' in page.text
    token = token_of(page)
    named = client.post(path, data={"csrf_token": token}, follow_redirects=True)
    assert "fullName=Maria" in named.headers["Refresh"]
    hidden = client.post(path, data={"csrf_token": token, "guest": "1"}, follow_redirects=True)
    assert "fullName=Gast" in hidden.headers["Refresh"]
    assert person.last_name not in hidden.headers["Refresh"]


def test_link_of_a_calendar_names_nobody_but_whom_the_visitor_types(
    app: Flask, client: FlaskClient, person: Registration
) -> None:
    path = door_path(app, person)
    token = token_of(client.get(path))
    whole = quote("x" * 62 + "…&", safe="&")  # no torn emoji
    for typed, passed_on in (
        ("", "Gast"),
        ("  Lea\r\n Vertretung " + "x" * 200, "Lea+Vertretung+x"),
        ("x" * 62 + "👋🏽👋🏽", whole),
    ):
        form = {"csrf_token": token, "name": typed}
        answer = client.post(path, data=form)
        assert answer.location == f"{path}?go=1"  # the name is in no address of ours
        page = client.get(answer.location)
        assert f"fullName={passed_on}" in page.headers["Refresh"]
        assert "Maria" not in page.text
        assert person.last_name not in page.text

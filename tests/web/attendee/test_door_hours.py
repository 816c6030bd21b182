"""When the door opens and closes: clock changes, moved dates, late people, two devices, crowds."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest
from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy import select

from ikone_events.config import Settings
from ikone_events.domain.times import remaining_words
from ikone_events.store.db import db, transaction
from ikone_events.store.events.models import Event
from ikone_events.store.rooms.models import AttendanceRecord
from tests.factories import (
    FixedClock,
    door_path,
    make_event,
    make_material,
    make_registration,
    personal_path,
)
from tests.web.attendee.test_room import ROOM, make_press
from tests.web.visitor import Queries, press, token_of

SECOND, HOUR = timedelta(seconds=1), timedelta(hours=1)


def door(client: FlaskClient, path: str) -> str:
    page = client.get(path)
    return page.text.partition('data-door="')[2].partition('"')[0]


# Local times of the nights in which the clocks change, and what they are in UTC.
NIGHTS = [
    # 1:30 to 4:00 in summer time is an hour and a half; 2:30 does not exist.
    (datetime(2026, 3, 29, 0, 30, tzinfo=UTC), datetime(2026, 3, 29, 2, 0, tzinfo=UTC), "1:15"),
    # 2:30 occurs twice; this is the second one, in winter time.
    (datetime(2026, 10, 25, 1, 30, tzinfo=UTC), datetime(2026, 10, 25, 3, 0, tzinfo=UTC), "2:15"),
    # The first one, in summer time.
    (datetime(2026, 10, 25, 0, 30, tzinfo=UTC), datetime(2026, 10, 25, 3, 0, tzinfo=UTC), "2:15"),
]


@pytest.mark.parametrize("night", NIGHTS)
def test_door_keeps_its_hours_in_the_nights_of_the_clock_changes(
    app: Flask, client: FlaskClient, clock: FixedClock, night: tuple[datetime, datetime, str]
) -> None:
    starts_at, ends_at, opens = night
    event = make_event(app, state="dispatched", starts_at=starts_at, ends_at=ends_at)
    path = personal_path(app, make_registration(app, event), "/room")
    moments = {
        starts_at - timedelta(minutes=15) - SECOND: "waiting",
        starts_at - timedelta(minutes=15): "open",
        starts_at: "open",
        ends_at + timedelta(minutes=30) - SECOND: "open",
        ends_at + timedelta(minutes=30): "over",
    }
    for moment, expected in moments.items():
        clock.moment = moment
        assert door(client, path) == expected, moment
    clock.moment = starts_at - HOUR
    page = client.get(path).text.replace("\xa0", " ")
    assert f"{opens} Uhr" in page
    assert "Das ist in 45 Minuten." in page


def test_door_moves_with_the_date(app: Flask, client: FlaskClient, clock: FixedClock) -> None:
    event = make_event(app, state="dispatched")
    path = personal_path(app, make_registration(app, event), "/room")
    clock.moment = event.starts_at
    assert door(client, path) == "open"
    later = timedelta(days=7)
    with app.app_context(), transaction():
        stored = db.session.get_one(Event, event.id)
        stored.starts_at, stored.ends_at = event.starts_at + later, event.ends_at + later
    assert door(client, path) == "waiting"
    assert press(client, path.replace("/room", "/cancel"), target=path).location == path
    clock.moment += later
    assert door(client, path) == "open"


def test_whoever_registers_late_comes_in(
    app: Flask, client: FlaskClient, clock: FixedClock
) -> None:
    event = make_event(app, state="dispatched")
    clock.moment = event.starts_at + HOUR
    late = make_registration(app, event, registered_at=clock.moment, status_at=clock.moment)
    answer = press(client, personal_path(app, late, "/room"))
    assert ROOM in client.get(answer.location).text


def test_two_devices_and_second_presses_are_one_attendance(
    app: Flask, client: FlaskClient, clock: FixedClock
) -> None:
    event = make_event(app, state="dispatched")
    person = make_registration(app, event)
    clock.moment = first = event.starts_at
    for path in (personal_path(app, person, "/room"), door_path(app, person)) * 2:
        assert press(app.test_client(), path).location == f"{path}?go=1"
        clock.move(minutes=3)
    with app.app_context():
        (row,) = db.session.scalars(select(AttendanceRecord))
        assert row.door_at == first


def test_who_comes_back_after_the_planned_end_gets_in(
    app: Flask, client: FlaskClient, clock: FixedClock
) -> None:
    event = make_event(app, state="dispatched")
    path = personal_path(app, make_registration(app, event), "/room")
    clock.moment = event.ends_at + timedelta(minutes=10)
    page = client.get(path).text.replace("\xa0", " ")
    assert "Das geplante Ende ist vorbei" in page
    assert "bis 12:30 Uhr dazukommen" in page
    assert press(client, path).location == f"{path}?go=1"
    clock.moment = event.ends_at + timedelta(minutes=30)
    assert door(client, f"{path}?go=1") == "over"


def test_press_after_the_door_has_closed_changes_nothing(
    app: Flask, client: FlaskClient, clock: FixedClock
) -> None:
    event = make_event(app, state="dispatched")
    path = personal_path(app, make_registration(app, event), "/room")
    clock.moment = event.starts_at
    token = token_of(client.get(path))
    clock.moment = event.ends_at + timedelta(minutes=30)
    answer = client.post(path, data={"csrf_token": token})
    assert (answer.status_code, answer.location) == (303, path)
    with app.app_context():
        assert db.session.scalars(select(AttendanceRecord)).all() == []


def test_waiting_page_reloads_itself_only_when_asked(
    app: Flask, client: FlaskClient, clock: FixedClock
) -> None:
    event = make_event(app, state="dispatched")
    path = personal_path(app, make_registration(app, event), "/room")
    opens_at = event.starts_at - timedelta(minutes=15)
    clock.moment = opens_at - timedelta(minutes=12)
    page = client.get(path)
    assert "Refresh" not in page.headers
    assert f'href="{path}?wait=1"' in page.text
    reloading = client.get(f"{path}?wait=1")
    assert reloading.headers["Refresh"] == f"60; url={path}?wait=1"
    assert f'href="{path}"' in reloading.text  # the way to stop it
    clock.moment = opens_at - timedelta(seconds=20)
    assert client.get(f"{path}?wait=1").headers["Refresh"] == f"21; url={path}?wait=1"
    clock.moment = opens_at
    assert "Refresh" not in client.get(f"{path}?wait=1").headers
    clock.moment = opens_at - 2 * HOUR
    assert "Refresh" not in client.get(f"{path}?wait=1").headers


def test_pin_is_shown_to_whoever_may_enter_now(
    app: Flask, client: FlaskClient, clock: FixedClock
) -> None:
    event = make_event(app, state="dispatched", room_pin="4711-0815")
    person = make_registration(app, event)
    waiting = make_registration(app, event, status="waitlisted")
    for clock.moment, shown in ((event.starts_at - HOUR, False), (event.starts_at, True)):
        for path in (personal_path(app, person, "/room"), door_path(app, person)):
            assert ("4711-0815" in client.get(path).text) == shown
        assert "4711-0815" not in client.get(personal_path(app, waiting, "/room")).text
    clock.moment = event.ends_at + HOUR
    assert "4711-0815" not in client.get(personal_path(app, person, "/room")).text


def test_door_shows_materials_once_they_are_released(
    app: Flask, client: FlaskClient, clock: FixedClock
) -> None:
    event = make_event(app, state="dispatched")
    mine = make_material(app, event, title="Folien für alle Angemeldeten")
    public = make_material(app, event, title="Öffentliches Faltblatt", visibility="public")
    person = make_registration(app, event)
    own, calendar = personal_path(app, person, "/room"), door_path(app, person)
    clock.moment = event.ends_at + HOUR
    for path in (own, calendar):
        page = client.get(path).text
        assert "Folien und Links folgen" in page
        assert public.title not in page
    with app.app_context(), transaction():
        db.session.get_one(Event, event.id).state = "followed_up"
    page = client.get(own).text
    assert mine.title in page
    assert public.title in page
    page = client.get(calendar).text
    assert mine.title not in page
    assert public.title in page
    assert "/r/" not in page
    make_press(app, person)
    assert "Danke, dass Sie dabei waren" in client.get(own).text
    assert "Danke" not in client.get(calendar).text


def test_press_costs_few_statements(app: Flask, client: FlaskClient, clock: FixedClock) -> None:
    event = make_event(app, state="dispatched")
    person = make_registration(app, event)
    clock.moment = event.starts_at
    path = personal_path(app, person, "/room")
    token = token_of(client.get(path))
    with Queries(app) as queries:
        client.post(path, data={"csrf_token": token})
    assert not [each for each in queries.statements if "UPDATE event" in each]
    assert len(queries.statements) <= 2, queries.statements  # and the plain one that reads
    with Queries(app) as queries:
        assert ROOM in client.get(f"{path}?go=1").text
    assert queries.statements == []


@pytest.mark.parametrize("locale", ["de", "en"])
def test_remaining_time_is_shown_in_words(locale: str) -> None:
    expected = {
        timedelta(seconds=5): ("in 1 Minute", "in 1 minute"),
        timedelta(minutes=12, seconds=1): ("in 13 Minuten", "in 13 minutes"),
        timedelta(minutes=90): ("in 90 Minuten", "in 90 minutes"),
        timedelta(hours=3): ("in 3 Stunden", "in 3 hours"),
        timedelta(days=4): ("in 4 Tagen", "in 4 days"),
    }
    found = {left: remaining_words(left, locale=locale) for left in expected}
    assert found == {left: words[locale == "en"] for left, words in expected.items()}


class TestCrowd:
    """With limits of rates, which other tests run without."""

    @pytest.fixture
    def settings(self, settings: Settings) -> Settings:
        return replace(settings, rate_limits=True)

    def test_town_hall_behind_one_address_comes_in_within_a_minute(
        self, app: Flask, clock: FixedClock
    ) -> None:
        event = make_event(app, state="dispatched", capacity=None)
        people = [make_registration(app, event) for _ in range(100)]
        clock.moment = event.starts_at
        client = app.test_client()
        token = token_of(client.get(personal_path(app, people[0], "/room")))
        answers = [
            client.post(path, data={"csrf_token": token})
            for path in (personal_path(app, person, "/room") for person in people)
        ]
        assert {answer.status_code for answer in answers} == {303}
        assert all(answer.location.endswith("?go=1") for answer in answers)

    def test_one_person_who_presses_without_pause_has_to_wait(
        self, app: Flask, client: FlaskClient, clock: FixedClock
    ) -> None:
        event = make_event(app, state="dispatched")
        clock.moment = event.starts_at
        path = personal_path(app, make_registration(app, event), "/room")
        token = token_of(client.get(path))
        codes = [client.post(path, data={"csrf_token": token}).status_code for _ in range(25)]
        assert (codes[0], codes[-1]) == (303, 429)

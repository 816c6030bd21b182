"""Calls that an office gets on the day: each is answered within four presses from *Heute*."""

from collections.abc import Iterator
from datetime import timedelta

import pytest
from playwright.sync_api import Browser
from sqlalchemy import select

from ikone_events.store.events.models import Event
from ikone_events.store.rooms.models import AttendanceRecord
from tests.factories import NOW, TODAY
from tests.journeys.installation import running
from tests.journeys.people import ROOM, log_in, window
from tests.journeys.presses import Desk, Office

pytestmark = [pytest.mark.browser, pytest.mark.slow]

MEETING = {
    "state": "dispatched",
    "starts_at": NOW - timedelta(minutes=10),
    "ends_at": NOW + timedelta(minutes=50),
    "room_url": ROOM,
    "dial_in": "0631 4711, PIN 22",
}


@pytest.fixture
def office(browser: Browser, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Office]:
    """A meeting that runs, and an event on site today."""
    with running(tmp_path_factory.mktemp("day") / "data") as started, window(browser) as page:
        log_in(page, started.url)
        yield Office(started, Desk(page, started.url))


@pytest.fixture
def meeting(office: Office) -> Event:
    return office.event("Rundruf", "Ahorn", "Birke", **MEETING)


@pytest.fixture
def on_site(office: Office) -> Event:
    return office.event("Werkstatt", "Buche", "Linde", **TODAY)


def test_who_is_there_already_and_how_to_get_in_by_phone(office: Office, meeting: Event) -> None:
    office.desk.begin()
    office.desk.press("Live-Ansicht öffnen")
    assert "0 von 2 sind da" in office.desk.reads()
    assert "0631 4711, PIN 22" in office.desk.reads()
    assert office.desk.presses == 1


def test_caller_does_not_find_the_link(office: Office, meeting: Event) -> None:
    office.desk.begin()
    office.desk.search("Ahorn")
    office.desk.press("Zugangslink erneut senden")
    assert office.desk.presses == 2
    (mail,) = office.at.mails_to(f"ahorn@{meeting.slug}.example.org", number=1)
    assert "/room" in mail.text


def test_somebody_has_no_ticket_with_them(office: Office, on_site: Event) -> None:
    office.desk.begin()
    office.desk.press("Einlass öffnen")
    office.desk.press_here("Einlass", within="li:has-text('Buche')")
    office.desk.reads_soon("1 von 2")
    assert office.desk.presses == 2
    assert len(office.rows(select(AttendanceRecord))) == 1


def test_room_has_changed(office: Office, meeting: Event) -> None:
    office.desk.begin()
    office.desk.press("Live-Ansicht öffnen")
    office.desk.press("Videoraum ändern")
    office.desk.type(room_url="https://video.example.org/raum-8")
    office.desk.press("Link speichern", within="#room")
    assert office.desk.presses == 3
    assert office.stored(meeting).room_url == "https://video.example.org/raum-8"


def test_video_service_is_gone(office: Office, meeting: Event) -> None:
    """A new dial-in is mailed to everybody, and the page states it at once."""
    office.desk.begin()
    office.desk.press("Live-Ansicht öffnen")
    office.desk.press("Videoraum ändern")
    office.desk.press_here("Einwahl", within="#room")
    office.desk.type(dial_in="0631 4712")
    office.desk.press("Link speichern", within="#room")
    assert office.desk.presses == 4
    assert "bekommen bis zu 2 Personen eine E-Mail" in office.desk.reads()
    (mail,) = office.at.mails_to(f"ahorn@{meeting.slug}.example.org", number=1)
    assert "0631 4712" in mail.text


def test_somebody_comes_without_a_registration(office: Office, on_site: Event) -> None:
    office.desk.begin()
    office.desk.press("Einlass öffnen")
    office.desk.press("Person eintragen")
    assert office.desk.presses == 2

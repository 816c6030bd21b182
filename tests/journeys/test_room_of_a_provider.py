"""A room of a provider: from its settings in the browser to the minutes in the export.

The provider is a server on loopback that verifies each signature; between it and us is the client
of the product.
"""

import json
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import timedelta
from pathlib import Path
from threading import Event as Signal
from urllib.parse import urlsplit

import pytest
from playwright.sync_api import Browser, Page, Route, expect

from ikone_events.domain.events.lifecycle import Action
from ikone_events.domain.registering.registration import Attendance
from ikone_events.services.accounts.organisers import NewOrganiser, add
from ikone_events.services.events.transitions import Request, perform
from ikone_events.services.rooms.entering import visitor_of
from ikone_events.store.db import db, transaction
from ikone_events.store.events.models import Event
from ikone_events.store.registering.models import Registration
from ikone_events.store.rooms.attendance import attendances
from ikone_events.store.rooms.models import AttendanceRecord
from ikone_events.worker.watching import RoomWatcher
from tests.browser import collect_problems
from tests.browser import log_in as sign_in
from tests.factories import NOW, make_event, make_registration, make_speaker, speaker_path
from tests.journeys.installation import PASSWORD, Installation, running
from tests.journeys.mails import door_link, entry_of
from tests.journeys.people import unfold
from tests.patience import wait_for
from tests.rooms import bbb_server, jitsi_server
from tests.rooms.bbb_server import BbbServer
from tests.rooms.jitsi_server import JitsiServer, made_token

pytestmark = [pytest.mark.browser, pytest.mark.slow]

ADMIN = "ada.verwaltung@example.org"
ANNA, KAI = "anna.groesser@bendorf.example.org", "kai.klein@bendorf.example.org"


@pytest.fixture
def bbb() -> Iterator[BbbServer]:
    with bbb_server.bbb_server() as server:
        yield server


@pytest.fixture
def jitsi() -> Iterator[JitsiServer]:
    with jitsi_server.jitsi_server() as server:
        yield server


@pytest.fixture
def installation(tmp_path: Path) -> Iterator[Installation]:
    with running(tmp_path / "data", outgoing_hosts=("localhost",)) as started:
        with started.app.app_context(), transaction():
            admin = NewOrganiser(email=ADMIN, role="admin", name="Ada V.", password=PASSWORD)
            add(admin, now=NOW)
        yield started


class Person:
    """A browser; `entered` are the addresses of rooms to which it was led."""

    def __init__(self, page: Page, room: str) -> None:
        self.page, self.room = page, room
        self.entered: list[str] = []
        page.context.route(f"{room}**", self._take)

    def _take(self, route: Route) -> None:
        if urlsplit(route.request.url).path.endswith("/favicon.ico"):
            route.fulfill(status=204)
            return
        self.entered.append(route.request.url)
        route.fulfill(body="the video room")

    def enter(self, link: str, *, name: str = "") -> str:
        """Press at a door; returns the address of the room."""
        self.page.goto(link)
        assert self.page.get_attribute("main", "data-door") == "open"
        assert self.room not in self.page.content()
        if name:
            self.page.fill("main [name=name]", name)
        self.page.click("main form button")
        self.page.wait_for_url(f"{self.room}**")
        return self.entered[-1]


@contextmanager
def person(browser: Browser, room: str) -> Iterator[Person]:
    """A German browser without history. Any complaint of a page fails the journey."""
    context = browser.new_context(locale="de-DE", viewport={"width": 390, "height": 844})
    page = context.new_page()
    problems = collect_problems(page)
    try:
        yield Person(page, room)
        assert [each for each in problems if room not in each] == []
    finally:
        context.close()


def set_up(team: Page, home: str, kind: str, **values: str) -> None:
    """Type the settings and check the connection."""
    page = f"{home}/organise/settings/rooms"
    team.goto(page)
    form = f"form.form:has(input[value={kind}])"
    for name, value in values.items():
        team.fill(f"{form} [name={kind}-{name}]", value)
    team.click(f"{form} button")
    expect(team.locator("main")).to_contain_text("Gespeichert")
    team.goto(page)
    assert values["secret"] not in team.content()
    team.click(f"form[action$='/check']:has(input[value={kind}]) button")
    expect(team.locator("main")).to_contain_text("die Verbindung funktioniert")


def choose(team: Page, url: str, event: Event, kind: str) -> None:
    """Choose what makes the room, among the details of the event."""
    team.goto(f"{url}/organise/events/{event.slug}/edit")
    unfold(team)
    team.select_option("[name=room_provider]", kind)
    team.click("main form[data-guard] button[type=submit]")
    team.wait_for_selector("main .step")


def letters(installation: Installation, event: Event) -> tuple[str, str]:
    """Anna's door from her mail, and Kai's from his calendar entry."""
    app = installation.app
    with app.app_context(), transaction():
        perform(
            event.slug, Request(action=Action.DISPATCH, actor="W. O."), now=installation.clock()
        )
    (mine,) = installation.mails_to(ANNA, number=1)
    (his,) = installation.mails_to(KAI, number=1)
    return door_link(mine.text), entry_of(his).url


def minutes_of(installation: Installation, someone: Registration) -> int | None:
    with installation.app.app_context():
        row = db.session.get(AttendanceRecord, someone.id)
        return row.minutes if row else None


def looks(installation: Installation, number: int, seen: Callable[[], bool]) -> None:
    """So many minutes pass; the embedded engine may be faster than we are."""
    watcher = RoomWatcher(installation.app, Signal())
    for _minute in range(number):
        installation.clock.move(minutes=1)
        watcher.look_around()
        wait_for(seen)


def test_bigbluebutton_from_its_settings_to_the_minutes_of_everybody(
    browser: Browser, installation: Installation, bbb: BbbServer
) -> None:
    app, url, clock = installation.app, installation.url, installation.clock
    event = make_event(app, slug="sensoren", state="closed", room_url="", room_provider="link")
    anna = make_registration(app, event, email=ANNA, last_name="Größer-Geheim")
    kai = make_registration(app, event, email=KAI, last_name="Klein-Geheim")
    speaker = make_speaker(app, event, name="Dr. Ada Vortrag")
    with (
        person(browser, bbb.address) as team,
        person(browser, bbb.address) as annas,
        person(browser, bbb.address) as kais,
        person(browser, bbb.address) as adas,
    ):
        sign_in(team.page, ADMIN, PASSWORD, address=url)
        set_up(team.page, url, "bbb", url=bbb.address, secret=bbb.secret)
        choose(team.page, url, event, "bbb")
        bbb.calls.clear()
        by_mail, by_calendar = letters(installation, event)
        assert bbb.calls == []  # neither a mail nor a calendar entry needs the room
        clock.moment = event.starts_at - timedelta(minutes=10)

        received = bbb.enter(adas.enter(url + speaker_path(app, speaker)))
        assert (received["role"], received["fullName"]) == ("MODERATOR", "Dr. Ada Vortrag")
        hers = annas.enter(by_mail)
        assert bbb.enter(hers)["role"] == "VIEWER"
        assert "Größer-Geheim" in next(iter(bbb.meetings.values())).listed[opaque(app, anna)][0]
        his = kais.enter(by_calendar, name="Lea in Vertretung")
        assert bbb.enter(his)["fullName"] == "Lea in Vertretung"
        assert bbb.names().count("create") == 1  # known for all who come after

        looks(installation, 31, lambda: seen_now(installation, anna, kai))
        assert [minutes_of(installation, each) for each in (anna, kai)] == [30, 30]
        clock.moment = event.ends_at + timedelta(minutes=5)
        assert report(installation, bbb, {opaque(app, anna): 6600, opaque(app, kai): 3000}) == 204
        assert [minutes_of(installation, each) for each in (anna, kai)] == [110, 50]

        sign_in(team.page, ADMIN, PASSWORD, address=url)  # the session has ended meanwhile
        team.page.goto(f"{url}/organise/events/{event.slug}/attendance")
        listed = team.page.inner_text("main")
        assert "110 Minuten im Raum" in listed
        assert "50 Minuten im Raum" in listed
        assert "Vortrag" not in team.page.inner_text(".ticks")
        table = team.page.request.get(f"{url}/organise/events/{event.slug}/registrations.csv")
        assert table.status == 200, table.text()
        rows = [line for line in table.text().splitlines() if "-Geheim" in line]
        assert [("110" in row, "50" in row) for row in rows] == [(True, False), (False, True)]
    with app.app_context():
        came = attendances(db.session.get_one(Event, event.id), clock())
        assert {each.attendance for each in came.values()} == {Attendance.ATTENDED}
        assert len(came) == 2


def opaque(app: object, someone: Registration) -> str:
    with app.app_context():  # type: ignore[attr-defined]
        return visitor_of(someone).opaque_id


def seen_now(installation: Installation, *people: Registration) -> bool:
    with installation.app.app_context():
        rows = [db.session.get(AttendanceRecord, each.id) for each in people]
        return all(row is not None and row.seen_at == installation.clock() for row in rows)


def report(installation: Installation, bbb: BbbServer, seconds: dict[str, int]) -> int:
    """What the server posts after the end, to the address that it was given."""
    (key, meeting), *_ = bbb.meetings.items()
    body = {
        "version": "1.0",
        "meeting_id": key,
        "internal_meeting_id": f"640ab2bae07bedc4c163f679a746f7ab7fb5d1fa-{meeting.session}",
        "data": {
            "duration": 7200,
            "attendees": [
                {"ext_user_id": who, "name": "x", "moderator": False, "duration": lasted}
                for who, lasted in seconds.items()
            ],
        },
    }
    address = meeting.parameters["meta_analytics-callback-url"]
    expires = int((installation.clock() + timedelta(hours=1)).timestamp())
    answer = installation.app.test_client().post(
        urlsplit(address).path,
        data=json.dumps(body),
        headers={"Authorization": f"Bearer {made_token({'exp': expires}, bbb.secret)}"},
        content_type="application/json",
    )
    return answer.status_code


def test_jitsi_from_its_settings_to_the_press_that_is_attendance(
    browser: Browser, installation: Installation, jitsi: JitsiServer
) -> None:
    app, url, clock = installation.app, installation.url, installation.clock
    event = make_event(app, slug="offen", state="closed", room_url="", room_provider="link")
    anna = make_registration(app, event, email=ANNA, last_name="Größer-Geheim")
    kai = make_registration(app, event, email=KAI)
    speaker = make_speaker(app, event, name="Dr. Ada Vortrag")
    with person(browser, jitsi.address) as team, person(browser, jitsi.address) as phone:
        sign_in(team.page, ADMIN, PASSWORD, address=url)
        keys = {"app_id": jitsi_server.APP_ID, "secret": jitsi_server.SECRET}
        set_up(team.page, url, "jitsi", url=jitsi.address, **keys)
        choose(team.page, url, event, "jitsi")
        by_mail, by_calendar = letters(installation, event)
        clock.moment = event.starts_at - timedelta(minutes=10)
        jitsi.calls.clear()
        ada = jitsi.enter(phone.enter(url + speaker_path(app, speaker)), clock())
        mine = jitsi.enter(phone.enter(by_mail), clock())
        his = jitsi.enter(phone.enter(by_calendar, name="Lea"), clock())
    assert [each.get("moderator") for each in (ada, mine, his)] == ["true", "false", "false"]
    assert (ada["name"], his["name"]) == ("Dr. Ada Vortrag", "Lea")
    assert "Größer-Geheim" in mine["name"]
    with app.app_context():
        came = attendances(db.session.get_one(Event, event.id), clock())
    assert {number: each.attendance for number, each in came.items()} == {
        anna.id: Attendance.ATTENDED,
        kai.id: Attendance.ATTENDED,
    }
    assert [minutes_of(installation, each) for each in (anna, kai)] == [None, None]

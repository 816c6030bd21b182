"""The day of an event on site: helpers with phone, scanner and camera check people in."""

import json
import re
import shutil
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest
from flask import Flask
from playwright.sync_api import Browser, Page, Route, expect
from sqlalchemy import func, select

from ikone_events.store.db import db
from ikone_events.store.events.models import Event
from ikone_events.store.registering.models import Registration
from ikone_events.store.rooms.models import AttendanceRecord, CheckInPress
from tests.accounts import make_account
from tests.browser import ARGUMENTS, PATIENCE_MS, collect_problems
from tests.effort import by_night
from tests.factories import TODAY, check_in_path, make_event, make_registration
from tests.journeys.installation import ORGANISER, PASSWORD, Installation
from tests.video import write_film

pytestmark = [pytest.mark.browser, pytest.mark.slow]

DOOR = "tina.tuere@example.org"
PHONE = {"width": 390, "height": 844}
DESKTOP = {"width": 1280, "height": 900}


@contextmanager
def helper(
    browser: Browser, installation: Installation, email: str, window: Any, **device: Any
) -> Iterator[Page]:
    """A window of its own in which somebody has logged in."""
    context = browser.new_context(locale="de-DE", viewport=window, **device)
    page = context.new_page()
    log_in(page, installation.url, email)
    try:
        yield page
    finally:
        context.close()


def log_in(page: Page, url: str, email: str) -> None:
    page.goto(f"{url}/login")
    page.fill("[name=email]", email)
    page.fill("[name=password]", PASSWORD)
    page.click("main form button[type=submit]")
    page.wait_for_url(re.compile("/organise/"))


def on_the_day(installation: Installation, number: int) -> tuple[Event, list[Registration]]:
    """An event of today with so many people, and a helper at its door."""
    app = installation.app
    event = make_event(app, slug="vor-ort", title="Glasfaser vor Ort", **TODAY)
    people = [make_registration(app, event, last_name=f"Gast{n:02}") for n in range(number)]
    make_account(app, DOOR, "door", only=(event.slug,), name="Tina Türe")
    return event, people


def scan(page: Page, code: str) -> None:
    """As a scanner with a cable: it types into whatever has the focus, and presses Enter."""
    page.wait_for_function("document.activeElement.id === 'typed'")
    page.keyboard.insert_text(code)
    page.keyboard.press("Enter")


def helpers_of(app: Flask) -> Counter[str]:
    """How many people each helper has let in."""
    with app.app_context():
        rows = db.session.execute(
            select(AttendanceRecord.stated_by, func.count())
            .where(AttendanceRecord.stated == "attended")
            .group_by(AttendanceRecord.stated_by)
        )
        return Counter({row[0]: row[1] for row in rows})


def waiting(page: Page) -> list[dict[str, Any]]:
    """What the page keeps in the browser."""
    kept = page.evaluate("Object.values(localStorage)")
    return json.loads(kept[0]) if kept else []


def test_two_helpers_check_everybody_in(browser: Browser, installation: Installation) -> None:
    """Sixty people, by day twenty."""
    each, few = by_night((25, 5), (8, 2))
    same = 2 * each
    camera = same + few
    event, people = on_the_day(installation, camera + few)
    codes = [installation.url + check_in_path(installation.app, person) for person in people]
    path = f"{installation.url}/organise/events/{event.slug}/check-in"
    with (
        helper(browser, installation, ORGANISER, DESKTOP) as desk,
        helper(browser, installation, DOOR, PHONE) as phone,
    ):
        problems = [*collect_problems(desk), *collect_problems(phone)]
        expect(phone.locator("main")).to_have_attribute("data-page", "entrances")
        phone.get_by_role("link", name="Einlass öffnen").click()
        desk.goto(path)
        for number in range(each):  # both at once, each their own
            scan(
                desk,
                codes[number].upper().replace(codes[number].rpartition("/")[2].upper(), "")
                + codes[number].rpartition("/")[2],
            )
            name = people[each + number].last_name
            phone.fill("#typed", name)
            phone.locator("#entry-missing li:visible button").click()
            expect(desk.locator(".arrived h2")).to_have_text(f"Maria {people[number].last_name}")
            expect(phone.locator(".arrived h2")).to_have_text(f"Maria {name}")
        for number in range(same, camera):  # both at once the same person
            scan(desk, codes[number])
            phone.fill("#typed", codes[number])
            phone.press("#typed", "Enter")
            for page in (desk, phone):
                wanted = f"Maria {people[number].last_name}"
                expect(page.locator(".arrived h2")).to_have_text(wanted)
            again = sum(page.locator("[data-checked-in]").count() for page in (desk, phone))
            assert again == 1, "one of both reads that the person was in already"
        for number in range(camera, camera + few):  # by the phone's camera, which opens the address
            phone.goto(codes[number])
            phone.get_by_role("button", name="Einlass").click()
            expect(phone.locator(".arrived")).to_contain_text("eingelassen von Tina Türe")
        desk.goto(path)
        expect(desk.locator("#inside")).to_have_text(f"{len(people)} von {len(people)} sind da")
        expect(desk.locator("#entry-missing")).to_contain_text("Alle sind da")
        assert problems == []
    found = helpers_of(installation.app)
    assert sum(found.values()) == len(people)
    assert found["Wilma Organisaria"] >= each
    assert found["Tina Türe"] >= each + few


def test_second_scan_and_undo_are_shown_to_both(
    browser: Browser, installation: Installation
) -> None:
    event, people = on_the_day(installation, 2)
    code = check_in_path(installation.app, people[0])
    path = f"{installation.url}/organise/events/{event.slug}/check-in"
    with (
        helper(browser, installation, ORGANISER, DESKTOP) as desk,
        helper(browser, installation, DOOR, PHONE) as phone,
    ):
        desk.goto(path)
        phone.goto(path)
        scan(desk, code)
        expect(desk.locator(".arrived")).to_contain_text("Ist da")
        phone.fill("#typed", code)
        phone.press("#typed", "Enter")
        expect(phone.locator("[data-checked-in]")).to_contain_text(
            re.compile(r"Da seit 10:00\sUhr, eingelassen von Wilma Organisaria")
        )
        phone.get_by_role("button", name="Zurücknehmen").click()
        expect(phone.locator("#entry-result")).to_contain_text("ist nicht da")
        expect(phone.locator("#inside")).to_have_text("0 von 2 sind da")
        desk.get_by_role("button", name="Zurücknehmen").click()
        expect(desk.locator("#entry-result")).to_contain_text("ist nicht eingelassen")
    assert helpers_of(installation.app) == Counter()


def test_keyboard_of_a_phone_goes_on_at_the_answer(
    browser: Browser, installation: Installation
) -> None:
    event, people = on_the_day(installation, 2)
    touch = {"has_touch": True, "is_mobile": True}
    with helper(browser, installation, DOOR, PHONE, **touch) as phone:
        phone.goto(f"{installation.url}/organise/events/{event.slug}/check-in")
        assert phone.evaluate("!matchMedia('(pointer: fine)').matches")
        phone.locator("#entry-missing button").first.press("Enter")
        expect(phone.locator(".arrived h2")).to_have_text(f"Maria {people[0].last_name}")
        expect(phone.locator("#entry-result")).to_be_focused()


def test_press_far_down_a_phone_shows_who_that_was(
    browser: Browser, installation: Installation
) -> None:
    event, _people = on_the_day(installation, 30)
    touch = {"has_touch": True, "is_mobile": True}
    with helper(browser, installation, DOOR, PHONE, **touch) as phone:
        phone.goto(f"{installation.url}/organise/events/{event.slug}/check-in")
        phone.locator("#entry-missing button").last.tap()
        expect(phone.locator(".arrived h2")).to_have_text("Maria Gast29")
        expect(phone.locator(".arrived h2")).to_be_in_viewport()
        phone.fill("#typed", "gast28")
        expect(phone.locator("#entry-missing button:visible")).to_be_in_viewport()
        expect(phone.locator("[data-nobody]")).to_be_hidden()
        phone.fill("#typed", "gast29")
        expect(phone.locator("[data-nobody]")).to_contain_text("„Suchen“ findet auch")


def test_presses_without_a_network_are_sent_when_it_is_back(
    browser: Browser, installation: Installation
) -> None:
    event, people = on_the_day(installation, 4)
    app, codes = installation.app, []
    codes = [installation.url + check_in_path(app, person) for person in people]
    path = f"{installation.url}/organise/events/{event.slug}/check-in"
    with (
        helper(browser, installation, ORGANISER, DESKTOP) as desk,
        helper(browser, installation, DOOR, PHONE) as phone,
    ):
        phone.clock.install()
        phone.goto(path)
        phone.context.set_offline(True)
        for code in (codes[0], codes[1], codes[0]):
            phone.fill("#typed", code)
            phone.press("#typed", "Enter")
        expect(phone.locator("[data-say=waiting]")).to_be_visible()
        phone.fill("#typed", people[2].last_name)
        phone.locator("#entry-missing li:visible button").click()
        expect(phone.locator("[data-waiting]")).to_have_text("3")
        expect(phone.locator("[data-why=offline]")).to_be_visible()
        kept = waiting(phone)
        assert [set(each) for each in kept] == [
            {"key", "at", "code"}, {"key", "at", "code"}, {"key", "at", "person"}
        ]  # fmt: skip
        assert "Gast" not in str(kept)
        installation.clock.move(minutes=1)
        desk.goto(path)
        scan(desk, codes[1])  # later than the press that waits
        expect(desk.locator(".arrived h2")).to_have_text(f"Maria {people[1].last_name}")
        scan(desk, codes[3])
        expect(desk.locator(".arrived h2")).to_have_text(f"Maria {people[3].last_name}")
        installation.clock.move(minutes=4)
        phone.clock.fast_forward(300_000)
        phone.context.set_offline(False)
        expect(phone.locator("#inside")).to_have_text("4 von 4 sind da")
        expect(phone.locator("[data-queue]")).to_be_hidden()
        assert waiting(phone) == []
    assert helpers_of(app) == {"Tina Türe": 3, "Wilma Organisaria": 1}


def test_clock_that_is_set_while_a_press_waits_loses_nobody(
    browser: Browser, installation: Installation
) -> None:
    """A phone whose clock was wrong for years gets the time together with the network."""
    event, people = on_the_day(installation, 1)
    with helper(browser, installation, DOOR, PHONE) as phone:
        phone.clock.install(time="2020-01-01T00:00:00Z")
        phone.goto(f"{installation.url}/organise/events/{event.slug}/check-in")
        phone.context.set_offline(True)
        phone.fill("#typed", check_in_path(installation.app, people[0]))
        phone.press("#typed", "Enter")
        expect(phone.locator("[data-why=offline]")).to_be_visible()
        phone.clock.set_system_time("2026-03-02T09:00:00Z")
        phone.context.set_offline(False)
        expect(phone.locator("[data-queue]")).to_be_hidden()
        expect(phone.locator("#inside")).to_have_text("1 von 1 ist da")


def test_press_whose_answer_was_lost_is_one_press(
    browser: Browser, installation: Installation
) -> None:
    event, people = on_the_day(installation, 1)
    lost: list[int] = []

    def lose(route: Route) -> None:
        if lost:
            route.continue_()
            return
        lost.append(route.fetch().status)
        route.abort()

    with helper(browser, installation, DOOR, PHONE) as phone:
        phone.route("**/check-in/presses", lose)
        phone.goto(f"{installation.url}/organise/events/{event.slug}/check-in")
        phone.fill("#typed", check_in_path(installation.app, people[0]))
        phone.press("#typed", "Enter")
        expect(phone.locator("#inside")).to_have_text("1 von 1 ist da")
        assert waiting(phone) == []
    assert lost == [200]
    with installation.app.app_context():
        assert db.session.scalar(select(func.count()).select_from(CheckInPress)) == 1


def test_ended_session_keeps_what_waits(browser: Browser, installation: Installation) -> None:
    event, people = on_the_day(installation, 1)
    with helper(browser, installation, DOOR, PHONE) as phone:
        phone.goto(f"{installation.url}/organise/events/{event.slug}/check-in")
        installation.clock.move(minutes=61)
        phone.fill("#typed", check_in_path(installation.app, people[0]))
        phone.press("#typed", "Enter")
        expect(phone.locator("[data-why=session]")).to_be_visible()
        assert len(waiting(phone)) == 1
        phone.locator("[data-why=session] a").click()
        phone.fill("[name=email]", DOOR)
        phone.fill("[name=password]", PASSWORD)
        phone.click("main form button[type=submit]")
        expect(phone.locator("#inside")).to_have_text("1 von 1 ist da")
        assert waiting(phone) == []


def test_everything_works_without_javascript(browser: Browser, installation: Installation) -> None:
    event, people = on_the_day(installation, 3)
    context = browser.new_context(locale="de-DE", java_script_enabled=False, viewport=PHONE)
    page = context.new_page()
    log_in(page, installation.url, DOOR)
    page.goto(f"{installation.url}/organise/events/{event.slug}/check-in")
    assert page.locator("[data-camera]").is_hidden()
    page.fill("#typed", installation.url + check_in_path(installation.app, people[0]))
    page.press("#typed", "Enter")
    expect(page.locator(".arrived")).to_contain_text("Ist da")
    page.fill("#typed", people[1].last_name)
    page.press("#typed", "Enter")
    page.locator("#entry-missing button").click()
    expect(page.locator("#inside")).to_have_text("2 von 3 sind da")
    page.get_by_role("button", name="Zurücknehmen").click()
    expect(page.locator("#inside")).to_have_text("1 von 3 ist da")
    context.close()


def test_camera_reads_codes_that_are_held_into_its_picture(
    browser: Browser, installation: Installation, tmp_path: Path
) -> None:
    """Chromium on Linux reads no codes itself, so this is our worker, under the page's policy."""
    event, people = on_the_day(installation, 3)
    film = tmp_path / "codes.y4m"
    codes = [installation.url + check_in_path(installation.app, each) for each in people[:2]]
    write_film(film, codes)
    arguments = [
        *ARGUMENTS,
        "--use-fake-ui-for-media-stream",
        "--use-fake-device-for-media-stream",
        f"--use-file-for-fake-video-capture={film}",
    ]
    executable = browser.browser_type.executable_path
    for name in ("chromium-headless-shell", "chromium"):
        executable = shutil.which(name) or executable
    seeing = browser.browser_type.launch(executable_path=executable, args=arguments)
    try:
        context = seeing.new_context(locale="de-DE", viewport=PHONE, permissions=["camera"])
        context.set_default_timeout(PATIENCE_MS)
        page = context.new_page()
        log_in(page, installation.url, DOOR)
        problems = collect_problems(page)
        page.goto(f"{installation.url}/organise/events/{event.slug}/check-in")
        page.get_by_role("button", name="Mit der Kamera scannen").click()
        expect(page.locator("#inside")).to_have_text("2 von 3 sind da")
        page.screenshot(path=str(tmp_path / "camera.png"))
        page.get_by_role("button", name="Kamera beenden").click()
        expect(page.locator(".camera")).to_be_hidden()
        assert problems == []
    finally:
        seeing.close()
    assert helpers_of(installation.app) == {"Tina Türe": 2}

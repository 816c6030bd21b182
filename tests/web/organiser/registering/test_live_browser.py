"""The live board in a real browser, with sixty people, several helpers and phones at the door."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import timedelta

import pytest
from flask import Flask
from playwright.sync_api import Browser, BrowserContext, Page, expect
from sqlalchemy import update

from ikone_events.domain.events.facts import State
from ikone_events.domain.registering.registration import Attendance
from ikone_events.services.accounts.organisers import NewOrganiser, add
from ikone_events.services.rooms.attendance import enter_by_door, state_attendance
from ikone_events.services.rooms.questions import ask_live, note_answer, tick
from ikone_events.store.db import rows_written, transaction
from ikone_events.store.events.models import Event
from ikone_events.store.registering.models import Registration
from tests.browser import log_in, serve
from tests.factories import NOW, make_event, make_registration, personal_path

pytestmark = [pytest.mark.browser, pytest.mark.slow]

EMAIL, PASSWORD = "wilma@example.org", "Lange-Wörter-2026"
PEOPLE = 60


@dataclass
class Hall:
    """An event that began ten minutes ago, and its board in a window whose clock the test moves."""

    app: Flask
    address: str
    event: Event
    people: list[Registration]
    browser: Browser
    page: Page

    def open(self, context: BrowserContext) -> Page:
        """The board in another window."""
        page = context.new_page()
        log_in(page, EMAIL, PASSWORD, address=self.address)
        page.goto(f"{self.address}/organise/events/{self.event.slug}/live")
        return page

    def refresh(self) -> None:
        """Let ten seconds pass in the window."""
        with self.page.expect_response("**/live/now*"):
            self.page.clock.run_for(10_000)

    def present(self, number: int) -> None:
        """The board says that so many are in."""
        expect(self.page.locator("#board")).to_have_attribute("data-present", str(number))
        expect(self.page.locator("#in")).to_have_text(f"{number} von {PEOPLE} sind da")


@pytest.fixture
def hall(browser: Browser, app: Flask) -> Iterator[Hall]:
    with app.app_context(), transaction():
        new = {"email": EMAIL, "role": "organiser", "password": PASSWORD, "name": "Wilma"}
        add(NewOrganiser(**new), now=NOW)
    begun = NOW - timedelta(minutes=10)
    times = {"starts_at": begun, "ends_at": begun + timedelta(hours=2), "capacity": PEOPLE}
    event = make_event(app, slug="heute", state="dispatched", **times)
    people = [
        make_registration(
            app,
            event,
            last_name=f"Person{number:02}",
            question=f"Frage {number}?" if number < 4 else "",
            registered_at=NOW - timedelta(days=9, minutes=-number),
        )
        for number in range(PEOPLE)
    ]
    with serve(app) as address:
        seat = browser.new_context(locale="de-DE")
        seat.clock.install()
        found = Hall(app, address, event, people, browser, seat.new_page())
        log_in(found.page, EMAIL, PASSWORD, address=address)
        found.page.goto(f"{address}/organise/events/heute/live")
        found.page.evaluate("window.sameDocument = true")
        yield found
        seat.close()


def test_room_opens_beside_the_board(hall: Hall) -> None:
    context = hall.page.context
    context.set_default_timeout(30_000)
    context.route("https://video.example.org/**", lambda route: route.fulfill(body="room"))
    with context.expect_page() as opened:
        hall.page.get_by_role("button", name="Videoraum in neuem Tab öffnen").click()
    opened.value.wait_for_url("https://video.example.org/**")
    hall.present(0)
    assert hall.page.evaluate("window.sameDocument")


def test_presses_at_the_door_appear_without_loading_the_page(hall: Hall) -> None:
    page = hall.page
    hall.present(0)
    phone = hall.browser.new_context(locale="de-DE", viewport={"width": 390, "height": 800})
    at_door = phone.new_page()
    at_door.route("https://video.example.org/**", lambda route: route.fulfill(body="room"))
    at_door.goto(hall.address + personal_path(hall.app, hall.people[0], "/room"))
    at_door.click("form[action$='/room'] button")
    at_door.wait_for_url("https://video.example.org/**")
    phone.close()
    with hall.app.app_context():
        for person in hall.people[1:43]:
            with transaction():
                enter_by_door(person.id, person.event_id, now=NOW)

    page.locator("#more-missing summary").click()
    page.locator("#missing button").last.focus()
    focused = page.evaluate("document.activeElement.value")
    hall.refresh()
    hall.present(43)
    expect(page.locator("#missing li")).to_have_count(17)
    assert page.locator("#more-missing").get_attribute("open") is not None
    assert page.evaluate("document.activeElement.value") == focused
    expect(page.locator("#again")).to_be_hidden()

    helper = hall.open(hall.browser.new_context(locale="de-DE"))
    row = helper.locator(f"#p-{hall.people[43].public_id}")
    row.get_by_role("button", name="Ist da").click()
    expect(helper.get_by_text("Maria Person43 ist als anwesend vermerkt.")).to_be_visible()
    expect(helper.locator("#board")).to_have_attribute("data-present", "44")
    hall.refresh()
    hall.present(44)
    helper.locator("#people button").click()
    expect(helper.locator("#board")).to_have_attribute("data-present", "43")
    helper.context.close()
    hall.refresh()
    hall.present(43)
    assert page.evaluate("window.sameDocument")


def test_helper_marks_and_ticks_off_without_loading_the_page(hall: Hall) -> None:
    page = hall.page
    row = page.locator(f"#p-{hall.people[5].public_id}")
    row.get_by_role("button", name="Ist da").click()
    hall.present(1)
    expect(page.locator("#again")).to_be_hidden()
    with hall.app.app_context(), transaction():
        enter_by_door(hall.people[6].id, hall.people[6].event_id, now=NOW)
    hall.refresh()
    hall.present(2)
    expect(page.locator("#people button")).to_be_visible()
    with hall.app.app_context(), transaction():
        state_attendance(hall.people[6].public_id, Attendance.MISSED, now=NOW, by="Eva")
    page.locator("#present summary").click()
    page.locator(f"#present #p-{hall.people[5].public_id}").get_by_role(
        "button", name="Zurücknehmen"
    ).click()
    hall.present(0)

    questions = page.locator("#questions > ol > li .words")
    expect(questions).to_have_text([f"Frage {n}?" for n in range(4)])
    page.get_by_role("button", name="Nach oben: Frage 2?").click()
    expect(questions).to_have_text(["Frage 0?", "Frage 2?", "Frage 1?", "Frage 3?"])
    page.get_by_role("button", name="Beantwortet: Frage 0?").click()
    expect(questions).to_have_text(["Frage 2?", "Frage 1?", "Frage 3?"])
    with hall.app.app_context(), transaction():
        ask_live(hall.people[9].public_id, "Jetzt neu?", now=NOW)
    hall.refresh()
    expect(questions).to_have_text(["Frage 2?", "Frage 1?", "Frage 3?", "Jetzt neu?"])
    item = page.locator(f"#q-{hall.people[2].public_id}")
    item.locator("summary").click()
    item.locator("textarea").fill("Im Mai.")
    item.get_by_role("button", name="Antwort speichern").click()
    expect(page.get_by_text("Die Antwort ist für die Nachbereitung gespeichert.")).to_be_visible()
    expect(questions).to_have_text(["Frage 1?", "Frage 3?", "Jetzt neu?"])
    expect(page.locator("#done > summary")).to_have_text("2 beantwortete Fragen")
    assert page.evaluate("window.sameDocument")


FOCUSED = "document.activeElement.closest('#board li')?.id"


def test_keyboard_stays_in_the_list_when_its_row_leaves(hall: Hall) -> None:
    page, people = hall.page, hall.people
    page.locator(f"#p-{people[5].public_id}").get_by_role("button", name="Ist da").focus()
    page.keyboard.press("Enter")
    hall.present(1)
    expect(page.get_by_text("Maria Person05 ist als anwesend vermerkt.")).to_be_visible()
    assert page.evaluate(FOCUSED) == f"p-{people[6].public_id}"
    with hall.app.app_context(), transaction():
        enter_by_door(people[6].id, people[6].event_id, now=NOW)
    hall.refresh()
    hall.present(2)
    assert page.evaluate(FOCUSED) == f"p-{people[7].public_id}"
    page.get_by_role("button", name="Beantwortet: Frage 3?").press("Enter")
    expect(page.locator("#questions > ol > li")).to_have_count(3)
    assert page.evaluate(FOCUSED) == f"q-{people[2].public_id}"


def test_time_of_the_last_look_is_right_before_ten_too(hall: Hall) -> None:
    earlier = "document.querySelector('[data-shown-at]').textContent = 'Aktualisiert um 9:51 Uhr'"
    hall.page.evaluate(earlier)
    hall.refresh()
    expect(hall.page.locator("[data-shown-at]")).to_have_text("Aktualisiert um 10:00 Uhr")


def test_what_is_typed_stays_whatever_others_do(hall: Hall) -> None:
    page, asker = hall.page, hall.people[1]
    item, key = page.locator(f"#q-{asker.public_id}"), asker.public_id
    item.locator("summary").click()
    item.locator("textarea").press_sequentially("Das klären wir")
    with hall.app.app_context():
        with transaction():
            state_attendance(asker.public_id, Attendance.ATTENDED, now=NOW, by="Eva")
        with transaction():
            tick("heute", key, answered=True, now=NOW, by="Eva")
    hall.refresh()
    hall.present(1)
    expect(page.locator("#done").locator(f"#q-{key}")).to_be_visible()
    expect(item.locator("textarea")).to_have_value("Das klären wir")
    expect(item.locator("textarea")).to_be_focused()

    with hall.app.app_context(), transaction():
        note_answer("heute", key, "Ja, ab Mai.", version=0, now=NOW, by="Eva")
    hall.refresh()
    expect(item.locator("textarea")).to_have_value("Das klären wir")
    item.get_by_role("button", name="Antwort speichern").click()
    other = "In der Zwischenzeit hat jemand anderes diese Antwort gespeichert: „Ja, ab Mai.“"
    expect(page.get_by_text(other)).to_be_visible()
    expect(item.locator("textarea")).to_have_value("Das klären wir")
    hall.refresh()
    expect(item.locator("textarea")).to_have_value("Das klären wir")
    item.get_by_role("button", name="Antwort speichern").click()
    expect(page.get_by_text("Die Antwort ist für die Nachbereitung gespeichert.")).to_be_visible()
    assert page.evaluate("window.sameDocument")


def test_board_shows_when_it_is_not_up_to_date(hall: Hall) -> None:
    page = hall.page
    page.route("**/live/now*", lambda route: route.abort())
    page.clock.run_for(10_000)
    expect(page.get_by_text("Der Server antwortet nicht")).to_be_visible()
    page.unroute("**/live/now*")
    hall.refresh()
    expect(page.get_by_text("Der Server antwortet nicht")).to_be_hidden()
    page.context.clear_cookies()
    page.clock.run_for(10_000)
    expect(page.locator("#lost").get_by_text("Ihre Sitzung ist beendet")).to_be_visible()
    asked: list[str] = []
    page.on("request", lambda request: asked.append(request.url))
    page.clock.run_for(60_000)
    assert asked == []


def test_ended_session_and_closed_board_lose_no_words(hall: Hall) -> None:
    page = hall.page
    item = page.locator(f"#q-{hall.people[0].public_id}")
    item.locator("summary").click()
    item.locator("textarea").fill("Lange Antwort")
    cookies = page.context.cookies()
    page.context.clear_cookies()
    item.get_by_role("button", name="Antwort speichern").click()
    expect(page.locator("#lost").get_by_text("Ihre Sitzung ist beendet")).to_be_visible()
    expect(item.locator("textarea")).to_have_value("Lange Antwort")

    page.context.add_cookies(cookies)  # type: ignore[arg-type]
    with hall.app.app_context(), transaction():
        set_state(hall.event, State.CANCELLED)
    page.locator("#missing button").first.click()
    expect(page.get_by_text("Die Veranstaltung findet nicht statt.")).to_be_visible()


def test_hidden_tab_asks_for_nothing_until_it_is_seen_again(hall: Hall) -> None:
    page = hall.page
    asked: list[str] = []
    page.on("request", lambda request: asked.append(request.url))
    hide = """is => {
      Object.defineProperty(document, "hidden", {get: () => is, configurable: true});
      document.dispatchEvent(new Event("visibilitychange"));
    }"""
    page.evaluate(hide, True)
    page.clock.run_for(60_000)
    assert asked == []
    with hall.app.app_context(), transaction():
        enter_by_door(hall.people[0].id, hall.people[0].event_id, now=NOW)
    page.evaluate(hide, False)
    hall.present(1)


def set_state(event: Event, state: State) -> None:
    """As an action would, without its mails."""
    rows_written(update(Event).where(Event.id == event.id).values(state=state.value))


def test_everything_works_without_javascript(hall: Hall) -> None:
    context = hall.browser.new_context(
        java_script_enabled=False, locale="de-DE", viewport={"width": 320, "height": 800}
    )
    page = hall.open(context)
    page.locator(f"#p-{hall.people[0].public_id}").get_by_role("button", name="Ist da").click()
    expect(page.get_by_text("Maria Person00 ist als anwesend vermerkt.")).to_be_visible()
    expect(page.locator("#in")).to_have_text("1 von 60 sind da")
    page.locator("#people button").click()
    expect(page.locator("#in")).to_have_text("0 von 60 sind da")
    page.get_by_role("button", name="Nach unten: Frage 0?").click()
    expect(page.locator("#questions > ol > li .words").first).to_have_text("Frage 1?")
    page.get_by_role("button", name="Beantwortet: Frage 1?").click()
    expect(page.locator("#questions > ol > li .words").first).to_have_text("Frage 0?")
    with hall.app.app_context(), transaction():
        enter_by_door(hall.people[3].id, hall.people[3].event_id, now=NOW)
    page.get_by_role("link", name="Aktualisieren").click()
    expect(page.locator("#in")).to_have_text("1 von 60 sind da")
    context.close()


def test_projector_follows_the_office(hall: Hall) -> None:
    page = hall.page
    page.goto(f"{hall.address}/organise/events/heute/live?projector")
    shown = page.locator(".projected li")
    expect(shown).to_have_count(4)
    with hall.app.app_context(), transaction():
        tick("heute", hall.people[0].public_id, answered=True, now=NOW, by="Eva")
    hall.refresh()
    expect(shown).to_have_text(["Frage 1?", "Frage 2?", "Frage 3?"])
    assert "Person" not in page.inner_text("body")

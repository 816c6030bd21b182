"""From the letter on a phone to the video room: the countdown, the button, the room."""

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import timedelta

import pytest
from playwright.sync_api import Browser, Page
from sqlalchemy import select

from ikone_events.domain.events.lifecycle import Action
from ikone_events.services.events.transitions import Request, perform
from ikone_events.store.db import db, transaction
from ikone_events.store.events.models import Event
from ikone_events.store.rooms.models import AttendanceRecord
from tests.browser import assert_accessible, assert_no_sideways_scroll, collect_problems
from tests.factories import make_event, make_registration
from tests.journeys.installation import Installation
from tests.journeys.mails import door_link
from tests.journeys.people import ROOM

pytestmark = [pytest.mark.browser, pytest.mark.slow]

EMAIL = "anna.groesser@bendorf.example.org"


@contextmanager
def phone(browser: Browser, *, javascript: bool = True) -> Iterator[Page]:
    """A German phone; a page stands there in place of the room."""
    context = browser.new_context(
        locale="de-DE",
        viewport={"width": 390, "height": 844},
        is_mobile=True,
        has_touch=True,
        java_script_enabled=javascript,
    )
    context.route(f"{ROOM}*", lambda route: route.fulfill(body="the video room"))
    page = context.new_page()
    problems = collect_problems(page)
    try:
        yield page
        assert [each for each in problems if ROOM not in each] == []
    finally:
        context.close()


def letter(installation: Installation) -> tuple[Event, str]:
    """The access link as it was received, three days before."""
    app, clock = installation.app, installation.clock
    event = make_event(app, state="closed", room_url=ROOM, contact_phone="+49 631 000 456")
    make_registration(app, event, email=EMAIL)
    clock.moment = event.starts_at - timedelta(days=3)
    with app.app_context(), transaction():
        perform(event.slug, Request(action=Action.DISPATCH, actor="W. O."), now=clock())
    (mail,) = installation.mails_to(EMAIL, number=1)
    return event, door_link(mail.text)


def door(page: Page) -> str | None:
    return page.get_attribute("main", "data-door")


def presses(installation: Installation) -> int:
    with installation.app.app_context():
        return len(db.session.scalars(select(AttendanceRecord)).all())


def test_letter_on_a_phone_leads_to_the_room(browser: Browser, installation: Installation) -> None:
    event, link = letter(installation)
    opens_at = event.starts_at - timedelta(minutes=15)
    with phone(browser) as page:
        page.goto(link)
        assert door(page) == "waiting"
        assert "Das ist in 3 Tagen." in page.inner_text("main")
        assert page.locator(".countdown").is_hidden()
        installation.clock.moment = opens_at - timedelta(seconds=3)
        page.goto(link)
        assert page.inner_text(".countdown") in ("0:04", "0:03", "0:02", "0:01")
        assert page.locator("#door-opened").is_hidden()
        assert_no_sideways_scroll(page)
        installation.clock.moment = opens_at
        button = page.get_by_role("button", name="Jetzt teilnehmen")
        button.wait_for(state="visible")
        assert page.inner_text("[role=status]") == page.inner_text("h1")
        assert page.title() == "Der Videoraum ist geöffnet"
        assert_accessible(page)
        assert page.locator("a[href='tel:+49631000456']").count() == 1
        assert presses(installation) == 0
        button.tap()
        page.wait_for_url(f"{ROOM}*")
        assert page.inner_text("body") == "the video room"
    assert presses(installation) == 1


def test_phone_without_scripts_waits_and_enters(
    browser: Browser, installation: Installation
) -> None:
    event, link = letter(installation)
    installation.clock.moment = event.starts_at - timedelta(minutes=15, seconds=1)
    with phone(browser, javascript=False) as page:
        page.goto(link)
        page.click("noscript p:not(.actions) a")
        installation.clock.moment = event.starts_at
        page.wait_for_selector("[data-door=open]")  # loaded again by itself
        page.click("main form button")
        page.wait_for_url(f"{ROOM}*")
    assert presses(installation) == 1

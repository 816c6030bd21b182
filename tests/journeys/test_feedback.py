"""Feedback from the office's questions to its results; attendees have no JavaScript."""

import re
from datetime import timedelta

import pytest
from playwright.sync_api import Browser, Page, expect

from ikone_events.services.plan.plans import create_plan
from ikone_events.store.db import db, transaction
from ikone_events.store.events.models import Event
from tests.factories import NOW, make_event, make_registration
from tests.journeys.installation import Installation
from tests.journeys.people import log_in, window

pytestmark = [pytest.mark.browser, pytest.mark.slow]

PEOPLE = [f"person{number}@example.org" for number in range(5)]


def test_feedback_goes_from_questions_to_results(
    browser: Browser, installation: Installation
) -> None:
    app, clock, url = installation.app, installation.clock, installation.url
    event = make_event(
        app,
        slug="rueckblick",
        state="dispatched",
        starts_at=NOW - timedelta(hours=3),
        ends_at=NOW - timedelta(hours=1),
    )
    for number, address in enumerate(PEOPLE):
        make_registration(app, event, email=address, locale="de" if number else "en")
    with app.app_context(), transaction():  # once its time had passed, it would plan no request
        create_plan(db.session.get_one(Event, event.id), now=clock())
    results = f"{url}/organise/events/rueckblick/feedback"
    with window(browser) as team:
        log_in(team, url)
        team.goto(results)
        team.click("main .empty form button")
        expect(team.locator("main .form-fields li")).to_have_count(4)
    clock.moment = NOW + timedelta(days=4)
    for number, address in enumerate(PEOPLE):
        _answer(browser, _link(installation, address), f"Text {number}")
    with window(browser) as team:
        log_in(team, url)
        team.goto(results)
        assert "5 Antworten" in team.inner_text("main")
        assert team.locator("main .lines").all_inner_texts() == [f"Text {n}" for n in range(5)]


def _link(installation: Installation, address: str) -> str:
    """The personal link in the mail as it was received."""
    (mail,) = installation.mails_to(address, number=1)
    assert "ohne Ihren Namen" in mail.text or "without your name" in mail.text
    found = re.search(r"http\S+/r/[\w.-]+/feedback", mail.text)
    assert found is not None, mail.text
    assert found[0] in (mail.part("text/html") or b"").decode()
    return found[0]


def _answer(browser: Browser, address: str, text: str) -> None:
    page = browser.new_page(java_script_enabled=False)
    page.goto(address)
    page.check("main [type=radio][value='5']")
    page.locator("main textarea").first.fill(text)
    page.click("main form button")
    expect(page.locator("main")).to_have_attribute("data-outcome", "confirmed")
    _press_again(page, address)
    page.close()


def _press_again(page: Page, address: str) -> None:
    page.goto(address)
    assert page.locator("main form").count() == 0

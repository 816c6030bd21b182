"""A long text in a real browser: the warning before the session ends, and the way back after it."""

from collections.abc import Callable, Iterator

import pytest
from flask import Flask
from playwright.sync_api import Browser, Page, expect

from ikone_events.services.accounts.organisers import end_sessions
from ikone_events.store.db import transaction
from tests.browser import assert_accessible, assert_no_sideways_scroll, serve
from tests.factories import make_event
from tests.web.organiser.conftest import PASSWORD, Person

pytestmark = [pytest.mark.browser, pytest.mark.slow]

SAVE = "form[data-guard] .dock button >> nth=0"


@pytest.fixture
def person(make_person: Callable[..., Person]) -> Person:
    return make_person("wilma@example.org")


@pytest.fixture(params=[True, False], ids=["script", "no-script"])
def scripted(request: pytest.FixtureRequest) -> bool:
    """Whether the browser runs scripts."""
    return bool(request.param)


@pytest.fixture
def page(scripted: bool, app: Flask, person: Person, browser: Browser) -> Iterator[Page]:
    """A phone with the form of an event."""
    event = make_event(app)
    with serve(app) as address:
        size = {"width": 360, "height": 800}
        seat = browser.new_context(
            java_script_enabled=scripted,
            locale="de-DE",
            viewport=size,  # type: ignore[arg-type]
        )
        page = seat.new_page()
        page.clock.install()
        page.goto(f"{address}/login")
        log_in(page, person)
        page.goto(f"{address}/organise/events/{event.slug}/edit")
        yield page
        seat.close()


def log_in(page: Page, person: Person) -> None:
    page.fill("[name=email]", person.email)
    page.fill("[name=password]", PASSWORD)
    page.click("main form button[type=submit]")


def test_text_survives_the_end_of_the_session(
    app: Flask, page: Page, person: Person, scripted: bool
) -> None:
    page.fill("[name=title]", "Lange getippt")
    page.fill("[name=description]", "Erster Absatz.\n\nZweiter Absatz.")
    with app.app_context(), transaction():
        end_sessions(person.id)
    page.click(SAVE)
    expect(page.get_by_text("Ihre Eingaben sind nicht verloren")).to_be_visible()
    assert_no_sideways_scroll(page)
    log_in(page, person)
    if not scripted:
        page.click("form[data-resume] button")
    expect(page.locator("[name=title]")).to_have_value("Lange getippt")
    expect(page.locator("[name=description]")).to_have_value("Erster Absatz.\n\nZweiter Absatz.")
    expect(page.get_by_text("Es ist noch nichts gespeichert")).to_be_visible()


@pytest.mark.parametrize("scripted", [True], indirect=True, ids=["script"])
def test_warning_comes_before_the_end_and_a_button_keeps_the_session(page: Page) -> None:
    warning = page.get_by_text("Sie werden in fünf Minuten ausgeloggt.")
    expect(warning).to_be_hidden()
    page.clock.fast_forward("54:00")
    expect(warning).to_be_hidden()
    page.clock.fast_forward("02:00")
    expect(warning).to_be_visible()
    assert_accessible(page)
    assert_no_sideways_scroll(page)
    page.get_by_role("button", name="Eingeloggt bleiben").click()
    expect(warning).to_be_hidden()
    page.clock.fast_forward("54:00")
    expect(warning).to_be_hidden()
    page.clock.fast_forward("06:30")
    expect(page.get_by_text("Ihre Sitzung ist beendet.")).to_be_visible()
    expect(page.get_by_role("button", name="Eingeloggt bleiben")).to_be_hidden()

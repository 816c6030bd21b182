"""The list of people in a real browser: ticking with and without JavaScript, on a phone."""

from collections.abc import Iterator

import pytest
from playwright.sync_api import Browser, Page, expect

from ikone_events.services.accounts.organisers import NewOrganiser, add
from ikone_events.store.db import transaction
from tests.browser import (
    assert_accessible,
    assert_focus_visible,
    assert_no_sideways_scroll,
    assert_targets_large_enough,
    log_in,
    serve,
)
from tests.factories import NOW, make_event, make_registration
from tests.shared_app import own_app

pytestmark = [pytest.mark.browser, pytest.mark.slow]

EMAIL, PASSWORD = "wilma@example.org", "Lange-Wörter-2026"
COUNTED_BY_CSS = "getComputedStyle(document.querySelector('.ticked'), '::before').content"
LIST = "/organise/events/open/registrations?order=name"


@pytest.fixture(scope="module")
def address(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """An installation with an event of 52 people."""
    with own_app(tmp_path_factory.mktemp("people")) as app:
        with app.app_context(), transaction():
            add(NewOrganiser(email=EMAIL, role="organiser", password=PASSWORD, name="W"), now=NOW)
        event = make_event(app, slug="open", capacity=None)
        for number in range(52):
            partstat = ("", "ACCEPTED", "DECLINED")[number % 3]
            make_registration(app, event, last_name=f"Muster{number:02d}", partstat=partstat)
        with serve(app) as served:
            yield served


def signed_in(browser: Browser, address: str, *, scripts: bool) -> Page:
    page = browser.new_context(
        java_script_enabled=scripts, locale="de-DE", viewport={"width": 360, "height": 740}
    ).new_page()
    log_in(page, EMAIL, PASSWORD, address=address)
    page.goto(f"{address}{LIST}")
    return page


def test_people_are_ticked_and_written_to_with_a_script(browser: Browser, address: str) -> None:
    page = signed_in(browser, address, scripts=True)
    number, box = page.locator("#several output"), page.locator("[name=person]")
    expect(number).to_have_text("0")
    assert page.evaluate(COUNTED_BY_CSS) == "none"  # else the number stands there twice
    expect(page.locator("[data-ticks]")).to_be_hidden()
    page.set_viewport_size({"width": 1280, "height": 900})
    head = page.get_by_label("Alle auf dieser Seite auswählen")
    head.check()
    expect(number).to_have_text("50")
    box.nth(3).uncheck()
    expect(number).to_have_text("49")
    assert head.evaluate("head => head.indeterminate && !head.checked")
    head.check()
    head.uncheck()
    expect(number).to_have_text("0")

    page.set_viewport_size({"width": 360, "height": 740})
    for row in range(2):
        box.nth(row).check()
    expect(page.locator("#several")).to_be_in_viewport()
    assert_accessible(page)
    assert_no_sideways_scroll(page)
    assert_targets_large_enough(page)
    page.click("#several summary")
    expect(page.get_by_role("button", name="Abmelden …")).to_be_in_viewport()
    page.keyboard.press("Escape")
    page.click("#several .end > button")
    expect(page.get_by_text("An 2 Personen aus der Liste:")).to_be_visible()
    assert_accessible(page)
    assert_no_sideways_scroll(page)
    page.context.close()


def test_everybody_is_ticked_by_links_without_a_script(browser: Browser, address: str) -> None:
    page = signed_in(browser, address, scripts=False)
    page.click("#several a[href*='tick=page']")
    page.wait_for_url("**tick=page**")
    assert page.evaluate(COUNTED_BY_CSS) == "counter(ticked)"
    page.click("#several a[href*='tick=whole']")
    expect(page.get_by_text("Alle 52 Personen ausgewählt")).to_be_visible()
    page.click("#several summary")
    page.click("#several button[formaction$='/withdraw']")
    expect(page.get_by_role("heading", name="52 Personen abmelden?")).to_be_visible()
    page.click("details.fold summary")
    expect(page.get_by_text("Maria Muster51")).to_be_visible()
    page.context.close()


def test_ticks_never_lie_under_the_bar(browser: Browser, address: str) -> None:
    page = signed_in(browser, address, scripts=True)
    page.locator("[name=person]").first.check()
    assert assert_focus_visible(page, most=30)
    page.context.close()

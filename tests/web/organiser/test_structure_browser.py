"""The frame of organisers' pages in a real browser: room for the content, menus, keyboard."""

from collections.abc import Iterator
from datetime import timedelta

import pytest
from playwright.sync_api import Browser, Page, expect

from ikone_events.services.accounts.organisers import NewOrganiser, add
from ikone_events.services.plan.plans import create_plan
from ikone_events.store.db import transaction
from ikone_events.store.events.queries import lock_event
from tests.browser import assert_accessible, log_in, serve
from tests.effort import by_night
from tests.factories import NOW, make_event, make_registration
from tests.shared_app import own_app

pytestmark = [pytest.mark.browser, pytest.mark.slow]

EMAIL, PASSWORD = "wilma@example.org", "Lange-Wörter-2026"
DESK, PHONE = {"width": 1280, "height": 900}, {"width": 360, "height": 640}
TABS = ("", "/edit", "/registrations", "/mail", "/materials")
# All pages of an event, by the part of their address.
EVENT_PAGES = (
    *TABS,
    *("/calendar", "/codes", "/copy", "/date", "/do/cancel", "/do/mark_sent", "/form"),
    *("/form/new", "/history", "/mail/returned", "/mail/sent", "/preview/dispatch"),
    *("/mail/texts", "/registrations/add", "/registrations/import", "/write"),
)
PAGES = (
    *("/", "/events", "/contacts/administrations"),
    *(f"/events/open{part}" for part in EVENT_PAGES),
    *("/events/draft", "/events/draft/preview/announce"),
)
LONG = "Digitalisierungsstrategien für Verbandsgemeindeverwaltungen und ihre Ortsgemeinden"
MEASURES = """() => [
  document.querySelector("[data-content]").getBoundingClientRect().top + scrollY,
  document.scrollingElement.scrollWidth,
  document.querySelector("header.site").getBoundingClientRect().height,
]"""


@pytest.fixture(scope="module")
def address(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """An installation with one event that has a room missing, and people."""
    with own_app(tmp_path_factory.mktemp("desk")) as app:
        with app.app_context(), transaction():
            name = "Wilma Organisaria"
            new = NewOrganiser(email=EMAIL, role="organiser", password=PASSWORD, name=name)
            add(new, now=NOW)
        event = make_event(
            app,
            slug="open",
            title=LONG,
            title_en=LONG,
            capacity=20,
            room_url="",
            deadline=NOW + timedelta(days=13),
        )
        for status in ("confirmed", "confirmed", "waitlisted", "cancelled"):
            make_registration(app, event, status=status, question="Wie?")
        make_event(app, slug="draft", state="draft", title=LONG, title_en=LONG, summary="")
        with app.app_context(), transaction():
            create_plan(lock_event("open"), now=NOW)
            create_plan(lock_event("draft"), now=NOW)
        with serve(app) as served:
            yield served


def signed_in(browser: Browser, address: str, **settings: object) -> Page:
    page = browser.new_context(locale="de-DE", **settings).new_page()  # type: ignore[arg-type]
    log_in(page, EMAIL, PASSWORD, address=address)
    return page


def test_content_begins_on_the_first_screen_of_a_phone(browser: Browser, address: str) -> None:
    """In German, whose words are longer; at night in English too."""
    page = signed_in(browser, address, viewport=PHONE)
    tops = {}
    languages = by_night(("de", "en"), ("de",))
    for path in (f"{path}?lang={language}" for language in languages for path in PAGES):
        page.goto(f"{address}/organise{path}")
        tops[path], width, header = page.evaluate(MEASURES)
        assert width <= PHONE["width"], path
        assert header < 70, "the header is one line"
    assert {path: top for path, top in tops.items() if top >= 320} == {}
    page.context.close()


def test_overview_and_details_have_their_height(browser: Browser, address: str) -> None:
    page = signed_in(browser, address, viewport=DESK)
    heights = {}
    for path, most in (("open", 1400), ("draft", 1400), ("open/edit", 2800)):
        for language in ("de", "en"):
            page.goto(f"{address}/organise/events/{path}?lang={language}")
            heights[path, language] = page.evaluate("document.documentElement.scrollHeight"), most
    assert {which: each for which, each in heights.items() if each[0] > each[1]} == {}
    page.context.close()


def test_skip_link_leads_behind_the_tabs(browser: Browser, address: str) -> None:
    """From there the first control of a tab is at most three stops away."""
    page = signed_in(browser, address, viewport=DESK)
    for tab in TABS:
        page.goto(f"{address}/organise/events/open{tab}")
        page.keyboard.press("Tab")
        page.keyboard.press("Enter")
        page.wait_for_function("document.activeElement.id === 'content'")
        page.keyboard.press("Tab")
        inside = "document.activeElement.closest('[data-content]') !== null"
        assert page.evaluate(inside), tab
    page.context.close()


def test_menus_open_without_scripts_and_pass_axe(browser: Browser, address: str) -> None:
    page = signed_in(browser, address, viewport=PHONE, java_script_enabled=False)
    page.goto(f"{address}/organise/events/open")
    link = page.locator(".menu.to-phone").get_by_role("link", name="Kontakte")
    expect(link).to_be_hidden()
    page.locator(".menu.to-phone summary").click()
    link.click()
    expect(page.locator("main")).to_have_attribute("data-page", "administrations")
    page.context.close()
    for scheme in ("light", "dark"):
        page = signed_in(browser, address, viewport=DESK, color_scheme=scheme)
        page.goto(f"{address}/organise/events/open")
        page.evaluate("document.querySelectorAll('details').forEach(d => { d.open = true })")
        assert_accessible(page)
        page.context.close()


def test_frequent_jobs_take_few_presses(browser: Browser, address: str) -> None:
    """From today: the address to share and the list are one press away, a message two."""
    page = signed_in(browser, address, viewport=DESK)
    start = f"{address}/organise/"
    page.goto(start)
    page.locator(".next h2 a").click()
    expect(page.locator("#share-address")).to_have_value("http://localhost/events/open")
    page.locator("aside").get_by_role("link", name="Nachricht schreiben").click()
    expect(page.locator("main")).to_have_attribute("data-page", "write")
    page.goto(start)
    page.locator(".next a", has_text="Plätzen").click()
    expect(page.locator("main")).to_have_attribute("data-page", "registrations")
    page.goto(start)
    page.fill("#search", "Verbandsgemeinde")
    page.keyboard.press("Enter")
    expect(page.locator("main")).to_have_attribute("data-page", "search")
    page.context.close()

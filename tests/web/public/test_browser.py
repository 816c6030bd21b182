"""Public and personal pages in a real browser: usable by everybody, and without JavaScript."""

import re
from collections.abc import Iterator
from dataclasses import dataclass

import pytest
from flask import Flask
from playwright.sync_api import Browser, Page, expect

from tests.browser import (
    assert_accessible,
    assert_focus_visible,
    assert_no_sideways_scroll,
    assert_targets_large_enough,
    collect_problems,
    serve,
)
from tests.effort import by_night
from tests.factories import (
    PAST,
    FixedClock,
    make_event,
    make_material,
    make_organisation,
    make_registration,
    personal_path,
)
from tests.shared_app import own_app

pytestmark = [pytest.mark.browser, pytest.mark.slow]

PROGRAMME = (
    '[{"time": "10:00", "title": "Begrüßung"}, {"time": "10:15", "title": "Aus dem Antrag"}]'
)


@dataclass
class LiveApp:
    """A served application and the paths worth looking at."""

    address: str
    pages: dict[str, str]


@pytest.fixture(scope="module")
def site(tmp_path_factory: pytest.TempPathFactory) -> Iterator[LiveApp]:
    """An event of each interesting kind, at a moment when a room is open."""
    with own_app(tmp_path_factory.mktemp("site")) as app:
        pages = _fill(app)
        with serve(app) as address:
            yield LiveApp(address, pages)


def _fill(app: Flask) -> dict[str, str]:
    make_organisation(app, "Stadtverwaltung Bendorf")
    future = make_event(
        app,
        slug="zukunft",
        title="Gemeinsam aus der Krise: Raum für Zukunft",
        series="Workshop-Reihe „Bewerbung als Smart City“, Teil 2",
        summary="Wie wird aus einer guten Idee ein förderfähiges Konzept?",
        description="Aus *Anträgen* lernen.\n\n- erste Runde\n- zweite Runde",
        speakers="Frau Dr. Beispiel, Stadtverwaltung Bendorf",
        programme=PROGRAMME,
    )
    make_event(app, slug="voll", title="Sensornetze", capacity=0)
    make_event(app, slug="abgesagt", title="Förderanträge", state="cancelled")
    now = FixedClock().moment
    running = {"starts_at": now, "ends_at": now.replace(hour=12), "state": "dispatched"}
    open_now = make_event(app, title="Jetzt gerade", **running)
    past = make_event(app, slug="vorbei", state="followed_up", **PAST)
    make_material(app, past, visibility="public", accessible=True)
    person, guest = make_registration(app, future), make_registration(app, open_now)
    veteran = make_registration(app, past)
    return {
        "list": "/",
        "series": "/series/workshop-reihe-bewerbung-als-smart-city-teil-2",
        "event": "/events/zukunft",
        "cancelled": "/events/abgesagt",
        "past": "/events/vorbei",
        "form": "/events/zukunft/register",
        "line": "/events/voll/register",
        "closed": "/events/abgesagt/register",
        "privacy": "/privacy",
        "person": personal_path(app, person),
        "calendar": personal_path(app, person, "/calendar"),
        "withdraw": personal_path(app, person, "/cancel"),
        "delete": personal_path(app, person, "/delete"),
        "room": personal_path(app, guest, "/room"),
        "materials": personal_path(app, veteran, "/materials"),
        "missing": "/nichts",
    }


PAGES = (
    *(
        "list",
        "series",
        "event",
        "cancelled",
        "past",
        "form",
        "line",
        "closed",
        "privacy",
        "missing",
    ),
    *("person", "calendar", "withdraw", "delete", "room", "materials"),
)


@pytest.mark.parametrize("name", PAGES)
def test_page_is_used_by_key_and_finger(browser: Browser, site: LiveApp, name: str) -> None:
    """Axe and English: these pages are seen with all others in journeys/test_every_page.py."""
    page = browser.new_context(viewport={"width": 1280, "height": 900}).new_page()
    problems = collect_problems(page)
    for language in by_night(("de", "en"), ("de",)):
        page.goto(f"{site.address}{site.pages[name]}?lang={language}")
        for width in (1280, 320):
            page.set_viewport_size({"width": width, "height": 900})
            assert_no_sideways_scroll(page)
            assert_targets_large_enough(page)
        assert assert_focus_visible(page) > 6
    assert problems == []
    page.context.close()


def test_signing_up_needs_no_javascript(browser: Browser, site: LiveApp) -> None:
    page = browser.new_context(java_script_enabled=False, locale="de-DE").new_page()
    page.goto(f"{site.address}/events/zukunft")
    page.get_by_role("link", name="Anmelden", exact=True).click()
    page.get_by_label("Vorname").fill("Jördis")
    page.get_by_role("button", name="Anmelden").click()
    expect(page.locator("main")).to_have_attribute("data-outcome", "invalid")
    assert page.get_by_label("Vorname").input_value() == "Jördis"
    _complete(page)
    expect(page.locator("main")).to_have_attribute("data-outcome", "confirmed")
    assert page.url == f"{site.address}/events/zukunft/registered"
    page.get_by_role("link", name="English").click()
    expect(page.get_by_role("heading", level=1)).to_have_text("You are registered")
    page.context.close()


def _complete(page: Page) -> None:
    page.get_by_label("Nachname").fill("Beispiel")
    page.get_by_label("Dienstliche E-Mail-Adresse").fill("joerdis@example.org")
    page.get_by_label("Verwaltung oder Organisation").fill("Stadtverwaltung Bendorf")
    page.get_by_role("button", name="Anmelden").click()


def test_refused_form_is_accessible_too(browser: Browser, site: LiveApp) -> None:
    page = browser.new_context(viewport={"width": 390, "height": 800}).new_page()
    page.goto(f"{site.address}/events/zukunft/register?lang=de")
    page.get_by_role("button", name="Anmelden").click()
    expect(page).to_have_title(re.compile("Fehler:"))
    expect(page.locator("#error-summary")).to_be_focused()
    assert_accessible(page)
    page.locator(".error-summary a").first.click()
    expect(page.locator("#first_name")).to_be_focused()
    page.context.close()


def test_door_leads_to_the_room_of_another_house(browser: Browser, site: LiveApp) -> None:
    context = browser.new_context(locale="de-DE")
    page = context.new_page()
    asked: list[str] = []

    def room(route: object) -> None:
        asked.append(route.request.url)  # type: ignore[attr-defined]
        assert "referer" not in route.request.headers  # type: ignore[attr-defined]
        route.fulfill(body="<h1>Raum</h1>", content_type="text/html")  # type: ignore[attr-defined]

    context.route("https://video.example.org/**", room)
    page.goto(site.address + site.pages["room"])
    page.get_by_role("button", name="Jetzt teilnehmen").click()
    page.wait_for_url("https://video.example.org/**")
    assert asked == ["https://video.example.org/raum-geheim"]
    context.close()

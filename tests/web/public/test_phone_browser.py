"""Public pages on a phone of 360 by 740: what is seen first, and the button that stays in sight."""

from collections.abc import Iterator
from datetime import timedelta

import pytest
from flask import Flask, request
from markupsafe import escape
from playwright.sync_api import Browser, Page

from tests.browser import (
    assert_accessible,
    assert_focus_visible,
    assert_no_sideways_scroll,
    assert_targets_large_enough,
    collect_problems,
    serve,
)
from tests.factories import NOW, PAST, make_event
from tests.shared_app import own_app

pytestmark = [pytest.mark.browser, pytest.mark.slow]

PHONE = {"width": 360, "height": 740}
FORM_STARTS_ABOVE = 500
MOST_BYTES, MOST_REQUESTS = 200_000, 9


@pytest.fixture(scope="module")
def host() -> Iterator[str]:
    """Another site, whose page shows two pages of ours in frames."""
    site = Flask(__name__)

    @site.get("/")
    def page() -> str:
        paths = [f"{request.args['shows']}{path}" for path in ("/embed/events", "/")]
        return "".join(f'<iframe title="x" src="{escape(path)}"></iframe>' for path in paths)

    with serve(site) as found:
        yield found.replace("127.0.0.1", "localhost")


@pytest.fixture(scope="module")
def address(tmp_path_factory: pytest.TempPathFactory, host: str) -> Iterator[str]:
    with own_app(tmp_path_factory.mktemp("phone"), embed_origins=(host,)) as app:
        _fill(app)
        with serve(app) as found:
            yield found


def _fill(app: Flask) -> None:
    title = "Glasfaser vor Ort: Genehmigungen beschleunigen"
    make_event(
        app,
        slug="offen",
        title=title,
        series="Breitband in der Fläche",
        summary="Wie kommen Leitungen schneller in die Straße? " * 3,
        deadline=NOW + timedelta(days=9),
        approval=True,
        per_administration=2,
        description="\n\n".join(["Drei Verwaltungen zeigen ihren Weg zur Genehmigung."] * 20),
    )
    make_event(app, slug="voll", title="Sensornetze", capacity=0)
    make_event(app, slug="spaeter", state="announced")
    make_event(app, slug="abgesagt", state="cancelled")
    make_event(app, slug="vorbei", **PAST)


def opened(browser: Browser, address: str, path: str, **more: object) -> Page:
    options = {"viewport": PHONE, "locale": "de-DE", "reduced_motion": "reduce", **more}
    page = browser.new_context(**options).new_page()  # type: ignore[arg-type]
    page.goto(address + path)
    return page


def top_of(page: Page, selector: str) -> float:
    box = page.locator(selector).first.bounding_box()
    assert box is not None, selector
    return box["y"]


@pytest.mark.parametrize("language", ["de", "en"])
def test_form_begins_on_the_first_screen(browser: Browser, address: str, language: str) -> None:
    page = opened(browser, address, f"/events/offen/register?lang={language}")
    assert top_of(page, "#register") < FORM_STARTS_ABOVE
    assert top_of(page, "#salutation") < FORM_STARTS_ABOVE
    assert page.locator(".facts").count() == 1, "date and place stand in the head alone"
    lines = page.locator(".site .main li").evaluate_all("e => e.map(x => x.offsetTop)")
    assert len(lines) == 3
    assert len(set(lines)) == 1, "the navigation is one line"
    page.goto(f"{address}/events/voll/register?lang={language}")
    assert top_of(page, "#register") < FORM_STARTS_ABOVE
    page.context.close()


def test_button_stays_in_sight_and_covers_nothing(browser: Browser, address: str) -> None:
    page = opened(browser, address, "/events/offen")
    button = page.locator(".ask a")
    assert page.locator(".head-action a").is_hidden()
    assert button.bounding_box()["y"] < PHONE["height"] - 40  # type: ignore[index]
    assert assert_focus_visible(page) > 8
    page.evaluate("scrollTo(0, document.body.scrollHeight)")
    bar, foot = page.locator(".ask").bounding_box(), page.locator(".foot").bounding_box()
    assert bar is not None
    assert foot is not None
    assert bar["y"] + bar["height"] <= foot["y"] + 1
    page.set_viewport_size({"width": 640, "height": 320})  # also a desktop window at 200 %
    assert button.is_hidden()
    assert page.locator(".head-action a").is_visible()
    page.set_viewport_size(PHONE)
    button.click()
    page.wait_for_url("**/events/offen/register")
    page.context.close()


def test_button_is_there_only_for_those_who_can_register(browser: Browser, address: str) -> None:
    page = opened(browser, address, "/events/voll")
    assert page.locator(".ask a").inner_text() == "Auf die Warteliste"
    for path in ("/events/spaeter", "/events/abgesagt", "/events/vorbei"):
        page.goto(address + path)
        assert page.locator(".ask").count() == 0
    page.goto(f"{address}/events/spaeter")
    assert page.get_by_role("link", name="Benachrichtigen Sie mich").is_visible()
    page.context.close()


def test_button_is_readable_in_forced_colours(browser: Browser, address: str) -> None:
    page = opened(browser, address, "/events/offen", forced_colors="active")
    read = "e => { const s = getComputedStyle(e); return [s.color, s.backgroundColor] }"
    for selector in (".ask .kern-label", ".band h1", ".band .facts dd"):
        ink, _ground = page.locator(selector).first.evaluate(read)
        paper = page.evaluate("getComputedStyle(document.body).backgroundColor")
        assert ink != paper, selector
    assert page.locator(".band").evaluate("e => getComputedStyle(e).borderImageSource") == "none"
    page.context.close()


def test_public_pages_are_accessible_in_the_dark(browser: Browser, address: str) -> None:
    """In the light axe looks at all pages, see journeys/test_every_page.py."""
    page = opened(browser, address, "/", color_scheme="dark")
    problems = collect_problems(page)
    paths = ("/", "/series/breitband-in-der-flaeche", "/events/offen", "/events/offen/register")
    for path in (*paths, "/events/abgesagt", "/events/vorbei", "/embed/events"):
        page.goto(address + path)
        assert_accessible(page)
        assert_no_sideways_scroll(page)
        assert_targets_large_enough(page)
    page.emulate_media(color_scheme="light")
    assert_accessible(page)
    assert problems == []
    page.context.close()


@pytest.mark.parametrize("path", ["/events/offen", "/embed/events"])
def test_first_view_is_small(browser: Browser, address: str, path: str) -> None:
    page = browser.new_context(viewport=PHONE).new_page()
    sizes: list[int] = []
    page.on("requestfinished", lambda request: sizes.append(request.sizes()["responseBodySize"]))
    page.goto(address + path, wait_until="networkidle")
    assert len(sizes) <= MOST_REQUESTS
    assert sum(sizes) <= MOST_BYTES
    page.context.close()


def test_list_is_shown_by_the_site_that_may_and_no_other(
    browser: Browser, host: str, address: str
) -> None:
    page = browser.new_context(locale="de-DE").new_page()
    messages: list[str] = []
    page.on("console", lambda message: messages.append(message.text))
    for site, refused in ((host.replace("localhost", "127.0.0.1"), 2), (host, 1)):
        page.goto(f"{site}/?shows={address}", wait_until="networkidle")
        assert len([text for text in messages if "frame-ancestors" in text]) == refused
        messages.clear()
    page.frame_locator("iframe").first.get_by_role("link", name="Sensornetze").click()
    page.wait_for_url("**/events/voll")
    assert page.context.cookies() == []
    page.context.close()

"""A headless Chromium for tests: what axe sees, and what axe was green about while it was broken.

Each check takes a page that is already open. The fixture `browser` is one Chromium a process.
Axe takes ten times as long as the other checks, and most of that for contrast. By day it measures
contrast only where a page shows colours that this process has not seen yet.
"""

import os
import shutil
import time
from collections.abc import Iterator
from contextlib import contextmanager
from threading import Thread
from typing import Any
from urllib.parse import urlsplit

from axe_playwright_python.base import AxeResults
from axe_playwright_python.sync_playwright import Axe
from flask import Flask
from playwright.sync_api import Browser, BrowserContext, Page, expect, sync_playwright
from werkzeug.serving import make_server

from tests.effort import NIGHT

# The first has the same engine without windows of its own, and opens a page for half the CPU time.
NAMES = (
    "chromium-headless-shell",
    *("chromium", "chromium-browser", "google-chrome", "google-chrome-stable"),
)
ARGUMENTS = [
    "--no-sandbox",
    "--disable-gpu",
    "--disable-dev-shm-usage",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
    "--no-first-run",
]
TAGS = ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa", "best-practice"]
SMALLEST_TARGET = 24
PATIENCE_MS = 300_000  # a net for what never comes; a busy machine is no fault
SETTLED_WITHIN = 30.0
SHUTDOWN_SEEN_WITHIN = 0.02
KNOWN_COLOURS: set[str] = set()

# What Tab has reached: its name, whether its ring shows, whether something lies over it.
LOOK_AT_FOCUS = """() => {
  const here = document.activeElement;
  if (!here || here === document.body) return null;
  const style = getComputedStyle(here), box = here.getBoundingClientRect();
  const ring = style.outlineStyle !== "none" && parseFloat(style.outlineWidth) >= 2
    && !/^(transparent|rgba\\(.*, 0\\))$/.test(style.outlineColor);
  const top = document.elementFromPoint(box.left + box.width / 2, box.top + box.height / 2);
  const seen = box.width > 0 && box.height > 0 && box.bottom > 0 && box.top < innerHeight;
  const name = here.tagName.toLowerCase() + (here.id ? "#" + here.id : "") + " "
    + (here.innerText || here.value || "").trim().slice(0, 40);
  here.dataset.stop ??= String(document.querySelectorAll("[data-stop]").length);
  return {stop: here.dataset.stop, name, ring: ring || style.boxShadow !== "none", seen,
          covered: seen && top !== null && !here.contains(top) && !top.contains(here)
            && !top.closest("label")};
}"""

# WCAG 2.5.8 leaves out links inside a sentence; ours stand in p, li, dd and hints.
SMALL_TARGETS = """smallest => [...document.querySelectorAll("a, button, input, select, summary")]
  .filter(e => !e.closest(".skip") && e.type !== "hidden" && e.getClientRects().length)
  .filter(e => !(e.tagName === "A" && e.closest("p, dd, .kern-hint, li:not(.site li, .foot li)")))
  .map(e => [e.outerHTML.slice(0, 90), e.getBoundingClientRect()])
  .filter(([, b]) => b.width < smallest || b.height < smallest)
  .map(([html, b]) => `${Math.round(b.width)}x${Math.round(b.height)} ${html}`)"""

# With a sheet in it, and as the page is: the sheet makes it wider, so by day only to name a fault.
# The page's own CSP forbids a style element; a constructed sheet is not affected by it. One call,
# so that nothing is painted in between. A page that is left as it was looked at is not painted.
WIDE_ELEMENTS = """([css, both, leave]) => {
  const wide = () => document.scrollingElement.scrollWidth <= innerWidth ? [] :
    [...document.querySelectorAll("body *")]
    .filter(e => e.getBoundingClientRect().right > innerWidth + 1)
    .filter(e => !e.closest(".kern-table-responsive *"))
    .map(e => e.outerHTML.slice(0, 90)).slice(0, 5);
  document.body.style.contentVisibility = "";
  if (!document.adoptedStyleSheets.length) {
    const sheet = new CSSStyleSheet();
    sheet.replaceSync(css);
    document.adoptedStyleSheets = [sheet];
  }
  const spaced = wide();
  if (leave && !spaced.length) {
    document.body.style.contentVisibility = "hidden";
    return {plain: [], spaced};
  }
  document.adoptedStyleSheets = [];
  return {plain: both || spaced.length ? wide() : [], spaced};
}"""

# What the HTML standard forbids and browsers forgive; found with the validator vnu, which is too
# heavy for every run.
INVALID_MARKUP = """() => {
  const all = selector => [...document.querySelectorAll(selector)];
  const ids = all("[id]").map(e => e.id);
  const texts = ["text", "search", "tel", "url", "email", "password"];
  return [
    ...all("input[size]").filter(e => !texts.includes(e.type)),
    ...all("input[type=hidden][autocomplete=on], input[type=hidden][autocomplete=off]"),
    ...all("input[type=radio][autocomplete], input[type=checkbox][autocomplete]"),
    ...all("select[required]:not([multiple]):not([size])").filter(e => e.options[0]?.value !== ""),
    ...all("[id]").filter(e => !e.id || ids.indexOf(e.id) !== ids.lastIndexOf(e.id)),
    ...all("label[for]").filter(e => !e.control),
  ].map(e => e.outerHTML.slice(0, 120));
}"""

# What a page is asked at every width, in one call: each costs a few ms, however little it asks.
LOOK_AT_PAGE = f"""how => ({{
  language: document.documentElement.lang, invalid: ({INVALID_MARKUP})(), ...({WIDE_ELEMENTS})(how)
}})"""

# With `marked`, contrast is measured only where NEW_COLOURS has marked something. Of the answer
# only what is to be reported: the rest of it is longer than the page.
RUN_AXE = """async ([part, options, marked]) => {
  if (!("axe" in window)) return null;
  const selector = marked ? "[data-new-colours]" : "*";
  axe.configure({rules: [{id: "color-contrast", selector}]});
  const {violations} = await axe.run(part, options);
  return {violations};
}"""

# Marks what shows text in colours that are not among the known ones: its own colour on the grounds
# under it, down to the first that covers what lies below. Returns these colours.
NEW_COLOURS = """known => {
  const dark = matchMedia("(prefers-color-scheme: dark)").matches ? "dark" : "light";
  const seen = new Set(known), found = [];
  document.querySelectorAll("[data-new-colours]").forEach(e => delete e.dataset.newColours);
  for (const element of document.querySelectorAll("body *")) {
    const shows = element.matches("input, select, textarea")
      || [...element.childNodes].some(node => node.nodeType === 3 && node.data.trim());
    if (!shows || !element.checkVisibility({visibilityProperty: true})) continue;
    const own = getComputedStyle(element), parts = [dark, own.color, own.fontSize, own.fontWeight];
    for (let at = element; at; at = at.parentElement) {
      const {backgroundColor: ground, backgroundImage: image, opacity} = getComputedStyle(at);
      parts.push(opacity === "1" ? "" : opacity, image === "none" ? "" : image);
      if (ground !== "rgba(0, 0, 0, 0)") parts.push(ground);
      if (!/rgba|\\/|transparent/.test(ground)) break;
    }
    const colours = parts.filter(Boolean).join(" ");
    if (seen.has(colours)) continue;
    seen.add(colours);
    found.push(colours);
    element.dataset.newColours = "";
  }
  return found;
}"""

TEXT_SPACING = """* { line-height: 1.5 !important; letter-spacing: .12em !important;
  word-spacing: .16em !important } p { margin-bottom: 2em !important }"""


@contextmanager
def launch() -> Iterator[Browser]:
    """Start the Chromium of IKONE_CHROMIUM, the system's, or the one playwright has brought.

    Its windows wait for what they are told to wait for, however long that takes.
    """
    expect.set_options(timeout=PATIENCE_MS)
    found = (shutil.which(name) for name in NAMES)
    path = os.environ.get("IKONE_CHROMIUM") or next(filter(None, found), None)
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=path, headless=True, args=ARGUMENTS)
        _make_patient(browser)
        try:
            yield browser
        finally:
            browser.close()


def _make_patient(browser: Browser) -> None:
    new_context, new_page = browser.new_context, browser.new_page

    def context(**options: Any) -> BrowserContext:
        made = new_context(**options)
        made.set_default_timeout(PATIENCE_MS)
        return made

    def page(**options: Any) -> Page:
        made = new_page(**options)
        made.context.set_default_timeout(PATIENCE_MS)
        return made

    browser.new_context, browser.new_page = context, page  # type: ignore[method-assign]


@contextmanager
def serve(app: Flask) -> Iterator[str]:
    """Serve the app on a free port of this machine; gives its address, no slash at its end."""
    server = make_server("127.0.0.1", 0, app, threaded=True)
    # Until it looks whether it should end; half a second otherwise.
    thread = Thread(target=server.serve_forever, args=[SHUTDOWN_SEEN_WITHIN], daemon=True)
    thread.start()
    try:
        yield f"http://127.0.0.1:{server.server_port}"
    finally:
        server.shutdown()
        thread.join()
        server.server_close()


def log_in(page: Page, email: str, password: str, *, address: str = "") -> None:
    """Sign in without opening the form: three pages less. Journeys fill it in.

    The address is that of the site, if the page does not know it.
    """
    form = page.request.get(f"{address}/login").text()
    token = form.partition('name="csrf_token"')[2].partition('value="')[2].partition('"')[0]
    entries = {"csrf_token": token, "email": email, "password": password}
    answer = page.request.post(f"{address}/login", form=entries, max_redirects=0)
    assert answer.status == 303, answer.status


def collect_problems(page: Page) -> list[str]:
    """Note from now on what the page complains about: console, CSP, scripts, foreign requests.

    Call it before `goto`; the list fills while the page lives. The first address is home.
    """
    problems: list[str] = []
    home: list[str] = []

    def note_request(request: Any) -> None:
        address = urlsplit(request.url)
        if address.scheme not in ("http", "https"):
            return
        home[:] = home or [address.netloc]
        if address.netloc != home[0]:
            problems.append(f"foreign request: {request.url}")

    def note_console(message: Any) -> None:
        # Chromium reports the page's own status (404, 422) as an error of the console.
        own_status = (
            "Failed to load resource" in message.text and message.location["url"] == page.url
        )
        if message.type in ("error", "warning") and not own_status:
            problems.append(f"console: {message.text}")

    page.on("request", note_request)
    page.on("console", note_console)
    page.on("pageerror", lambda error: problems.append(f"script: {error}"))
    return problems


@contextmanager
def desk(
    app: Flask, browser: Browser, email: str, password: str
) -> Iterator[tuple[Page, list[str]]]:
    """Serve the app to a wide German page of somebody who has signed in, and note its problems."""
    with serve(app) as address:
        seat = browser.new_context(
            locale="de-DE", viewport={"width": 1280, "height": 900}, base_url=address
        )
        page = seat.new_page()
        problems = collect_problems(page)
        log_in(page, email, password)
        yield page, problems
        seat.close()


def assert_accessible(page: Page) -> None:
    """No finding of axe at level AA or among its good practices."""
    if NIGHT:
        _run_axe(page, "html", runOnly={"type": "tag", "values": TAGS})
        return
    found = page.evaluate(NEW_COLOURS, list(KNOWN_COLOURS))
    _run_axe(page, "html", marked=True, runOnly={"type": "tag", "values": TAGS})
    KNOWN_COLOURS.update(found)


def assert_readable(page: Page) -> None:
    """Texts have enough contrast to their ground, in the theme that the page has now.

    Axe looks at colours that no page of this process has shown yet: most show nothing new.
    """
    if found := page.evaluate(NEW_COLOURS, list(KNOWN_COLOURS)):
        only = {"type": "rule", "values": ["color-contrast"]}
        _run_axe(page, "[data-new-colours]", runOnly=only)
        KNOWN_COLOURS.update(found)


def assert_dark_readable(page: Page) -> None:
    """In the dark theme too, texts have enough contrast; axe finds nothing else new there."""
    page.emulate_media(color_scheme="dark", reduced_motion="reduce")
    assert_readable(page)
    page.emulate_media(color_scheme="light", reduced_motion="no-preference")


def bring_axe(page: Page) -> None:
    """Have axe on every page that this window opens: handing it over takes longer than reading it.

    For windows that look at most of their pages by axe; elsewhere it is handed over when needed.
    """
    page.add_init_script(Axe().axe_script)


def _run_axe(page: Page, part: str, *, marked: bool = False, **rules: Any) -> None:
    # Preloading asks for all style sheets once more, for a rule that is not among ours.
    options = {**rules, "resultTypes": ["violations"], "preload": False}
    answer = page.evaluate(RUN_AXE, [part, options, marked])
    if answer is None:
        page.evaluate(Axe().axe_script)
        answer = page.evaluate(RUN_AXE, [part, options, marked])
    found = AxeResults(answer)
    assert found.violations_count == 0, found.generate_report()


def assert_sound(page: Page, language: str, *, leave: bool = False) -> None:
    """The page is in this language, its markup is valid, and it fits into its window.

    With `leave` nothing but this is asked of the page any more, at whatever width.
    """
    seen = page.evaluate(LOOK_AT_PAGE, [TEXT_SPACING, NIGHT, leave])
    assert seen["language"] == language, seen["language"]
    assert not seen["invalid"], seen["invalid"]
    _assert_fits(seen)


def assert_no_sideways_scroll(page: Page) -> None:
    """The page is not wider than its window, not even with the text spacing WCAG grants."""
    _assert_fits(page.evaluate(WIDE_ELEMENTS, [TEXT_SPACING, NIGHT, False]))


def _assert_fits(wide: dict[str, list[str]]) -> None:
    assert not wide["plain"], wide["plain"]
    assert not wide["spaced"], f"too wide with WCAG's text spacing: {wide['spaced']}"


def assert_targets_large_enough(page: Page) -> None:
    """Everything to press is at least 24 px in both directions, links in sentences excepted."""
    small = page.evaluate(SMALL_TARGETS, SMALLEST_TARGET)
    assert not small, small


def assert_focus_visible(page: Page, *, most: int = 200) -> int:
    """Walk the page with Tab: every stop shows a ring, lies in the window and under nothing.

    Returns the number of stops, so that a caller can refuse an empty walk.
    """
    faults: list[str] = []
    page.emulate_media(reduced_motion="reduce")  # else the look comes while the page still glides
    page.evaluate("document.activeElement?.blur?.()")
    visited: set[str] = set()
    for _ in range(most):
        page.keyboard.press("Tab")
        stop = _look_at_focus(page)
        if stop is None or stop["stop"] in visited:
            break
        visited.add(stop["stop"])
        faults += [f"{stop['name']}: no focus ring"] * (not stop["ring"])
        faults += [f"{stop['name']}: out of sight"] * (not stop["seen"])
        faults += [f"{stop['name']}: covered"] * stop["covered"]
    assert not faults, "\n".join(faults)
    return len(visited)


def _look_at_focus(page: Page) -> dict[str, Any] | None:
    """What has the focus, once the page stands still: it scrolls after the key was answered."""
    end = time.monotonic() + SETTLED_WITHIN
    while True:
        stop: dict[str, Any] | None = page.evaluate(LOOK_AT_FOCUS)
        still = stop is None or (stop["seen"] and stop["ring"] and not stop["covered"])
        if still or time.monotonic() > end:
            return stop
        page.wait_for_timeout(20)

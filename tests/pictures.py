"""The pictures of the handbook and the README: `make pictures` takes them from the trial.

Each shows a page as it is now, with the data of the trial on a Monday that stays the same, so that
a picture changes when its page does. Chromium writes WebP: a fifth of a PNG.
"""

import base64
import dataclasses
import logging
import sys
import tempfile
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, date
from pathlib import Path
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

from flask import Flask
from playwright.sync_api import Browser, Page

from ikone_events.app import create_app
from ikone_events.demo import trial
from ikone_events.demo.story import make_story
from ikone_events.services.operating.health import beat
from ikone_events.store.db import db, transaction
from ikone_events.store.operating.schema import migrate
from tests.browser import launch, serve
from tests.factories import FixedClock
from tests.picture_day import begin_day
from tests.source import ROOT

if TYPE_CHECKING:
    from _typeshed.wsgi import StartResponse, WSGIEnvironment

FOLDER = ROOT / "docs" / "handbuch"
ADDRESS = "http://termine.example.org"
DAY = date(2026, 11, 30)
WIDTH, HEIGHT = 1280, 800
# 1,280 px of a page become 1,000 px of a picture.
SCALE = 1000 / WIDTH
QUALITY = 0.82
# The trial: tomorrow and without a link; open; a draft; over.
TOMORROW, OPEN, DRAFT, OVER = "smart-city-2", "smart-city-3", "smart-city-4", "smart-city-1"
EVENTS = "/organise/events"
SERIES = "workshop-reihe-bewerbung-als-smart-city"
REASON = "Die Referentin ist erkrankt. Einen neuen Termin gibt es nicht."

Step = Callable[[Page], None]


@dataclass(frozen=True, slots=True)
class Picture:
    """A page, what is done on it first, and the part that is shown (empty: the first screen).

    Names in braces stand for what begin_day returns.
    """

    path: str
    then: Step | None = None
    part: str = ""
    width: int = WIDTH
    height: int = HEIGHT


def _fill(**entries: str) -> Step:
    def fill(page: Page) -> None:
        for name, value in entries.items():
            page.fill(f"main [name={name}]", value)

    return fill


def _new_date(page: Page) -> None:
    page.fill("[name=starts_at]", "2027-01-12T14:00")
    page.fill("[name=ends_at]", "2027-01-12T16:00")
    page.click("button[name=look]")


def _a_message(page: Page) -> None:
    page.fill("main [name=subject_de]", "Bitte bringen Sie Ihre Fragen mit")
    page.fill(
        "main [name=body_de]",
        "am {{datum}} sprechen wir über Ihre Maßnahmenpläne. Bitte schicken Sie uns Ihre Fragen "
        "bis Freitag.",
    )
    _to_the_top(page)


def _announce(page: Page) -> None:
    page.click("main button[name=also][value=open]")
    page.wait_for_load_state()


def _first_person(page: Page) -> None:
    page.click("main tbody a")
    page.wait_for_load_state()


def _to_the_top(page: Page) -> None:
    page.evaluate("scrollTo(0, 0)")


# In this order: later pictures see what earlier ones have changed.
PICTURES: dict[str, Picture] = {
    "heute": Picture("/organise/", height=760),
    "ueberblick": Picture(f"{EVENTS}/{OPEN}"),
    "anmelden-telefon": Picture(f"/events/{OPEN}/register", width=390, height=780),
    "entwurf": Picture(
        f"{EVENTS}/new",
        _fill(title="Offene Daten im Rathaus", starts_at="2027-01-14T10:00"),
        height=820,
    ),
    "link-teilen": Picture(f"{EVENTS}/{OPEN}", part="section:has(#share)"),
    "teilnehmende": Picture(f"{EVENTS}/{OPEN}/registrations"),
    "suche": Picture("/organise/search?q=Ahorn", height=620),
    "texte": Picture("/organise/settings/texts/waitlist", height=1000),
    "abmelden": Picture(f"{EVENTS}/{OPEN}/registrations?order=name", _first_person),
    "schreiben": Picture(f"{EVENTS}/{OPEN}/write", _a_message, height=1000),
    "videolink": Picture(
        f"{EVENTS}/{TOMORROW}", _fill(room_url="https://video.example.org/raum-7")
    ),
    "termin": Picture(f"{EVENTS}/{OPEN}/date", _new_date),
    "unterlagen": Picture(f"{EVENTS}/{OVER}/materials", height=600),
    "nachbereitung": Picture(f"{EVENTS}/{TOMORROW}/follow-up", height=860),
    "zahlen": Picture(f"{EVENTS}/{OVER}/figures", height=760),
    "reihe": Picture(f"/organise/series/{SERIES}", height=640),
    "aufbewahrung": Picture("/organise/settings/retention", height=600),
    "anwesenheit": Picture(f"{EVENTS}/{OVER}/attendance"),
    "liste": Picture(f"{EVENTS}/{TOMORROW}/registrations/door", height=680),
    "absagen": Picture(f"{EVENTS}/{OPEN}/do/cancel", _fill(reason=REASON), height=680),
    "einstellungen": Picture("/organise/settings/organisation", height=860),
    "konto": Picture("/organise/account#mails", height=600),
    "verlauf": Picture(f"{EVENTS}/{TOMORROW}/history", height=600),
    "ansprechpersonen": Picture("/organise/contacts/people", height=640),
    "ankuendigen": Picture(f"{EVENTS}/{DRAFT}/preview/announce"),
    "rueckgaengig": Picture(f"{EVENTS}/{DRAFT}/preview/announce", _announce),
}


# Taken after those: the event of tomorrow has begun.
DAY_PICTURES: dict[str, Picture] = {
    "videoraeume": Picture("/organise/settings/rooms", height=860),
    "tuer": Picture("{guest}/room", width=390, height=700),
    "live": Picture(f"{EVENTS}/{TOMORROW}/live", height=900),
    "einlass": Picture(f"{EVENTS}/{TOMORROW}/check-in", height=760),
    "ticket": Picture("{visitor}/ticket", width=390, height=760),
    "mitwirkende": Picture(f"{EVENTS}/{TOMORROW}/speakers", height=700),
}
ALL = {**PICTURES, **DAY_PICTURES}


# Debian's Chromium speaks English without a further package; here its dates look as in Germany.
GERMAN_DATES = """() => document.querySelectorAll("input[type=datetime-local]").forEach(field => {
  const [day, time] = field.value.split("T");
  field.type = "text";
  field.value = day ? day.split("-").reverse().join(".") + ", " + time : "";
})"""
# Draws a picture into a canvas, which writes WebP.
TO_WEBP = """async ([picture, quality]) => {
  const drawn = await createImageBitmap(await (await fetch(picture)).blob());
  const canvas = new OffscreenCanvas(drawn.width, drawn.height);
  canvas.getContext("2d").drawImage(drawn, 0, 0);
  const blob = await canvas.convertToBlob({type: "image/webp", quality});
  return new Promise(done => {
    const reader = new FileReader();
    reader.onload = () => done(reader.result.split(",")[1]);
    reader.readAsDataURL(blob);
  });
}"""


@contextmanager
def trial_pages() -> Iterator[tuple[str, Callable[[], dict[str, str]]]]:
    """The trial in a temporary folder, with a clock that stands still.

    Gives its address, and what begins the day of the next event.
    """
    story = make_story("monday", today=DAY)
    clock = FixedClock(story.begins.astimezone(UTC))
    with tempfile.TemporaryDirectory(prefix="ikone-pictures-") as name:
        settings = trial._settings(Path(name), host="127.0.0.1", port=0, smtp_port=25)
        settings = dataclasses.replace(settings, base_url=ADDRESS, rate_limits=False)
        app = create_app(settings, clock=clock)
        app.extensions["ikone_wake"] = lambda: None
        with app.app_context():
            migrate()
            trial._fill(story, clock)
            with transaction():
                beat("pictures", now=clock())  # else the pages warn that nobody sends mails
        _answer_as(app, ADDRESS)
        with serve(app) as address:
            yield address, lambda: begin_day(app, clock, TOMORROW)
        with app.app_context():
            db.engine.dispose()


def _answer_as(app: Flask, address: str) -> None:
    """Let the browser reach the application by another host than the one of its pages."""
    inner = app.wsgi_app
    host = urlsplit(address).netloc

    def outer(environ: "WSGIEnvironment", start: "StartResponse") -> Iterable[bytes]:
        return inner({**environ, "HTTP_HOST": host}, start)

    app.wsgi_app = outer  # type: ignore[method-assign]  # Flask's documented way


def take(
    browser: Browser, address: str, pictures: dict[str, Picture]
) -> Iterator[tuple[str, bytes]]:
    """Each picture by its name, as WebP."""
    desk = _window(browser, WIDTH, HEIGHT, SCALE)
    desk.goto(f"{address}/login")
    desk.fill("[name=email]", trial.LOGINS[0].email)
    desk.fill("[name=password]", trial.PASSWORD)
    desk.click("main form button[type=submit]")
    for name, picture in pictures.items():
        narrow = picture.width < WIDTH
        page = _window(browser, picture.width, picture.height, 1) if narrow else desk
        page.set_viewport_size({"width": picture.width, "height": picture.height})
        page.goto(address + picture.path)
        if picture.then:
            picture.then(page)
        yield name, _as_webp(page, _shot(page, picture))


def _window(browser: Browser, width: int, height: int, scale: float) -> Page:
    return browser.new_context(
        locale="de-DE",
        viewport={"width": width, "height": height},
        device_scale_factor=scale,
        color_scheme="light",
        reduced_motion="reduce",
    ).new_page()


def _shot(page: Page, picture: Picture) -> bytes:
    page.evaluate("document.fonts.ready.then(() => document.activeElement.blur())")
    page.evaluate(GERMAN_DATES)
    if picture.part:
        return page.locator(picture.part).screenshot(animations="disabled")
    return page.screenshot(animations="disabled")


def _as_webp(page: Page, png: bytes) -> bytes:
    """Converted on a page of its own: the application's pages load nothing."""
    blank = page.context.new_page()
    blank.goto("about:blank")
    source = f"data:image/png;base64,{base64.b64encode(png).decode()}"
    made: str = blank.evaluate(TO_WEBP, [source, QUALITY])
    blank.close()
    return base64.b64decode(made)


def main(names: list[str]) -> None:
    """Write the named pictures, or all; what no picture is called is deleted."""
    FOLDER.mkdir(exist_ok=True)
    for path in FOLDER.glob("*.webp"):
        if path.stem not in ALL:
            path.unlink()
    logging.getLogger("werkzeug").setLevel(logging.WARNING)
    with launch() as browser, trial_pages() as (address, begin):
        _write(take(browser, address, _chosen(PICTURES, names)))
        if wanted := _chosen(DAY_PICTURES, names):
            paths = begin()
            for name, picture in wanted.items():
                wanted[name] = dataclasses.replace(picture, path=picture.path.format(**paths))
            _write(take(browser, address, wanted))


def _chosen(pictures: dict[str, Picture], names: list[str]) -> dict[str, Picture]:
    return {name: picture for name, picture in pictures.items() if not names or name in names}


def _write(taken: Iterable[tuple[str, bytes]]) -> None:
    for name, content in taken:
        (FOLDER / f"{name}.webp").write_bytes(content)
        sys.stdout.write(f"{name}: {len(content) // 1000} kB\n")


if __name__ == "__main__":
    main(sys.argv[1:])

"""Every page, in both languages, at desktop and phone width: usable by everybody.

By day what cannot differ is looked at once: the German page, whose words are the longer ones. Axe
sees one half of the pages light on a desk and the other dark on a phone, so that contrast is
measured in both themes; then the other width shows what is too wide. English pages are only asked
for. At night everything happens in every view. What is seen in every view always: language, markup,
what fits into the window, what the console says.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field

import pytest
from flask import Flask
from playwright.sync_api import Browser, Page, Response, ViewportSize
from werkzeug.exceptions import HTTPException
from werkzeug.routing import MapAdapter

from ikone_events.app import create_app
from ikone_events.demo.catcher import Catcher
from ikone_events.demo.pages import Trial, TrialClock
from ikone_events.store.db import db
from ikone_events.web.organiser.moved import earlier_endpoints
from ikone_events.worker.engine import Engine
from tests.browser import (
    assert_accessible,
    assert_dark_readable,
    assert_focus_visible,
    assert_sound,
    bring_axe,
    collect_problems,
    log_in,
    serve,
)
from tests.effort import NIGHT, by_night
from tests.factories import NOW, FixedClock, make_settings
from tests.journeys.filled_app import PASSWORD, PEOPLE, fill, fill_outbox
from tests.journeys.pages import DEMO, WHO, Stop

# By one worker: it knows which colours it has seen, and fills the application once.
pytestmark = [pytest.mark.browser, pytest.mark.slow, pytest.mark.xdist_group("every_page")]

LANGUAGES = {"de": "de-DE", "en": "en-GB"}
SHOWN = by_night([*LANGUAGES], ["de"])
DESK, PHONE = WINDOWS = [ViewportSize(width=width, height=900) for width in (1280, 320)]
# Of a page, as it is sent: compressed.
MOST_BYTES = 30_000
EVERY_STOP = [
    pytest.param(who, name, language, id=f"{name}-{language}")
    for who, stops in WHO.items()
    for name in stops
    for language in SHOWN
]
WALKED_BY_TAB = ("list", "event", "form-refused", "person", "overview", "at-a-glance", "edit")
# Answers that are files, feeds or figures, and what only sends people on.
NO_PAGES = {
    *("static", "security.static", "health.alive", "health.ready", "pages.security_txt"),
    *("pages.robots_txt", "pages.favicon", "search_engines.sitemap"),
    *("identity.accent", "identity.logo"),
    *("feeds.calendar", "feeds.series_calendar", "feeds.event_calendar", "feeds.event_ics"),
    *("atom.all_events", "atom.of_series", "personal_feed.personal_feed"),
    *("organiser.dossier", "organiser.retention_file"),
    *("office_feed.office_feed", "organiser.settle_todo", "organiser.live_now"),
    "organiser.room",
    "organiser.figures",
    *("attendee.calendar", "attendee.own_data", "attendee.ticket_pdf"),
    *("attendee.certificate_pdf", "attendee.series_certificate_pdf"),
    *("materials.public_file", "materials.personal_file", "organiser.material_file"),
    "requested_materials.file",
    *(
        "organiser.export_codes",
        "organiser.help_picture",
        "organiser.export_registrations",
        "organiser.door_workbook",
        "organiser.report_download",
        "organiser.badges_pdf",
        "organiser.export_contacts",
        "organiser.export_feedback",
        "organiser.export_subscribers",
        "organiser.export_standing",
        "organiser.mail_html",
        "organiser.preview_html",
        "organiser.follow_up_html",
        "organiser.preview_step_html",
        "demo.mail_html",
        "demo.mail_calendar",
        "demo_rooms.room",  # opens with a token alone: tests/demo/test_day.py
        "qr.code",
    ),
    *(f"organiser.{name}" for name in earlier_endpoints()),
}


@dataclass
class Looker:
    """Somebody with a window; `problems` fills with what the pages complain about."""

    page: Page
    problems: list[str]


@dataclass
class Served:
    """The application, and the windows of those who look at it."""

    app: Flask
    address: str
    browser: Browser
    names: Mapping[str, str]
    lookers: dict[tuple[str, str, bool], Looker] = field(default_factory=dict)

    def looker(self, who: str, language: str, *, dark: bool = False) -> Looker:
        """One window for each person, language and theme; cookies are of a window alone."""
        key = who, language, dark
        if key not in self.lookers:
            self.lookers[key] = self._open(*key)
        return self.lookers[key]

    def close(self) -> None:
        """Close all windows."""
        for looker in self.lookers.values():
            looker.page.context.close()

    def _open(self, who: str, language: str, dark: bool) -> Looker:
        page = self.browser.new_page(
            locale=LANGUAGES[language],
            viewport=DESK,
            color_scheme="dark" if dark else "light",
            reduced_motion="reduce" if dark else "no-preference",
        )
        bring_axe(page)
        looker = Looker(page, collect_problems(page))
        if who in PEOPLE:
            log_in(page, PEOPLE[who], PASSWORD, address=self.address)
        return looker


@pytest.fixture(scope="module")
def served(browser: Browser, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Served]:
    folder, origins = tmp_path_factory.mktemp("pages"), ("https://www.example.org",)
    app = create_app(make_settings(folder, embed_origins=origins), clock=FixedClock())
    app.extensions["ikone_wake"] = lambda: None
    with app.app_context():
        db.create_all()
    names = fill(app)
    with serve(app) as address:
        found = Served(app, address, browser, names)
        yield found
        found.close()
    with app.app_context():
        db.engine.dispose()


@pytest.mark.parametrize(("who", "name", "language"), EVERY_STOP)
def test_page_serves_everybody(served: Served, who: str, name: str, language: str) -> None:
    looker = served.looker(who, language, dark=_is_dark(name))
    looker.problems.clear()
    page = looker.page
    if not NIGHT:
        _show_in(page, _chosen(name))
    _open(page, served.address, WHO[who][name], {**served.names, "language": language})
    if name in WALKED_BY_TAB:
        _show_in(page, DESK)
        assert assert_focus_visible(page) > 6
    (_look_by_night if NIGHT else _look_by_day)(page, name, language)
    foreign_room = "foreign request: https://video.example.org/"
    assert [p for p in looker.problems if not p.startswith(foreign_room)] == []


def test_every_page_speaks_english(served: Served) -> None:
    english = {"Accept-Language": "en"}
    for who, stops in WHO.items():
        asking = served.looker(who, "en").page.request
        for name, stop in stops.items():
            path = stop.path.format(**{**served.names, "language": "en"})
            answer = asking.get(served.address + path, headers=english, max_redirects=0)
            if answer.headers.get("content-type", "").startswith("text/html"):
                assert '<html lang="en"' in answer.text(), name


def _open(page: Page, address: str, stop: Stop, names: Mapping[str, str]) -> None:
    answers: list[int] = []
    sizes: list[int] = []

    def note(response: Response) -> None:
        if response.request.is_navigation_request():
            answers.append(response.status)
            sizes.append(int(response.headers.get("content-length", MOST_BYTES)))

    page.on("response", note)
    try:
        if stop.then is not None:  # steps are those of a desk
            _show_in(page, DESK)
        page.goto(address + stop.path.format(**names))
        if stop.then is not None:
            answers.clear()
            with page.expect_event("domcontentloaded"):
                stop.then(page)
            page.wait_for_load_state()
    finally:
        page.remove_listener("response", note)
    assert stop.status in answers, answers
    assert max(sizes) < MOST_BYTES


def _look_by_night(page: Page, _name: str, language: str) -> None:
    """At both widths, the present one first: to lay a page out anew takes as long as all checks."""
    shown = page.viewport_size
    for window in sorted(WINDOWS, key=lambda each: each != shown):
        _show_in(page, window)
        assert_sound(page, language)
        assert_accessible(page)
        assert_dark_readable(page)


def _look_by_day(page: Page, name: str, language: str) -> None:
    """At first as it is, then, as it is not shown any more, for what is too wide."""
    first = _chosen(name)
    _show_in(page, first)
    assert_accessible(page)
    assert_sound(page, language, leave=True)
    _show_in(page, PHONE if first == DESK else DESK)
    assert_sound(page, language, leave=True)


def _chosen(name: str) -> ViewportSize:
    return WINDOWS[sum(name.encode()) % len(WINDOWS)]


def _is_dark(name: str) -> bool:
    """By day phones are; at night the theme changes on every page."""
    return not NIGHT and _chosen(name) == PHONE


def _show_in(page: Page, window: ViewportSize) -> None:
    if page.viewport_size != window:
        page.set_viewport_size(window)


@pytest.mark.parametrize("language", SHOWN)
@pytest.mark.parametrize("name", DEMO)
def test_trial_page_serves_everybody(trial: Served, name: str, language: str) -> None:
    looker = trial.looker("visitor", language, dark=_is_dark(name))
    _open(looker.page, trial.address, DEMO[name], {})
    (_look_by_night if NIGHT else _look_by_day)(looker.page, name, language)
    assert looker.problems == []


@pytest.fixture(scope="module")
def trial(browser: Browser, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Served]:
    """The application with the trial's own pages, and two mails that were caught."""
    clock = TrialClock(NOW)
    catcher = Catcher(clock)
    folder = tmp_path_factory.mktemp("trial")
    settings = make_settings(folder, smtp_url=f"smtp://127.0.0.1:{catcher.start()}?tls=none")
    app = create_app(settings, clock=clock, more_pages=Trial(clock, catcher).register)
    engine: Engine = app.extensions["ikone_engine"]
    with app.app_context():
        db.create_all()
    fill_outbox(app)
    engine.run_once()
    with serve(app) as address:
        found = Served(app, address, browser, {})
        yield found
        found.close()
    catcher.stop()
    with app.app_context():
        db.engine.dispose()


def test_no_page_is_left_out(served: Served, trial: Served) -> None:
    """A new page joins the list in pages.py, or is named there as none."""
    names = {**served.names, "language": "de"}
    paths = [stop.path.format(**names) for stops in WHO.values() for stop in stops.values()]
    adapter = trial.app.url_map.bind("localhost")
    paths += [stop.path for stop in DEMO.values()]
    # These pages are only seen after something was sent.
    after_sending = {
        *("signup.registered", "subscriptions.subscribed"),
        *("material_requests.requested", "standing.signed_up"),
        *("organiser.import_report", "organiser.contact_report", "organiser.several_done"),
    }
    visited = {_endpoint(adapter, path) for path in paths} | after_sending
    shown = {
        rule.endpoint for rule in trial.app.url_map.iter_rules() if "GET" in (rule.methods or ())
    }
    assert shown - NO_PAGES - visited == set()
    assert shown >= NO_PAGES


def _endpoint(adapter: MapAdapter, path: str) -> str:
    try:
        endpoint: str = adapter.match(path.partition("?")[0], method="GET")[0]
    except HTTPException:
        return ""
    return endpoint

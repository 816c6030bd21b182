"""The frame and all macros in a real browser: a public form, an organiser page, error pages."""

from collections.abc import Iterator
from pathlib import Path

import pytest
from flask import Flask, flash, make_response, redirect, render_template, request
from flask.typing import ResponseReturnValue
from flask_babel import Babel
from flask_wtf import CSRFProtect, FlaskForm
from jinja2 import ChoiceLoader, FileSystemLoader
from playwright.sync_api import Browser, Page, expect
from wtforms import (
    BooleanField,
    DateField,
    DateTimeLocalField,
    EmailField,
    FileField,
    RadioField,
    SelectField,
    SelectMultipleField,
    StringField,
    TextAreaField,
)
from wtforms.validators import DataRequired
from wtforms.widgets import CheckboxInput, ListWidget

from ikone_events.domain.events.lifecycle import State
from ikone_events.domain.identity import Identity
from ikone_events.domain.registering.registration import Status
from ikone_events.web.shell.filters import init_app as init_filters
from ikone_events.web.shell.static_files import static_files
from tests.browser import (
    assert_accessible,
    assert_focus_visible,
    assert_no_sideways_scroll,
    assert_targets_large_enough,
    collect_problems,
    serve,
)
from tests.effort import by_night

pytestmark = [pytest.mark.browser, pytest.mark.slow]

ROOT = Path(__file__).resolve().parents[2]
POLICY = (
    "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data:; "
    "font-src 'self'; connect-src 'self'; form-action 'self'; base-uri 'none'; "
    "frame-ancestors 'none'"
)
STATES = {
    "event": [*State],
    "registration": [*Status],
    "mail": ["queued", "sending", "sent", "failed"],
}
PAGES = ("/gallery", "/organiser", "/error/404", "/error/503")
CHOICES = {"": "Keine Angabe", "frau": "Frau", "herr": "Herr", "divers": "Divers"}


class Gallery(FlaskForm):  # type: ignore[misc]
    """One field of each kind, some of them refused."""

    salutation = SelectField("Anrede", choices=list(CHOICES.items()))
    title = StringField("Titel", render_kw={"autocomplete": "honorific-prefix"})
    first_name = StringField("Vorname", [DataRequired()], render_kw={"autocomplete": "given-name"})
    last_name = StringField("Nachname", [DataRequired()], render_kw={"autocomplete": "family-name"})
    email = EmailField("Dienstliche E-Mail-Adresse", [DataRequired("Bitte eine Adresse nennen.")])
    organisation = StringField("Verwaltung", [DataRequired("Bitte nennen Sie Ihre Verwaltung.")])
    question = TextAreaField("Frage an die Vortragenden", render_kw={"rows": 4})
    lunch = RadioField(
        "Essen Sie mit uns?",
        [DataRequired("Bitte wählen Sie eine Antwort.")],
        choices=[("yes", "Ja, vegetarisch"), ("no", "Nein")],
    )
    topics = SelectMultipleField(
        "Themen",
        choices=[("a", "Sensornetze"), ("b", "Förderanträge")],
        widget=ListWidget(prefix_label=False),
        option_widget=CheckboxInput(),
    )
    day = DateField("Tag", [DataRequired("Bitte einen Tag nennen.")])
    moment = DateTimeLocalField("Beginn")
    slides = FileField("Folien")
    list_me = BooleanField("Mein Name darf in der Teilnahmeliste stehen.")
    news = BooleanField("Bitte informieren Sie mich über weitere Termine.")


IDENTITY = Identity(organisation="IKONE DS", accent="", address="", privacy_contact="", logo=None)


class Numbers:
    """As much of a `store.paging.Page` as the macro reads."""

    number, pages = 5, 12

    def iter_pages(self) -> Iterator[int | None]:
        yield from (1, None, 4, 5, 6, None, 12)


def gallery_app() -> Flask:
    app = Flask("ikone_events", template_folder=str(ROOT / "templates"))
    app.static_folder = str(ROOT / "ikone_events" / "static")
    files = static_files(Path(app.static_folder))
    app.jinja_loader = ChoiceLoader(
        [FileSystemLoader(ROOT / "templates"), FileSystemLoader(Path(__file__).parent)]
    )
    app.config.update(
        SECRET_KEY="look", BABEL_TRANSLATION_DIRECTORIES=str(ROOT / "ikone_events" / "translations")
    )
    Babel(app, locale_selector=lambda: request.args.get("lang", "de"))
    CSRFProtect(app)
    init_filters(app)

    @app.context_processor
    def frame() -> dict[str, object]:
        return {
            "locale": request.args.get("lang", "de"),
            "organisation": "IKONE DS",
            "identity": IDENTITY,
            "static_url": lambda name: f"/static/{name}?v={files[name].version}",
            "language_url": lambda code: f"{request.path}?lang={code}",
            "area": "organiser" if request.path == "/organiser" else "",
            "organiser_name": "Jutta Beispiel",
            "demo": {"now": "Mo., 11. Januar 2021, 8:45 Uhr", "links": [("Postfach", "/mail")]},
            "states": STATES,
        }

    @app.after_request
    def policy(response: object) -> object:
        response.headers["Content-Security-Policy"] = POLICY  # type: ignore[attr-defined]
        return response

    @app.get("/gallery")
    def gallery() -> ResponseReturnValue:
        form = Gallery(formdata=None, meta={"csrf": True})
        form.validate() if request.args.get("wrong", "1") == "1" else None
        form.csrf_token.errors = ()
        return render_template("gallery.html", form=form, complaints=["Alle Plätze sind vergeben."])

    @app.get("/organiser")
    def organiser() -> ResponseReturnValue:
        if "flash" in request.args:
            flash("Die Anmeldung ist jetzt offen.", "success")
            return redirect("/organiser")
        return render_template(
            "organiser.html",
            form=Gallery(formdata=None),
            page=Numbers(),
            page_url=lambda n: f"?page={n}",
        )

    @app.get("/error/<int:status>")
    def error(status: int) -> ResponseReturnValue:
        return make_response(
            render_template("error.html", status=status, reference="7F3A-21"), status
        )

    return app


@pytest.fixture(scope="module")
def base_url() -> Iterator[str]:
    with serve(gallery_app()) as address:
        yield address


def opened(browser: Browser, address: str, **settings: object) -> tuple[Page, list[str]]:
    context = browser.new_context(**settings)  # type: ignore[arg-type]
    page = context.new_page()
    problems = collect_problems(page)
    page.goto(address)
    return page, problems


# Each width, scheme and language; at night each with two others.
@pytest.mark.parametrize(
    "case",
    [
        (1280, "light", "de"),
        (320, "dark", "en"),
        *by_night([(1280, "dark", "en"), (390, "dark", "de"), (320, "light", "en")], []),
    ],
)
@pytest.mark.parametrize("path", PAGES)
def test_page_is_accessible_and_fits_its_window(
    browser: Browser, base_url: str, path: str, case: tuple[int, str, str]
) -> None:
    width, scheme, language = case
    page, problems = opened(
        browser,
        f"{base_url}{path}?lang={language}",
        viewport={"width": width, "height": 900},
        color_scheme=scheme,
    )
    assert_accessible(page)
    assert_no_sideways_scroll(page)
    assert_targets_large_enough(page)
    assert assert_focus_visible(page) > 8
    page.set_viewport_size({"width": 390, "height": 900})
    assert_no_sideways_scroll(page)
    assert_targets_large_enough(page)
    assert problems == []
    page.context.close()


def test_error_summary_has_the_focus_and_leads_to_its_field(
    browser: Browser, base_url: str
) -> None:
    page, _ = opened(browser, f"{base_url}/gallery")
    expect(page.locator("#error-summary")).to_be_focused()
    for link in page.locator(".error-summary a").all():
        link.click()
        target = str(link.get_attribute("href"))
        expect(page.locator(target)).to_be_focused()
    page.context.close()


def test_icons_stay_visible_in_forced_colours(browser: Browser, base_url: str) -> None:
    for scheme in ("light", "dark"):
        page, _ = opened(
            browser, f"{base_url}/organiser", color_scheme=scheme, forced_colors="active"
        )
        lost = page.evaluate(
            # Not "differs from the paper": one white is written rgb(), the other oklch().
            """() => { const ink = getComputedStyle(document.body).color;
            return [...document.querySelectorAll(".kern-icon")]
              .filter(e => getComputedStyle(e).backgroundColor !== ink)
              .map(e => e.className); }"""
        )
        assert lost == []
        page.context.close()


def test_reduced_motion_is_respected(browser: Browser, base_url: str) -> None:
    page, _ = opened(browser, f"{base_url}/gallery", reduced_motion="reduce")
    assert page.evaluate("getComputedStyle(document.documentElement).scrollBehavior") == "auto"
    page.context.close()


def test_changed_form_asks_before_it_is_left(browser: Browser, base_url: str) -> None:
    page, _ = opened(browser, f"{base_url}/gallery")
    asked: list[str] = []
    page.on("dialog", lambda dialog: (asked.append(dialog.type), dialog.accept()))
    page.fill("#first_name", "Jutta")
    page.goto(f"{base_url}/organiser")
    assert asked == ["beforeunload"]
    page.context.close()


def test_flash_message_is_shown_once(browser: Browser, base_url: str) -> None:
    page, problems = opened(browser, f"{base_url}/organiser?flash=1")
    assert page.locator("[role=status] .kern-alert--success").count() == 1
    assert_accessible(page)
    page.reload()
    assert page.locator("[role=status]").count() == 0
    assert problems == []
    page.context.close()

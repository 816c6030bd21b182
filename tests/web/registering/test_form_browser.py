"""The whole registration form in a real browser: by keyboard, without scripts, on small screens."""

from collections.abc import Iterator
from itertools import product

import pytest
from flask import Flask
from playwright.sync_api import Browser, Page, expect
from sqlalchemy import select

from ikone_events.app import create_app
from ikone_events.store.db import db
from ikone_events.store.registering.form_fields import Answer
from ikone_events.store.registering.models import Code, Registration
from tests.browser import (
    assert_accessible,
    assert_focus_visible,
    assert_no_sideways_scroll,
    assert_targets_large_enough,
    collect_problems,
    serve,
)
from tests.effort import NIGHT, by_night
from tests.factories import NOW, FixedClock, make_event, make_organisation, make_settings, stored
from tests.own_fields import make_field

pytestmark = [pytest.mark.browser, pytest.mark.slow]
LANGUAGES = {"de": "de-DE", "en": "en-GB"}
SUBMIT = "main form .actions button:not([name])"


@pytest.fixture(scope="module")
def app(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Flask]:
    """An event that asks for everything that a form can ask."""
    application = create_app(make_settings(tmp_path_factory.mktemp("form")), clock=FixedClock())
    application.extensions["ikone_wake"] = lambda: None
    with application.app_context():
        db.create_all()
    make_organisation(application, "Verbandsgemeindeverwaltung Bad Münster am Stein-Ebernburg")
    event = make_event(
        application,
        slug="alles",
        title="Digitalisierungsstrategien für Verbandsgemeindeverwaltungen",
        title_en="Digital strategies",
        format="hybrid",
        place="Rathaus, Saal 2",
        by_code=True,
    )
    stored(application, Code(event_id=event.id, text="RATHAUS2026", created_at=NOW))
    meals = [
        {"value": "vegan", "label": "Vegan", "label_en": "Vegan"},
        {"value": "kaese", "label": "Mit Käse", "label_en": "With cheese"},
    ]
    make_field(
        application,
        event,
        key="essen",
        kind="one_choice",
        label="Mittagessen",
        label_en="Lunch",
        choices=meals,
        required=True,
        position=1,
    )
    make_field(
        application,
        event,
        key="nuesse",
        label="Welche Nüsse?",
        label_en="Which nuts?",
        shown_if="essen",
        shown_value="kaese",
        required=True,
        position=2,
    )
    yield application
    with application.app_context():
        db.session.remove()
        db.engine.dispose()


@pytest.fixture(scope="module")
def address(app: Flask) -> Iterator[str]:
    """Where the application is served."""
    with serve(app) as found:
        yield f"{found}/events/alles/register"


@pytest.fixture
def people(app: Flask) -> Iterator[None]:
    """Nobody is registered before and after."""
    yield
    with app.app_context(), db.engine.begin() as connection:
        connection.execute(Answer.__table__.delete())
        for table in ("status_change", "outbox_mail", "registration"):
            connection.execute(db.metadata.tables[table].delete())


def window(browser: Browser, language: str = "de", **more: object) -> Page:
    return browser.new_context(locale=LANGUAGES[language], **more).new_page()


def kinds_in(app: Flask) -> list[tuple[str, str, str]]:
    with app.app_context():
        rows = db.session.scalars(select(Registration).order_by(Registration.id))
        return [(row.email, row.mode, row.status) for row in rows]


def expect_outcome(page: Page, outcome: str) -> None:
    expect(page.locator("main")).to_have_attribute("data-outcome", outcome)


@pytest.mark.usefixtures("people")
def test_whole_form_by_keyboard_alone(browser: Browser, app: Flask, address: str) -> None:
    page = window(browser)
    page.goto(f"{address}?code=RATHAUS2026")
    _reach(page, "salutation")
    page.keyboard.press("ArrowDown")
    for name, text in (("first_name", "Jördis"), ("last_name", "Beispiel")):
        _reach(page, name)
        page.keyboard.type(text)
    _reach(page, "email")
    page.keyboard.type("joerdis@example.org")
    _reach(page, "mode")
    page.keyboard.press("Space")
    _reach(page, "organisation")
    page.keyboard.type("Stadtverwaltung Bendorf")
    _reach(page, "f_essen")
    page.keyboard.press("Space")
    _reach(page, "add")
    with page.expect_navigation():
        page.keyboard.press("Enter")
    assert page.evaluate("location.hash") == "#person-2"
    _reach(page, "p2-first_name")
    page.keyboard.type("Karl")
    _reach(page, "p2-last_name")
    page.keyboard.type("Kollege")
    _reach(page, "p2-email")
    page.keyboard.type("karl@example.org")
    _reach(page, "p2-mode")
    page.keyboard.press("ArrowDown")
    _reach(page, "p2-f_essen")
    page.keyboard.press("Space")
    with page.expect_navigation():
        page.keyboard.press("Enter")
    expect_outcome(page, "confirmed")
    assert kinds_in(app) == [
        ("joerdis@example.org", "on_site", "confirmed"),
        ("karl@example.org", "online", "confirmed"),
    ]
    page.context.close()


def _reach(page: Page, name: str, most: int = 60) -> None:
    """Press Tab until a field has the focus."""
    for _press in range(most):
        page.keyboard.press("Tab")
        if page.evaluate("document.activeElement.name") == name:
            return
    raise AssertionError(f"Tab does not reach {name}")


@pytest.mark.usefixtures("people")
@pytest.mark.parametrize(
    ("language", "scripts"),
    by_night([*product(LANGUAGES, (True, False))], [("de", True), ("en", False)]),
)
def test_three_mistakes_lose_nothing(
    browser: Browser, app: Flask, address: str, language: str, scripts: bool
) -> None:
    page = window(browser, language, java_script_enabled=scripts)
    page.goto(address)
    typed = {
        "code": "FALSCH2026",
        "title": "Dr.",
        "first_name": "Jördis",
        "email": "joerdis",
        "position": "Hauptamt",
        "question": "Was kostet das?\nUnd wann?",
        "p2-first_name": "Karl",
        "p2-email": "karl@",
    }
    page.select_option("[name=salutation]", "frau")
    page.check("[name=mode][value=online]")
    page.check("[name=f_essen][value=vegan]")
    for name in ("code", "title", "first_name", "email", "position", "question"):
        page.fill(f"[name={name}]", typed[name])
    page.click("button[name=add]")
    for name in ("p2-first_name", "p2-email"):
        page.fill(f"[name={name}]", typed[name])

    def all_there() -> None:
        assert {name: page.input_value(f"[name={name}]") for name in typed} == typed
        assert page.input_value("[name=salutation]") == "frau"
        assert page.is_checked("[name=mode][value=online]")
        assert page.is_checked("[name=f_essen][value=vegan]")

    all_there()
    page.click(SUBMIT)
    expect_outcome(page, "invalid")
    all_there()
    other = next(each for each in LANGUAGES if each != language)
    page.click(f"button[name=switch_language][value={other}]")
    expect(page.locator("html")).to_have_attribute("lang", other)
    all_there()
    page.click(f"button[name=switch_language][value={language}]")
    all_there()
    mended = {"last_name": "Beispiel", "email": "joerdis@example.org", "organisation": "Amt"}
    for name, text in {**mended, "p2-last_name": "K", "p2-email": "karl@example.org"}.items():
        typed[name] = text
        page.fill(f"[name={name}]", text)
    page.check("[name=p2-mode][value=on_site]")
    page.check("[name=p2-f_essen][value=vegan]")
    page.click(SUBMIT)
    expect_outcome(page, "invalid")
    assert page.locator("#code-error").count() == 1
    all_there()
    page.fill("[name=code]", "rathaus-2026")
    page.click(SUBMIT)
    expect_outcome(page, "confirmed")
    assert page.get_attribute("html", "lang") == language
    assert [row[:2] for row in kinds_in(app)] == [
        ("joerdis@example.org", "online"),
        ("karl@example.org", "on_site"),
    ]
    page.context.close()


# In English journeys/test_every_page.py looks at the same two pages.
@pytest.mark.parametrize("language", by_night([*LANGUAGES], ["de"]))
def test_refused_form_serves_everybody_at_every_width(
    browser: Browser, address: str, language: str
) -> None:
    page = window(browser, language)
    problems = collect_problems(page)
    page.goto(address)
    page.click("button[name=add]")
    _look_at_every_width(page, walked=320)
    page.click(SUBMIT)
    expect(page.locator("#error-summary")).to_be_focused()
    _look_at_every_width(page, walked=1280)
    for link in page.locator(".error-summary a").all():
        link.click()
        target = str(link.get_attribute("href")).partition("#")[2]
        expect(page.locator(f"[id='{target}']")).to_be_focused()
    assert problems == []
    page.context.close()


def _look_at_every_width(page: Page, *, walked: int) -> None:
    """With Tab only at one width; at night at both."""
    assert_accessible(page)
    for width in (1280, 320):
        page.set_viewport_size({"width": width, "height": 900})
        assert_no_sideways_scroll(page)
        assert_targets_large_enough(page)
        if NIGHT or width == walked:
            assert assert_focus_visible(page) > 10


@pytest.mark.parametrize("field", ["first_name", "organisation", "code"])
def test_enter_sends_the_form_and_nothing_else(browser: Browser, address: str, field: str) -> None:
    page = window(browser)
    page.goto(address)
    page.click("button[name=add]")
    with page.expect_navigation():
        page.press(f"[name={field}]", "Enter")
    expect_outcome(page, "invalid")
    assert page.get_attribute("html", "lang") == "de"
    assert page.locator("[name=person]").count() == 1
    page.context.close()


@pytest.mark.usefixtures("people")
def test_going_back_keeps_what_was_typed(browser: Browser, address: str) -> None:
    page = window(browser)
    page.goto(address)
    page.fill("[name=first_name]", "Jördis")
    page.goto(address.removesuffix("/register"))
    page.go_back()
    assert page.input_value("[name=first_name]") == "Jördis"
    page.context.close()


def test_conditional_field_is_hidden_until_it_is_meant(browser: Browser, address: str) -> None:
    page = window(browser)
    page.goto(address)
    page.click("button[name=add]")
    for prefix in ("", "p2-"):
        field = page.locator(f"[name={prefix}f_nuesse]")
        assert not field.is_visible()
        page.check(f"[name={prefix}f_essen][value=kaese]")
        assert field.is_visible()
    page.context.close()

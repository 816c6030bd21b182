"""Own fields in a real browser: conditions with and without JavaScript, by keyboard, by axe."""

from collections.abc import Iterator

import pytest
from flask import Flask
from playwright.sync_api import Browser, Page, expect

from ikone_events.store.db import db
from ikone_events.store.registering.form_fields import answers_for
from ikone_events.store.registering.models import Registration
from tests.browser import (
    assert_accessible,
    assert_focus_visible,
    assert_no_sideways_scroll,
    assert_targets_large_enough,
    collect_problems,
    serve,
)
from tests.factories import make_event
from tests.own_fields import make_field
from tests.shared_app import own_app

pytestmark = [pytest.mark.browser, pytest.mark.slow]

SEVEN = [{"value": f"tag{n}", "label": f"Tag {n}", "label_en": f"Day {n}"} for n in range(1, 8)]
FOOD = [
    {"value": "vegan", "label": "Vegan", "label_en": "Vegan"},
    {"value": "kaese", "label": "Mit Käse", "label_en": "With cheese", "places": 0},
    {"value": "anderes", "label": "Etwas anderes", "label_en": "Something else"},
]
FIELDS = {
    "essen": {"kind": "one_choice", "label": "Essen", "label_en": "Food", "choices": FOOD},
    "was": {
        "label": "Was denn?",
        "label_en": "What?",
        "required": True,
        "shown_if": "essen",
        "shown_value": "anderes",
    },
    "tag": {"kind": "one_choice", "label": "Tag", "label_en": "Day", "choices": SEVEN},
    "nacht": {
        "kind": "yes_no",
        "label": "Übernachten Sie?",
        "label_en": "Do you stay?",
        "shown_if": "tag",
        "shown_value": "tag7",
        "required": True,
    },
    "hotel": {
        "kind": "several_choices",
        "label": "Wo?",
        "label_en": "Where?",
        "shown_if": "nacht",
        "shown_value": "yes",
        "required": True,
        "choices": FOOD,
    },
}


@pytest.fixture(scope="module")
def app(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Flask]:
    with own_app(tmp_path_factory.mktemp("own")) as found:
        event = make_event(found, slug="tagung", capacity=None)
        for number, (key, values) in enumerate(FIELDS.items(), 1):
            make_field(found, event, key=key, position=number, **values)
        yield found


@pytest.fixture(scope="module")
def address(app: Flask) -> Iterator[str]:
    with serve(app) as found:
        yield f"{found}/events/tagung/register"


def open_form(
    browser: Browser, address: str, language: str = "de", *, scripts: bool = True
) -> Page:
    """A visitor's form, at the width of a phone."""
    context = browser.new_context(
        java_script_enabled=scripts,
        locale={"de": "de-DE", "en": "en-GB"}[language],
        viewport={"width": 320, "height": 800},
    )
    page = context.new_page()
    page.goto(f"{address}?lang={language}")
    return page


def send(page: Page, email: str) -> None:
    """Fill in what everybody is asked, and send the form."""
    for name, value in {
        "first_name": "Jördis",
        "last_name": "Beispiel",
        "email": email,
        "organisation": "Stadtverwaltung Bendorf",
    }.items():
        page.fill(f"[name={name}]", value)
    page.locator("main form button[type=submit]:not([name])").last.click()


def stored(app: Flask, email: str) -> dict[str, list[str]]:
    """What the person has answered."""
    with app.app_context():
        wanted = db.select(Registration.id).where(Registration.email == email)
        (person,) = db.session.scalars(wanted)
        return answers_for([person])[person]


@pytest.mark.parametrize("language", ["de", "en"])
def test_condition_hides_and_shows_its_fields(
    browser: Browser, app: Flask, address: str, language: str
) -> None:
    page = open_form(browser, address, language)
    problems = collect_problems(page)
    page.reload()
    what, night = page.locator("[name=f_was]"), page.locator("[name=f_nacht]").first
    assert not what.is_visible()
    assert what.is_disabled()
    assert what.get_attribute("required") is None
    assert page.locator(".only-if:visible").count() == 0
    page.check("[name=f_essen][value=anderes]")
    assert what.is_visible()
    assert what.get_attribute("required") is not None
    page.select_option("[name=f_tag]", "tag7")
    page.check("[name=f_nacht][value=yes]")
    boxes = page.locator("[name=f_hotel]")
    assert boxes.first.is_visible()
    assert [boxes.nth(n).is_disabled() for n in range(3)] == [False, True, False]
    assert boxes.first.get_attribute("required") is None
    for width in (1280, 320):
        page.set_viewport_size({"width": width, "height": 800})
        assert_accessible(page)
        assert_no_sideways_scroll(page)
        assert_targets_large_enough(page)
    page.select_option("[name=f_tag]", "tag1")
    assert not night.is_visible()
    assert not boxes.first.is_visible()
    assert problems == []
    page.context.close()


def test_hidden_answers_are_not_sent_and_not_missed(
    browser: Browser, app: Flask, address: str
) -> None:
    page = open_form(browser, address)
    page.check("[name=f_essen][value=anderes]")
    page.fill("[name=f_was]", "Suppe")
    page.check("[name=f_essen][value=vegan]")
    send(page, "mit@example.org")
    expect(page.locator("main")).to_have_attribute("data-outcome", "confirmed")
    assert stored(app, "mit@example.org") == {"essen": ["vegan"]}
    page.context.close()


def test_shown_field_is_missed_and_what_was_typed_stays(
    browser: Browser, app: Flask, address: str
) -> None:
    page = open_form(browser, address)
    page.check("[name=f_essen][value=anderes]")
    page.select_option("[name=f_tag]", "tag7")
    page.check("[name=f_nacht][value=yes]")
    send(page, "fehler@example.org")
    assert page.locator("main").get_attribute("data-outcome") == "invalid"
    assert page.locator(".error-summary a").count() == 2
    assert_accessible(page)
    assert page.locator("[name=f_was]").is_visible()
    page.locator(".error-summary a").first.click()
    expect(page.locator("#f_was")).to_be_focused()
    page.fill("[name=f_was]", "Suppe")
    page.locator(".error-summary a").last.click()
    page.keyboard.press("Space")
    page.locator("main form button[type=submit]:not([name])").last.click()
    expect(page.locator("main")).to_have_attribute("data-outcome", "confirmed")
    assert stored(app, "fehler@example.org") == {
        "essen": ["anderes"],
        "was": ["Suppe"],
        "tag": ["tag7"],
        "nacht": ["yes"],
        "hotel": ["vegan"],
    }
    page.context.close()


@pytest.mark.parametrize(
    ("language", "sentence"),
    [
        ("de", "Nur, wenn Sie bei „Essen“ „Etwas anderes“ gewählt haben."),
        ("en", "Only if you chose “Something else” at “Food”."),
    ],
)
def test_without_javascript_a_sentence_states_when(
    browser: Browser, app: Flask, address: str, language: str, sentence: str
) -> None:
    page = open_form(browser, address, language, scripts=False)
    assert page.get_by_text(sentence).is_visible()
    assert page.locator("[name=f_was]").is_visible()
    assert page.locator("[name=f_hotel]").first.is_visible()
    page.check("[name=f_essen][value=vegan]")
    page.fill("[name=f_was]", "wird verworfen")
    page.check("[name=f_hotel][value=vegan]")
    send(page, f"ohne-{language}@example.org")
    expect(page.locator("main")).to_have_attribute("data-outcome", "confirmed")
    assert stored(app, f"ohne-{language}@example.org") == {"essen": ["vegan"]}
    page.context.close()


def test_form_is_walked_by_keyboard_alone(browser: Browser, app: Flask, address: str) -> None:
    page = open_form(browser, address)
    page.locator("[name=f_essen]").first.focus()
    page.keyboard.press("Space")
    page.keyboard.press("ArrowDown")  # past the full one
    assert page.locator("[name=f_essen][value=anderes]").is_checked()
    page.keyboard.press("Tab")
    expect(page.locator("[name=f_was]:focus")).to_have_count(1)
    assert assert_focus_visible(page) > 5
    page.context.close()

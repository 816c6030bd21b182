"""The editor of texts in a real browser: placeholders by a click, a preview that keeps up."""

from collections.abc import Callable, Iterator

import pytest
from flask import Flask
from playwright.sync_api import Browser, Page, expect

from tests.browser import (
    assert_accessible,
    assert_no_sideways_scroll,
    assert_targets_large_enough,
    desk,
)
from tests.factories import make_event
from tests.web.organiser.conftest import PASSWORD, Person

pytestmark = [pytest.mark.browser, pytest.mark.slow]
PATH = "/organise/events/e/mail/texts/confirmation"


@pytest.fixture
def page(app: Flask, make_person: Callable[..., Person], browser: Browser) -> Iterator[Page]:
    """A desk at which somebody has signed in."""
    email = make_person("wilma@example.org").email
    with desk(app, browser, email, PASSWORD) as (page, problems):
        yield page
        assert [each for each in problems if "422" not in each] == []


def test_text_is_written_with_its_preview_beside_it(app: Flask, page: Page) -> None:
    make_event(app, slug="e", title="Dörfer im Wandel")
    page.goto(PATH)
    shown = page.locator("[data-preview=de]")
    expect(shown).to_contain_text("Sie sind angemeldet:")
    _insert_where_the_cursor_is(page)
    expect(shown).to_contain_text("Willkommen zu Dörfer im Wandel, bis bald")

    page.fill("[name=body_de]", "Hallo {{titl}}")
    expect(page.locator("[data-version=de] [data-stale]")).to_be_visible()
    expect(shown).to_contain_text("bis bald")  # the last one that could be shown
    page.fill("[name=body_de]", "Hallo {{vorname}}")
    expect(shown).to_contain_text("Hallo Erika")
    expect(page.locator("[data-stale]").first).to_be_hidden()

    _change_the_language(page)
    assert_no_sideways_scroll(page)
    assert_targets_large_enough(page)
    assert_accessible(page)
    page.click("button:has-text('Speichern')")
    expect(page.locator("del").first).to_be_visible()
    expect(page.locator("ins").first).to_contain_text("Hallo {{vorname}}")


def _insert_where_the_cursor_is(page: Page) -> None:
    page.fill("[name=body_de]", "Willkommen zu , bis bald")
    page.evaluate("document.querySelector('[name=body_de]').setSelectionRange(14, 14)")
    page.click("button[data-insert='{{titel}}']")
    assert page.input_value("[name=body_de]") == "Willkommen zu {{titel}}, bis bald"
    expect(page.locator("[name=body_de]")).to_be_focused()


def _change_the_language(page: Page) -> None:
    """One language is hidden; a passage is never inserted into a subject."""
    expect(page.locator("[name=body_en]")).to_be_hidden()
    page.check("[name=shown][value=en]")
    expect(page.locator("[name=body_de]")).to_be_hidden()
    page.fill("[name=body_en]", "")
    page.focus("[name=subject_en]")
    page.click("button[data-insert='{{zugang}}']")
    assert page.input_value("[name=body_en]") == "{{zugang}}"
    page.focus("[name=subject_en]")
    page.click("button[data-insert='{{ort}}']")
    assert "{{ort}}" in page.input_value("[name=subject_en]")
    page.check("[name=shown][value=both]")
    expect(page.locator("[name=body_de]")).to_be_visible()

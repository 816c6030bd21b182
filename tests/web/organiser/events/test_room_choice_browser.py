"""Choosing what makes the room in a real browser: the fields of a link come and go."""

from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from flask import Flask
from playwright.sync_api import Browser, Page, expect

from ikone_events.config import Settings
from tests.browser import assert_no_sideways_scroll, assert_targets_large_enough, desk
from tests.factories import make_event, make_settings
from tests.web.organiser.conftest import PASSWORD, Person

pytestmark = [pytest.mark.browser, pytest.mark.slow]


@pytest.fixture
def settings(data_dir: Path) -> Settings:
    """An installation with Jitsi."""
    return make_settings(
        data_dir, jitsi_url="https://meet.example.org", jitsi_app_id="a", jitsi_secret="b" * 32
    )


@pytest.fixture
def page(app: Flask, make_person: Callable[..., Person], browser: Browser) -> Iterator[Page]:
    """A desk at which somebody has signed in."""
    email = make_person("wilma@example.org").email
    with desk(app, browser, email, PASSWORD) as (page, problems):
        yield page
        assert problems == []


def test_fields_of_a_link_follow_the_choice_and_keep_what_was_typed(app: Flask, page: Page) -> None:
    event = make_event(app, state="dispatched")
    page.goto(f"/organise/events/{event.slug}#room")
    link, choice = page.locator("[name=room_url]"), page.locator("[name=room_provider]")
    expect(link).to_be_visible()
    choice.select_option("jitsi")
    expect(link).to_be_hidden()
    for width in (320, 1280):
        page.set_viewport_size({"width": width, "height": 900})
        assert_no_sideways_scroll(page)
        assert_targets_large_enough(page)
    page.get_by_role("button", name="Speichern", exact=True).click()
    expect(page.get_by_text("Der Videoraum ist gespeichert.")).to_be_visible()

    page.goto(f"/organise/events/{event.slug}/edit")
    link, choice = page.locator("[name=room_url]"), page.locator("[name=room_provider]")
    expect(choice).to_have_value("jitsi")
    expect(link).to_be_hidden()
    choice.select_option("link")
    expect(link).to_have_value(event.room_url)
    expect(link).to_be_visible()

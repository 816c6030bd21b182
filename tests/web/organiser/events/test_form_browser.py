"""From three fields to a new date in a real browser: what hides, what stays, what keys do."""

from collections.abc import Callable, Iterator

import pytest
from flask import Flask
from playwright.sync_api import Browser, Page, expect

from ikone_events.store.events.models import Event
from tests.browser import (
    assert_focus_visible,
    assert_no_sideways_scroll,
    assert_targets_large_enough,
    desk,
)
from tests.factories import make_contact, make_event, make_registration, make_subscriber
from tests.rows import the_only
from tests.web.organiser.conftest import PASSWORD, Person

pytestmark = [pytest.mark.browser, pytest.mark.slow]

TALLEST = 2800  # px that the page may have at a width of 1280


@pytest.fixture
def page(app: Flask, make_person: Callable[..., Person], browser: Browser) -> Iterator[Page]:
    """A desk at which somebody has signed in; gives the address of the organisers' pages."""
    email = make_person("wilma@example.org").email
    with desk(app, browser, email, PASSWORD) as (page, problems):
        yield page
        assert problems == []


def test_workshop_from_an_empty_form_to_a_new_date(app: Flask, page: Page) -> None:
    event = "/organise/events/raum-fuer-zukunft"
    _begin_and_edit(page, event)
    assert (the_only(app, Event).place, the_only(app, Event).description) == (
        "Rathaus",
        "Aus *Anträgen* lernen",
    )
    _announce(page, event)
    assert (the_only(app, Event).state, the_only(app, Event).summary) == (
        "open",
        "Wie lernen Verwaltungen?",
    )

    make_registration(app, the_only(app, Event), mode="online")
    page.goto(f"{event}/date")
    page.fill("[name=starts_at]", "2026-04-21T10:00")
    page.fill("[name=ends_at]", "2026-04-21T12:00")
    page.press("[name=ends_at]", "Enter")  # shows the preview, and saves nothing
    expect(page.locator("ins").first).to_contain_text("21. April")
    assert the_only(app, Event).starts_at.day == 14
    page.click("button[value=notify]")
    page.wait_for_url(f"**{event}")
    assert (the_only(app, Event).starts_at.day, the_only(app, Event).state) == (21, "open")
    assert the_only(app, Event).update_due_at is not None


def _begin_and_edit(page: Page, event: str) -> None:
    page.goto("/organise/events/new")
    page.fill("[name=title]", "Raum für Zukunft")
    page.fill("[name=starts_at]", "2026-04-14T10:00")
    page.click("main form[data-guard] button")
    page.wait_for_url(f"**{event}")
    page.goto(f"{event}/edit")
    expect(page.locator("[name=place]")).to_be_hidden()
    page.check("[name=format][value=hybrid]")
    page.fill("[name=place]", "Rathaus")
    page.check("[name=format][value=online]")
    expect(page.locator("[name=place]")).to_be_hidden()
    expect(page.get_by_text("Noch nicht gespeichert")).to_be_visible()
    page.check("[name=format][value=hybrid]")
    expect(page.locator("[name=place]")).to_have_value("Rathaus")
    page.fill("[name=description]", "Aus *Anträgen* lernen")
    page.click("button[formaction$='/look']")
    expect(page.locator("main em")).to_have_text("Anträgen")
    expect(page.locator("[name=place]")).to_have_value("Rathaus")
    page.press("[name=title]", "Enter")  # saves, as the first button does
    page.wait_for_url(f"**{event}")


def _announce(page: Page, event: str) -> None:
    """Look at the public page first; then with the summary that is missing."""
    page.goto(f"{event}/public")
    expect(page.locator("main em")).to_have_text("Anträgen")
    page.click("text=Anmelden")
    expect(page.locator("[name=last_name]")).to_be_visible()
    page.goto(f"{event}/preview/announce")
    page.fill("[name=summary]", "Wie lernen Verwaltungen?")
    page.click("button[name=also]")
    page.wait_for_url(f"**{event}")


def test_details_fit_their_height_and_nothing_lies_under_the_bar(app: Flask, page: Page) -> None:
    event = make_event(app, series="Reihe", programme='[{"time": "10:00", "title": "Start"}]')
    make_registration(app, event)
    page.goto(f"/organise/events/{event.slug}/edit")
    assert page.evaluate("document.documentElement.scrollHeight") <= TALLEST
    assert assert_focus_visible(page) > 20
    for width in (1280, 360):
        page.set_viewport_size({"width": width, "height": 640})
        assert_no_sideways_scroll(page)
        assert_targets_large_enough(page)


def test_unknown_date_hides_what_does_not_apply(app: Flask, page: Page) -> None:
    event = make_event(app)
    make_registration(app, event)
    page.goto(f"/organise/events/{event.slug}/date")
    silent = page.locator("button[value=silent]")
    expect(silent).to_be_visible()
    page.check("[name=when][value=unknown]")
    for hidden in (page.locator("[name=starts_at]"), silent):
        expect(hidden).to_be_hidden()
    expect(page.get_by_text("Die Kalendereinträge werden zurückgezogen")).to_be_visible()
    assert assert_focus_visible(page) > 5


def test_end_moves_along_with_the_start_until_it_is_set_by_hand(app: Flask, page: Page) -> None:
    event = make_event(app)
    for path in ("edit", "date"):
        page.goto(f"/organise/events/{event.slug}/{path}")
        page.fill("[name=starts_at]", "12026-03-28T23:30")
        page.fill("[name=starts_at]", "2026-03-28T23:30")  # the clocks go forward that night
        expect(page.locator("[name=ends_at]")).to_have_value("2026-03-29T01:30")
        page.fill("[name=starts_at]", "")
        page.fill("[name=starts_at]", "2026-03-02T09:00")
        expect(page.locator("[name=ends_at]")).to_have_value("2026-03-02T11:00")
        page.fill("[name=ends_at]", "2026-03-02T12:00")
        page.fill("[name=starts_at]", "2026-03-01T10:00")
        expect(page.locator("[name=ends_at]")).to_have_value("2026-03-02T12:00")
        page.evaluate("document.querySelector('[data-guard]').reset()")


def test_another_mail_is_shown_with_what_was_typed_and_not_sent(app: Flask, page: Page) -> None:
    event = make_event(app, state="draft", summary="")
    make_subscriber(app, email="anna@example.org")
    make_subscriber(app, email="zoe@example.org")
    make_contact(app)
    page.goto(f"/organise/events/{event.slug}/preview/announce")
    page.fill("[name=summary]", "Ganz neu getippt.")
    page.check("[name=recipients][value=both]")
    page.click("tr:has-text('zoe@') button[name=person]")
    expect(page.locator("tr[aria-current]")).to_contain_text("zoe@")
    expect(page.locator(".mail-text").first).to_contain_text("Ganz neu getippt.")
    _expect_typed(page)
    page.fill("main [name=q]", "zoe")
    page.press("main [name=q]", "Enter")  # looks, and announces nothing
    expect(page.locator("button[name=person]")).to_have_count(1)
    _expect_typed(page)
    page.click("button[name=shown][value=other_contacts]")
    expect(page.locator(".mail-text").first).to_contain_text("Herkunft der Angaben")
    _expect_typed(page)
    with page.expect_popup() as opened:
        page.click("button[name=in][formtarget]:visible")
    expect(opened.value.get_by_text("Ganz neu getippt.", exact=True)).to_be_visible()
    opened.value.close()
    page.click("button[name=in][formaction$='/test']:visible")
    expect(page.get_by_text("Ein Test ist unterwegs")).to_be_visible()
    _expect_typed(page)
    assert the_only(app, Event).state == "draft"


def _expect_typed(page: Page) -> None:
    expect(page.locator("[name=summary]")).to_have_value("Ganz neu getippt.")
    expect(page.locator("[name=recipients][value=both]")).to_be_checked()

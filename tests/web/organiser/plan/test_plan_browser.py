"""The plan in a real browser without JavaScript: every button is reached and works."""

from collections.abc import Iterator
from datetime import timedelta

import pytest
from playwright.sync_api import Browser, Page, expect

from ikone_events.services.accounts.organisers import NewOrganiser, add
from ikone_events.services.plan.plans import create_plan
from ikone_events.store.db import transaction
from ikone_events.store.events.queries import lock_event
from tests.browser import assert_no_sideways_scroll, log_in, serve
from tests.factories import NOW, make_event, make_registration
from tests.shared_app import own_app

pytestmark = [pytest.mark.browser, pytest.mark.slow]

EMAIL, PASSWORD = "wilma@example.org", "Lange-Wörter-2026"


@pytest.fixture
def page(browser: Browser, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Page]:
    """A phone without JavaScript, signed in, before the plan of an event."""
    with own_app(tmp_path_factory.mktemp("plan")) as app:
        with app.app_context(), transaction():
            add(NewOrganiser(email=EMAIL, role="organiser", password=PASSWORD, name="W"), now=NOW)
        event = make_event(app, slug="open", deadline=NOW + timedelta(days=13))
        make_registration(app, event)
        with app.app_context(), transaction():
            create_plan(lock_event("open"), now=NOW)
        with serve(app) as address:
            seat = browser.new_context(
                java_script_enabled=False, locale="de-DE", viewport={"width": 320, "height": 800}
            )
            page = seat.new_page()
            log_in(page, EMAIL, PASSWORD, address=address)
            page.goto(f"{address}/organise/events/open/mail")
            yield page
            seat.close()


def test_plan_is_steered_without_javascript(page: Page) -> None:
    closing = page.locator(".plan > li", has_text="Anmeldung schließen")
    button = closing.get_by_role("button", name="Überspringen")
    expect(button).to_be_hidden()
    closing.locator("summary").click()
    button.click()
    expect(page.get_by_text("„Anmeldung schließen“ wird übersprungen.")).to_be_visible()
    expect(closing.get_by_text("Übersprungen von W.")).to_be_visible()

    closing.locator("summary").click()
    closing.get_by_role("link", name="Zeit ändern").click()
    page.fill("[name=amount]", "2")
    page.select_option("[name=unit]", "hours")
    page.click("main form.form button[type=submit]")
    expect(page.get_by_text("Gespeichert. „Anmeldung schließen“ läuft:")).to_be_visible()
    expect(closing.get_by_text("2 Stunden vor Anmeldeschluss")).to_be_visible()
    expect(closing.get_by_text("Übersprungen")).to_have_count(0)


def test_mails_are_looked_at_before_they_are_sent(page: Page) -> None:
    reminder = page.locator(".plan > li", has_text="Erinnerung kurz vor Beginn")
    reminder.locator("summary").click()
    reminder.get_by_role("link", name="Ansehen und jetzt ausführen").click()
    page.get_by_role("button", name="Jetzt senden").first.click()
    expect(page.get_by_text("Die E-Mail wird an eine Person gesendet.")).to_be_visible()
    expect(reminder.get_by_text("Ausgeführt von W.")).to_be_visible()


def test_plan_fits_a_phone_with_everything_unfolded(page: Page) -> None:
    for summary in page.locator("details.steer summary").all():
        summary.click()
    assert page.evaluate("document.scrollingElement.scrollWidth") <= 320
    assert_no_sideways_scroll(page)

"""Somebody who missed an event asks for its materials without JavaScript, gets them and leaves."""

import re

import pytest
from playwright.sync_api import Browser, Page, expect
from sqlalchemy import select

from ikone_events.store.db import db
from ikone_events.store.events.models import Event
from ikone_events.store.followup.requests import MaterialRequest, RequestCounts, requests_of
from ikone_events.store.mails.models import OutboxMail
from tests.browser import assert_accessible
from tests.factories import PAST, make_event, make_material
from tests.journeys.installation import Installation
from tests.journeys.people import expect_outcome, log_in, window

pytestmark = [pytest.mark.browser, pytest.mark.slow]
NORA = "nora.neu@example.org"


def test_stranger_asks_downloads_and_deletes_their_details(
    browser: Browser, installation: Installation
) -> None:
    app, url = installation.app, installation.url
    event = make_event(app, slug="doerfer", title="Digitale Dörfer", state="followed_up", **PAST)
    make_material(app, event, b"%PDF-1.7 nur fuer Angemeldete", title="Folien")
    with (
        window(browser, javascript=False) as stranger,
        window(browser) as team,
        window(browser) as checked,
    ):
        _ask(stranger, f"{url}/events/{event.slug}")
        log_in(team, url)
        team.click("a[href$='/materials#requests']")
        team.wait_for_selector("#requests")
        assert_accessible(team)
        team.click("form[action$='/grant'] button")
        team.wait_for_selector("text=Die Anfrage ist freigegeben.")
        (mail,) = installation.mails_to(NORA, number=1)
        link = re.search(rf"{url}/materials/\S+?(?=\s)", mail.text)
        assert link is not None
        page = link[0]
        _download(stranger, page)
        for path in ("", "/delete"):  # axe is a script
            checked.goto(page + path)
            assert_accessible(checked)
        stranger.click("a[href$='/delete']")
        stranger.click("main form.post button")
        expect(stranger.locator("h1")).to_contain_text("Ihre Angaben sind gelöscht")
        answer = stranger.goto(page)
        assert answer is not None
        assert answer.status == 410
    with app.app_context():
        assert requests_of(db.session.get_one(Event, event.id)) == RequestCounts(1, 1, 0)
        assert db.session.scalars(select(MaterialRequest.email)).all() == [""]
        assert NORA not in db.session.scalars(select(OutboxMail.recipient)).all()


def _ask(page: Page, address: str) -> None:
    page.goto(address)
    page.click("a[href$='/materials/request']")
    page.fill("[name=organisation]", "Stadt Kusel")
    page.click("main form.form button[type=submit]")
    expect_outcome(page, "invalid")
    assert page.input_value("[name=organisation]") == "Stadt Kusel"
    page.fill("[name=email]", NORA)
    page.click("main form.form button[type=submit]")
    expect_outcome(page, "pending")
    expect(page.locator("main")).to_contain_text(NORA)


def _download(page: Page, address: str) -> None:
    page.goto(address)
    with page.expect_download() as started:
        page.click("text=Folien")
    assert started.value.path().read_bytes().startswith(b"%PDF-1.7 nur")

"""A speaker from the office's first entry to the slides in everybody's follow-up."""

import re
from collections.abc import Callable
from datetime import timedelta
from pathlib import Path

import pytest
import vobject
from flask import Flask
from playwright.sync_api import Browser, Page, expect
from sqlalchemy import func, select

from ikone_events.store.db import db
from ikone_events.store.rooms.models import AttendanceRecord
from tests.factories import NOW, make_event, make_registration
from tests.journeys.installation import Installation
from tests.journeys.people import ROOM, log_in, press, window
from tests.patience import wait_for

pytestmark = [pytest.mark.browser, pytest.mark.slow]

PHONE = {"width": 390, "height": 844}
SPEAKER, ATTENDEE = "ada.vortrag@example.org", "maria@bendorf.example.org"
Look = Callable[[Page, str], object]


def test_speaker_goes_from_the_office_to_everybodys_slides(
    browser: Browser, installation: Installation, tmp_path: Path
) -> None:
    walk(browser, installation, tmp_path)


def walk(
    browser: Browser, installation: Installation, folder: Path, look: Look = lambda *_: None
) -> None:
    """The whole way; `look` is called at each page worth a picture."""
    app, clock, url = installation.app, installation.clock, installation.url
    event = make_event(
        app,
        slug="vortrag",
        title="Sensoren für Müllbehälter",
        state="dispatched",
        starts_at=NOW + timedelta(days=1),
        ends_at=NOW + timedelta(days=1, hours=2),
        moderator_url=f"{ROOM}-moderation",
    )
    make_registration(app, event, email=ATTENDEE, question="Wie lange hält der Akku?")
    with window(browser) as team, window(browser) as phone:
        phone.set_viewport_size(PHONE)
        log_in(team, url)
        _brief(team, f"{url}/organise/events/{event.slug}", look)
        page, door, upload = _links(installation)
        clock.moment = event.starts_at - timedelta(minutes=30)
        _enter(phone, page, look)
        _enter(phone, door, look, "door")
        assert _attendance(app) == 0
        _upload(phone, upload, folder, look)
        clock.moment = event.ends_at + timedelta(hours=1)
        log_in(team, url)  # the session has ended meanwhile
        _release(team, f"{url}/organise/events/{event.slug}", look)
    # A reminder comes before it, unless all this was faster than the worker's look.
    wait_for(
        lambda: any(
            "Vortrag Müllsensoren" in mail.text for mail in installation.mailbox.to(ATTENDEE)
        )
    )


def _brief(team: Page, event: str, look: Look) -> None:
    team.goto(event)
    look(team, "overview")
    team.click("section[aria-labelledby=speakers] a")
    team.click("main a.kern-btn--primary")
    team.fill("[name=name]", "Dr. Ada Vortrag")
    team.fill("[name=email]", SPEAKER)
    team.fill("[name=organisation]", "Hochschule Trier")
    look(team, "form")
    team.click("form[data-guard] button[type=submit]")
    expect(team.locator(".mail-text")).to_contain_text("Wie lange hält der Akku?")
    look(team, "briefing")
    team.click("main form.post button.kern-btn--primary")
    team.wait_for_url(f"{event}/speakers")
    look(team, "speakers")


def _links(installation: Installation) -> tuple[str, str, str]:
    """The links of the mail, and the one of the calendar entry, which no other is in."""
    (mail,) = installation.mails_to(SPEAKER, number=1)
    assert mail.calendar is not None
    entry = vobject.readOne(mail.calendar.decode()).vevent
    assert entry.attendee.value == f"mailto:{SPEAKER}"
    (door,) = set(re.findall(r"http\S+/speaker-door/[\w.-]+", entry.description.value))
    assert "/speaker/" not in entry.serialize()
    page = re.search(r"http\S+/speaker/[\w.-]+", mail.text)
    upload = re.search(r"http\S+/upload/[\w.-]+", mail.text)
    assert page is not None
    assert upload is not None
    return page[0], door, upload[0]


def _enter(phone: Page, address: str, look: Look, name: str = "page") -> None:
    phone.goto(address)
    look(phone, name)
    assert phone.get_attribute("main", "data-door") == "open"
    phone.click("main form.post button")
    phone.wait_for_url(f"{ROOM}-moderation")


def _attendance(app: Flask) -> int:
    with app.app_context():
        return db.session.scalar(select(func.count()).select_from(AttendanceRecord)) or 0


def _upload(phone: Page, address: str, folder: Path, look: Look) -> None:
    slides = folder / "Vortrag.pdf"
    slides.write_bytes(b"%PDF-1.7\n1 0 obj")
    phone.goto(address)
    look(phone, "upload")
    phone.set_input_files("[name=file]", slides)
    phone.fill("[name=title]", "Vortrag Müllsensoren")
    phone.click("main form.form button[type=submit]")
    phone.wait_for_selector(".materials")
    look(phone, "uploaded")


def _release(team: Page, event: str, look: Look) -> None:
    team.goto(f"{event}/materials")
    look(team, "waiting")
    team.click("button[value=registered]")
    team.wait_for_selector("#materials-caption")
    look(team, "released")
    press(team, event, "follow_up")

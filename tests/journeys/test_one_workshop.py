"""One workshop from the first draft to the slides, through the pages that people use."""

from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from playwright.sync_api import Browser, Page, expect

from tests.factories import make_event
from tests.journeys.installation import ORGANISER, Installation
from tests.journeys.mails import (
    Expected,
    check_mails,
    door_link,
    entry_of,
    personal_link,
)
from tests.journeys.people import (
    ROOM,
    Visitor,
    create_event,
    expect_outcome,
    log_in,
    press,
    register,
    unfold,
    window,
)

pytestmark = [pytest.mark.browser, pytest.mark.slow]

# After the clocks went forward: 10:00 in Berlin is 8:00 in UTC.
STARTS_AT = datetime(2026, 4, 14, 8, 0, tzinfo=UTC)
ENDS_AT = datetime(2026, 4, 14, 10, 0, tzinfo=UTC)
CONTENT = {
    "title": "Sensoren für Müllbehälter",
    "title_en": "Sensors for waste bins",
    "summary": "Wann lohnt sich die Leerung nach Bedarf?",
    "starts_at": "2026-04-14T10:00",
    "ends_at": "2026-04-14T12:00",
    "deadline": "2026-04-13T18:00",
    "capacity": "2",
}
ANNA = Visitor(first_name="Anna", last_name="Größer", email="anna.groesser@bendorf.example.org")
BERND = Visitor(first_name="Bernd", last_name="Zweitmann", email="bernd@kusel.example.org")
CORA = Visitor(
    first_name="Cora",
    last_name="O'Waiting",
    email="cora.waiting@speyer.example.org",
    locale="en-GB",
    question="Wie lange hält der Akku?",
)
PEOPLE = (ANNA, BERND, CORA)


def expected(person: Visitor) -> Expected:
    others = [trace for other in PEOPLE if other is not person for trace in other.traces]
    return Expected(email=person.email, locale=person.locale[:2], others=tuple(others))


def test_workshop_goes_from_draft_to_slides(
    browser: Browser, installation: Installation, tmp_path: Path
) -> None:
    with window(browser) as team:
        slug = _prepare(team, installation)
        _sign_up(browser, installation, slug)
        _first_mails(installation)
        _withdraw(browser, installation)
        installation.clock.moment = STARTS_AT.replace(day=9)
        _dispatch(team, installation, slug)
        _enter_room(browser, installation)
        installation.clock.moment = ENDS_AT.replace(hour=11)
        slides = _make_slides(browser, tmp_path)
        _follow_up(team, installation, slug, slides)
        _download(browser, installation, slides)
        _check_history(team, installation, slug)
    for person in PEOPLE:
        check_mails(installation.mailbox.to(person.email), expected(person))
    office = installation.mailbox.to(ORGANISER)  # what is to be done, each morning
    assert len(installation.mailbox.received) - len(office) == 9


def _prepare(team: Page, installation: Installation) -> str:
    log_in(team, installation.url)
    slug = create_event(team, installation.url, CONTENT)
    page = f"{installation.url}/organise/events/{slug}"
    assert team.request.get(f"{installation.url}/events/{slug}").status == 404
    press(team, page, "announce")
    assert team.request.get(f"{installation.url}/events/{slug}/register").status == 409
    press(team, page, "open")
    return slug


def _sign_up(browser: Browser, installation: Installation, slug: str) -> None:
    for person, result in zip(PEOPLE, ("confirmed", "confirmed", "waitlisted"), strict=True):
        with window(browser, locale=person.locale) as page:
            register(page, f"{installation.url}/events/{slug}/register", person)
            expect_outcome(page, result)
            assert page.get_attribute("html", "lang") == person.locale[:2]
            assert person.email in page.inner_text("main")


def _first_mails(installation: Installation) -> None:
    for person in (ANNA, BERND):
        (mail,) = installation.mails_to(person.email, number=1)
        assert mail.subject.startswith("Anmeldung bestätigt: Sensoren für Müllbehälter")
        assert "Dienstag, 14. April 2026, 10:00 bis 12:00 Uhr" in mail.text.replace("\xa0", " ")
        entry = entry_of(mail)
        assert (entry.method, entry.sequence, entry.status) == ("REQUEST", 0, "CONFIRMED")
        assert (entry.starts_at, entry.ends_at) == (STARTS_AT, ENDS_AT)
        assert entry.asks == ("TRUE NEEDS-ACTION",)
        assert door_link(mail.text) == ""
    (waits,) = installation.mails_to(CORA.email, number=1)
    assert waits.subject.startswith("Waiting list: Sensors for waste bins")
    assert waits.calendar is None


def _withdraw(browser: Browser, installation: Installation) -> None:
    (confirmation,) = installation.mails_to(BERND.email, number=1)
    with window(browser) as page:
        page.goto(personal_link(confirmation.text))
        page.click("main a[href$='/cancel']")
        page.click("form[action$='/cancel'] button")
        expect(page.locator("main")).to_have_attribute("data-status", "cancelled")
    _, goodbye = installation.mails_to(BERND.email, number=2)
    entry = entry_of(goodbye)
    assert (entry.method, entry.sequence, entry.status) == ("CANCEL", 1, "CANCELLED")
    assert entry.uid == entry_of(confirmation).uid
    _, moved_up = installation.mails_to(CORA.email, number=2)
    assert moved_up.subject.startswith("You have a place: Sensors for waste bins")
    entry = entry_of(moved_up)
    assert (entry.method, entry.sequence, entry.status) == ("REQUEST", 0, "CONFIRMED")
    assert (entry.starts_at, entry.ends_at) == (STARTS_AT, ENDS_AT)


def _dispatch(team: Page, installation: Installation, slug: str) -> None:
    page = f"{installation.url}/organise/events/{slug}"
    log_in(team, installation.url)  # the clock has moved by weeks: the session has ended
    team.goto(page)
    assert team.locator("form[action$='/do/dispatch']").count() == 0
    unfold(team)
    team.fill("[name=room_url]", ROOM)
    team.click("form[action$='/room'] button[type=submit]")
    press(team, page, "dispatch")


def _enter_room(browser: Browser, installation: Installation) -> None:
    """Through the calendar, whose door is another link than the one in the mail."""
    doors = {}
    for person, number in ((ANNA, 2), (CORA, 3)):
        *_, before, mail = installation.mails_to(person.email, number=number)
        entry = entry_of(mail)
        assert (entry.method, entry.sequence, entry.status) == ("REQUEST", 0, "CONFIRMED")
        assert entry.uid == entry_of(before).uid
        assert entry.location == entry.url != door_link(mail.text) != ""
        assert ROOM not in mail.text
        doors[person] = entry.url
    assert doors[ANNA] != doors[CORA]
    with window(browser) as page:
        page.goto(doors[ANNA])
        assert page.get_attribute("main", "data-door") == "waiting"
        installation.clock.moment = STARTS_AT.replace(hour=7, minute=50)
        page.reload()
        assert page.get_attribute("main", "data-door") == "open"
        assert page.locator("a[href*='/r/']").count() == 0
        page.click("form[action*='/door/'] button")
        page.wait_for_url(f"{ROOM}*")
        assert page.inner_text("body") == "the video room"


def _make_slides(browser: Browser, folder: Path) -> Path:
    """A real PDF, printed by the browser."""
    path = folder / "Folien Müll.pdf"
    with window(browser) as page:
        page.set_content("<h1>Sensoren für Müllbehälter</h1>")
        path.write_bytes(page.pdf())
    return path


def _follow_up(team: Page, installation: Installation, slug: str, slides: Path) -> None:
    page = f"{installation.url}/organise/events/{slug}"
    log_in(team, installation.url)
    team.goto(f"{page}/materials")
    team.set_input_files("[name=slides-file]", slides)
    team.fill("[name=slides-title]", "Folien des Vortrags")
    team.click("form[action$='/materials/slides'] button[type=submit]")
    team.click("a[href$='/materials/link']")
    team.fill("[name=link-title]", "Leitfaden")
    team.fill("[name=link-url]", "https://leitfaden.example.org/sensoren")
    team.click("form[data-guard] button[type=submit]")
    press(team, page, "follow_up")


def _download(browser: Browser, installation: Installation, slides: Path) -> None:
    *_, mail = installation.mails_to(ANNA.email, number=3)
    assert mail.subject == "Unterlagen: Sensoren für Müllbehälter"
    assert "vielen Dank für Ihre Teilnahme" in mail.text
    assert "https://leitfaden.example.org/sensoren" in mail.text
    *_, other = installation.mails_to(CORA.email, number=4)
    assert "Wie lange hält der Akku?" in other.text
    with window(browser) as page:
        page.goto(f"{personal_link(mail.text)}/materials")
        with page.expect_download() as waiting:
            page.click("main a:has-text('Folien des Vortrags')")
        assert waiting.value.suggested_filename == slides.name
        assert Path(waiting.value.path()).read_bytes() == slides.read_bytes()
        answer = page.request.get(waiting.value.url)
        assert answer.headers["content-disposition"].startswith("attachment")
        assert answer.headers["x-content-type-options"] == "nosniff"
        assert answer.url in mail.text


def _check_history(team: Page, installation: Installation, slug: str) -> None:
    """The organiser sees who attended, what was sent, and who did what."""
    page = f"{installation.url}/organise/events/{slug}"
    team.goto(f"{page}/registrations")
    row = team.locator("tr", has_text="Größer").inner_text()
    assert "Teilgenommen" in row
    team.goto(f"{page}/mail/sent")
    assert team.locator("#mails-caption ~ tbody tr").count() == 9
    team.goto(f"{page}/history")
    assert team.locator("tbody tr").count() == 5


def test_attendee_needs_no_javascript(browser: Browser, installation: Installation) -> None:
    installation.clock.moment = STARTS_AT - timedelta(minutes=10)  # registered late, by minutes
    event = make_event(
        installation.app, state="dispatched", room_url=ROOM, starts_at=STARTS_AT, ends_at=ENDS_AT
    )
    with window(browser, javascript=False) as page:
        page.goto(f"{installation.url}/")
        page.click(f"main a[href$='/events/{event.slug}']")
        page.click("main a[href$='/register']")
        page.click("main form button[type=submit]")
        expect_outcome(page, "invalid")
        expect(page.locator(".error-summary a[href='#email']")).to_have_count(1)
        register(page, page.url, ANNA)
        expect_outcome(page, "confirmed")
        (mail,) = installation.mails_to(ANNA.email, number=1)
        page.goto(door_link(mail.text))
        page.click("form[action$='/room'] button")
        page.wait_for_url(f"{ROOM}*")
        _withdraw_and_vanish(page, personal_link(mail.text))


def _withdraw_and_vanish(page: Page, link: str) -> None:
    page.goto(link)
    page.click("main a[href$='/cancel']")
    page.click("form[action$='/cancel'] button")
    expect(page.locator("main")).to_have_attribute("data-status", "cancelled")
    page.click("main a[href$='/delete']")
    page.click("form[action$='/delete'] button")
    page.wait_for_url("**/deleted")
    gone = page.goto(link)
    assert gone is not None
    assert gone.status == 410

"""What becomes of the workshop of 12 January 2021: from the slides to the archive and the dossier.

The people are those of the demo data, on the days on which it happened.
"""

import json
import re
import zipfile
from collections.abc import Iterator
from datetime import UTC, date, datetime
from pathlib import Path

import pytest
from playwright.sync_api import Browser, Page, expect
from python_calamine import CalamineWorkbook
from sqlalchemy import select

from ikone_events.demo.story import folder, make_story
from ikone_events.domain.operating.dataset import read_dataset
from ikone_events.domain.registering.registration import Attendance
from ikone_events.services.installation import get_installation
from ikone_events.services.operating.loading import store_dataset
from ikone_events.store.db import db, transaction
from ikone_events.store.directory.models import Contact
from ikone_events.store.events.models import Event
from ikone_events.store.mails.models import Subscriber
from ikone_events.store.registering.models import Registration
from ikone_events.store.rooms.attendance import attendance_of
from tests.journeys.installation import Installation, running
from tests.journeys.mails import personal_link
from tests.journeys.people import WINDOW, expect_outcome, log_in, window
from tests.journeys.presses import Desk
from tests.mailbox import Received
from tests.patience import wait_for
from tests.pdf_text import drawn_text
from tests.services.operating.installations import call

pytestmark = [pytest.mark.browser, pytest.mark.slow]

SLUG = "smart-city-2"
TITLE = "Gemeinsam aus der Krise: Raum für Zukunft"
PRESS = (
    "Über 40 Verwaltungen nahmen am 12. Januar 2021 online teil, davon 13 Mitglieder und "
    "30 Nicht-Mitglieder."
)
BEFORE = datetime(2021, 1, 12, 8, 5, tzinfo=UTC)
# Before the plan would send the follow-up by itself.
DAY_AFTER = datetime(2021, 1, 13, 7, 30, tzinfo=UTC)
FEEDBACK_ASKED = datetime(2021, 1, 15, 9, 5, tzinfo=UTC)
# Long after the last event of the demo data.
ARCHIVED = datetime(2024, 6, 3, 8, 0, tzinfo=UTC)
SPEAKER, STRANGER = "ada.vortrag@hochschule.example.org", "nora.neugier@kusel.example.org"
ASKER = "emil.erlquell@example.org"
# In German and in English.
SUBJECTS = {
    "attended": ("Unterlagen: ", "Materials: "),
    "missed": ("Unterlagen zum Nachlesen: ", "Materials to read later: "),
    "waited": ("Nach der Veranstaltung: ", "After the event: "),
}
IN_REPORT = (
    *("registrations", "confirmed", "attended_people", "administrations_attended"),
    *("administrations_attended_members", "administrations_attended_non_members"),
    *("other_bodies_attended", "materials_requested", "feedback_answers"),
)
FEEDBACK = ("Ihre Rückmeldung: ", "Your feedback: ")
ANSWER = "Ja, solange der Rat das Konzept beschließt."


@pytest.fixture
def installation(tmp_path: Path) -> Iterator[Installation]:
    """The installation of the network on the morning of the workshop."""
    with running(tmp_path / "data", begins=BEFORE) as started:
        story = make_story("after", today=date(2021, 1, 13))
        with started.app.app_context(), transaction():
            dataset = read_dataset(story.data)
            store_dataset(dataset, folder=folder(), actor="demo", now=story.begins)
        yield started


def test_workshop_keeps_its_worth(
    browser: Browser, installation: Installation, tmp_path: Path
) -> None:
    clock = installation.clock
    people = _people(installation)
    with window(browser) as team:
        desk = Desk(team, installation.url)
        upload = _brief_speaker(team, installation)
        clock.moment = DAY_AFTER
        slides = _hand_in(browser, team, installation, upload)
        _answer_a_question(team, installation)
        _follow_up(desk, installation)
        _read_follow_ups(browser, installation, people, slides)
        _grant_to_a_stranger(browser, desk, installation, slides)
        code = _certify(browser, installation, people["attended"][0])
        _ask_for_feedback(browser, team, installation)
        figures = _figures(team, installation, tmp_path)
        _copy(desk, installation)
        words = _words(installation)
        _archive(installation, words)
        assert _numbers(installation) == figures
        _check(browser, installation, code)
        log_in(team, installation.url)
        _read_dossier(browser, team, installation, words, tmp_path)


def _people(at: Installation) -> dict[str, list[str]]:
    """The addresses of those who attended, missed it, or waited; who asked something comes last."""
    with at.app.app_context():
        event = db.session.scalars(select(Event).where(Event.slug == SLUG)).one()
        rows = db.session.execute(
            select(Registration.email, Registration.status, attendance_of(DAY_AFTER, event.id))
            .where(Registration.event_id == event.id)
            .order_by(Registration.question != "", Registration.id)
        ).all()
    came = {
        each: [mail for mail, status, known in rows if status == "confirmed" and known == each]
        for each in (Attendance.ATTENDED, Attendance.MISSED)
    }
    waited = [mail for mail, status, _known in rows if status == "waitlisted"]
    return {"attended": came[Attendance.ATTENDED], "missed": came[Attendance.MISSED]} | {
        "waited": waited
    }


def _brief_speaker(team: Page, at: Installation) -> str:
    """Enter a speaker on the morning of the day; returns the link to upload of the mail."""
    log_in(team, at.url)
    team.goto(f"{at.url}/organise/events/{SLUG}/speakers/new")
    team.fill("[name=name]", "Dr. Ada Vortrag")
    team.fill("[name=email]", SPEAKER)
    team.click("form[data-guard] button[type=submit]")
    team.click("main form.post button.kern-btn--primary")
    return _link(_mail(at, SPEAKER), r"http\S+/upload/[\w.-]+")


def _hand_in(browser: Browser, team: Page, at: Installation, upload: str) -> dict[str, bytes]:
    """One file from the speaker, without JavaScript, which the office releases, and its own."""
    files = {title: _pdf(browser, title) for title in ("Vortrag", "Folien des Büros")}
    vortrag, own = files
    with window(browser, javascript=False) as phone:
        phone.goto(upload)
        _choose(phone, "file", vortrag, files[vortrag])
        phone.click("main form.form button[type=submit]")
        phone.wait_for_selector(".materials")
    log_in(team, at.url)
    team.goto(f"{at.url}/organise/events/{SLUG}/materials")
    team.click("button[value=registered]")
    _choose(team, "slides-file", own, files[own])
    team.click("form[action$='/materials/slides'] button[type=submit]")
    team.wait_for_selector(f"#materials :text('{own}')")
    return files


def _choose(page: Page, field: str, title: str, content: bytes) -> None:
    file = {"name": f"{title}.pdf", "mimeType": "application/pdf", "buffer": content}
    page.set_input_files(f"[name={field}]", file)  # type: ignore[arg-type]
    page.fill(f"[name={field.replace('file', 'title')}]", title)


def _pdf(browser: Browser, title: str) -> bytes:
    page = browser.new_page()
    page.set_content(f"<h1>{title}</h1>")
    made = page.pdf()
    page.close()
    return made


def _answer_a_question(team: Page, at: Installation) -> None:
    team.goto(f"{at.url}/organise/events/{SLUG}/questions")
    card = team.locator("section.card", has_text="Emil Erlquell")
    card.locator("details > summary").first.click()
    card.locator("[name=answer]").fill(ANSWER)
    card.locator("[name=publish]").select_option("public")
    card.locator("button[type=submit]").click()
    team.wait_for_selector("text=Die Antwort ist gespeichert")


def _follow_up(desk: Desk, at: Installation) -> None:
    desk.begin()
    desk.press("Nachbereitung ansehen")
    desk.press("Nachbereitung versenden")
    assert desk.presses <= 4
    assert "61 Personen" in desk.reads()
    at.clock.move(minutes=11)


def _read_follow_ups(
    browser: Browser, at: Installation, people: dict[str, list[str]], slides: dict[str, bytes]
) -> None:
    assert {name: len(each) for name, each in people.items()} == {
        "attended": 55, "missed": 4, "waited": 2,
    }  # fmt: skip
    mails = {
        name: [_mail(at, person, subjects) for person in people[name]]
        for name, subjects in SUBJECTS.items()
    }
    for name, received in mails.items():
        for mail in received:
            assert ("/certificate" in mail.text) is (name == "attended")
            assert ("/materials/request" in mail.text) is (name == "waited")
            for title in slides:
                assert (title in mail.text) is (name != "waited")
    answered = _mail(at, ASKER)
    assert ANSWER in answered.text
    with window(browser, javascript=False) as reader:
        for name in ("attended", "missed"):
            _download(reader, f"{personal_link(mails[name][0].text)}/materials", slides)
        reader.goto(_link(mails["waited"][0], r"http\S+/materials/request"))
        assert reader.locator("main [name=email]").is_visible()


def _download(page: Page, address: str, slides: dict[str, bytes]) -> None:
    page.goto(address)
    for title, content in slides.items():
        with page.expect_download() as started:
            page.click(f"main a:has-text('{title}')")
        assert Path(started.value.path()).read_bytes() == content


def _grant_to_a_stranger(
    browser: Browser, desk: Desk, at: Installation, slides: dict[str, bytes]
) -> None:
    with window(browser, javascript=False) as stranger:
        stranger.goto(f"{at.url}/events/{SLUG}")
        assert ANSWER in stranger.inner_text("main")
        stranger.click("main a[href$='/materials/request']")
        stranger.fill("[name=email]", STRANGER)
        stranger.fill("[name=organisation]", "Stadtverwaltung Kusel")
        stranger.fill("[name=name]", "Nora Neugier")
        stranger.click("main form.form button[type=submit]")
        expect_outcome(stranger, "pending")
        desk.begin()
        desk.press("Anfrage")
        desk.press("Freigeben")
        assert desk.presses == 2
        mail = _mail(at, STRANGER)
        _download(stranger, _link(mail, r"http\S+/materials/[\w.-]+"), slides)


def _certify(browser: Browser, at: Installation, person: str) -> str:
    """Open the certificate by the link of the mail, and check its code; returns the code."""
    mail = _mail(at, person, SUBJECTS["attended"])
    with window(browser, javascript=False) as reader:
        reader.goto(_link(mail, r"http\S+/r/[\w.-]+/certificate"))
        assert reader.get_attribute("main", "data-certificate") == "valid"
        assert TITLE in reader.inner_text("article")
        code = reader.inner_text(".ticket-foot a").rpartition("/")[2]
        with reader.expect_download() as started:
            reader.click("main a[href$='/certificate.pdf']")
        assert code in drawn_text(Path(started.value.path()).read_bytes())
    _check(browser, at, code)
    return code


def _check(browser: Browser, at: Installation, code: str) -> None:
    with window(browser, javascript=False) as anybody:
        anybody.goto(f"{at.url}/certificates")
        anybody.fill("[name=code]", code)
        anybody.click("main form button")
        expect_outcome(anybody, "valid")
        expect(anybody.locator("main")).to_contain_text(TITLE)
        assert "12. Januar 2021" in anybody.inner_text("main").replace("\xa0", " ")


def _ask_for_feedback(browser: Browser, team: Page, at: Installation) -> None:
    results = f"{at.url}/organise/events/{SLUG}/feedback"
    team.goto(results)
    team.click("main .empty form button")
    at.clock.moment = FEEDBACK_ASKED
    people = _people(at)["attended"][:5]
    for number, person in enumerate(people):
        link = _link(_mail(at, person, FEEDBACK), r"http\S+/r/[\w.-]+/feedback")
        with window(browser, javascript=False) as reader:
            reader.goto(link)
            reader.check("main [type=radio][value='5']")
            reader.locator("main textarea").first.fill(f"Text {number}")
            reader.click("main form button")
            expect_outcome(reader, "confirmed")
    log_in(team, at.url)
    team.goto(results)
    assert "5 Antworten" in team.inner_text("main")


def _numbers(at: Installation) -> dict[str, object]:
    """The figures without what archiving changes by its nature."""
    found = json.loads(call(at.app, "figures", SLUG).output)
    return {name: value for name, value in found.items() if name != "state"}


def _figures(team: Page, at: Installation, folder: Path) -> dict[str, object]:
    numbers = _numbers(at)
    assert numbers["press_sentence"]["de"] == PRESS  # type: ignore[index]
    assert (numbers["materials_requested"], numbers["feedback_answers"]) == (1, 5)
    team.goto(f"{at.url}/organise/events/{SLUG}/figures")
    assert PRESS in team.locator("main textarea").first.input_value()
    assert "55" in team.inner_text("main")
    team.goto(f"{at.url}/organise/figures/report?from=2021-01-01&to=2021-01-31")
    with team.expect_download() as started:
        team.click("main button:has-text('Excel')")
    book = CalamineWorkbook.from_path(started.value.path())
    rows = [row for name in book.sheet_names for row in book.get_sheet_by_name(name).to_python()]
    (row,) = [each for each in rows if TITLE in each]
    for name in IN_REPORT:
        assert numbers[name] in row, (name, row)
    return numbers


def _copy(desk: Desk, at: Installation) -> None:
    desk.begin(f"/organise/events/{SLUG}")
    desk.press("Nächsten Termin anlegen")
    desk.press("Kopieren")
    assert desk.presses == 2
    assert "Entwurf" in desk.reads()


def _words(at: Installation) -> set[str]:
    """Names and addresses of all attendees, besides those of subscribers and contacts."""
    with at.app.app_context():
        kept = set(db.session.scalars(select(Subscriber.email_key)))
        kept |= set(db.session.scalars(select(Contact.email)))
        rows = list(db.session.scalars(select(Registration).where(Registration.email != "")))
    words = {STRANGER, "Neugier"}
    for person in rows:
        if person.email_key not in kept and person.email not in kept:
            words |= {person.email, f"{person.first_name} {person.last_name}"}
    return words


def _archive(at: Installation, words: set[str]) -> None:
    with at.app.app_context():
        folder = get_installation().settings.data_dir
    assert len(words) > 60
    assert _remains(folder, words)
    at.clock.moment = ARCHIVED
    wait_for(lambda: _state(at) == "archived")
    wait_for(lambda: not _remains(folder, words))


def _state(at: Installation) -> str:
    with at.app.app_context():
        return db.session.scalars(select(Event.state).where(Event.slug == SLUG)).one()


def _remains(folder: Path, words: set[str]) -> list[str]:
    """Which words stand in which file of the data folder, write-ahead log and uploads included."""
    sought = [word.lower().encode() for word in words]
    found = []
    for path in sorted(each for each in folder.rglob("*") if each.is_file()):
        content = path.read_bytes().decode(errors="replace").lower().encode()
        found += [f"{path.name}: {word.decode()}" for word in sought if word in content]
    return found


def _read_dossier(
    browser: Browser, team: Page, at: Installation, words: set[str], folder: Path
) -> None:
    team.goto(f"{at.url}/organise/events/{SLUG}")
    team.click("main details.menu > summary")
    with team.expect_download() as started:
        team.click("main a[download]")
    place = folder / "dossier"
    with zipfile.ZipFile(started.value.path()) as archive:
        assert archive.testzip() is None
        archive.extractall(place)
    assert _remains(place, words) == []
    context = browser.new_context(offline=True, java_script_enabled=False, viewport=WINDOW)
    page = context.new_page()
    page.goto((place / "index.html").as_uri())
    text = page.inner_text("body")
    for wanted in (TITLE, PRESS, ANSWER, "Begrüßung und Stand der dritten Runde"):
        assert wanted in text, wanted
    page.click("a:has-text('Folien des Büros')", trial=True)
    context.close()


def _mail(at: Installation, person: str, subjects: tuple[str, ...] = ("",)) -> Received:
    """The last mail of a person whose subject begins so, once it has come."""

    def found() -> list[Received]:
        return [mail for mail in at.mailbox.to(person) if mail.subject.startswith(subjects)]

    wait_for(found, f"{person}: {subjects}")
    return found()[-1]


def _link(mail: Received, pattern: str) -> str:
    found = re.search(pattern, mail.text)
    assert found is not None, mail.text
    return found[0]

"""What an office does all day takes as few presses as it should, and is done afterwards."""

from collections.abc import Callable, Iterator
from datetime import timedelta
from pathlib import Path

import pytest
from playwright.sync_api import Browser
from sqlalchemy import select

from ikone_events.services.plan.plans import create_plan
from ikone_events.store.db import db, transaction
from ikone_events.store.events.models import Event
from ikone_events.store.mails.models import Mailing
from ikone_events.store.plan.models import Step
from ikone_events.store.registering.models import Registration
from ikone_events.store.rooms.attendance import attendance_of
from tests.factories import NOW, PAST, make_organisation
from tests.journeys.installation import running
from tests.journeys.people import ROOM, log_in, window
from tests.journeys.presses import Desk, Office
from tests.patience import wait_for

# Of events whose dates no job is about.
LATER = NOW + timedelta(days=20)
pytestmark = [pytest.mark.browser, pytest.mark.slow, pytest.mark.xdist_group("desk")]


@pytest.fixture(scope="module")
def office(browser: Browser, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Office]:
    with running(tmp_path_factory.mktemp("desk") / "data") as started, window(browser) as page:
        log_in(page, started.url)
        yield Office(started, Desk(page, started.url))


def _todo(title: str) -> str:
    return f".todos li:has-text('{title}')"


def _create_draft(office: Office, _folder: Path) -> None:
    office.desk.press("Neue Veranstaltung")
    office.desk.type(title="Ein neuer Entwurf", starts_at="2026-05-12T10:00")
    office.desk.press("Entwurf anlegen")
    (draft,) = office.rows(select(Event).where(Event.title == "Ein neuer Entwurf"))
    assert (draft.state, draft.starts_at.day) == ("draft", 12)


def _announce(office: Office, _folder: Path) -> None:
    event = office.event("Noch ein Entwurf", state="draft")
    office.desk.begin()
    office.desk.press("Ankündigen", within=_todo("Noch ein Entwurf"))
    office.desk.press("Ankündigen und Anmeldung öffnen")
    assert office.stored(event).state == "open"


def _share(office: Office, _folder: Path) -> None:
    event = office.next_event("Zum Weitergeben")
    office.desk.begin()
    office.desk.press_here("Kopieren", within=".card.next")
    assert office.desk.clipboard() == f"{office.at.url}/events/{event.slug}"


def _see_people(office: Office, _folder: Path) -> None:
    office.next_event("Wer kommt", "Ahorn", "Birke")
    office.desk.begin()
    office.desk.press("2 von 20 Plätzen")
    assert all(name in office.desk.reads() for name in ("Ahorn", "Birke"))


def _withdraw(office: Office, _folder: Path) -> None:
    event = office.event("Mit Abmeldung", "Buche", "Linde")
    office.desk.begin()
    office.desk.search("Buche")
    office.desk.press("Abmelden")
    office.desk.press("Abmelden")
    people = office.rows(select(Registration).where(Registration.event_id == event.id))
    assert {each.last_name: each.status for each in people} == {
        "Buche": "cancelled",
        "Linde": "confirmed",
    }


def _write(office: Office, _folder: Path) -> None:
    event = office.next_event("Mit Nachricht", "Eiche", "Fichte")
    office.desk.begin()
    office.desk.press("Nachricht schreiben")
    office.desk.type(subject_de="Bitte Fragen mitbringen", body_de="wir freuen uns darauf.")
    office.desk.press("Weiter zur Vorschau")
    office.desk.press("Jetzt senden (2)")
    office.let_quiet_period_pass()
    for name in ("eiche", "fichte"):
        (mail,) = office.at.mails_to(f"{name}@{event.slug}.example.org", number=1)
        assert mail.subject == "Bitte Fragen mitbringen"


def _enter_link(office: Office, _folder: Path) -> None:
    """Also that it leaves by itself, when its time has come."""
    begins = NOW + timedelta(days=1, hours=2)
    event = office.event(
        "Ohne Link", "Kiefer", room_url="", starts_at=begins, ends_at=begins + timedelta(hours=1)
    )
    with office.at.app.app_context(), transaction():
        create_plan(db.session.get_one(Event, event.id), now=event.created_at)
    office.desk.begin()
    office.desk.press("Link eintragen", within=_todo("Ohne Link"))
    office.desk.type(room_url=ROOM)
    office.desk.press("Link speichern")
    (step,) = office.rows(select(Step).where(Step.event_id == event.id, Step.action == "dispatch"))
    office.at.clock.moment = max(office.at.clock(), step.due_at + timedelta(minutes=1))
    wait_for(lambda: office.stored(event).state == "dispatched")
    office.at.mails_to(f"kiefer@{event.slug}.example.org", number=1)


def _change_date(office: Office, _folder: Path) -> None:
    event = office.next_event("Mit neuem Termin", "Lorbeer")
    office.desk.begin()
    office.desk.press_here("Mehr", within=".card.next")
    office.desk.press("Termin ändern")
    office.desk.type(starts_at="2026-04-21T10:00", ends_at="2026-04-21T12:00")
    office.desk.press("Ändern und mitteilen")
    moved = office.stored(event)
    assert (moved.starts_at.month, moved.starts_at.day) == (4, 21)
    assert moved.update_due_at is not None


def _follow_up(office: Office, folder: Path) -> None:
    event = office.event("Mit Folien", "Tanne", state="dispatched", **PAST)
    slides = folder / "Folien.pdf"
    slides.write_bytes(b"%PDF-1.7\n%%EOF\n")
    office.desk.begin()
    office.desk.press("Unterlagen hinzufügen", within=_todo("Mit Folien"))
    office.desk.choose_file(slides)
    office.desk.press("Datei hinzufügen")
    office.desk.press("Nachbereitung ansehen und senden")
    office.desk.press("Ohne Anwesenheit versenden (1)")
    assert office.stored(event).state == "followed_up"
    office.let_quiet_period_pass()
    office.at.mails_to(f"tanne@{event.slug}.example.org", number=1)


def _record_attendance(office: Office, _folder: Path) -> None:
    names = [f"Weide{number:02}" for number in range(60)]
    event = office.event("Mit Anwesenheit", *names, state="dispatched", capacity=60, **PAST)
    office.desk.begin()
    office.desk.press("Anwesenheit erfassen", within=_todo("Mit Anwesenheit"))
    office.desk.press("Alle waren da")
    office.desk.untick("Weide07", "Weide31")
    office.desk.press("Speichern")
    came = office.rows(
        select(Registration.last_name).where(
            Registration.event_id == event.id, attendance_of(NOW, event.id) == "attended"
        )
    )
    assert set(names) - set(came) == {"Weide07", "Weide31"}


def _list_for_the_door(office: Office, _folder: Path) -> None:
    office.next_event("Mit Liste", "Zeder", "Zypresse")
    office.desk.begin()
    office.desk.press_here("Mehr", within=".card.next")
    office.desk.press("Liste für die Tür")
    assert all(name in office.desk.reads() for name in ("Zeder, Maria", "Zypresse, Maria"))


def _cancel(office: Office, _folder: Path) -> None:
    event = office.next_event("Fällt aus", "Ulme", "Esche")
    office.desk.begin()
    office.desk.press_here("Mehr", within=".card.next")
    office.desk.press("Veranstaltung absagen")
    office.desk.type(reason="Die Referentin ist erkrankt.")
    office.desk.press("Weiter zur Vorschau")
    office.desk.press("Veranstaltung absagen")
    (mailing,) = office.rows(select(Mailing).where(Mailing.event_id == event.id))
    assert (office.stored(event).state, mailing.kind) == ("cancelled", "cancellation")


# The jobs of the desk, and how many presses each may take from *Heute* on.
JOBS: dict[str, tuple[int, Callable[[Office, Path], None]]] = {
    "create a draft": (2, _create_draft),
    "announce and open": (2, _announce),
    "get the link to share": (1, _share),
    "see who registered": (1, _see_people),
    "take somebody off by telephone": (3, _withdraw),
    "write to all confirmed": (3, _write),
    "enter the link, which is sent by itself": (2, _enter_link),
    "change the date": (3, _change_date),
    "slides and follow-up": (4, _follow_up),
    "attendance of 60 people, ticks not counted": (3, _record_attendance),
    "list for the door": (2, _list_for_the_door),
    "cancel the event": (4, _cancel),
}


def test_no_job_takes_more_presses_than_it_should(office: Office, tmp_path: Path) -> None:
    took = {}
    for job, (most, walk) in JOBS.items():
        office.desk.begin()
        walk(office, tmp_path)
        took[job] = office.desk.presses
        print(f"{office.desk.presses} of {most}  {job}")  # noqa: T201 - the table, with -s
    assert {job: presses for job, presses in took.items() if presses > JOBS[job][0]} == {}


def _coming(office: Office, title: str) -> Event:
    return office.event(title, starts_at=LATER, ends_at=LATER + timedelta(hours=2))


def test_call_about_a_mail_ends_with_the_second_press(office: Office) -> None:
    other, event = _coming(office, "Ganz andere"), _coming(office, "Glasfaser vor Ort")
    person = office.person(event, "Haselnuss")
    office.desk.begin(f"/organise/events/{other.slug}/mail/texts")
    office.desk.search("haselnuss")
    office.desk.press("Bestätigung erneut senden")
    assert office.desk.presses == 2
    assert "wird erneut an" in office.desk.reads()
    (mail,) = office.at.mails_to(person.email, number=1)
    assert "Glasfaser vor Ort" in mail.subject


def test_call_about_a_colleague_takes_three_presses(office: Office) -> None:
    event = _coming(office, "Mit Vertretung")
    person = office.person(event, "Holunder")
    office.desk.begin("/organise/settings/mailbox")
    office.desk.search("Holunder")
    office.desk.press("Übergeben")
    office.desk.type(first_name="Nele", last_name="Flieder", email="nele.flieder@example.org")
    office.desk.press("Übergeben")
    assert office.desk.presses == 3
    found = office.rows(select(Registration).where(Registration.event_id == event.id))
    assert {each.last_name: each.status for each in found} == {
        "Holunder": "cancelled",
        "Flieder": "confirmed",
    }
    for address in (person.email, "nele.flieder@example.org"):
        office.at.mails_to(address, number=1)


def test_call_about_a_wrong_name_takes_three_presses(office: Office) -> None:
    event = _coming(office, "Mit falschem Namen")
    person = office.person(event, "Meiher")
    office.desk.begin("/organise/contacts/subscribers")
    office.desk.search("Meiher")
    office.desk.press("Berichtigen")
    office.desk.type(last_name="Meyer-Ahorn")
    office.desk.press("Berichtigung speichern")
    assert office.desk.presses == 3
    (stored,) = office.rows(select(Registration).where(Registration.id == person.id))
    assert (stored.last_name, stored.email) == ("Meyer-Ahorn", person.email)


def test_call_about_a_public_body_is_answered_by_two_presses(office: Office) -> None:
    body = make_organisation(office.at.app, "Kreisverwaltung Kusel", key="kusel")
    event = _coming(office, "Mit Kusel")
    for name in ("Ginster", "Schlehe"):
        office.person(event, name, organisation_id=body.id)
    office.person(event, "Woanders")
    office.desk.begin(f"/organise/events/{event.slug}/materials")
    office.desk.search("Kusel")
    assert "2 Anmeldungen zu kommenden Veranstaltungen" in office.desk.reads()
    office.desk.press("2 Anmeldungen zu kommenden")
    assert office.desk.presses == 2
    reads = office.desk.reads()
    assert all(words in reads for words in ("Ginster", "Schlehe", "Mit Kusel"))
    assert "Woanders" not in reads

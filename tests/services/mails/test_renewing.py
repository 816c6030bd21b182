"""Links of everybody are renewed: old ones die, and nobody is left without new ones."""

from datetime import timedelta

import pytest
from flask import Flask
from icalendar import Calendar
from sqlalchemy import select

from ikone_events.domain.refusals import SomebodyWasFaster, UnfitInput
from ikone_events.services.mails.mailings import resume_mailing, stop_mailing
from ikone_events.services.mails.renewing import renew_links, renewal_of
from ikone_events.services.operating.verification import faults
from ikone_events.services.registering.registrations import Applicant, register
from ikone_events.store.db import db, transaction
from ikone_events.store.events.models import Event
from ikone_events.store.mails.models import Mailing, OutboxMail
from ikone_events.store.registering.models import Registration
from tests.factories import NOW, door_path, make_event, make_mail, make_registration, personal_path
from tests.mailbox import Mailbox
from tests.rows import work

EVA, UWE = "eva@example.org", "uwe@example.org"


def sign_up(app: Flask, event: Event, email: str) -> None:
    person = Applicant(
        first_name="Eva", last_name="Muster", email=email, organisation="Stadt Trier", locale="de"
    )
    with app.app_context(), transaction():
        register(event.slug, person, now=NOW)


def renew(app: Flask, event: Event, seen: int | None = None) -> Mailing:
    with app.app_context(), transaction():
        seen = renewal_of(db.session.get_one(Event, event.id), NOW).seen if seen is None else seen
        return renew_links(event.slug, seen=seen, actor="Anna Amt", now=NOW)


def person_of(app: Flask, email: str) -> Registration:
    with app.app_context():
        wanted = select(Registration).where(Registration.email == email)
        return db.session.scalars(wanted).one()


@pytest.mark.both_databases
def test_renewing_replaces_links_and_entries_of_everybody(app: Flask, mailbox: Mailbox) -> None:
    event = make_event(app, state="dispatched", capacity=1)
    sign_up(app, event, EVA)
    sign_up(app, event, UWE)
    work(app)
    old = [personal_path(app, person_of(app, EVA)), door_path(app, person_of(app, EVA))]
    old.append(personal_path(app, person_of(app, UWE)))
    gone = make_registration(app, event, status="cancelled", email="weg@example.org")
    with app.app_context():
        renewal = renewal_of(db.session.get_one(Event, event.id), NOW)
        assert (renewal.people, renewal.confirmed, renewal.seen) == (2, 1, 0)

    renew(app, event)
    assert work(app) == 2

    first, second = (mail for mail in mailbox.to(EVA))
    entries = [Calendar.from_ical(mail.calendar).events[0] for mail in (first, second)]
    assert entries[0]["UID"] == entries[1]["UID"]
    assert [entry["SEQUENCE"] for entry in entries] == [0, 0]
    assert entries[0]["DTSTAMP"].dt < entries[1]["DTSTAMP"].dt
    assert second.subject.startswith("Neue Links zu Ihrer Anmeldung")
    assert "Kalender sehen oft auch andere" in second.text
    eva, uwe = person_of(app, EVA), person_of(app, UWE)
    assert str(entries[1]["URL"]).endswith(door_path(app, eva))
    assert personal_path(app, eva) in second.text
    waits = mailbox.to(UWE)[1]
    assert waits.calendar is None
    assert "Sie stehen auf der Warteliste." in waits.text
    assert personal_path(app, uwe) in waits.text
    client = app.test_client()
    assert [client.get(path).status_code for path in old] == [410] * 3
    assert client.get(personal_path(app, gone)).status_code == 200
    assert mailbox.to(gone.email) == []
    with app.app_context():
        assert [f for f in faults(NOW) if not f.startswith("history:")] == []


def test_answer_of_the_calendar_stays(app: Flask, mailbox: Mailbox) -> None:
    event = make_event(app)
    sign_up(app, event, EVA)
    work(app)
    with app.app_context(), transaction():
        db.session.scalars(select(Registration)).one().partstat = "ACCEPTED"
    renew(app, event)
    work(app)
    entry = Calendar.from_ical(mailbox.to(EVA)[1].calendar).events[0]
    assert entry["ATTENDEE"].params["PARTSTAT"] == "ACCEPTED"
    assert person_of(app, EVA).partstat == "ACCEPTED"


@pytest.mark.parametrize("state", ["cancelled", "postponed", "followed_up"])
def test_no_entry_comes_back_into_calendars(app: Flask, mailbox: Mailbox, state: str) -> None:
    over = timedelta(days=20) if state == "followed_up" else timedelta()
    event = make_event(
        app, state=state, starts_at=NOW + timedelta(days=14) - over,
        ends_at=NOW + timedelta(days=14, hours=2) - over,
    )  # fmt: skip
    make_registration(app, event, email=EVA, calendar_sequence=1, calendar_method="CANCEL")
    renew(app, event)
    work(app)
    (mail,) = mailbox.to(EVA)
    assert mail.calendar is None
    assert "Der neue Kalendereintrag" not in mail.text


def test_mails_that_wait_are_written_anew_with_the_new_links(app: Flask, mailbox: Mailbox) -> None:
    event = make_event(app)
    person = make_registration(app, event, email=EVA)
    later = make_mail(app, person, kind="reminder_day", text="alt", due_at=NOW + timedelta(hours=1))
    failed = make_mail(app, person, kind="feedback", text="alt", state="failed")
    renew(app, event)
    work(app)
    texts = {mail.subject.partition(":")[0]: mail.text for mail in mailbox.to(EVA)}
    assert set(texts) == {"Neue Links zu Ihrer Anmeldung", "Erinnerung"}
    own = personal_path(app, person_of(app, EVA))
    assert own in texts["Erinnerung"]
    with app.app_context():
        assert db.session.get_one(OutboxMail, later.id).state == "stopped"
        assert db.session.get_one(OutboxMail, later.id).text == "alt"
        assert own in db.session.get_one(OutboxMail, failed.id).text


def test_stopped_renewal_leaves_nobody_without_links(app: Flask, mailbox: Mailbox) -> None:
    event = make_event(app)
    person = make_registration(app, event, email=EVA)
    path = personal_path(app, person)
    mailing = renew(app, event)
    with app.app_context(), transaction():
        stop_mailing(db.session.get_one(Event, event.id), mailing.id, actor="Anna", now=NOW)
    assert work(app) == 0
    assert app.test_client().get(path).status_code == 200
    with app.app_context(), transaction():
        resume_mailing(db.session.get_one(Event, event.id), mailing.id, actor="Anna", now=NOW)
    assert work(app) == 1
    assert app.test_client().get(path).status_code == 410


@pytest.mark.both_databases
def test_second_press_renews_nothing(app: Flask) -> None:
    event = make_event(app)
    make_registration(app, event)
    renew(app, event, seen=0)
    with pytest.raises(SomebodyWasFaster):
        renew(app, event, seen=0)
    with app.app_context():
        assert len(db.session.scalars(select(Mailing)).all()) == 1


def test_event_without_people_has_no_links_to_renew(app: Flask) -> None:
    event = make_event(app)
    make_registration(app, event, status="cancelled")
    with pytest.raises(UnfitInput):
        renew(app, event)

"""Whole ways of a registration, by the mails that arrive in a real mailbox."""

import re
from collections.abc import Callable
from datetime import timedelta
from typing import Any

import vobject
from flask import Flask
from icalendar import Calendar
from sqlalchemy import select

from ikone_events.domain.events.facts import Mode
from ikone_events.domain.registering.status import RegistrationStatus
from ikone_events.services.registering.changes import switch_mode
from ikone_events.services.registering.expirations import expire_due
from ikone_events.services.registering.hand_over import Deputy, hand_over
from ikone_events.services.registering.registrations import Applicant, register, register_all
from ikone_events.services.registering.status import (
    accept_offer,
    approve,
    confirm_address,
    decline,
    withdraw,
)
from ikone_events.store.db import db, transaction
from ikone_events.store.registering.models import Registration
from tests.factories import NOW, FixedClock, make_event
from tests.mailbox import Mailbox, Received

ANNA, BERT = "anna@example.org", "bert@example.org"
OFFICE = "buero@example.org"
DEPUTY = Deputy(first_name="Cleo", last_name="Vertretung", email="cleo@example.org", locale="en")


def applicant(email: str, **values: Any) -> Applicant:
    name = email.partition("@")[0].title()
    defaults = {"last_name": "Muster", "organisation": "Stadtverwaltung Bendorf", "locale": "de"}
    return Applicant(first_name=name, email=email, **{**defaults, **values})


def do(app: Flask, verb: Callable[..., object], *args: object, **wish: object) -> None:
    """One use case as a page carries it out, and the worker after it."""
    with app.app_context(), transaction():
        verb(*args, **{"now": NOW, **wish})
    app.extensions["ikone_engine"].run_once()


def pid(app: Flask, email: str) -> str:
    """The newest registration of an address."""
    with app.app_context():
        wanted = select(Registration.public_id).where(Registration.email == email)
        return db.session.scalars(wanted.order_by(Registration.id.desc())).first() or ""


def subjects(mailbox: Mailbox, email: str) -> list[str]:
    return [mail.subject.partition(":")[0] for mail in mailbox.to(email)]


def entry(mail: Received) -> tuple[str, str, int, str]:
    """Method, UID, SEQUENCE and place, read by two parsers that must agree."""
    data = mail.calendar or b""
    calendar, other = Calendar.from_ical(data), vobject.readOne(data.decode())
    [event] = calendar.events
    read = (
        str(calendar["METHOD"]),
        str(event["UID"]),
        int(event["SEQUENCE"]),
        str(event["LOCATION"]),
    )
    vevent = other.vevent
    sequence = int(vevent.sequence.value)
    assert read == (other.method.value, vevent.uid.value, sequence, vevent.location.value)
    return read


def test_address_approval_confirmation_and_return(app: Flask, mailbox: Mailbox) -> None:
    event = make_event(app, confirm_hours=24, approval=True)
    do(app, register, event.slug, applicant(ANNA))
    do(app, confirm_address, pid(app, ANNA))
    do(app, approve, pid(app, ANNA), expected=RegistrationStatus.APPROVAL, actor=OFFICE)
    do(app, withdraw, pid(app, ANNA))
    do(app, register, event.slug, applicant(ANNA))
    do(app, confirm_address, pid(app, ANNA))
    do(app, approve, pid(app, ANNA), expected=RegistrationStatus.APPROVAL, actor=OFFICE)

    mails = mailbox.to(ANNA)
    way = ["Bitte bestätigen Sie Ihre E-Mail-Adresse", "Anmeldung eingegangen"]
    assert subjects(mailbox, ANNA) == [
        *way,
        "Anmeldung bestätigt",
        "Abmeldung bestätigt",
        *way,
        "Anmeldung bestätigt",
    ]
    assert re.search(r"E-Mail-Adresse bestätigen: http://localhost/r/\S+/confirm\s", mails[0].text)
    assert [mail.calendar is not None for mail in mails] == [
        False, False, True, True, False, False, True,
    ]  # fmt: skip
    first, gone, again = entry(mails[2]), entry(mails[3]), entry(mails[6])
    assert (first[0], gone[0], again[0]) == ("REQUEST", "CANCEL", "REQUEST")
    assert gone[1] == first[1] != again[1]
    assert gone[2] > first[2]
    deleted = event.ends_at + timedelta(days=30)
    assert f"löschen wir am {deleted.day}. April 2026" in mails[3].text


def test_declined_person_is_mailed_the_reason_without_a_calendar(
    app: Flask, mailbox: Mailbox
) -> None:
    event = make_event(app, approval=True)
    do(app, register, event.slug, applicant(ANNA))
    wish = {
        "expected": RegistrationStatus.APPROVAL,
        "actor": OFFICE,
        "reason": "Nur für Mitglieder.",
    }
    do(app, decline, pid(app, ANNA), **wish)
    [_received, declined] = mailbox.to(ANNA)
    assert declined.subject.startswith("Leider keine Zusage")
    assert "\r\nNur für Mitglieder.\r\n" in declined.text
    assert declined.calendar is None


def test_offer_is_accepted_or_lapses(app: Flask, mailbox: Mailbox, clock: FixedClock) -> None:
    event = make_event(app, capacity=1, offer_hours=24)
    for email in (ANNA, BERT, DEPUTY.email):
        do(app, register, event.slug, applicant(email))
    do(app, withdraw, pid(app, ANNA))
    clock.moment = later = NOW + timedelta(hours=25)
    do(app, expire_due, event.slug, now=later)
    do(app, accept_offer, pid(app, DEPUTY.email), now=later)

    assert subjects(mailbox, BERT) == ["Warteliste", "Ein Platz ist frei", "Frist abgelaufen"]
    assert subjects(mailbox, DEPUTY.email)[:2] == ["Warteliste", "Ein Platz ist frei"]
    offer, lapsed = mailbox.to(BERT)[1:]
    assert re.search(r"Platz annehmen: http://localhost/r/\S+/accept\s", offer.text)
    assert "Dienstag, 3. März 2026, 10:00 Uhr" in offer.text
    assert f"/events/{event.slug}/register" in lapsed.text
    assert [mail.calendar for mail in mailbox.to(BERT)] == [None, None, None]
    assert entry(mailbox.to(DEPUTY.email)[2])[0] == "REQUEST"


def test_colleagues_learn_who_registered_them(app: Flask, mailbox: Mailbox) -> None:
    event = make_event(app)
    both = [applicant(ANNA), applicant(BERT, registered_by="Anna Muster")]
    do(app, register_all, event.slug, both)
    assert "Angemeldet hat Sie Anna Muster." in mailbox.to(BERT)[0].text
    assert "Angemeldet hat Sie" not in mailbox.to(ANNA)[0].text


def test_deputy_gets_what_the_other_gives_up(app: Flask, mailbox: Mailbox) -> None:
    event = make_event(app, capacity=1, state="dispatched")
    do(app, register, event.slug, applicant(ANNA))
    do(app, hand_over, pid(app, ANNA), DEPUTY)

    invited, given = mailbox.to(ANNA)
    [taken] = mailbox.to(DEPUTY.email)
    assert "Cleo Vertretung" in given.text
    assert "Anna Muster" in taken.text
    assert taken.subject.startswith("You are the deputy")
    assert re.search(r"Join: http://localhost/r/\S+/room\s", taken.text)
    assert entry(given)[:2] == ("CANCEL", entry(invited)[1])
    assert entry(given)[2] > entry(invited)[2]
    assert entry(taken)[0] == "REQUEST"
    assert entry(taken)[1] != entry(invited)[1]


def test_switched_mode_changes_mail_and_entry(app: Flask, mailbox: Mailbox) -> None:
    event = make_event(app, format="hybrid", place="Rathaus, Saal 2", state="dispatched")
    do(app, register, event.slug, applicant(ANNA, mode="on_site"))
    do(app, switch_mode, pid(app, ANNA), Mode.ONLINE)
    do(app, switch_mode, pid(app, ANNA), Mode.ON_SITE)

    on_site, online, back = mailbox.to(ANNA)
    assert "So nehmen Sie jetzt teil: online." in online.text
    assert "So nehmen Sie jetzt teil: vor Ort." in back.text
    assert "/room" not in on_site.text + back.text
    assert "Rathaus" not in online.text
    read = [entry(mail) for mail in (on_site, online, back)]
    assert [each[2] for each in read] == [0, 0, 0]
    assert len({each[1] for each in read}) == 1
    assert (read[0][3], read[2][3]) == ("Rathaus, Saal 2", "Rathaus, Saal 2")
    assert read[1][3].startswith("http://localhost/door/")


def test_message_ids_are_in_the_domain_of_the_sender(app: Flask, mailbox: Mailbox) -> None:
    event = make_event(app)
    do(app, register, event.slug, applicant(ANNA))
    (mail,) = mailbox.to(ANNA)
    assert mail.message["Message-ID"].endswith("@example.org>")

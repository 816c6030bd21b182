"""Mails of a standing, with real rows: links, calendar entries, and written anew when needed."""

from datetime import timedelta
from typing import Any

import pytest
import vobject
from flask import Flask
from icalendar import Calendar
from sqlalchemy import select

from ikone_events.domain.mails.kinds import MailKind
from ikone_events.domain.mails.placeholders import EDITABLE
from ikone_events.domain.refusals import UnfitInput
from ikone_events.services.incoming.resending import correct_and_retry, retry_mail, retry_mails
from ikone_events.services.mails.text_preview import preview, standard_text
from ikone_events.services.mails.writing import write_mail
from ikone_events.store.db import db, transaction
from ikone_events.store.events.models import Event
from ikone_events.store.events.queries import lock_event
from ikone_events.store.mails.models import OutboxMail
from ikone_events.store.registering.models import Registration, StatusChange
from tests.factories import NOW, make_event, make_registration, personal_path

HELD = {"reserved_until": NOW + timedelta(days=2)}
PENDING = {"status": "pending", "awaits": "address", **HELD}
OFFERED = {"status": "offered", "waiting_order": 4, **HELD}
NEW_KINDS = (
    MailKind.CONFIRM_ADDRESS,
    MailKind.AWAITING_APPROVAL,
    MailKind.DECLINED,
    MailKind.OFFER,
    MailKind.OFFER_LAPSED,
    MailKind.HANDED_OVER,
    MailKind.TAKEN_OVER,
    MailKind.CHANGED,
)


def write(app: Flask, person: Registration, kind: MailKind, reason: str = "") -> OutboxMail:
    """One mail to a person, as a change of the standing writes it."""
    with app.app_context():
        with transaction():
            row = db.session.get_one(Registration, person.id)
            event = lock_event(row.event.slug)
            key = f"{kind}:{person.public_id}"
            mail = write_mail(kind, row, event, key=key, now=NOW, reason=reason)
        db.session.refresh(mail)
        db.session.expunge_all()
        return mail


def change(app: Flask, row: Registration | OutboxMail | Event, **values: Any) -> None:
    with app.app_context(), transaction():
        found = db.session.get_one(type(row), row.id)
        for name, value in values.items():
            setattr(found, name, value)


def kept(app: Flask, mail: OutboxMail) -> OutboxMail:
    with app.app_context():
        found = db.session.get_one(OutboxMail, mail.id)
        db.session.expunge(found)
        return found


def sequence_of(app: Flask, person: Registration) -> int | None:
    with app.app_context():
        return db.session.get_one(Registration, person.id).calendar_sequence


@pytest.mark.parametrize("calendar_sequence", [None, 3])
def test_each_kind_is_written_with_the_calendar_object_it_may_have(
    app: Flask, calendar_sequence: int | None
) -> None:
    event = make_event(app)
    for kind in NEW_KINDS:
        for locale in ("de", "en"):
            person = make_registration(
                app, event, locale=locale, calendar_sequence=calendar_sequence
            )
            _check_calendar(app, person, kind, calendar_sequence)


def _check_calendar(
    app: Flask, person: Registration, kind: MailKind, calendar_sequence: int | None
) -> None:
    mail = write(app, person, kind)
    asks = kind in (MailKind.TAKEN_OVER, MailKind.CHANGED)
    cancels = kind in (MailKind.DECLINED, MailKind.HANDED_OVER) and calendar_sequence is not None
    assert mail.calendar_method == ("REQUEST" if asks else "CANCEL" if cancels else None)
    if mail.calendar is None:
        assert sequence_of(app, person) == calendar_sequence
        return
    by_icalendar = Calendar.from_ical(mail.calendar).events[0]
    by_vobject = vobject.readOne(mail.calendar.decode()).vevent
    higher = (calendar_sequence or 0) + cancels
    assert sequence_of(app, person) == higher
    assert by_icalendar["SEQUENCE"] == higher == int(by_vobject.sequence.value)
    assert by_icalendar["UID"] == person.calendar_uid == by_vobject.uid.value


@pytest.mark.parametrize("kind", [MailKind.CONFIRMATION, MailKind.MOVED, MailKind.CHANGED])
@pytest.mark.parametrize("values", [PENDING, OFFERED, {"status": "waitlisted"}])
def test_nobody_without_a_place_is_invited(
    app: Flask, kind: MailKind, values: dict[str, Any]
) -> None:
    person = make_registration(app, make_event(app), **values)
    assert write(app, person, kind).calendar is None
    assert sequence_of(app, person) is None


def test_pending_person_gets_the_link_to_confirm(app: Flask) -> None:
    person = make_registration(app, make_event(app, confirm_hours=48), **PENDING)
    mail = write(app, person, MailKind.CONFIRM_ADDRESS)
    path = personal_path(app, person, "/confirm")
    assert f"http://localhost{path}\n" in mail.text
    assert "bis Mittwoch, 4. März 2026, 10:00 Uhr" in mail.text


def test_first_in_line_gets_the_link_to_accept(app: Flask) -> None:
    person = make_registration(app, make_event(app, offer_hours=48), **OFFERED)
    mail = write(app, person, MailKind.OFFER)
    assert f"http://localhost{personal_path(app, person, '/accept')}\n" in mail.text
    assert "bis Mittwoch, 4. März 2026, 10:00 Uhr" in mail.text


def test_waiting_people_are_asked_to_confirm_once_a_seat_is_kept(app: Flask) -> None:
    event = make_event(app, confirm_hours=24)
    person = make_registration(app, event, status="waitlisted")
    assert "/confirm" not in write(app, person, MailKind.WAITLIST).text


@pytest.mark.parametrize(
    ("values", "words"),
    [
        ({}, "Sie sind bereits angemeldet:"),
        ({"status": "waitlisted"}, "Sie stehen bereits auf der Warteliste:"),
        (PENDING, "/confirm\n"),
        ({"status": "pending", "awaits": "approval"}, "noch nicht bestätigt"),
        (OFFERED, "/accept\n"),
    ],
)
def test_repeated_registration_is_answered_as_things_stand(
    app: Flask, values: dict[str, Any], words: str
) -> None:
    person = make_registration(app, make_event(app), **values)
    assert words in write(app, person, MailKind.REPEAT).text


def test_deputy_and_predecessor_are_named_without_being_handed_in(app: Flask) -> None:
    event = make_event(app)
    gone = make_registration(
        app, event, status="cancelled", first_name="Alt", last_name="Vorher", calendar_sequence=0
    )
    deputy = make_registration(
        app, event, first_name="Neu", last_name="Nachher", predecessor_id=gone.id
    )
    assert "Neu Nachher" in write(app, gone, MailKind.HANDED_OVER).text
    assert "Alt Vorher" in write(app, deputy, MailKind.TAKEN_OVER).text
    change(app, gone, anonymised_at=NOW)
    forgotten = make_registration(app, event, predecessor_id=gone.id)
    assert "Alt Vorher" not in write(app, forgotten, MailKind.TAKEN_OVER).text


def test_declined_mail_written_anew_to_a_right_address_keeps_its_reason(app: Flask) -> None:
    event = make_event(app)
    person = make_registration(app, event, status="declined", calendar_sequence=0)
    mail = write(app, person, MailKind.DECLINED, "Nur für Mitglieder.")
    with app.app_context(), transaction():
        db.session.add(
            StatusChange(
                registration_id=person.id,
                action="decline",
                source="confirmed",
                target="declined",
                actor="x@example.org",
                reason="Nur für Mitglieder.",
                at=NOW,
            )
        )
    change(app, mail, state="failed")
    with app.app_context(), transaction():
        row = db.session.get_one(Event, event.id)
        correct_and_retry(row, mail.id, "richtig@example.org", actor="x@example.org", now=NOW)
    again = kept(app, mail)
    assert again.recipient == "richtig@example.org"
    assert "\n\nNur für Mitglieder.\n\n" in again.text
    assert again.calendar_method == "CANCEL"


@pytest.mark.parametrize(
    ("kind", "values", "then"),
    [
        (MailKind.CONFIRM_ADDRESS, PENDING, {"awaits": "approval"}),
        (MailKind.OFFER, OFFERED, {"status": "confirmed"}),
        (MailKind.OFFER, OFFERED, {"status": "expired"}),
        (MailKind.AWAITING_APPROVAL, {**PENDING, "awaits": "approval"}, {"status": "confirmed"}),
        (MailKind.WAITLIST, {"status": "waitlisted"}, {"status": "confirmed"}),
    ],
)
def test_mail_that_asks_for_what_is_over_is_not_sent_again(
    app: Flask, kind: MailKind, values: dict[str, Any], then: dict[str, Any]
) -> None:
    event = make_event(app)
    person = make_registration(app, event, **{"awaits": "", **values})
    mail = write(app, person, kind)
    change(app, mail, state="failed")
    with app.app_context(), transaction():
        assert retry_mails(event, actor="x", now=NOW).sent == 1
    change(app, mail, state="failed")
    change(app, person, **{"awaits": "", **then})
    with app.app_context(), transaction():
        assert retry_mails(event, actor="x", now=NOW).sent == 0
    with pytest.raises(UnfitInput), app.app_context(), transaction():
        retry_mail(event, mail.id, actor="x", now=NOW)


@pytest.mark.parametrize("kind", [MailKind.DECLINED, MailKind.OFFER_LAPSED, MailKind.HANDED_OVER])
def test_mail_of_an_end_is_sent_again(app: Flask, kind: MailKind) -> None:
    event = make_event(app, state="cancelled")
    person = make_registration(app, event, status="cancelled")
    mail = write(app, person, kind)
    change(app, mail, state="failed")
    with app.app_context(), transaction():
        assert retry_mail(event, mail.id, actor="x", now=NOW).state == "queued"


def test_editor_shows_every_mail_as_somebody_gets_it(app: Flask) -> None:
    with app.app_context():
        for locale, day in (("de", "4. März"), ("en", "4 March")):
            made = {
                kind: preview(
                    kind, standard_text(kind, locale), locale, event=None, person=None, now=NOW
                )
                for kind in EDITABLE
            }
            assert not any("{{" in mail.text for mail in made.values())
            assert made[MailKind.DECLINED].method == made[MailKind.HANDED_OVER].method == "CANCEL"
            for kind, words in {
                MailKind.CONFIRM_ADDRESS: ("/r/…/confirm", day, "Kim Beispiel"),
                MailKind.OFFER: ("/r/…/accept", day),
                MailKind.HANDED_OVER: ("Kai Beispiel",),
                MailKind.TAKEN_OVER: ("Kai Beispiel",),
                MailKind.AWAITING_APPROVAL: ("Kim Beispiel",),
                MailKind.DECLINED: ("Die Referentin ist erkrankt.",),
            }.items():
                assert all(word in made[kind].text for word in words), kind


def test_editor_shows_a_real_person_as_if_the_mail_were_due(app: Flask) -> None:
    event = make_event(app, confirm_hours=24)
    person = make_registration(app, event, last_name="Echt")
    with app.app_context():
        row = db.session.scalars(select(Registration)).one()
        shown = {
            kind: preview(
                kind, standard_text(kind, "de"), "de", event=row.event, person=row, now=NOW
            )
            for kind in (MailKind.OFFER, MailKind.CONFIRM_ADDRESS, MailKind.WAITLIST)
        }
    assert "/r/…/accept" in shown[MailKind.OFFER].text
    assert "/r/…/confirm" in shown[MailKind.CONFIRM_ADDRESS].text
    assert "/r/…/confirm" not in shown[MailKind.WAITLIST].text, "as in the real mail"
    assert all(person.last_name in made.text for made in shown.values())

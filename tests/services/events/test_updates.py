"""A change of an event: mailed once, to those it concerns, when the organisers have been quiet."""

from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest
from flask import Flask
from icalendar import Calendar
from sqlalchemy import select

from ikone_events.domain.events.draft import RoomChoice
from ikone_events.domain.events.facts import EventFormat
from ikone_events.domain.events.lifecycle import Action
from ikone_events.domain.refusals import SomebodyWasFaster
from ikone_events.services.events import updates
from ikone_events.services.events.editing import edit_event, set_room
from ikone_events.services.incoming.resending import correct_and_retry
from ikone_events.services.registering.status import withdraw
from ikone_events.store.db import db, transaction
from ikone_events.store.events.models import Event, EventVersion
from ikone_events.store.mails.models import Mailing, OutboxMail
from ikone_events.store.registering.models import Registration
from tests.factories import NOW, FixedClock, make_event, make_registration
from tests.mailbox import Mailbox
from tests.services.events.edits import DRAFT, Edit, do, entry, invite, wait_and_work, work


def test_several_edits_within_the_quiet_make_one_mail(
    app: Flask, event: Event, edit: Edit, mailbox: Mailbox, clock: FixedClock
) -> None:
    person = invite(app, event)
    edit(title="Raum für Zukunft und Mut")
    clock.move(minutes=9)
    later = {"starts_at": DRAFT.starts_at + timedelta(days=1), "ends_at": DRAFT.ends_at}
    later["ends_at"] += timedelta(days=1)
    edit(title="Raum für Zukunft und Mut", **later)
    clock.move(minutes=9)
    work(app)
    assert len(mailbox.to(person.email)) == 1

    clock.move(minutes=1)
    work(app)

    confirmed, update = mailbox.to(person.email)
    assert (entry(confirmed), entry(update)) == (("REQUEST", 0), ("REQUEST", 1))
    assert update.subject.startswith("Neuer Termin")
    assert "– Titel: Raum für Zukunft und Mut (bisher: Raum für Zukunft)" in update.text
    assert update.message["References"] == confirmed.message["Message-ID"]


def test_endless_edits_put_the_mail_off_for_an_hour_at_most(
    app: Flask, event: Event, edit: Edit, mailbox: Mailbox, clock: FixedClock
) -> None:
    person = invite(app, event)
    for number in range(9):
        edit(title=f"Fassung {number}")
        work(app)
        clock.move(minutes=8)
    assert len(mailbox.to(person.email)) == 2


def test_change_reverted_in_time_notifies_nobody(
    app: Flask, event: Event, edit: Edit, mailbox: Mailbox, clock: FixedClock
) -> None:
    person = invite(app, event)
    edit(title="Vertippt")
    clock.move(minutes=2)
    edit()

    wait_and_work(app, clock)

    assert len(mailbox.to(person.email)) == 1
    with app.app_context():
        assert db.session.scalars(select(Mailing.id)).all() == []


def test_silent_change_travels_with_the_next_mail(
    app: Flask, event: Event, edit: Edit, mailbox: Mailbox, clock: FixedClock
) -> None:
    person = invite(app, event)
    edit(title="Raum für die Zukunft", silent=True)
    wait_and_work(app, clock)
    assert len(mailbox.to(person.email)) == 1

    do(app, event, Action.DISPATCH, clock.moment)
    work(app)

    _confirmed, access = mailbox.to(person.email)
    assert entry(access) == ("REQUEST", 0)
    assert "– Titel: Raum für die Zukunft (bisher: Raum für Zukunft)" in access.text


def test_change_that_a_mail_contained_is_not_mailed_again(
    app: Flask, event: Event, edit: Edit, mailbox: Mailbox, clock: FixedClock
) -> None:
    early = invite(app, event)
    edit(title="Raum für die Zukunft")
    clock.move(minutes=1)
    late = invite(app, event, clock.moment, registered_at=clock.moment)

    wait_and_work(app, clock)

    assert len(mailbox.to(early.email)) == 2
    assert [mail.subject[:10] for mail in mailbox.to(late.email)] == ["Anmeldung "]


def test_place_of_a_hybrid_event_concerns_those_on_site_alone(
    app: Flask, mailbox: Mailbox, clock: FixedClock
) -> None:
    event = make_event(app, format="hybrid", place="Rathaus", title=DRAFT.title)
    there, online = (invite(app, event, mode=mode) for mode in ("on_site", "online"))
    with app.app_context(), transaction():
        draft = replace(DRAFT, format=EventFormat.HYBRID, place="Stadthalle")
        edit_event(event.slug, draft, expected_edit_version=1, now=clock.moment)

    wait_and_work(app, clock)

    assert len(mailbox.to(online.email)) == 1
    update = mailbox.to(there.email)[1]
    assert "– Ort: Stadthalle (bisher: Rathaus)" in update.text


def test_waiting_people_are_mailed_without_a_calendar(
    app: Flask, event: Event, edit: Edit, mailbox: Mailbox, clock: FixedClock
) -> None:
    make_registration(app, event)
    waits = make_registration(app, event, status="waitlisted")
    edit(format=EventFormat.ON_SITE, place="Rathaus Mainz", capacity=1)

    wait_and_work(app, clock)

    (update,) = mailbox.to(waits.email)
    assert update.calendar is None
    assert "– Ort: Rathaus Mainz (bisher: Online)" in update.text


def test_failed_mail_notified_nobody(
    app: Flask, event: Event, edit: Edit, mailbox: Mailbox, clock: FixedClock
) -> None:
    person = invite(app, event)
    work(app)
    mailbox.answer = lambda _recipient: "550 no such user"
    edit(title="Zweiter Titel")
    wait_and_work(app, clock)
    mailbox.answer = lambda _recipient: None
    edit(title="Zweiter Titel", format=EventFormat.ON_SITE, place="Rathaus")

    wait_and_work(app, clock)

    update = mailbox.to(person.email)[-1]
    assert "– Titel: Zweiter Titel (bisher: Raum für Zukunft)" in update.text
    assert "– Ort: Rathaus (bisher: Online)" in update.text


def test_new_room_notifies_nobody_and_new_dial_in_does_once_the_doors_are_open(
    app: Flask, event: Event, mailbox: Mailbox, clock: FixedClock
) -> None:
    person = invite(app, event)
    other = "https://video.example.org/anderer"

    def change(room: str, dial_in: str, provider: str = "link") -> None:
        choice = RoomChoice(room_provider=provider, room_url=room, dial_in=dial_in)
        with app.app_context(), transaction():
            set_room(event.slug, choice, now=clock.moment)
        wait_and_work(app, clock)

    change(other, "+49 631 000 123")
    assert len(mailbox.to(person.email)) == 1

    do(app, event, Action.DISPATCH, clock.moment)
    work(app)
    for room, provider in ((f"{other}-2", "link"), ("", "link"), ("", "jitsi"), (other, "link")):
        change(room, "+49 631 000 123", provider)
    assert len(mailbox.to(person.email)) == 2
    change(other, "+49 631 999")

    _confirmed, access, update = mailbox.to(person.email)
    assert "Videoraum" not in access.text
    assert "Videoraum:" not in update.text
    assert "– Einwahl per Telefon: +49 631 999 (bisher: +49 631 000 123)" in update.text
    assert other not in update.text
    assert entry(update) == ("REQUEST", 0)


def test_withdrawal_takes_the_date_out_that_stands_in_the_calendar(
    app: Flask, event: Event, edit: Edit, mailbox: Mailbox, clock: FixedClock
) -> None:
    person = invite(app, event)
    edit(starts_at=DRAFT.starts_at + timedelta(hours=1))
    with app.app_context(), transaction():
        withdraw(person.public_id, now=clock.moment)
    work(app)

    _confirmed, withdrawn = mailbox.to(person.email)
    assert entry(withdrawn) == ("CANCEL", 1)
    assert withdrawn.calendar is not None
    assert Calendar.from_ical(withdrawn.calendar).events[0].start == DRAFT.starts_at


def test_event_called_off_mails_no_change_any_more(
    app: Flask, event: Event, edit: Edit, mailbox: Mailbox, clock: FixedClock
) -> None:
    person = invite(app, event)
    edit(title="Anderer Titel")
    do(app, event, Action.CANCEL, clock.moment, reason="Sturm")

    wait_and_work(app, clock)

    assert [entry(mail)[0] for mail in mailbox.to(person.email)] == ["REQUEST", "CANCEL"]


def test_change_within_the_hour_before_is_mailed_at_once(
    app: Flask, event: Event, edit: Edit, mailbox: Mailbox, clock: FixedClock
) -> None:
    person = invite(app, event)
    clock.moment = DRAFT.starts_at - timedelta(minutes=50)
    edit(starts_at=DRAFT.starts_at + timedelta(minutes=15))

    work(app)

    assert [entry(mail)[1] for mail in mailbox.to(person.email)] == [0, 1]


def test_buttons_notify_at_once_or_nobody_and_only_once(
    app: Flask, event: Event, edit: Edit, mailbox: Mailbox, clock: FixedClock
) -> None:
    person = invite(app, event)
    edit(title="Erste Fassung")
    with app.app_context(), transaction():
        updates.notify_now(event.slug, actor="Berta", now=clock.moment)
    work(app)
    edit(title="Zweite Fassung")
    with app.app_context(), transaction():
        updates.tell_nobody(event.slug)

    wait_and_work(app, clock)

    assert len(mailbox.to(person.email)) == 2
    with app.app_context():
        assert db.session.scalars(select(Mailing.started_by)).all() == ["Berta"]
    with pytest.raises(SomebodyWasFaster), app.app_context(), transaction():
        updates.notify_now(event.slug, actor="Berta", now=clock.moment)


@pytest.mark.parametrize(
    ("changes", "asks"),
    [({"title": "Neu"}, "ACCEPTED"), ({"starts_at": NOW + timedelta(days=13)}, "NEEDS-ACTION")],
)
@pytest.mark.usefixtures("mailbox")
def test_answer_holds_until_the_date_changes(
    app: Flask, edit: Edit, clock: FixedClock, changes: dict[str, Any], asks: str
) -> None:
    with app.app_context():
        event = db.session.scalars(select(Event)).one()
    person = invite(app, event)
    with app.app_context(), transaction():
        db.session.get_one(Registration, person.id).partstat = "ACCEPTED"
    edit(**changes)

    wait_and_work(app, clock)

    with app.app_context():
        update = db.session.scalars(select(OutboxMail).order_by(OutboxMail.id.desc())).first()
        assert update is not None
        assert update.calendar is not None
        (attendee,) = Calendar.from_ical(update.calendar).events[0].attendees
        assert attendee.params["PARTSTAT"] == asks
        known = db.session.get_one(Registration, person.id).partstat
        assert known == ("ACCEPTED" if asks == "ACCEPTED" else "")


def test_withdrawal_of_before_written_anew_leaves_the_new_entry_alone(
    app: Flask, event: Event, mailbox: Mailbox, clock: FixedClock
) -> None:
    """A postponement that failed and is sent after the new date must not take that one along."""
    person = invite(app, event)
    work(app)
    mailbox.answer = lambda _recipient: "550 no such user"
    do(app, event, Action.POSTPONE, clock.moment, reason="Sturm")
    work(app)
    mailbox.answer = lambda _recipient: None
    clock.move(minutes=1)
    start = NOW + timedelta(days=60)
    times = {"new_starts_at": start, "new_ends_at": start + timedelta(hours=2)}
    do(app, event, Action.RESCHEDULE, clock.moment, **times)
    work(app)
    clock.move(minutes=1)
    with app.app_context(), transaction():
        failed = db.session.scalars(select(OutboxMail.id).where(OutboxMail.state == "failed")).one()
        address = "neu@example.org"
        correct_and_retry(event, failed, address, actor="Anna", now=clock.moment)
    work(app)

    (_first, moved, left) = mailbox.to(person.email)
    invited, cancel = sorted(mailbox.to("neu@example.org"), key=lambda mail: mail.subject)
    objects = (cancel, invited, moved, left)
    old, new, before, gone = (Calendar.from_ical(m.calendar or b"").events[0] for m in objects)
    assert str(old["UID"]) == person.calendar_uid != str(new["UID"])
    assert old.start == DRAFT.starts_at
    assert str(before["UID"]) == str(gone["UID"]) not in (str(old["UID"]), str(new["UID"]))
    assert (gone["STATUS"], new.start) == ("CANCELLED", start)
    with app.app_context():
        stored = db.session.get_one(Registration, person.id)
        assert (stored.calendar_uid, stored.calendar_sequence) == (str(new["UID"]), 0)


def test_former_versions_are_kept_in_order(app: Flask, event: Event, edit: Edit) -> None:
    edit(title="Zwei")
    edit(title="Zwei", summary="Nur die Zusammenfassung.")
    edit(title="Drei")

    with app.app_context():
        kept = db.session.scalars(select(EventVersion).order_by(EventVersion.number)).all()
        assert [(each.number, each.title) for each in kept] == [(1, DRAFT.title), (2, "Zwei")]
        assert db.session.get_one(Event, event.id).calendar_version == 3

"""Numbers of calendar entries: only a new date asks again, and every program takes the rest."""

from collections.abc import Callable
from datetime import datetime, timedelta
from typing import Any

import pytest
from flask import Flask
from icalendar import Calendar
from icalendar import Event as Entry
from sqlalchemy import select, update

from ikone_events.domain.events.facts import EventFormat
from ikone_events.domain.events.lifecycle import Action
from ikone_events.domain.mails.kinds import MailKind
from ikone_events.services.incoming.resending import retry_mail, retry_mails
from ikone_events.services.mails.mailings import stop_mailing
from ikone_events.services.mails.writing import write_mail
from ikone_events.services.operating.verification import faults
from ikone_events.services.registering.status import withdraw
from ikone_events.store.db import db, transaction
from ikone_events.store.events.models import Event
from ikone_events.store.events.queries import lock_event
from ikone_events.store.mails.models import OutboxMail
from ikone_events.store.registering.models import Registration
from tests.claims import claim_next
from tests.factories import NOW, FixedClock, make_mail, make_registration
from tests.mailbox import Mailbox, Received
from tests.received import calendar_answer, receive
from tests.services.events.edits import (
    DRAFT,
    Edit,
    begin_update,
    days_later,
    do,
    invite,
    wait_and_work,
    work,
)


def entry_of(mail: Received) -> Entry:
    assert mail.calendar is not None, mail.subject
    (entry,) = Calendar.from_ical(mail.calendar).events
    return entry


def numbers(mail: Received) -> tuple[int, str]:
    """SEQUENCE, and PARTSTAT."""
    entry = entry_of(mail)
    return int(entry["SEQUENCE"]), str(entry["ATTENDEE"].params["PARTSTAT"])


def answer(app: Flask, person: Registration, partstat: str, at: datetime) -> None:
    with app.app_context():
        stored = db.session.get_one(Registration, person.id)
        receive(app, calendar_answer(stored, partstat, received_at=at), now=at)


@pytest.fixture
def accepted(
    app: Flask, event: Event, mailbox: Mailbox, clock: FixedClock
) -> Callable[[], list[Received]]:
    """Somebody who has accepted; returns the mails to them."""
    person = invite(app, event)
    work(app)
    clock.move(minutes=1)
    answer(app, person, "ACCEPTED", clock.moment)
    return lambda: mailbox.to(person.email)


@pytest.mark.parametrize(
    ("changes", "expected"),
    [
        ({"title": "Raum für die Zukunft"}, (0, "ACCEPTED")),
        ({"format": EventFormat.ON_SITE, "place": "Rathaus"}, (0, "ACCEPTED")),
        (days_later(1), (1, "NEEDS-ACTION")),
        ({"ends_at": DRAFT.ends_at + timedelta(minutes=30)}, (1, "NEEDS-ACTION")),
        ({"zone": "Europe/London"}, (1, "NEEDS-ACTION")),
        ({"title": "Anders", **days_later(1)}, (1, "NEEDS-ACTION")),
    ],
)
def test_only_a_new_date_raises_the_sequence_and_asks_again(
    app: Flask,
    edit: Edit,
    clock: FixedClock,
    accepted: Callable[[], list[Received]],
    *,
    changes: dict[str, Any],
    expected: tuple[int, str],
) -> None:
    edit(**changes)
    wait_and_work(app, clock)

    first, update_ = accepted()
    assert numbers(update_) == expected
    assert entry_of(update_)["UID"] == entry_of(first)["UID"]
    assert entry_of(update_)["DTSTAMP"].dt > entry_of(first)["DTSTAMP"].dt
    assert entry_of(update_)["ATTENDEE"].params["RSVP"] == "TRUE"


def test_access_link_asks_nobody_again(
    app: Flask, event: Event, clock: FixedClock, accepted: Callable[[], list[Received]]
) -> None:
    do(app, event, Action.DISPATCH, clock.moment)
    work(app)
    assert [numbers(mail) for mail in accepted()] == [(0, "NEEDS-ACTION"), (0, "ACCEPTED")]


@pytest.mark.both_databases
def test_mails_of_one_second_have_rising_stamps(app: Flask, event: Event) -> None:
    person = make_registration(app, event)
    kinds = (MailKind.CONFIRMATION, MailKind.ACCESS_LINK, MailKind.LINKS_RENEWED)
    for number, kind in enumerate(kinds):
        with app.app_context(), transaction():
            held = lock_event(event.slug)
            row = db.session.get_one(Registration, person.id)
            at = NOW + timedelta(milliseconds=100 * number)
            write_mail(kind, row, held, key=f"mail-{number}", now=at)
    with app.app_context(), transaction():
        withdraw(person.public_id, now=NOW)

    with app.app_context():
        rows = db.session.scalars(select(OutboxMail).order_by(OutboxMail.id)).all()
        entries = [Calendar.from_ical(row.calendar).events[0] for row in rows]
    assert [entry["SEQUENCE"] for entry in entries] == [0, 0, 0, 1]
    seconds = [(entry["DTSTAMP"].dt - NOW).total_seconds() for entry in entries]
    assert seconds == [0, 1, 2, 3]
    assert [row.calendar_stamp for row in rows] == [entry["DTSTAMP"].dt for entry in entries]


@pytest.mark.both_databases
def test_older_object_of_the_same_sequence_leaves_first(app: Flask, event: Event) -> None:
    person = make_registration(app, event)
    same = {"calendar_uid": person.calendar_uid, "calendar_sequence": 0}
    newer = make_mail(app, person, **same, calendar_stamp=NOW + timedelta(seconds=1))
    older = make_mail(app, person, **same, calendar_stamp=NOW, due_at=NOW + timedelta(minutes=5))
    gone = make_mail(app, person, **{**same, "calendar_sequence": 1}, calendar_stamp=NOW)
    leaving = []
    with app.app_context(), transaction():
        now = NOW + timedelta(minutes=1)
        assert claim_next(now=now, lease=timedelta(minutes=1)) is None
        now = NOW + timedelta(minutes=6)
        while (claim := claim_next(now=now, lease=timedelta(minutes=1))) is not None:
            leaving.append(claim.id)
            sent = update(OutboxMail).where(OutboxMail.id == claim.id)
            db.session.execute(sent.values(state="sent", sent_at=now))
    assert leaving == [older.id, newer.id, gone.id]


def test_date_that_is_moved_back_rises_twice(
    app: Flask, edit: Edit, clock: FixedClock, accepted: Callable[[], list[Received]]
) -> None:
    for changes in (days_later(1), {}, {"title": "Raum für die Zukunft"}):
        edit(**changes)
        wait_and_work(app, clock)
        clock.move(minutes=1)
    assert [numbers(mail)[0] for mail in accepted()] == [0, 1, 2, 2]


def test_stopped_date_that_moves_back_asks_nobody(
    app: Flask,
    event: Event,
    edit: Edit,
    clock: FixedClock,
    accepted: Callable[[], list[Received]],
) -> None:
    """The mails with the wrong date never left, so for this calendar the date never changed."""
    edit(**days_later(1))
    number = begin_update(app, event, clock)
    with app.app_context(), transaction():
        stop_mailing(event, number, actor="Anna", now=clock.moment)
    edit()
    wait_and_work(app, clock)
    edit(title="Raum für die Zukunft")
    wait_and_work(app, clock)
    edit(**days_later(2))
    wait_and_work(app, clock)

    first, renamed, moved = accepted()
    assert numbers(renamed) == (0, "ACCEPTED")
    assert entry_of(renamed)["DTSTAMP"].dt > entry_of(first)["DTSTAMP"].dt
    assert numbers(moved) == (2, "NEEDS-ACTION"), "one was written and stopped"
    with app.app_context():
        assert [line for line in faults(clock.moment) if line.startswith(("cal", "ans"))] == []


def test_retried_mail_does_not_ask_again_for_a_date_that_was_mailed_since(
    app: Flask, event: Event, edit: Edit, mailbox: Mailbox, clock: FixedClock
) -> None:
    """The mail that is written again leaves behind the one that is queued, and newer than it."""
    person = invite(app, event)
    work(app)
    failed = make_failed_access_link(app, event, person, clock)
    edit(**days_later(1))
    clock.move(minutes=11)
    mailbox.answer = lambda _recipient: "451 later"
    work(app)
    mailbox.answer = lambda _recipient: None
    with app.app_context(), transaction():
        retry_mail(db.session.get_one(Event, event.id), failed, actor="Anna", now=clock.moment)
    clock.move(hours=2)
    work(app)

    assert [numbers(mail)[0] for mail in mailbox.to(person.email)] == [0, 1, 1]


def make_failed_access_link(
    app: Flask, event: Event, person: Registration, clock: FixedClock
) -> int:
    clock.move(minutes=1)
    with app.app_context(), transaction():
        held = lock_event(event.slug)
        row = db.session.get_one(Registration, person.id)
        mail = write_mail(MailKind.ACCESS_LINK, row, held, key="link", now=clock.moment)
        mail.state = "failed"
        db.session.flush()
        return mail.id


@pytest.fixture
def declined(
    app: Flask, event: Event, mailbox: Mailbox, clock: FixedClock
) -> Callable[[], list[Received]]:
    """Somebody who has declined in the calendar; returns the mails since."""
    person = invite(app, event)
    work(app)
    clock.move(minutes=1)
    answer(app, person, "DECLINED", clock.moment)
    work(app)
    before = len(mailbox.to(person.email))
    return lambda: mailbox.to(person.email)[before:]


def test_who_declined_gets_another_title_without_an_entry(
    app: Flask, event: Event, edit: Edit, clock: FixedClock, declined: Callable[[], list[Received]]
) -> None:
    edit(title="Raum für die Zukunft")
    wait_and_work(app, clock)
    do(app, event, Action.DISPATCH, clock.moment)
    work(app)

    renamed, link = declined()
    assert (renamed.calendar, link.calendar) == (None, None)
    assert "– Titel: Raum für die Zukunft (bisher: Raum für Zukunft)" in renamed.text
    assert "Kalendereintrag" not in renamed.text + link.text
    assert "bisher" not in link.text, "the first mail contained the new title"
    assert "/room" in link.text


def test_who_declined_is_invited_to_another_date(
    app: Flask, edit: Edit, clock: FixedClock, declined: Callable[[], list[Received]]
) -> None:
    edit(title="Raum für die Zukunft")
    wait_and_work(app, clock)
    edit(title="Raum für die Zukunft", **days_later(1))
    wait_and_work(app, clock)

    renamed, moved = declined()
    assert renamed.calendar is None
    assert numbers(moved) == (1, "NEEDS-ACTION")
    assert entry_of(moved)["SUMMARY"] == "Raum für die Zukunft"
    with app.app_context():
        assert [line for line in faults(clock.moment) if line.startswith("calendars")] == []


def test_who_declined_gets_renewed_links_with_access_and_without_an_entry(
    app: Flask, event: Event, clock: FixedClock, declined: Callable[[], list[Received]]
) -> None:
    do(app, event, Action.DISPATCH, clock.moment)
    work(app)
    with app.app_context(), transaction():
        held = lock_event(event.slug)
        row = db.session.scalars(select(Registration)).one()
        write_mail(MailKind.LINKS_RENEWED, row, held, key="renewed", now=clock.moment)
    work(app)
    renewed = declined()[-1]
    assert renewed.calendar is None
    assert "/room" in renewed.text


@pytest.mark.parametrize("locale", ["de", "en"])
def test_mail_after_a_postponement_explains_the_old_entry(
    app: Flask, event: Event, mailbox: Mailbox, clock: FixedClock, locale: str
) -> None:
    """Who never opened the withdrawal still has the old entry, which no mail can reach."""
    person = invite(app, event, locale=locale)
    work(app)
    clock.move(minutes=1)
    do(app, event, Action.POSTPONE, clock.moment, reason="Die Referentin ist krank.")
    work(app)
    clock.move(minutes=1)
    dates = days_later(30)
    more = {"new_starts_at": dates["starts_at"], "new_ends_at": dates["ends_at"]}
    do(app, event, Action.RESCHEDULE, clock.moment, **more)
    work(app)

    first, off, back = mailbox.to(person.email)
    assert entry_of(back)["UID"] != entry_of(first)["UID"] == entry_of(off)["UID"]
    assert numbers(back) == (0, "NEEDS-ACTION")
    wanted = {
        "de": "Falls der alte Eintrag noch in Ihrem Kalender steht, löschen Sie ihn bitte.",
        "en": "If the old entry is still in your calendar, please delete it.",
    }
    assert wanted[locale] in back.text
    assert "ersetzt" not in back.text
    assert "replaces" not in back.text


def test_resent_mail_after_a_postponement_explains_the_old_entry(
    app: Flask, event: Event, mailbox: Mailbox, clock: FixedClock
) -> None:
    person = invite(app, event)
    work(app)
    clock.move(minutes=1)
    do(app, event, Action.POSTPONE, clock.moment, reason="Krank.")
    work(app)
    dates = days_later(30)
    more = {"new_starts_at": dates["starts_at"], "new_ends_at": dates["ends_at"]}
    do(app, event, Action.RESCHEDULE, clock.moment, **more)
    mailbox.answer = lambda _recipient: "550 full"
    work(app)
    mailbox.answer = lambda _recipient: None
    clock.move(minutes=1)
    with app.app_context(), transaction():
        changed = lock_event(event.slug)
        changed.changed_at = clock.moment
    with app.app_context(), transaction():
        retry_mails(db.session.get_one(Event, event.id), actor="Anna", now=clock.moment)
    work(app)
    assert "löschen Sie ihn bitte" in mailbox.to(person.email)[-1].text


def test_plain_update_speaks_of_no_old_entry(
    app: Flask, edit: Edit, clock: FixedClock, accepted: Callable[[], list[Received]]
) -> None:
    edit(**days_later(1))
    wait_and_work(app, clock)
    assert "löschen" not in accepted()[1].text
    assert "ersetzt den bisherigen" in accepted()[1].text

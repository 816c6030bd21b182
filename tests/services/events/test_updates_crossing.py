"""Changes that cross other mails: whatever leaves last, calendars end up right."""

from dataclasses import replace
from datetime import timedelta

import pytest
from flask import Flask
from sqlalchemy import select

from ikone_events.domain.events.facts import EventFormat, Mode
from ikone_events.domain.events.lifecycle import Action
from ikone_events.domain.incoming.mails import CalendarAnswer, Envelope, IncomingOutcome, Method
from ikone_events.domain.mails.kinds import MailKind
from ikone_events.services.events.editing import edit_event
from ikone_events.services.incoming.ingest import ingest
from ikone_events.services.incoming.resending import retry_mails
from ikone_events.services.mails import mailings
from ikone_events.services.mails.writing import write_mail
from ikone_events.services.operating.backups import releasing
from ikone_events.services.registering.changes import switch_mode
from ikone_events.services.registering.status import confirm_address, withdraw
from ikone_events.store.db import db, transaction
from ikone_events.store.events.models import Event
from ikone_events.store.events.queries import lock_event
from ikone_events.store.mails.models import OutboxMail
from ikone_events.store.registering.models import Registration
from tests.factories import NOW, FixedClock, make_event, make_registration
from tests.mailbox import Mailbox
from tests.services.events.edits import (
    DRAFT,
    Edit,
    begin_update,
    days_later,
    do,
    entry,
    invite,
    shown,
    stamp,
    wait_and_work,
    work,
)

WRONG, OTHER = days_later(1), days_later(2)


def refuse(mailbox: Mailbox, words: str = "") -> None:
    """Let the mail server refuse every mail in these words, or take them again."""
    mailbox.answer = lambda _recipient: words or None


def test_restored_date_is_mailed_to_whom_another_mail_named_the_wrong_one(
    app: Flask, event: Event, edit: Edit, mailbox: Mailbox, clock: FixedClock
) -> None:
    early = invite(app, event)
    edit(**WRONG)
    clock.move(minutes=1)
    late = invite(app, event, clock.moment, registered_at=clock.moment)
    clock.move(minutes=1)
    edit()

    wait_and_work(app, clock)

    assert shown(mailbox.to(late.email)[-1]) == DRAFT.starts_at
    assert len(mailbox.to(early.email)) == 1


def test_restored_date_is_mailed_after_the_links_went_out(
    app: Flask, event: Event, edit: Edit, mailbox: Mailbox, clock: FixedClock
) -> None:
    person = invite(app, event)
    edit(**WRONG)
    clock.move(minutes=1)
    do(app, event, Action.DISPATCH, clock.moment)
    work(app)
    clock.move(minutes=1)
    edit()

    wait_and_work(app, clock)

    assert shown(mailbox.to(person.email)[-1]) == DRAFT.starts_at


@pytest.mark.parametrize("written", [False, True])
@pytest.mark.parametrize("action", [Action.CANCEL, Action.POSTPONE])
def test_update_that_has_not_left_stays_when_the_event_is_called_off(
    app: Flask,
    event: Event,
    edit: Edit,
    *,
    mailbox: Mailbox,
    clock: FixedClock,
    action: Action,
    written: bool,
) -> None:
    person = invite(app, event)
    work(app)
    edit(**WRONG)
    begin_update(app, event, clock, written=written)
    do(app, event, action, clock.moment, reason="Sturm")
    work(app)

    assert [entry(mail)[0] for mail in mailbox.to(person.email)] == ["REQUEST", "CANCEL"]


def test_update_does_not_leave_after_the_event(
    app: Flask, event: Event, edit: Edit, mailbox: Mailbox, clock: FixedClock
) -> None:
    person = invite(app, event)
    work(app)
    edit(title="Anders")
    begin_update(app, event, clock, written=False)
    clock.moment = DRAFT.ends_at + timedelta(hours=1)
    work(app)

    assert len(mailbox.to(person.email)) == 1


def test_withdrawal_leaves_after_the_update_it_follows(
    app: Flask, event: Event, edit: Edit, mailbox: Mailbox, clock: FixedClock
) -> None:
    person = invite(app, event)
    work(app)
    edit(**WRONG)
    begin_update(app, event, clock)
    with app.app_context(), transaction():
        withdraw(person.public_id, now=clock.moment)
    work(app)

    entries = [entry(mail) for mail in mailbox.to(person.email)]
    assert entries == [("REQUEST", 0), ("REQUEST", 1), ("CANCEL", 2)]


def test_confirmation_that_was_put_off_does_not_overtake_the_withdrawal(
    app: Flask, event: Event, mailbox: Mailbox, clock: FixedClock
) -> None:
    refuse(mailbox, "450 later")
    person = invite(app, event)
    work(app)
    refuse(mailbox)
    with app.app_context(), transaction():
        withdraw(person.public_id, now=clock.moment)
    work(app)
    clock.move(hours=1)
    work(app)

    assert [entry(mail) for mail in mailbox.to(person.email)] == [("REQUEST", 0), ("CANCEL", 1)]


def test_failed_update_that_another_overtook_is_not_sent_again(
    app: Flask, event: Event, edit: Edit, mailbox: Mailbox, clock: FixedClock
) -> None:
    person = invite(app, event)
    work(app)
    refuse(mailbox, "550 no such user")
    edit(**WRONG)
    wait_and_work(app, clock)
    refuse(mailbox)
    clock.move(minutes=1)
    edit(**OTHER)
    wait_and_work(app, clock)
    with app.app_context(), transaction():
        db.session.get_one(Registration, person.id).partstat = "ACCEPTED"
    clock.move(minutes=1)
    with app.app_context(), transaction():
        retry_mails(event, actor="Anna", now=clock.moment)
    work(app)

    assert len(mailbox.to(person.email)) == 2
    with app.app_context():
        assert db.session.get_one(Registration, person.id).partstat == "ACCEPTED"


def test_failed_update_is_written_anew_whatever_the_clocks_say(
    app: Flask, event: Event, edit: Edit, mailbox: Mailbox, clock: FixedClock
) -> None:
    """The edit was asked for before the mail was written, and got the lock after it."""
    person = invite(app, event)
    work(app)
    refuse(mailbox, "550 no such user")
    edit(**WRONG)
    wait_and_work(app, clock)
    refuse(mailbox)
    asked = clock.moment - timedelta(seconds=1)
    with app.app_context(), transaction():
        number = db.session.get_one(Event, event.id).edit_version
        edit_event(event.slug, DRAFT, expected_edit_version=number, now=asked)
    clock.move(minutes=15)
    with app.app_context(), transaction():
        retry_mails(event, actor="Anna", now=clock.moment)
    work(app)

    assert {shown(mail) for mail in mailbox.to(person.email)} == {DRAFT.starts_at}


def hybrid(app: Flask) -> Event:
    return make_event(app, format="hybrid", place="Rathaus", title=DRAFT.title)


def move_place(app: Flask, event: Event, clock: FixedClock) -> None:
    with app.app_context(), transaction():
        draft = replace(DRAFT, format=EventFormat.HYBRID, place="Stadthalle")
        edit_event(event.slug, draft, expected_edit_version=1, now=clock.moment)


def go_online(app: Flask, person: Registration, clock: FixedClock) -> None:
    with app.app_context(), transaction():
        switch_mode(person.public_id, Mode.ONLINE, now=clock.moment)


def test_stopped_update_is_not_resumed_over_a_newer_entry(
    app: Flask, mailbox: Mailbox, clock: FixedClock
) -> None:
    event = hybrid(app)
    person = invite(app, event, mode="on_site")
    work(app)
    move_place(app, event, clock)
    number = begin_update(app, event, clock)
    with app.app_context(), transaction():
        mailings.stop_mailing(event, number, actor="Anna", now=clock.moment)
    go_online(app, person, clock)
    work(app)
    clock.move(minutes=1)
    with app.app_context(), transaction():
        mailings.resume_mailing(event, number, actor="Anna", now=clock.moment)
    work(app)

    confirmed, switched = mailbox.to(person.email)
    assert stamp(switched) > stamp(confirmed)
    assert "nehmen Sie jetzt teil: online" in switched.text


def test_failed_mail_is_written_anew_after_a_change_of_mode(
    app: Flask, mailbox: Mailbox, clock: FixedClock
) -> None:
    event = hybrid(app)
    refuse(mailbox, "550 no such user")
    person = invite(app, event, mode="on_site")
    work(app)
    refuse(mailbox)
    clock.move(minutes=1)
    go_online(app, person, clock)
    work(app)
    clock.move(minutes=1)
    with app.app_context(), transaction():
        retry_mails(event, actor="Anna", now=clock.moment)
    work(app)

    switched, again = mailbox.to(person.email)
    assert "Rathaus" not in again.text
    assert entry(again) == entry(switched)
    assert stamp(again) > stamp(switched)


def test_change_that_another_mail_contained_is_mailed_in_words(
    app: Flask, event: Event, edit: Edit, mailbox: Mailbox, clock: FixedClock
) -> None:
    person = make_registration(app, event, status="pending", awaits="address")
    with app.app_context(), transaction():
        registration = db.session.get_one(Registration, person.id)
        held = lock_event(event.slug)
        write_mail(MailKind.CONFIRM_ADDRESS, registration, held, key="first", now=NOW)
    edit(approval=True, **WRONG)
    clock.move(minutes=1)
    with app.app_context(), transaction():
        confirm_address(person.public_id, now=clock.moment)
    wait_and_work(app, clock)

    asked, approval = mailbox.to(person.email)
    assert "bisher" not in asked.text
    assert "(bisher: Montag, 16. März 2026, 10:00 bis 12:00 Uhr)" in approval.text


def test_update_of_before_a_restore_is_set_aside(
    app: Flask, event: Event, edit: Edit, mailbox: Mailbox, clock: FixedClock
) -> None:
    person = invite(app, event)
    work(app)
    edit(**WRONG)
    clock.move(days=1)
    with app.app_context():
        assert releasing.waiting(clock.moment).mailings == 1
    with app.app_context(), transaction():
        releasing.set_aside(clock.moment, now=clock.moment)
        assert releasing.waiting(clock.moment).mailings == 0
    work(app)

    assert len(mailbox.to(person.email)) == 1


@pytest.mark.usefixtures("mailbox")
def test_answer_to_the_entry_from_a_file_counts_after_a_mere_title(
    app: Flask, event: Event, edit: Edit, clock: FixedClock
) -> None:
    person = make_registration(app, event, calendar_sequence=0, calendar_method="REQUEST")
    edit(title="Nur der Titel")
    wait_and_work(app, clock)
    envelope = Envelope(
        digest="d", message_id="<m@x>", sender=person.email, received_at=clock.moment
    )
    answer = CalendarAnswer(
        envelope=envelope,
        method=Method.REPLY,
        uid=person.calendar_uid,
        attendee=person.email,
        partstat="ACCEPTED",
        sequence=0,
        stamp=clock.moment,
    )
    with app.app_context(), transaction():
        assert ingest(answer, now=clock.moment) is IncomingOutcome.TAKEN


def test_mails_of_one_entry_keep_their_order(
    app: Flask, event: Event, edit: Edit, mailbox: Mailbox, clock: FixedClock
) -> None:
    person = invite(app, event)
    work(app)
    refuse(mailbox, "450 later")
    edit(**WRONG)
    wait_and_work(app, clock)
    refuse(mailbox)
    edit(**OTHER)
    with app.app_context(), transaction():
        late = db.session.scalars(select(OutboxMail).where(OutboxMail.state == "queued")).one()
        late.due_at = clock.moment + timedelta(minutes=30)
    wait_and_work(app, clock)
    clock.move(minutes=30)
    work(app)

    assert [entry(mail)[1] for mail in mailbox.to(person.email)] == [0, 1, 2]


def test_event_that_gets_its_old_date_back_names_no_other(
    app: Flask, event: Event, mailbox: Mailbox, clock: FixedClock
) -> None:
    person = invite(app, event)
    do(app, event, Action.POSTPONE, clock.moment, reason="Sturm")
    work(app)
    clock.move(minutes=1)
    times = {"new_starts_at": DRAFT.starts_at, "new_ends_at": DRAFT.ends_at}
    do(app, event, Action.RESCHEDULE, clock.moment, **times)
    work(app)

    again = mailbox.to(person.email)[-1]
    assert entry(again) == ("REQUEST", 0)
    assert "Bisher:" not in again.text


def test_change_of_mode_names_no_place_that_was_never_mailed(
    app: Flask, mailbox: Mailbox, clock: FixedClock
) -> None:
    event = hybrid(app)
    person = invite(app, event, mode="online")
    move_place(app, event, clock)
    with app.app_context(), transaction():
        switch_mode(person.public_id, Mode.ON_SITE, now=clock.moment)
    work(app)

    switched = mailbox.to(person.email)[-1]
    assert "Stadthalle" in switched.text
    assert "Rathaus" not in switched.text

"""Speakers: briefed by a press, notified of every change, their entry withdrawn; never counted."""

import re
from datetime import timedelta
from typing import Any

import pytest
import vobject
from flask import Flask
from icalendar import Calendar
from sqlalchemy import func, select

from ikone_events.domain.events.lifecycle import Action
from ikone_events.domain.events.speakers import SpeakerDraft
from ikone_events.domain.incoming.mails import IncomingOutcome, Method
from ikone_events.domain.refusals import StaleForm, StatusRefused, UnfitInput
from ikone_events.services.events import speakers as service
from ikone_events.services.figures.events import figures_of
from ikone_events.services.mails.claiming import claim_due
from ikone_events.services.operating.retention import delete_expired, forget_event
from ikone_events.services.operating.verification import faults
from ikone_events.store.db import db, transaction
from ikone_events.store.events.models import Event, Material
from ikone_events.store.events.speakers import Speaker
from ikone_events.store.figures.counts import counts_of
from ikone_events.store.incoming.models import IncomingMail
from ikone_events.store.mails.models import Mailing, OutboxMail
from tests.factories import (
    NOW,
    FixedClock,
    make_event,
    make_material,
    make_organisation,
    make_registration,
    make_speaker,
)
from tests.mailbox import Mailbox
from tests.received import calendar_answer, receive
from tests.services.events.edits import Edit, days_later, do, entry, shown, wait_and_work, work

SOON = NOW + timedelta(minutes=5)
# Events of the factories have no history.
_OTHERS = ("history:", "attendance")


def drafted(**values: str) -> SpeakerDraft:
    known = {"role": "speaker", "name": "Dr. Ada Beispiel", "email": "ada@example.org"}
    return SpeakerDraft(**{**known, **values})


def add(app: Flask, event: Event, **values: str) -> Speaker:
    with app.app_context(), transaction():
        return service.add_speaker(event.slug, drafted(**values), now=NOW)


def brief(app: Flask, event: Event, speaker: Speaker, moment: Any = NOW, seen: int = 0) -> bool:
    with app.app_context(), transaction():
        return service.brief_speaker(event.slug, speaker.public_id, seen=seen, now=moment)


def change(app: Flask, event: Event, speaker: Speaker, version: int = 1, **values: str) -> bool:
    with app.app_context(), transaction():
        draft = drafted(**values)
        saved = service.edit_speaker(
            event.slug, speaker.public_id, draft, edit_version=version, now=NOW
        )
        return saved.briefed_anew


def briefed(app: Flask, event: Event, **values: str) -> Speaker:
    """A speaker whose briefing has arrived."""
    speaker = add(app, event, **values)
    assert brief(app, event, speaker)
    work(app)
    found = stored(app, speaker)
    assert found is not None
    return found


def stored(app: Flask, speaker: Speaker) -> Speaker | None:
    with app.app_context():
        return db.session.get(Speaker, speaker.id)


def no_faults(app: Flask) -> list[str]:
    with app.app_context():
        return [each for each in faults(SOON) if not any(word in each for word in _OTHERS)]


def test_entering_somebody_sends_nothing(app: Flask, event: Event) -> None:
    add(app, event)
    with app.app_context():
        assert db.session.scalar(select(func.count(OutboxMail.id))) == 0


def test_briefing_shows_what_a_speaker_needs(app: Flask, event: Event, mailbox: Mailbox) -> None:
    office = make_organisation(app, "Stadt Kusel")
    make_registration(app, event, question="Was\nkostet das?", organisation_id=office.id)
    make_registration(app, event, question="Geht es offline?", organisation_text="Eva privat")
    make_registration(app, event, status="cancelled", question="Zurückgezogen?")
    speaker = briefed(app, event)

    (mail,) = mailbox.to(speaker.email)
    assert mail.subject.startswith("Ihre Mitwirkung: Raum für Zukunft, 16.03.2026, 10:00 Uhr")
    assert mail.text.startswith("Guten Tag Dr. Ada Beispiel,\r\n")
    for words in (
        "(Referentin/Referent)",
        "Bitte seien Sie um 9:45 Uhr da.",
        "Bisher angemeldet: 2 (Verwaltungen: 1)",
        "– Was kostet das? (Stadt Kusel)",
        "– Geht es offline?\r\n",
        "Per Telefon: +49 631 000 123",
    ):
        assert words in mail.text
    for name in ("Maria", "Eva privat", "Zurückgezogen", "raum-geheim"):
        assert name not in mail.text
    assert re.search(r"http://localhost/upload/\S+", mail.text)
    assert no_faults(app) == []


def test_entry_of_a_speaker_holds_the_door_alone(
    app: Flask, event: Event, mailbox: Mailbox
) -> None:
    speaker = briefed(app, event)
    (mail,) = mailbox.to(speaker.email)
    assert entry(mail) == ("REQUEST", 0)
    assert mail.calendar is not None
    parsed = vobject.readOne(mail.calendar.decode()).vevent
    assert parsed.attendee.value == f"mailto:{speaker.email}"
    assert parsed.organizer.value == "mailto:events@example.org"
    assert parsed.uid.value == speaker.calendar_uid
    assert "/speaker-door/" in parsed.location.value
    assert "Der Raum ist ab 9:00 Uhr geöffnet." in parsed.description.value
    whole = mail.calendar.decode().replace("\r\n ", "")
    assert not re.search(r"/(speaker|upload|r|door)/", whole)
    assert "raum-geheim" not in whole


def test_second_press_on_the_same_page_sends_nothing(
    app: Flask, event: Event, mailbox: Mailbox
) -> None:
    speaker = briefed(app, event)
    assert not brief(app, event, speaker)
    work(app)
    assert len(mailbox.to(speaker.email)) == 1
    assert brief(app, event, speaker, seen=1)
    work(app)
    first, again = mailbox.to(speaker.email)
    assert (entry(first), entry(again)) == (("REQUEST", 0), ("REQUEST", 0))
    assert again.message["References"] == first.message["Message-ID"]


@pytest.mark.parametrize("state", ["draft", "postponed", "cancelled", "followed_up", "archived"])
def test_briefing_is_about_events_that_take_place(app: Flask, state: str) -> None:
    event = make_event(app, state=state)
    speaker = make_speaker(app, event)
    with pytest.raises(StatusRefused):
        brief(app, event, speaker)


def test_briefing_ends_with_the_event(app: Flask, event: Event) -> None:
    speaker = add(app, event)
    with pytest.raises(StatusRefused):
        brief(app, event, speaker, event.ends_at)


@pytest.mark.parametrize(
    "values",
    [
        {"email": ""},
        {"name": " "},
        {"name": "Eva https://evil.example/"},
        {"name": "A\nBcc: eva@example.org"},
        {"name": "=?utf-8?q?Hi?="},
        {"name": "x" * 201},
        {"role": "admin"},
    ],
)
def test_bad_input_is_refused(app: Flask, event: Event, values: dict[str, str]) -> None:
    with pytest.raises(UnfitInput):
        add(app, event, **values)


def test_an_address_is_entered_once_and_may_be_registered_too(app: Flask, event: Event) -> None:
    make_registration(app, event, email="ada@example.org")
    speaker = add(app, event)
    with pytest.raises(UnfitInput):
        add(app, event, name="Bo", email="ADA@example.org")
    other = add(app, event, name="Bo", email="bo@example.org")
    with pytest.raises(UnfitInput):
        change(app, event, other, email="ada@example.org")
    with app.app_context():
        assert service.registered_among(event, [speaker, other]) == {"ada@example.org"}


def test_of_two_who_edit_the_second_is_warned(app: Flask, event: Event) -> None:
    speaker = add(app, event)
    change(app, event, speaker, name="Dr. Ada Neu")
    with pytest.raises(StaleForm):
        change(app, event, speaker, name="Dr. Ada Alt")


def test_another_address_takes_the_entry_along(app: Flask, event: Event, mailbox: Mailbox) -> None:
    speaker = briefed(app, event)
    assert change(app, event, speaker, email="neu@example.org")
    work(app)

    request, withdrawn = mailbox.to("ada@example.org")
    (invited,) = mailbox.to("neu@example.org")
    assert (entry(request), entry(withdrawn)) == (("REQUEST", 0), ("CANCEL", 1))
    assert entry(invited) == ("REQUEST", 0)
    assert "nicht mehr eingetragen" in withdrawn.text
    assert "Ada" not in withdrawn.text
    assert not re.search(r"/(speaker|upload)/", withdrawn.text)
    uids = [Calendar.from_ical(each.calendar).events[0].uid for each in (request, invited)]
    assert uids[0] != uids[1]
    assert no_faults(app) == []


def test_an_address_that_got_nothing_gets_nothing(
    app: Flask, event: Event, mailbox: Mailbox
) -> None:
    speaker = add(app, event)
    brief(app, event, speaker)
    change(app, event, speaker, email="neu@example.org")
    work(app)
    assert mailbox.to("ada@example.org") == []
    assert len(mailbox.to("neu@example.org")) == 1


def test_mail_with_dead_links_is_not_sent_by_a_worker_that_has_claimed_it(
    app: Flask, event: Event
) -> None:
    """Without the comparison of epochs in the claim this mail would still leave."""
    speaker = add(app, event)
    brief(app, event, speaker)
    with app.app_context(), transaction():
        row = db.session.get_one(Speaker, speaker.id)
        row.link_epoch += 1
    with app.app_context(), transaction():
        assert claim_due(now=NOW, lease=timedelta(minutes=2), most=5) == []
    with app.app_context():
        assert db.session.scalars(select(OutboxMail.state)).all() == ["stopped"]


def test_removal_withdraws_the_entry_and_forgets_the_rest(
    app: Flask, event: Event, mailbox: Mailbox, clock: FixedClock
) -> None:
    speaker = briefed(app, event)
    with app.app_context(), transaction():
        answer = service.remove_speaker(event.slug, speaker.public_id, now=NOW)
    assert answer == ("Dr. Ada Beispiel", True)
    work(app)
    _, withdrawn = mailbox.to(speaker.email)
    assert entry(withdrawn) == ("CANCEL", 1)
    assert "nicht mehr als mitwirkend eingetragen" in withdrawn.text
    assert stored(app, speaker) is None
    assert no_faults(app) == []
    clock.move(days=1)
    with app.app_context(), transaction():
        delete_expired(clock.moment)
    with app.app_context():
        assert db.session.scalar(select(func.count(OutboxMail.id))) == 0


def test_removal_before_the_briefing_sends_nothing(
    app: Flask, event: Event, mailbox: Mailbox
) -> None:
    speaker = add(app, event)
    with app.app_context(), transaction():
        assert not service.remove_speaker(event.slug, speaker.public_id, now=NOW)[1]
    work(app)
    assert mailbox.to(speaker.email) == []


def test_new_date_reaches_speakers_too_after_the_quiet(
    app: Flask, event: Event, edit: Edit, mailbox: Mailbox, clock: FixedClock
) -> None:
    speaker, silent = briefed(app, event), add(app, event, email="still@example.org")
    edit(**days_later(1))
    work(app)
    assert len(mailbox.to(speaker.email)) == 1
    wait_and_work(app, clock)

    _, update = mailbox.to(speaker.email)
    assert entry(update) == ("REQUEST", 1)
    assert update.subject.startswith("Neuer Termin: Raum für Zukunft")
    assert "Bisher: Montag, 16. März 2026" in update.text
    assert mailbox.to(silent.email) == []
    assert no_faults(app) == []


def test_change_that_speakers_know_notifies_nobody(
    app: Flask, event: Event, edit: Edit, mailbox: Mailbox, clock: FixedClock
) -> None:
    speaker = briefed(app, event)
    edit(room_url="https://video.example.org/anderer-raum")
    wait_and_work(app, clock)
    edit(**days_later(1), room_url="https://video.example.org/anderer-raum")
    edit(room_url="https://video.example.org/anderer-raum")
    wait_and_work(app, clock)
    assert len(mailbox.to(speaker.email)) == 1
    with app.app_context():
        assert db.session.scalar(select(func.count(Mailing.id))) == 0


def test_postponed_event_withdraws_and_a_new_date_invites_again(
    app: Flask, event: Event, mailbox: Mailbox, clock: FixedClock
) -> None:
    speaker = briefed(app, event)
    do(app, event, Action.POSTPONE, NOW, reason="Streik")
    clock.move(minutes=20)
    work(app)
    later = {"new_starts_at": event.starts_at + timedelta(days=7)}
    later["new_ends_at"] = event.ends_at + timedelta(days=7)
    do(app, event, Action.RESCHEDULE, clock.moment, **later)
    clock.move(minutes=20)
    work(app)

    first, postponed, again = mailbox.to(speaker.email)
    assert (entry(postponed), entry(again)) == (("CANCEL", 1), ("REQUEST", 0))
    assert postponed.subject.startswith("Verschoben")
    assert "Streik" in postponed.text
    assert shown(again) == later["new_starts_at"]
    uids = {Calendar.from_ical(each.calendar).events[0].uid for each in (first, again)}
    assert len(uids) == 2
    assert no_faults(app) == []


def test_cancellation_can_be_undone_before_speakers_are_notified(
    app: Flask, event: Event, mailbox: Mailbox, clock: FixedClock
) -> None:
    speaker = briefed(app, event)
    do(app, event, Action.CANCEL, clock.moment, reason="Krank", waits=True)
    work(app)
    assert len(mailbox.to(speaker.email)) == 1
    do(app, event, Action.UNDO, clock.moment)
    clock.move(hours=2)
    work(app)
    assert len(mailbox.to(speaker.email)) == 1
    do(app, event, Action.CANCEL, clock.moment, reason="Krank", waits=True)
    clock.move(hours=2)
    work(app)
    _, cancelled = mailbox.to(speaker.email)
    assert entry(cancelled) == ("CANCEL", 1)
    assert cancelled.subject.startswith("Abgesagt")


@pytest.mark.parametrize("partstat", ["ACCEPTED", "DECLINED", "TENTATIVE"])
def test_answer_of_a_speakers_calendar_is_shown(app: Flask, event: Event, partstat: str) -> None:
    speaker = briefed(app, event)
    answer = calendar_answer(speaker, partstat)
    assert receive(app, answer, now=SOON) is IncomingOutcome.TAKEN
    found = stored(app, speaker)
    assert found is not None
    assert found.partstat == partstat
    assert no_faults(app) == []
    stranger = calendar_answer(speaker, attendee="kai@example.com", sender="kai@example.com")
    assert receive(app, stranger, now=SOON) is IncomingOutcome.OTHER_ADDRESS
    with app.app_context():
        kept = db.session.scalars(select(IncomingMail.speaker_id)).all()
        assert kept == [speaker.id, speaker.id]


def test_calendar_that_asks_again_gets_the_briefing_once_an_hour(
    app: Flask, event: Event, mailbox: Mailbox
) -> None:
    speaker = briefed(app, event)
    for _ in range(2):
        answer = calendar_answer(speaker, "", method=Method.REFRESH)
        assert receive(app, answer, now=NOW) is IncomingOutcome.REFRESH
    work(app)
    assert len(mailbox.to(speaker.email)) == 2


def test_speakers_are_counted_nowhere(app: Flask) -> None:
    event = make_event(app, capacity=1)
    before = [make_registration(app, event)]
    with app.app_context():
        without = (counts_of(event), figures_of(event, now=NOW))
    briefed(app, event)
    with app.app_context():
        assert (counts_of(event).by_status, figures_of(event, now=NOW)) == (
            without[0].by_status,
            without[1],
        )
        assert counts_of(event).seated == len(before)


def test_retention_deletes_speakers_and_what_nobody_released(app: Flask) -> None:
    event = make_event(app, state="followed_up", starts_at=NOW - timedelta(days=200, hours=2),
                       ends_at=NOW - timedelta(days=200))  # fmt: skip
    speaker = make_speaker(app, event)
    shown_to_all = make_material(app, event, speaker_id=speaker.id)
    make_material(app, event, speaker_id=speaker.id, released=False)
    with app.app_context(), transaction():
        forget_event(event.slug, actor="clock", now=NOW)
    with app.app_context():
        assert db.session.scalars(select(Speaker)).all() == []
        (left,) = db.session.scalars(select(Material)).all()
        assert (left.id, left.speaker_id) == (shown_to_all.id, None)
    assert no_faults(app) == []


def test_verify_finds_a_speaker_who_was_never_written_to(app: Flask, event: Event) -> None:
    speaker = make_speaker(app, event, calendar_sequence=0, calendar_method="REQUEST")
    found = [each for each in no_faults(app) if f"speaker {speaker.id}" in each]
    assert found == [
        f"mails: {event.slug}: speaker {speaker.id} counts as invited and was never written to"
    ]

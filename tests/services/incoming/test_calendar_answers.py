"""What answers of calendars do to rows, on both databases."""

import re
from datetime import timedelta

import pytest
from flask import Flask
from hypothesis import HealthCheck, given
from hypothesis import settings as effort
from hypothesis import strategies as st
from sqlalchemy import select

from ikone_events.domain.incoming.mails import (
    AttendeeAnswer,
    IncomingOutcome,
    Method,
)
from ikone_events.domain.mails.kinds import MailKind
from ikone_events.services.mails.writing import write_mail
from ikone_events.services.operating.verification import faults
from ikone_events.services.registering.status import withdraw
from ikone_events.store.db import db, transaction
from ikone_events.store.events.models import Event, EventVersion
from ikone_events.store.events.queries import lock_event
from ikone_events.store.incoming.models import IncomingMail, UndeliverableAddress
from ikone_events.store.mails.models import OutboxMail
from ikone_events.store.registering.models import Registration, StatusChange
from tests.at_once import at_once
from tests.effort import by_night
from tests.factories import NOW, make_event, make_registration, make_text
from tests.received import calendar_answer, receive
from tests.rows import count, received_mails

SOON = NOW + timedelta(minutes=5)
STRANGER = "kai.kollege@example.com"


def invite(app: Flask, person: Registration, kind: MailKind = MailKind.CONFIRMATION) -> None:
    """Write the person a mail with an invitation that contains the event's version of now."""
    with app.app_context(), transaction():
        row = db.session.get_one(Registration, person.id)
        held = lock_event(row.event.slug)
        key = f"test:{row.calendar_uid}:{row.calendar_stamp}"
        mail = write_mail(kind, row, held, key=key, now=NOW)
        mail.notified_version = held.calendar_version


def move(app: Flask, event: Event, days: int = 1) -> None:
    """Move an event as its form does: the former version is kept."""
    with app.app_context(), transaction():
        held = lock_event(event.slug)
        names = ("title", "starts_at", "ends_at", "zone", "format")
        facts = {name: getattr(held, name) for name in names}
        db.session.add(
            EventVersion(event_id=held.id, number=held.calendar_version, until=NOW, **facts)
        )
        held.calendar_version += 1
        held.starts_at += timedelta(days=days)
        held.ends_at += timedelta(days=days)


@pytest.fixture
def event(app: Flask) -> Event:
    return make_event(app, capacity=1)


@pytest.fixture
def person(app: Flask, event: Event) -> Registration:
    """Somebody who has been invited once."""
    made = make_registration(app, event)
    invite(app, made)
    return reload(app, made)


def reload(app: Flask, person: Registration) -> Registration:
    with app.app_context():
        found = db.session.get_one(Registration, person.id)
        db.session.refresh(found)
        db.session.expunge_all()
        return found


def mails(app: Flask, kind: MailKind) -> list[OutboxMail]:
    with app.app_context():
        found = select(OutboxMail).where(OutboxMail.kind == kind.value).order_by(OutboxMail.id)
        rows = list(db.session.scalars(found))
        db.session.expunge_all()
        return rows


def is_sound(app: Flask) -> None:
    with app.app_context():
        found = [fault for fault in faults(SOON) if not fault.startswith("history:")]
        assert found == []


@pytest.mark.parametrize("partstat", ["ACCEPTED", "TENTATIVE", "DECLINED"])
def test_answer_is_noted_at_the_person_and_changes_no_seat(
    app: Flask, person: Registration, partstat: str
) -> None:
    answer = calendar_answer(person, partstat, comment="Bis dann!\nMaria")
    assert receive(app, answer) is IncomingOutcome.TAKEN
    after = reload(app, person)
    assert (after.partstat, after.status) == (partstat, "confirmed")
    [row] = received_mails(app)
    assert (row.outcome, row.words) == ("taken", "Bis dann!\nMaria")
    assert (row.registration_id, row.event_id) == (person.id, person.event_id)
    assert row.mail_id == mails(app, MailKind.CONFIRMATION)[0].id


def test_same_mail_twice_counts_once(app: Flask, person: Registration) -> None:
    yes = calendar_answer(person)
    no = calendar_answer(person, "DECLINED", received_at=SOON)
    assert receive(app, yes) is IncomingOutcome.TAKEN
    assert receive(app, no) is IncomingOutcome.TAKEN
    assert receive(app, yes) is IncomingOutcome.TAKEN
    assert reload(app, person).partstat == "DECLINED"
    assert len(received_mails(app)) == 2


@pytest.mark.both_databases
def test_same_mail_read_by_two_workers_at_once_counts_once(
    app: Flask, person: Registration
) -> None:
    outcomes: list[IncomingOutcome] = []
    for found in (calendar_answer(person, "DECLINED"), calendar_answer(person, uid="never@sent")):
        outcomes += at_once(lambda answer: receive(app, answer), [found] * 4)
    assert outcomes == [IncomingOutcome.TAKEN] * 4 + [IncomingOutcome.UNKNOWN] * 4
    assert len(received_mails(app)) == 2
    assert len(mails(app, MailKind.NOT_COMING)) == 1


def test_unknown_object_is_kept_without_an_event(app: Flask, person: Registration) -> None:
    assert receive(app, calendar_answer(person, uid="guessed@localhost")) is IncomingOutcome.UNKNOWN
    assert receive(app, calendar_answer(person, uid="")) is IncomingOutcome.UNKNOWN
    assert {row.event_id for row in received_mails(app)} == {None}
    assert reload(app, person).partstat == ""


def test_answer_from_another_address_is_kept_and_not_acted_on(
    app: Flask, person: Registration
) -> None:
    other = calendar_answer(person, "DECLINED", sender=STRANGER, attendee=STRANGER)
    assert receive(app, other) is IncomingOutcome.OTHER_ADDRESS
    assert reload(app, person).partstat == ""
    assert mails(app, MailKind.NOT_COMING) == []


def test_answer_to_the_object_before_counts_while_the_date_is_the_same(
    app: Flask, person: Registration
) -> None:
    invite(app, person, MailKind.ACCESS_LINK)
    assert reload(app, person).calendar_sequence == 0
    assert receive(app, calendar_answer(person, sequence=0)) is IncomingOutcome.TAKEN


def test_answer_to_a_date_that_was_moved_is_old(
    app: Flask, event: Event, person: Registration
) -> None:
    move(app, event)
    invite(app, person, MailKind.MOVED)
    assert receive(app, calendar_answer(person, sequence=0)) is IncomingOutcome.OLD_DATE
    assert reload(app, person).partstat == ""
    assert (
        receive(app, calendar_answer(person, sequence=1, received_at=SOON)) is IncomingOutcome.TAKEN
    )
    assert received_mails(app)[0].seen_at is not None, (
        "the answer to the new date settles the old one"
    )


def test_answer_to_a_mail_of_which_nobody_knows_the_date_is_old(
    app: Flask, person: Registration
) -> None:
    with app.app_context(), transaction():
        mail = db.session.scalars(select(OutboxMail)).one()
        # An earlier version raised the sequence with every mail.
        mail.notified_version, mail.calendar_sequence = None, 1
        db.session.get_one(Registration, person.id).calendar_sequence = 1
    invite(app, person, MailKind.ACCESS_LINK)
    assert receive(app, calendar_answer(person, sequence=0)) is IncomingOutcome.OLD_DATE
    assert receive(app, calendar_answer(person, sequence=1)) is IncomingOutcome.TAKEN


def test_answer_to_a_date_that_came_back_is_old(
    app: Flask, event: Event, person: Registration
) -> None:
    for days in (1, -1):
        move(app, event, days)
        invite(app, person, MailKind.MOVED)
    assert receive(app, calendar_answer(person, sequence=0)) is IncomingOutcome.OLD_DATE
    assert receive(app, calendar_answer(person, sequence=2)) is IncomingOutcome.TAKEN


def test_answer_to_a_withdrawn_invitation_is_about_nothing(
    app: Flask, person: Registration
) -> None:
    with app.app_context(), transaction():
        withdraw(person.public_id, now=NOW)
    assert receive(app, calendar_answer(person)) is IncomingOutcome.ENDED
    assert reload(app, person).partstat == ""


def test_answer_to_the_uid_before_the_return_is_about_nothing(
    app: Flask, person: Registration
) -> None:
    with app.app_context(), transaction():
        row = db.session.get_one(Registration, person.id)
        row.calendar_uid, row.calendar_sequence = "fresh@localhost", None
    invite(app, person)
    assert receive(app, calendar_answer(person)) is IncomingOutcome.ENDED
    [row] = received_mails(app)
    assert row.registration_id == person.id
    assert receive(app, calendar_answer(reload(app, person))) is IncomingOutcome.TAKEN


def test_answer_to_an_organisers_test_is_kept_with_its_mail(app: Flask, event: Event) -> None:
    person = make_registration(app, event)
    invite(app, person)
    with app.app_context(), transaction():
        mail = db.session.scalars(select(OutboxMail)).one()
        mail.registration_id, mail.calendar_uid = None, "trial@localhost"
    assert receive(app, calendar_answer(person, uid="trial@localhost")) is IncomingOutcome.TRIAL
    assert received_mails(app)[0].mail_id is not None


@pytest.mark.parametrize(
    ("values", "outcome"),
    [
        ({"method": Method.COUNTER, "proposed_starts_at": SOON}, IncomingOutcome.COUNTER),
        ({"partstat": "DELEGATED"}, IncomingOutcome.DELEGATED),
        ({"method": Method.OTHER}, IncomingOutcome.UNCLEAR),
    ],
)
def test_what_is_no_plain_answer_is_kept_for_eyes(
    app: Flask, person: Registration, values: dict[str, object], outcome: IncomingOutcome
) -> None:
    assert receive(app, calendar_answer(person, **values)) is outcome
    [row] = received_mails(app)
    assert (row.event_id, row.seen_at) == (person.event_id, None)
    assert reload(app, person).partstat == ""


def test_wish_for_the_invitation_is_met_once_an_hour(app: Flask, person: Registration) -> None:
    for _press in range(3):
        wish = calendar_answer(person, "", method=Method.REFRESH)
        assert receive(app, wish) is IncomingOutcome.REFRESH
    automatic = calendar_answer(person, "", method=Method.REFRESH, automatic=True)
    receive(app, automatic, now=NOW + timedelta(hours=2))
    sent = mails(app, MailKind.CONFIRMATION)
    assert [mail.calendar_sequence for mail in sent] == [0, 0]
    assert sent[1].recipient == person.email
    later = NOW + timedelta(hours=1)
    receive(app, calendar_answer(person, "", method=Method.REFRESH), now=later)
    assert len(mails(app, MailKind.CONFIRMATION)) == 3


def test_decline_asks_by_mail_once_for_a_date(
    app: Flask, event: Event, person: Registration
) -> None:
    for minute, partstat in enumerate(["DECLINED", "ACCEPTED", "DECLINED"]):
        moment = NOW + timedelta(minutes=minute)
        receive(app, calendar_answer(person, partstat, received_at=moment), now=moment)
    [mail] = mails(app, MailKind.NOT_COMING)
    assert mail.recipient == person.email
    assert mail.calendar is None
    assert "/cancel" in mail.text
    move(app, event)
    invite(app, person, MailKind.MOVED)
    receive(app, calendar_answer(person, "DECLINED", sequence=1, received_at=SOON), now=SOON)
    assert len(mails(app, MailKind.NOT_COMING)) == 2
    assert reload(app, person).status == "confirmed"
    is_sound(app)


def test_question_after_a_decline_has_the_text_of_the_organisers(
    app: Flask, event: Event, person: Registration
) -> None:
    make_text(app, "not_coming", event, body="Kommen Sie nicht? [Absagen]({{absagelink}})")
    receive(app, calendar_answer(person, "DECLINED", received_at=NOW), now=NOW)
    [mail] = mails(app, MailKind.NOT_COMING)
    assert mail.subject == "Eigener Betreff"
    assert re.search(r"Kommen Sie nicht\? Absagen: \S+/r/\S+/cancel", mail.text)


@pytest.mark.parametrize("over", [True, False])
def test_decline_of_what_does_not_take_place_any_more_writes_nothing(
    app: Flask, event: Event, person: Registration, over: bool
) -> None:
    with app.app_context(), transaction():
        held = lock_event(event.slug)
        held.decline_frees = True
        held.state = held.state if over else "postponed"
    now = event.ends_at if over else NOW
    receive(app, calendar_answer(person, "DECLINED", authenticated=True), now=now)
    assert mails(app, MailKind.NOT_COMING) == []
    after = reload(app, person)
    assert (after.partstat, after.status) == ("DECLINED", "confirmed")


def test_decline_by_a_program_alone_writes_and_frees_nothing(
    app: Flask, event: Event, person: Registration
) -> None:
    allow(app, event)
    receive(app, calendar_answer(person, "DECLINED", automatic=True, authenticated=True))
    assert reload(app, person).status == "confirmed"
    assert mails(app, MailKind.NOT_COMING) == []


def allow(app: Flask, event: Event) -> None:
    """Let declines that are proved free the seat."""
    with app.app_context(), transaction():
        lock_event(event.slug).decline_frees = True


def test_proved_decline_gives_the_seat_to_the_line(
    app: Flask, event: Event, person: Registration
) -> None:
    allow(app, event)
    waiting = make_registration(app, event, status="waitlisted", waiting_order=1)
    proved = calendar_answer(person, "DECLINED", authenticated=True)
    assert receive(app, proved) is IncomingOutcome.TAKEN
    after = reload(app, person)
    assert (after.status, after.partstat) == ("cancelled", "DECLINED")
    assert reload(app, waiting).status == "confirmed"
    [farewell] = mails(app, MailKind.WITHDRAWAL)
    assert farewell.calendar_method == "CANCEL"
    assert mails(app, MailKind.NOT_COMING) == []
    with app.app_context():
        wanted = select(StatusChange.actor).where(StatusChange.registration_id == person.id)
        assert list(db.session.scalars(wanted)) == ["calendar"]
    assert (
        receive(app, calendar_answer(person, "ACCEPTED", received_at=SOON)) is IncomingOutcome.ENDED
    )


@pytest.mark.parametrize(
    "values",
    [{"authenticated": False}, {"authenticated": True, "sender": STRANGER}],
    ids=["not vouched for", "vouched for somebody else"],
)
def test_decline_that_is_not_proved_asks_by_mail(
    app: Flask, event: Event, person: Registration, values: dict[str, object]
) -> None:
    allow(app, event)
    receive(app, calendar_answer(person, "DECLINED", **values))
    assert reload(app, person).status == "confirmed"
    assert len(mails(app, MailKind.NOT_COMING)) == 1


def test_acceptance_promotes_nobody(app: Flask, event: Event, person: Registration) -> None:
    waiting = make_registration(
        app,
        event,
        status="waitlisted",
        calendar_sequence=0,
        calendar_method="REQUEST",
        waiting_order=1,
    )
    receive(app, calendar_answer(waiting))
    assert reload(app, waiting).status == "waitlisted"


def test_answer_from_an_address_shows_that_it_lives(app: Flask, person: Registration) -> None:
    with app.app_context(), transaction():
        db.session.add(UndeliverableAddress(email_key=person.email_key, since=NOW))
    receive(app, calendar_answer(person, sender=STRANGER))
    assert count(app, UndeliverableAddress) == 1
    receive(app, calendar_answer(person, received_at=SOON))
    assert count(app, UndeliverableAddress) == 0


def test_answer_that_would_not_fit_is_cut_and_kept(app: Flask, person: Registration) -> None:
    monster = calendar_answer(
        person,
        "ACCEPTED\x00",
        sequence=10**30,
        comment="\x00\ud800" + "ä" * 9000,
        attendee="x" * 4000,
        stamp=NOW.replace(tzinfo=None),
        references=tuple(f"<{n}>" for n in range(900)),
    )
    assert receive(app, monster) is IncomingOutcome.TAKEN
    [row] = received_mails(app)
    assert (len(row.words), len(row.attendee)) == (2000, 254)


def test_program_that_answers_for_ever_fills_nothing(
    app: Flask, event: Event, person: Registration
) -> None:
    counts = calendar_answer(person, "TENTATIVE", received_at=NOW + timedelta(days=1))
    assert receive(app, counts) is IncomingOutcome.TAKEN
    with app.app_context(), transaction():
        db.session.add_all(
            IncomingMail(
                digest=f"{number:x}",
                kind="answer",
                outcome="repeated",
                event_id=event.id,
                registration_id=person.id,
                received_at=NOW,
            )
            for number in range(150)
        )
    assert receive(app, calendar_answer(person)) is IncomingOutcome.REPEATED
    kept = received_mails(app)
    assert len(kept) == 101, "the newest hundred, and the one that counts"
    assert kept[0].digest == counts.envelope.digest
    is_sound(app)


def test_verify_names_an_answer_that_no_mail_explains(app: Flask, person: Registration) -> None:
    receive(app, calendar_answer(person, "TENTATIVE"))
    is_sound(app)
    with app.app_context(), transaction():
        db.session.get_one(Registration, person.id).partstat = "DECLINED"
    with app.app_context():
        [fault] = [fault for fault in faults(SOON) if fault.startswith("answers:")]
    assert "is noted as “DECLINED”, its calendar answered “TENTATIVE”" in fault
    with app.app_context(), transaction():
        db.session.get_one(Registration, person.id).partstat = ""
    is_sound(app)


def test_verify_names_an_answer_that_counted_for_nobody(app: Flask, person: Registration) -> None:
    receive(app, calendar_answer(person))
    with app.app_context(), transaction():
        db.session.scalars(select(IncomingMail)).one().registration_id = None
    with app.app_context():
        assert any("belongs to nobody" in fault for fault in faults(SOON))


STATS = st.sampled_from(["ACCEPTED", "DECLINED", "TENTATIVE"])
ANSWERS = st.lists(
    st.tuples(STATS, st.integers(0, 2), st.integers(0, 50)),
    unique_by=lambda each: each[2],
    max_size=5,
)


@effort(
    max_examples=by_night(60, 15),
    deadline=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture],
)
@given(ANSWERS, st.randoms(use_true_random=False))
def test_order_of_reading_does_not_decide_which_answer_counts(
    app: Flask, answers: list[tuple[str, int, int]], chance: object
) -> None:
    shuffled = list(answers)
    chance.shuffle(shuffled)  # type: ignore[attr-defined]
    stats = []
    for order in (answers, shuffled):
        event = make_event(app)
        person = make_registration(app, event)
        invite(app, person)
        move(app, event)
        invite(app, person, MailKind.MOVED)
        person = reload(app, person)
        for partstat, sequence, minute in order:
            stamp = NOW + timedelta(minutes=minute)
            arrived = {"stamp": stamp, "received_at": stamp + timedelta(seconds=7)}
            receive(app, calendar_answer(person, partstat, sequence=sequence, **arrived))
        stats.append(reload(app, person).partstat)
    assert stats[0] == stats[1]
    newest = max((a for a in answers if a[1] >= 1), key=lambda a: a[2], default=("",))
    assert stats[0] == newest[0]


def test_answer_with_several_attendees_is_that_of_the_invited_one(
    app: Flask, person: Registration
) -> None:
    """An assistant answers from another address, and the program names both."""
    others = (AttendeeAnswer(STRANGER, "ACCEPTED"), AttendeeAnswer(person.email, "TENTATIVE"))
    said = calendar_answer(person, "", attendee="", sender="pa@example.org", attendees=others)
    assert receive(app, said) is IncomingOutcome.TAKEN
    assert reload(app, person).partstat == "TENTATIVE"

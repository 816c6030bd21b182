"""Signing up, withdrawing, moving up: rows and mails, on both databases."""

import threading
from collections import Counter
from collections.abc import Iterator
from datetime import datetime

import pytest
from flask import Flask
from sqlalchemy import select

from ikone_events.domain.refusals import NotFound, Refusal, RegistrationClosed, UnfitInput
from ikone_events.domain.registering.registration import Attendance, Status
from ikone_events.services.privacy.archiving import forget_person
from ikone_events.services.registering import registrations
from ikone_events.services.registering.registrations import Applicant, register
from ikone_events.services.registering.status import withdraw
from ikone_events.services.rooms.attendance import state_attendance
from ikone_events.store.db import db, transaction
from ikone_events.store.events.models import Event
from ikone_events.store.mails.models import OutboxMail
from ikone_events.store.registering.current_event import CurrentEvent, reread
from ikone_events.store.registering.models import Registration, StatusChange
from tests.at_once import at_once
from tests.attending import known_of
from tests.factories import NOW, make_event, make_registration
from tests.mailbox import Mailbox

pytestmark = pytest.mark.both_databases

POSTGRES = pytest.param("postgres", marks=pytest.mark.postgres)


def applicant(email: str = "eva.muster@example.org", **changes: str) -> Applicant:
    values = {"first_name": "Eva", "last_name": "Muster", "organisation": "Stadt Trier"}
    return Applicant(**{**values, "email": email, "locale": "de", **changes})


def sign_up(app: Flask, slug: str, email: str = "eva.muster@example.org", **kw: str) -> Status:
    with app.app_context(), transaction():
        return register(slug, applicant(email, **kw), now=NOW)


def mails(app: Flask) -> list[tuple[str, str]]:
    """(recipient, kind) of everything in the outbox, in order."""
    with app.app_context():
        rows = db.session.execute(
            select(OutboxMail.recipient, OutboxMail.kind).order_by(OutboxMail.id)
        )
        return [(recipient, kind) for recipient, kind in rows]


def statuses(app: Flask, event: Event) -> list[str]:
    with app.app_context():
        wanted = select(Registration.status).where(Registration.event_id == event.id)
        return list(db.session.scalars(wanted.order_by(Registration.id)))


def public_id(app: Flask, email: str) -> str:
    with app.app_context():
        found = db.session.scalar(select(Registration.public_id).where(Registration.email == email))
        assert found is not None
        return found


def take_back(app: Flask, email: str) -> None:
    identifier = public_id(app, email)
    with app.app_context(), transaction():
        withdraw(identifier, now=NOW)


def test_new_person_is_confirmed_with_one_mail(app: Flask) -> None:
    event = make_event(app, capacity=1)

    assert sign_up(app, event.slug) is Status.CONFIRMED

    assert statuses(app, event) == ["confirmed"]
    assert mails(app) == [("eva.muster@example.org", "confirmation")]


def test_full_event_puts_the_next_person_into_the_line(app: Flask) -> None:
    event = make_event(app, capacity=1)
    sign_up(app, event.slug, "first@example.org")

    assert sign_up(app, event.slug, "second@example.org") is Status.WAITLISTED

    assert mails(app)[1] == ("second@example.org", "waitlist")


def test_withdrawal_moves_the_first_in_line_up(app: Flask) -> None:
    event = make_event(app, capacity=1)
    for name in ("first", "second", "third"):
        sign_up(app, event.slug, f"{name}@example.org")

    take_back(app, "first@example.org")

    assert statuses(app, event) == ["cancelled", "confirmed", "waitlisted"]
    assert mails(app)[3:] == [
        ("first@example.org", "withdrawal"),
        ("second@example.org", "promotion"),
    ]


def test_second_withdrawal_changes_nothing(app: Flask) -> None:
    event = make_event(app, capacity=1)
    sign_up(app, event.slug, "first@example.org")
    take_back(app, "first@example.org")
    before = mails(app)

    take_back(app, "first@example.org")

    assert mails(app) == before


def test_repeated_address_gets_the_same_answer_and_a_mail_with_the_truth(app: Flask) -> None:
    event = make_event(app, capacity=5)
    sign_up(app, event.slug, "petra@example.org")

    assert sign_up(app, event.slug, "Petra@Example.Org") is Status.CONFIRMED

    assert statuses(app, event) == ["confirmed"]
    assert mails(app)[1:] == [("petra@example.org", "repeat")]


def test_repeats_within_an_hour_send_one_mail(app: Flask) -> None:
    event = make_event(app)
    for _ in range(4):
        sign_up(app, event.slug)

    assert [kind for _, kind in mails(app)] == ["confirmation", "repeat"]


def test_person_who_returns_gets_a_fresh_calendar_entry(app: Flask) -> None:
    event = make_event(app)
    sign_up(app, event.slug)
    take_back(app, "eva.muster@example.org")
    sign_up(app, event.slug)

    with app.app_context():
        uids = list(db.session.scalars(select(Registration.calendar_uid)))
    assert len(set(uids)) == 2
    assert statuses(app, event) == ["cancelled", "confirmed"]


def test_closed_event_refuses_and_stores_nothing(app: Flask) -> None:
    event = make_event(app, state="closed")

    with pytest.raises(RegistrationClosed):
        sign_up(app, event.slug)

    assert statuses(app, event) == []
    assert mails(app) == []


def test_unknown_event_is_not_found(app: Flask) -> None:
    with pytest.raises(NotFound):
        sign_up(app, "no-such-event")


def test_late_registration_after_dispatch_gets_the_room_at_once(app: Flask) -> None:
    event = make_event(app, state="dispatched")

    sign_up(app, event.slug)

    with app.app_context():
        mail = db.session.scalars(select(OutboxMail)).one()
        assert "/room" in mail.text


def test_mail_that_cannot_be_composed_undoes_the_registration(app: Flask) -> None:
    event = make_event(app, title="=?utf-8?q?Hi=0D=0ABcc:_x@y?=")

    with pytest.raises(UnfitInput):
        sign_up(app, event.slug)

    assert statuses(app, event) == []
    assert mails(app) == []


def test_attendance_is_noted_for_confirmed_people_only(app: Flask) -> None:
    event = make_event(app)
    came = make_registration(app, event)
    waits = make_registration(app, event, status="waitlisted")

    with app.app_context(), transaction():
        for person in (came, waits):
            state_attendance(person.public_id, Attendance.ATTENDED, now=NOW, by="X")

    assert [known_of(app, each).stated for each in (came, waits)] == ["attended", None]


def rush(app: Flask, slug: str, people: int) -> Counter[str]:
    """So many people at one instant, each in a thread and a connection of their own."""

    def one(number: int) -> str:
        try:
            return sign_up(app, slug, f"person{number}@example.org").value
        except Refusal as refusal:
            return type(refusal).__name__

    return Counter(at_once(one, range(people)))


def test_rush_fills_every_seat_once(app: Flask) -> None:
    event = make_event(app, capacity=3)

    assert rush(app, event.slug, 12) == {"confirmed": 3, "waitlisted": 9}

    assert Counter(statuses(app, event)) == {"confirmed": 3, "waitlisted": 9}
    assert len(mails(app)) == 12


@pytest.fixture
def nobody_locks() -> Iterator[None]:
    """Take the guard away: both people read the event before either writes."""

    def read_only(slug: str, now: datetime) -> CurrentEvent:
        found = reread(slug, now)
        both_have_read.wait()
        return found

    both_have_read = threading.Barrier(2)
    guard = registrations.lock_current_event
    registrations.lock_current_event = read_only
    yield
    registrations.lock_current_event = guard


@pytest.mark.parametrize("database", [POSTGRES], indirect=True)
@pytest.mark.usefixtures("nobody_locks")
def test_rush_oversells_when_the_lock_is_taken_away(app: Flask) -> None:
    """The proof that the test above can fail. On SQLite BEGIN is the lock: see test_db."""
    event = make_event(app, capacity=1)

    assert rush(app, event.slug, 2) == {"confirmed": 2}


def test_two_withdrawals_at_one_moment_promote_two_people(app: Flask) -> None:
    event = make_event(app, capacity=2)
    for name in ("a", "b", "c", "d", "e"):
        sign_up(app, event.slug, f"{name}@example.org")
    identifiers = [public_id(app, f"{name}@example.org") for name in ("a", "b")]

    def one(identifier: str) -> None:
        with app.app_context(), transaction():
            withdraw(identifier, now=NOW)

    at_once(one, identifiers)

    assert statuses(app, event) == ["cancelled"] * 2 + ["confirmed"] * 2 + ["waitlisted"]


def test_deleted_person_still_gets_the_mail_that_was_promised(app: Flask, mailbox: Mailbox) -> None:
    event = make_event(app)
    sign_up(app, event.slug)
    take_back(app, "eva.muster@example.org")
    with app.app_context(), transaction():
        forget_person(db.session.scalars(select(Registration)).one(), now=NOW)

    app.extensions["ikone_engine"].run_once()

    assert [m.subject.partition(":")[0] for m in mailbox.to("eva.muster@example.org")] == [
        "Anmeldung bestätigt",
        "Abmeldung bestätigt",
    ]
    app.extensions["ikone_engine"].run_once()
    assert mails(app) == []


def test_known_address_leaves_nothing_but_one_mail(app: Flask) -> None:
    """What somebody new costs is written for it and taken back, every time anew."""
    event = make_event(app, capacity=1)
    sign_up(app, event.slug)
    for _ in range(3):
        assert sign_up(app, event.slug, organisation="Stadt Koblenz") is Status.WAITLISTED

    assert statuses(app, event) == ["confirmed"]
    assert [kind for _recipient, kind in mails(app)] == ["confirmation", "repeat"]
    with app.app_context():
        assert db.session.scalars(select(StatusChange.target)).all() == ["confirmed"]
        assert db.session.scalars(select(Registration.organisation_text)).all() == ["Stadt Trier"]

"""State, history, calendar and mails stand or fall together, on both databases."""

import threading
from collections.abc import Iterator
from datetime import timedelta
from typing import Any

import pytest
from flask import Flask
from icalendar import Calendar
from sqlalchemy import select, update

from ikone_events.domain.events.lifecycle import Action, State
from ikone_events.domain.refusals import NotFound, Refusal, SomebodyWasFaster, TransitionRefused
from ikone_events.services.events import transitions
from ikone_events.services.events.transitions import Request, perform
from ikone_events.services.operating.retention import RETENTION
from ikone_events.services.plan.plans import PLAN
from ikone_events.store.db import db, transaction
from ikone_events.store.events import queries
from ikone_events.store.events.models import Event, StateChange
from ikone_events.store.mails.models import Mailing, OutboxMail
from ikone_events.store.registering.models import Registration
from tests.at_once import at_once
from tests.attending import attendance_of_person
from tests.factories import NOW, FixedClock, make_event, make_material, make_registration
from tests.mailbox import Mailbox
from tests.rows import reload, work

pytestmark = pytest.mark.both_databases

POSTGRES = pytest.param("postgres", marks=pytest.mark.postgres)


def do(app: Flask, slug: str, action: Action, **request: Any) -> None:
    with app.app_context(), transaction():
        perform(slug, Request(action=action, actor="test", **request), now=NOW)


def history_of(app: Flask, event: Event) -> list[tuple[str, str, str, str]]:
    with app.app_context():
        rows = queries.history_of(event)
        return [(row.action, row.source, row.target, row.reason) for row in rows]


def entry(mail: Any) -> tuple[str, str, int]:
    """(method, uid, sequence) of a mail's calendar part."""
    calendar = Calendar.from_ical(mail.calendar)
    event = calendar.events[0]
    return str(calendar["METHOD"]), str(event["UID"]), int(event["SEQUENCE"])


def test_transition_writes_state_history_and_mailing(app: Flask) -> None:
    event = make_event(app, state="closed")
    make_registration(app, event)

    do(app, event.slug, Action.DISPATCH)

    assert reload(app, event).state == "dispatched"
    assert history_of(app, event) == [("dispatch", "closed", "dispatched", "")]
    with app.app_context():
        assert db.session.scalars(select(Mailing)).one().kind == "access_link"


def test_refused_transition_leaves_no_trace(app: Flask) -> None:
    event = make_event(app, state="closed", room_url="")

    with pytest.raises(TransitionRefused) as refusal:
        do(app, event.slug, Action.DISPATCH)

    assert len(refusal.value.complaints) == 2
    assert reload(app, event).state == "closed"
    assert history_of(app, event) == []


def test_transition_of_a_missing_event_is_not_found(app: Flask) -> None:
    with pytest.raises(NotFound):
        do(app, "no-such-event", Action.OPEN)


def test_stale_page_states_that_somebody_was_faster(app: Flask) -> None:
    event = make_event(app, state="closed")

    with pytest.raises(SomebodyWasFaster):
        do(app, event.slug, Action.CLOSE, expected=State.OPEN)


def press_together(app: Flask, slug: str) -> list[str]:
    """Two organisers close registration at one moment; what each of them learns."""

    def press(_organiser: int) -> str:
        try:
            do(app, slug, Action.CLOSE, expected=State.OPEN)
        except Refusal as refusal:
            return type(refusal).__name__
        return "done"

    return sorted(at_once(press, range(2)))


def test_two_organisers_at_one_moment_make_one_transition(app: Flask) -> None:
    event = make_event(app)

    assert press_together(app, event.slug) == ["SomebodyWasFaster", "done"]

    assert len(history_of(app, event)) == 1


@pytest.fixture
def nobody_locks() -> Iterator[None]:
    """Take both guards away: the row is read before either writes, and set without compare."""
    both_have_read = threading.Barrier(2)

    def read_only(slug: str) -> Event:
        found = queries.find_event(slug)
        assert found is not None
        both_have_read.wait()
        return found

    def set_blindly(event: Event, rule: Any, *, now: Any) -> None:
        db.session.execute(
            update(Event).where(Event.id == event.id).values(state=rule.target.value)
        )

    guards = (transitions.lock_event, transitions._set_state)
    transitions.lock_event, transitions._set_state = read_only, set_blindly
    yield
    transitions.lock_event, transitions._set_state = guards


@pytest.mark.parametrize("database", [POSTGRES], indirect=True)
@pytest.mark.usefixtures("nobody_locks")
def test_two_transitions_happen_when_the_guards_are_taken_away(app: Flask) -> None:
    event = make_event(app)

    assert press_together(app, event.slug) == ["done", "done"]

    assert len(history_of(app, event)) == 2


def test_dispatch_sends_each_confirmed_person_their_own_door(app: Flask, mailbox: Mailbox) -> None:
    event = make_event(app, state="closed")
    people = [make_registration(app, event, calendar_sequence=0) for _ in range(3)]
    make_registration(app, event, status="waitlisted")
    make_registration(app, event, status="cancelled")

    do(app, event.slug, Action.DISPATCH)

    assert work(app) == 3
    assert {mail.recipient for mail in mailbox.received} == {p.email for p in people}
    doors = {line for m in mailbox.received for line in m.text.split() if "/room" in line}
    assert len(doors) == 3
    assert [entry(mail)[::2] for mail in mailbox.received] == [("REQUEST", 0)] * 3


def test_cancel_withdraws_the_entries_that_were_sent(app: Flask, mailbox: Mailbox) -> None:
    event = make_event(app)
    confirmed = make_registration(app, event, calendar_sequence=2)
    waiting = make_registration(app, event, status="waitlisted")

    do(app, event.slug, Action.CANCEL, reason="Die Referentin ist erkrankt.")
    work(app)

    (mail,) = mailbox.to(confirmed.email)
    assert entry(mail) == ("CANCEL", confirmed.calendar_uid, 3)
    assert "Die Referentin ist erkrankt." in mail.text
    (also_told,) = mailbox.to(waiting.email)
    assert also_told.calendar is None


def test_postponed_event_comes_back_with_a_new_invitation(app: Flask, mailbox: Mailbox) -> None:
    event = make_event(
        app, deadline=NOW + timedelta(days=10), members_until=NOW + timedelta(days=9)
    )
    person = make_registration(app, event, calendar_sequence=0)
    start = NOW + timedelta(days=60)

    do(app, event.slug, Action.POSTPONE, reason="Sturm")
    work(app)
    do(
        app,
        event.slug,
        Action.RESCHEDULE,
        new_starts_at=start,
        new_ends_at=start + timedelta(hours=2),
    )
    work(app)

    withdrawn, invited = (entry(mail) for mail in mailbox.to(person.email))
    assert withdrawn == ("CANCEL", person.calendar_uid, 1)
    assert invited[::2] == ("REQUEST", 0)
    assert invited[1] != person.calendar_uid
    with app.app_context():
        moved = db.session.get_one(Event, event.id)
        assert (moved.state, moved.starts_at) == ("open", start)
        assert moved.deadline == start - timedelta(days=4)
        assert moved.members_until == start - timedelta(days=5)


def test_follow_up_speaks_to_each_as_attended_missed_or_unknown(
    app: Flask, mailbox: Mailbox
) -> None:
    event = make_event(
        app,
        state="dispatched",
        starts_at=NOW - timedelta(hours=4),
        ends_at=NOW - timedelta(hours=2),
    )
    make_material(app, event)
    for attendance in ("attended", "missed", None):
        make_registration(app, event, attendance=attendance)

    do(app, event.slug, Action.FOLLOW_UP)

    assert work(app) == 3
    with app.app_context():
        kinds = db.session.scalars(select(OutboxMail.kind).order_by(OutboxMail.id))
        assert list(kinds) == ["follow_up", "follow_up_missed", "follow_up_missed"]
    assert all("/materials/" in mail.text for mail in mailbox.received)


def test_later_arrivals_are_not_in_the_mailing(app: Flask, clock: FixedClock) -> None:
    event = make_event(app, state="closed")
    make_registration(app, event)
    do(app, event.slug, Action.DISPATCH)
    make_registration(app, event, event_lock_version=2)
    clock.move(minutes=1)

    assert work(app) == 1


def test_one_unfit_mail_of_a_mailing_holds_up_nobody(app: Flask) -> None:
    event = make_event(app, state="closed")
    make_registration(app, event, last_name="=?utf-8?q?x?=")
    make_registration(app, event)

    do(app, event.slug, Action.DISPATCH)

    assert work(app) == 1
    with app.app_context():
        states = db.session.scalars(select(OutboxMail.state).order_by(OutboxMail.id))
        assert list(states) == ["failed", "sent"]


def test_archive_keeps_figures_and_forgets_people(app: Flask) -> None:
    event = make_event(
        app,
        state="followed_up",
        starts_at=NOW - timedelta(days=91, hours=2),
        ends_at=NOW - timedelta(days=91),
    )
    make_registration(app, event, attendance="attended", question="Wer hilft?")
    make_registration(app, event)
    make_registration(app, event, status="cancelled")

    do(app, event.slug, Action.ARCHIVE)

    with app.app_context():
        archived = db.session.get_one(Event, event.id)
        people = list(db.session.scalars(select(Registration).order_by(Registration.id)))
    assert '"confirmed": 2' in archived.figures
    assert {(p.first_name, p.last_name, p.email, p.question) for p in people} == {("", "", "", "")}
    assert '"attended_people": 1' in archived.figures
    assert [attendance_of_person(app, p) for p in people] == ["attended", "missed", None]


def test_worker_archives_when_retention_is_over(app: Flask, clock: FixedClock) -> None:
    event = make_event(app, state="followed_up")
    clock.moment = event.ends_at + timedelta(days=90, seconds=1)

    work(app)

    assert reload(app, event).state == "archived"
    with app.app_context():
        assert db.session.scalars(select(StateChange)).one().actor == PLAN


def test_worker_concludes_and_archives_an_event_that_was_never_followed_up(
    app: Flask, clock: FixedClock
) -> None:
    event = make_event(app, state="closed")
    make_registration(app, event)
    clock.moment = event.ends_at + timedelta(days=90, seconds=1)

    work(app)

    assert history_of(app, event) == [
        ("conclude", "closed", "followed_up", RETENTION),
        ("archive", "followed_up", "archived", ""),
    ]
    with app.app_context():
        assert db.session.scalars(select(Registration.email)).all() == [""]
        assert '"confirmed": 1' in db.session.get_one(Event, event.id).figures


def test_postponement_written_late_withdraws_the_old_date(app: Flask, mailbox: Mailbox) -> None:
    event = make_event(app)
    person = make_registration(app, event, calendar_sequence=0)
    start = NOW + timedelta(days=60)

    do(app, event.slug, Action.POSTPONE, reason="Sturm")
    moved = {"new_starts_at": start, "new_ends_at": start + timedelta(hours=2)}
    do(app, event.slug, Action.RESCHEDULE, **moved)
    work(app)

    starts = [Calendar.from_ical(m.calendar).events[0].start for m in mailbox.to(person.email)]
    assert starts == [event.starts_at, start]

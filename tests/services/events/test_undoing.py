"""Undo: while nobody has been notified, an event is again as it was; afterwards it is too late."""

import threading
from collections.abc import Iterator
from datetime import timedelta
from typing import Any

import pytest
from flask import Flask
from sqlalchemy import select

from ikone_events.domain.events.facts import State
from ikone_events.domain.events.lifecycle import Action
from ikone_events.domain.mails.audiences import Audience
from ikone_events.domain.plan.times import Anchor, Timing
from ikone_events.domain.refusals import Refusal, TransitionRefused
from ikone_events.services.events import steps, undoing
from ikone_events.services.events.combined_actions import announce_and_open
from ikone_events.services.events.transitions import Request, perform
from ikone_events.services.events.undoing import take_back_message
from ikone_events.services.installation import now
from ikone_events.services.mails import mailing_progress
from ikone_events.services.mails.mailing_chunks import expand_chunk, find_open_mailing
from ikone_events.services.operating import verification
from ikone_events.services.plan import plans
from ikone_events.store.db import db, transaction
from ikone_events.store.events.models import Event
from ikone_events.store.events.queries import history_of, lock_event
from ikone_events.store.mails.models import Mailing, OutboxMail
from ikone_events.store.plan.models import Step
from ikone_events.store.registering.models import Registration
from tests.factories import (
    NOW,
    FixedClock,
    make_event,
    make_mailing,
    make_registration,
    make_subscriber,
)
from tests.mailbox import Mailbox
from tests.rows import count, reload, work

pytestmark = pytest.mark.both_databases

ACTOR = "Wilma Organisaria"


def press(app: Flask, event: Event, action: Action, **values: Any) -> None:
    """Press the button of a page."""
    request = Request(action=action, actor=ACTOR, waits=True, **values)
    with app.app_context(), transaction():
        perform(event.slug, request, now=now())


def seats(app: Flask) -> list[tuple[Any, ...]]:
    with app.app_context():
        columns = (Registration.id, Registration.status, Registration.status_at)
        calendar = (Registration.calendar_uid, Registration.calendar_sequence)
        return [tuple(row) for row in db.session.execute(select(*columns, *calendar))]


def faults(app: Flask) -> list[str]:
    with app.app_context():
        return list(verification.faults(NOW))


@pytest.mark.parametrize("action", [Action.CANCEL, Action.POSTPONE])
def test_undo_restores_the_state_and_nobody_is_notified(
    app: Flask, mailbox: Mailbox, action: Action
) -> None:
    event = make_event(app, state="closed", capacity=1)
    make_registration(app, event, calendar_sequence=0)
    make_registration(app, event, status="waitlisted")
    before = seats(app)
    press(app, event, action, reason="Sturm")
    assert work(app) == 0

    press(app, event, Action.UNDO)

    assert work(app) == 0
    assert (reload(app, event).state, seats(app)) == ("closed", before)
    assert (mailbox.received, count(app, Mailing), count(app, OutboxMail)) == ([], 0, 0)
    with app.app_context():
        history = [(row.action, row.target, row.actor) for row in history_of(event)]
    assert history[1:] == [("undo", "closed", ACTOR)]


def test_mailing_leaves_when_the_quiet_is_over_and_undo_is_refused(
    app: Flask, clock: FixedClock, mailbox: Mailbox
) -> None:
    event = make_event(app)
    make_registration(app, event)
    press(app, event, Action.CANCEL, reason="Sturm")
    clock.move(minutes=10)

    assert work(app) == 1
    with pytest.raises(TransitionRefused):
        press(app, event, Action.UNDO)
    assert reload(app, event).state == "cancelled"


def test_mailing_of_the_shell_leaves_at_once(app: Flask, mailbox: Mailbox) -> None:
    event = make_event(app)
    make_registration(app, event)
    with app.app_context(), transaction():
        request = Request(action=Action.CANCEL, actor="shell", reason="Sturm")
        perform(event.slug, request, now=NOW)
    assert work(app) == 1


def test_mailing_within_an_hour_of_the_start_leaves_at_once(app: Flask, mailbox: Mailbox) -> None:
    start = NOW + timedelta(minutes=60)
    event = make_event(app, starts_at=start, ends_at=start + timedelta(hours=2))
    make_registration(app, event)
    press(app, event, Action.CANCEL, reason="Sturm")
    assert work(app) == 1


def test_what_follows_does_not_overtake_a_waiting_mailing(
    app: Flask, clock: FixedClock, mailbox: Mailbox
) -> None:
    event = make_event(app)
    person = make_registration(app, event, calendar_sequence=0)
    press(app, event, Action.POSTPONE, reason="Sturm")
    start = NOW + timedelta(days=60)
    moved = {"new_starts_at": start, "new_ends_at": start + timedelta(hours=2)}
    press(app, event, Action.RESCHEDULE, **moved)
    work(app)
    found = [mail.message.get_content_type() and mail.text for mail in mailbox.to(person.email)]
    assert len(found) == 2
    assert "Der neue Termin steht noch nicht fest" in found[0]


def test_undo_of_a_cancellation_resumes_what_it_had_stopped(
    app: Flask, clock: FixedClock, mailbox: Mailbox
) -> None:
    """A reminder that was being written when the event was cancelled."""
    event = make_event(app)
    person = make_registration(app, event)
    with app.app_context():
        locked = db.session.get_one(Event, event.id).lock_version
    make_mailing(app, event, kind="reminder_day", event_lock_version=locked + 1, finished_at=None)
    press(app, event, Action.CANCEL, reason="Sturm")
    assert work(app) == 0
    press(app, event, Action.UNDO)
    assert work(app) == 1
    assert len(mailbox.to(person.email)) == 1


def test_undo_of_a_cancellation_lets_the_plan_go_on(app: Flask, mailbox: Mailbox) -> None:
    event = make_event(app)
    with app.app_context(), transaction():
        plans.create_plan(lock_event(event.slug), now=NOW)
    before = outcomes(app)
    press(app, event, Action.CANCEL, reason="Sturm")
    assert outcomes(app) != before
    press(app, event, Action.UNDO)
    assert outcomes(app) == before


def outcomes(app: Flask) -> dict[str, str]:
    with app.app_context():
        return {step.name: step.outcome for step in db.session.scalars(select(Step))}


def test_update_that_waits_survives_an_undone_cancellation(app: Flask, clock: FixedClock) -> None:
    event = make_event(app, update_due_at=NOW + timedelta(minutes=5), update_since=NOW)
    press(app, event, Action.CANCEL, reason="Sturm")
    clock.move(minutes=6)
    work(app)
    press(app, event, Action.UNDO)
    with app.app_context():
        assert db.session.get_one(Event, event.id).update_due_at is not None


def test_undo_of_an_announcement_makes_a_draft_that_does_not_announce_itself(
    app: Flask, mailbox: Mailbox
) -> None:
    event = make_event(app, state="draft")
    make_subscriber(app)
    with app.app_context(), transaction():
        plans.create_plan(lock_event(event.slug), now=NOW)
        for step in db.session.scalars(select(Step).where(Step.action == "announce")):
            step.active, step.outcome = True, ""
    press(app, event, Action.ANNOUNCE)
    press(app, event, Action.UNDO)
    assert (reload(app, event).state, outcomes(app)["announce"]) == ("draft", plans.SKIPPED)
    assert (work(app), mailbox.received) == (0, [])


def test_plan_waits_until_an_announcement_can_not_be_undone(
    app: Flask, clock: FixedClock, mailbox: Mailbox
) -> None:
    """Opening was due while the event was a draft."""
    event = make_event(app, state="draft")
    with app.app_context(), transaction():
        plans.create_plan(lock_event(event.slug), now=NOW)
        for step in db.session.scalars(select(Step).where(Step.action == "open")):
            step.outcome, step.due_at = "", NOW
    press(app, event, Action.ANNOUNCE)
    work(app)
    assert reload(app, event).state == "announced"
    clock.move(minutes=10)
    work(app)
    assert reload(app, event).state == "open"


def announce_both(app: Flask, event: Event) -> None:
    request = Request(action=Action.ANNOUNCE, actor=ACTOR, expected=State.DRAFT, waits=True)
    with app.app_context(), transaction():
        announce_and_open(event.slug, request, now=NOW)


def test_announcing_and_opening_in_one_press_are_two_changes_and_one_undo(
    app: Flask, mailbox: Mailbox
) -> None:
    event = make_event(app, state="draft")
    make_subscriber(app)
    announce_both(app, event)
    with app.app_context():
        found = [(row.action, row.target) for row in history_of(event)]
    assert found == [("announce", "announced"), ("open", "open")]
    assert (reload(app, event).state, work(app)) == ("open", 0)

    press(app, event, Action.UNDO)

    assert (reload(app, event).state, count(app, Mailing), mailbox.received) == ("draft", 0, [])


def test_opening_is_not_undone_once_somebody_has_registered(app: Flask) -> None:
    event = make_event(app, state="draft")
    announce_both(app, event)
    make_registration(app, event)
    with pytest.raises(TransitionRefused):
        press(app, event, Action.UNDO)
    assert reload(app, event).state == "open"


def test_refused_opening_announces_nothing(app: Flask) -> None:
    event = make_event(app, state="draft", capacity=0, summary="")
    with pytest.raises(TransitionRefused) as refusal:
        announce_both(app, event)
    assert {c.about for c in refusal.value.complaints} == {"summary", "capacity"}
    assert (reload(app, event).state, count(app, Mailing)) == ("draft", 0)


# Who locks the row of the mailing first decides


def race(app: Flask, event: Event) -> tuple[str, int]:
    """Undo at the moment at which the worker begins; the state, and how many mails it wrote."""
    barrier = threading.Barrier(2)

    def undo() -> None:
        barrier.wait()
        try:
            press(app, event, Action.UNDO)
        except Refusal:
            return

    def begin() -> None:
        with app.app_context():
            mailing = find_open_mailing(NOW + timedelta(days=1))
            barrier.wait()
            with transaction():
                expand_chunk(mailing or 0, now=NOW)

    threads = [threading.Thread(target=each) for each in (undo, begin)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    return reload(app, event).state, count(app, OutboxMail)


def make_announced(app: Flask) -> Event:
    event = make_event(app, state="draft")
    make_subscriber(app)
    press(app, event, Action.ANNOUNCE)
    return event


def test_undo_and_the_beginning_of_the_mailing_exclude_each_other(app: Flask) -> None:
    assert race(app, make_announced(app)) in {("draft", 0), ("announced", 1)}


@pytest.fixture
def undo_decides_without_lock() -> Iterator[None]:
    """Take the guard away: the mailing is read before the worker begins, and not again."""
    begun = undoing.has_begun
    undoing.has_begun = lambda _mailing: False
    yield
    undoing.has_begun = begun


@pytest.mark.usefixtures("undo_decides_without_lock")
def test_begun_mailing_is_undone_when_the_guard_is_taken_away(app: Flask) -> None:
    event = make_announced(app)
    with app.app_context(), transaction():
        expand_chunk(find_open_mailing(NOW + timedelta(days=1)) or 0, now=NOW)
    press(app, event, Action.UNDO)
    assert (reload(app, event).state, count(app, OutboxMail)) == ("draft", 0)


def test_undo_planned_before_the_mailing_began_is_refused_behind_the_lock(
    app: Flask, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The worker begins between the look at the mailing and its lock."""
    event, locked = make_announced(app), undoing.for_update

    def begin_first(*wanted: Any) -> Any:
        with db.session.begin_nested():
            expand_chunk(find_open_mailing(NOW + timedelta(days=1)) or 0, now=NOW)
        return locked(*wanted)

    monkeypatch.setattr(undoing, "for_update", begin_first)
    with pytest.raises(TransitionRefused):
        press(app, event, Action.UNDO)
    assert reload(app, event).state == "announced"


# Messages to many


def make_message(app: Flask, event: Event) -> int:
    timing = Timing(anchor=Anchor.FIXED, fixed=NOW)
    with app.app_context(), transaction():
        locked = lock_event(event.slug)
        step = plans.add_message(
            locked, title="Hinweis", audience=Audience.CONFIRMED, timing=timing
        )
        step.active = False
        mailing = steps.run_now(locked, step.id, actor=ACTOR, now=NOW, waits=True)
        assert mailing is not None
        return mailing.id


def test_message_that_is_taken_back_is_a_draft_again(app: Flask, mailbox: Mailbox) -> None:
    event = make_event(app)
    make_registration(app, event)
    number = make_message(app, event)
    assert work(app) == 0
    with app.app_context(), transaction():
        take_back_message(db.session.get_one(Event, event.id), number)
    assert (work(app), mailbox.received, count(app, Mailing)) == (0, [], 0)
    with app.app_context():
        step = db.session.scalars(select(Step).where(Step.kind == "note")).one()
        assert (step.outcome, step.active) == ("", False)


def test_message_that_has_begun_is_not_taken_back(
    app: Flask, clock: FixedClock, mailbox: Mailbox
) -> None:
    event = make_event(app)
    make_registration(app, event)
    number = make_message(app, event)
    clock.move(minutes=10)
    assert work(app) == 1
    with (
        pytest.raises(TransitionRefused),
        app.app_context(),
        transaction(),
    ):
        take_back_message(db.session.get_one(Event, event.id), number)
    with app.app_context():
        progress = mailing_progress.progress_of_mailings(event, NOW)[0]
        assert (progress.counts.sent, progress.can_be_taken_back) == (1, False)

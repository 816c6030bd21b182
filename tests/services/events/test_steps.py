"""Steps on both databases: laid, run once, blocked, expired, moved with their event."""

from dataclasses import replace
from datetime import datetime, timedelta
from typing import Any

import pytest
from flask import Flask
from sqlalchemy import event as sqlalchemy_event
from sqlalchemy import func, select

from ikone_events.domain.events.draft import EventDraft, RoomChoice
from ikone_events.domain.events.facts import EventFormat
from ikone_events.domain.events.lifecycle import Action
from ikone_events.domain.followup.details import MaterialDetails, MaterialKind
from ikone_events.domain.mails.audiences import Audience
from ikone_events.domain.plan.times import Anchor, Timing, Unit
from ikone_events.domain.refusals import NotFound, TransitionRefused, UnfitInput
from ikone_events.services.events import editing as event_service
from ikone_events.services.events import steps
from ikone_events.services.events.transitions import Request, perform
from ikone_events.services.followup.materials import add_entry
from ikone_events.services.mails.values import link_day
from ikone_events.services.plan import plans, step_editing
from ikone_events.store.db import db, transaction
from ikone_events.store.events.models import Event, StateChange
from ikone_events.store.events.queries import lock_event
from ikone_events.store.mails.models import Mailing, OutboxMail
from ikone_events.store.plan.models import Step
from ikone_events.worker.work import Worker
from tests.at_once import at_once
from tests.factories import (
    NOW,
    FixedClock,
    make_event,
    make_material,
    make_registration,
)
from tests.rows import reload, step_of, work

pytestmark = pytest.mark.both_databases

ACTOR = "Wilma Organisaria"


def laid(app: Flask, **values: Any) -> Event:
    """An event with its plan."""
    event = make_event(app, **values)
    with app.app_context(), transaction():
        plans.create_plan(lock_event(event.slug), now=NOW)
    return event


def outcomes(app: Flask, event: Event) -> dict[str, str]:
    with app.app_context():
        rows = db.session.execute(select(Step.name, Step.outcome).where(Step.event_id == event.id))
        return dict(rows.all())


def kinds_sent(app: Flask, event: Event) -> list[str]:
    with app.app_context():
        return sorted(
            db.session.scalars(select(OutboxMail.kind).where(OutboxMail.event_id == event.id))
        )


def next_due(app: Flask, event: Event, clock: FixedClock) -> datetime:
    """The moment of the next step, or an hour later where something is due already."""
    with app.app_context():
        waiting = select(func.min(Step.due_at)).where(
            Step.event_id == event.id, Step.outcome == "", Step.active
        )
        due: datetime = db.session.scalars(waiting).one()
    return max(due, clock.moment + timedelta(hours=1))


def act(app: Flask, event: Event, action: Action, **values: Any) -> None:
    with app.app_context(), transaction():
        perform(event.slug, Request(action=action, actor=ACTOR, **values), now=_now(app))


def _now(app: Flask) -> Any:
    return app.extensions["ikone_installation"].clock()


@pytest.fixture
def draft() -> EventDraft:
    return EventDraft(
        title="Neuer Workshop",
        summary="Kurz.",
        starts_at=NOW + timedelta(days=40),
        ends_at=NOW + timedelta(days=40, hours=2),
        room_url="https://video.example.org/raum",
    )


def test_new_event_gets_the_steps_of_its_format(app: Flask, draft: EventDraft) -> None:
    with app.app_context(), transaction():
        event = event_service.create_event(draft, actor=ACTOR, now=NOW)
        names = [step.name for step in plans.steps_of(event)]
    assert names == [
        "announce",
        "open",
        "reminder_deadline",
        "dispatch",
        "reminder_day",
        "reminder_hour",
        "close",
        "follow_up",
        "feedback",
        "archive",
    ]


def test_plan_laid_late_does_nothing_by_surprise(app: Flask) -> None:
    """What lay before the plan was made is over, whatever its grace."""
    event = laid(app, starts_at=NOW + timedelta(hours=3), ends_at=NOW + timedelta(hours=5))
    make_registration(app, event)
    work(app)
    assert outcomes(app, event)["dispatch"] == plans.EXPIRED
    assert kinds_sent(app, event) == []


def test_event_of_an_older_version_gets_its_plan_from_the_worker(app: Flask) -> None:
    event = make_event(app)
    work(app)
    assert outcomes(app, event)["open"] == plans.MOOT
    assert outcomes(app, event)["dispatch"] == ""


def test_workshop_runs_by_itself_from_opening_to_feedback(app: Flask, clock: FixedClock) -> None:
    event = laid(
        app,
        state="announced",
        starts_at=NOW + timedelta(days=30),
        ends_at=NOW + timedelta(days=30, hours=2),
        deadline=NOW + timedelta(days=29),
    )
    states = ["announced"]
    while (moment := next_due(app, event, clock)) < event.ends_at + timedelta(days=10):
        clock.moment = moment
        work(app)
        state = reload(app, event).state
        if states[-1] != state:
            states.append(state)
            if state == "open":
                make_registration(app, event, registered_at=clock.moment, status_at=clock.moment)
            if state == "dispatched":
                make_material(app, event)
    assert states == ["announced", "open", "dispatched", "followed_up"]
    assert kinds_sent(app, event) == [
        "access_link",
        "feedback",
        "follow_up_unknown",
        "reminder_hour",
    ]
    with app.app_context():
        actors = set(db.session.scalars(select(StateChange.actor)))
    assert actors == {plans.PLAN}


def test_blocked_step_runs_as_soon_as_the_complaint_is_gone(app: Flask, clock: FixedClock) -> None:
    event = laid(app, room_url="")
    make_registration(app, event)
    clock.moment = step_of(app, event, "dispatch").due_at
    work(app)
    assert (reload(app, event).state, outcomes(app, event)["dispatch"]) == ("open", "")

    with app.app_context(), transaction():
        event_service.set_room(
            event.slug,
            RoomChoice(room_url="https://video.example.org/raum", dial_in=""),
            now=clock.moment,
        )
    work(app)
    assert (reload(app, event).state, outcomes(app, event)["dispatch"]) == ("dispatched", "done")


def test_overdue_follow_up_leaves_time_for_more_materials(app: Flask, clock: FixedClock) -> None:
    """The office adds one after the other; the first must not take the mail along."""
    event = laid(app, state="dispatched")
    make_registration(app, event, attendance="attended")
    planned = step_of(app, event, "follow_up").due_at
    clock.moment = planned + timedelta(days=1)
    for minutes in (0, 40, 40):
        clock.move(minutes=minutes)
        with app.app_context(), transaction():
            link = MaterialDetails(title="Leitfaden", url="https://a.test")
            add_entry(event.slug, MaterialKind.LINK, link, now=clock.moment)
        work(app)
        assert reload(app, event).state == "dispatched"

    clock.move(minutes=61)
    work(app)
    assert reload(app, event).state == "followed_up"


def test_blocked_step_costs_no_write_at_every_tick(app: Flask, clock: FixedClock) -> None:
    event = laid(app, room_url="")
    make_registration(app, event)
    clock.moment = step_of(app, event, "dispatch").due_at
    work(app)  # settles what came too late
    with app.app_context():
        before = db.session.scalars(select(Event.lock_version)).one()
    work(app)
    work(app)
    with app.app_context():
        assert db.session.scalars(select(Event.lock_version)).one() == before


def test_blocked_steps_of_many_events_cost_no_queries_of_their_own(
    app: Flask, clock: FixedClock
) -> None:
    """Follow-ups without materials stay blocked until the names are deleted."""

    def statements() -> int:
        asked: list[str] = []

        def ask(*args: Any) -> None:
            asked.append(args[2])

        with app.app_context():
            sqlalchemy_event.listen(db.engine, "before_cursor_execute", ask)
            work(app)
            sqlalchemy_event.remove(db.engine, "before_cursor_execute", ask)
        return len(asked)

    clock.moment = NOW + timedelta(days=30)
    laid(app, state="closed")
    work(app)
    before = statements()
    for _ in range(5):
        laid(app, state="closed")
    work(app)
    assert statements() == before


def test_step_that_stayed_blocked_expires_and_shows_why(app: Flask, clock: FixedClock) -> None:
    event = laid(app, room_url="")
    make_registration(app, event)
    clock.moment = event.ends_at + timedelta(minutes=1)
    work(app)
    expired = step_of(app, event, "dispatch")
    assert expired.outcome == plans.EXPIRED
    assert "room" in expired.reasons


def test_worker_asleep_for_two_days_sends_no_flood(app: Flask, clock: FixedClock) -> None:
    event = laid(app)
    make_registration(app, event)
    clock.moment = event.starts_at + timedelta(days=2)
    work(app)
    found = outcomes(app, event)
    assert found["dispatch"] == plans.EXPIRED
    assert found["reminder_hour"] == plans.EXPIRED
    assert kinds_sent(app, event) == []


@pytest.mark.parametrize("hours", [-2, 2])
def test_clock_that_jumps_repeats_nothing(app: Flask, clock: FixedClock, hours: int) -> None:
    event = laid(app)
    make_registration(app, event)
    clock.moment = step_of(app, event, "dispatch").due_at
    work(app)
    clock.move(hours=hours)
    work(app)
    clock.move(hours=-hours)
    work(app)
    assert kinds_sent(app, event) == ["access_link"]


def test_clock_that_runs_forty_days_ahead_and_back_does_not_lose_the_plan(
    app: Flask, clock: FixedClock
) -> None:
    """What was called too late by a wrong clock can be taken back by hand."""
    event = laid(app)
    make_registration(app, event)
    present = clock.moment
    clock.move(days=40)
    work(app)
    assert outcomes(app, event)["dispatch"] == plans.EXPIRED
    clock.moment = present
    with app.app_context(), transaction():
        step_editing.take_back(event, step_of(app, event, "dispatch").id)
    clock.moment = step_of(app, event, "dispatch").due_at
    work(app)
    assert kinds_sent(app, event) == ["access_link"]


def test_step_done_by_hand_is_not_done_again(app: Flask, clock: FixedClock) -> None:
    event = laid(app)
    make_registration(app, event)
    act(app, event, Action.DISPATCH)
    done = step_of(app, event, "dispatch")
    assert (done.outcome, done.actor) == (plans.DONE, ACTOR)
    clock.moment = done.due_at
    work(app)
    assert kinds_sent(app, event) == ["access_link"]


def test_cancelled_event_sends_nothing_more_by_itself(app: Flask, clock: FixedClock) -> None:
    event = laid(app)
    make_registration(app, event)
    act(app, event, Action.CANCEL, reason="Referentin krank")
    found = outcomes(app, event)
    assert {name for name, outcome in found.items() if outcome == ""} == {"archive"}
    clock.moment = event.ends_at + timedelta(days=10)
    work(app)
    assert kinds_sent(app, event) == ["cancellation"]


def test_moved_event_moves_its_steps_and_owes_its_reminders_again(
    app: Flask, clock: FixedClock, draft: EventDraft
) -> None:
    event = laid(app)
    make_registration(app, event)
    hour = step_of(app, event, "reminder_hour")
    clock.moment = hour.due_at
    work(app)
    assert outcomes(app, event)["reminder_hour"] == plans.DONE

    with app.app_context(), transaction():
        event_service.edit_event(
            event.slug, draft, expected_edit_version=event.edit_version, now=clock.moment
        )
    moved = step_of(app, event, "reminder_hour")
    assert moved.due_at == draft.starts_at - timedelta(hours=1)
    assert moved.outcome == ""


def test_new_date_after_a_postponement_takes_the_plan_up_again(
    app: Flask, clock: FixedClock
) -> None:
    event = laid(app)
    make_registration(app, event)
    clock.moment = step_of(app, event, "dispatch").due_at
    work(app)
    act(app, event, Action.POSTPONE, reason="Sturm")
    clock.move(days=20)
    work(app)
    assert reload(app, event).state == "postponed"

    start = clock.moment + timedelta(days=30)
    act(
        app,
        event,
        Action.RESCHEDULE,
        new_starts_at=start,
        new_ends_at=start + timedelta(hours=2),
    )
    found = outcomes(app, event)
    assert (found["open"], found["dispatch"], found["announce"]) == (plans.MOOT, "", plans.MOOT)
    assert reload(app, event).state == "closed"
    clock.moment = step_of(app, event, "dispatch").due_at
    work(app)
    assert reload(app, event).state == "dispatched"


def test_changed_format_changes_the_plan(app: Flask, draft: EventDraft) -> None:
    with app.app_context(), transaction():
        event = event_service.create_event(draft, actor=ACTOR, now=NOW)
    on_site = replace(draft, format=EventFormat.ON_SITE, place="Rathaus")
    with app.app_context(), transaction():
        event_service.edit_event(event.slug, on_site, expected_edit_version=1, now=NOW)
    assert "dispatch" not in outcomes(app, event)
    assert step_of(app, event, "reminder_day").due_at < draft.starts_at


def test_reminder_is_not_for_those_who_registered_after_it_was_due(
    app: Flask, clock: FixedClock
) -> None:
    event = laid(app, format="on_site", place="Rathaus", room_url="")
    make_registration(app, event, email="early@example.org")
    due = step_of(app, event, "reminder_day").due_at
    clock.moment = due + timedelta(hours=1)
    make_registration(app, event, email="late@example.org", status_at=due + timedelta(minutes=30))
    work(app)
    with app.app_context():
        assert list(db.session.scalars(select(OutboxMail.recipient))) == ["early@example.org"]


def test_skipped_step_does_not_run_and_can_be_taken_back(app: Flask, clock: FixedClock) -> None:
    event = laid(app)
    make_registration(app, event)
    dispatch = step_of(app, event, "dispatch")
    with app.app_context(), transaction():
        step_editing.skip(event, dispatch.id, actor=ACTOR, now=NOW)
    clock.moment = dispatch.due_at
    work(app)
    assert reload(app, event).state == "open"
    with app.app_context(), transaction():
        step_editing.take_back(event, dispatch.id)
    work(app)
    assert reload(app, event).state == "dispatched"


@pytest.mark.parametrize(
    ("name", "anchor"),
    [
        ("reminder_hour", Anchor.START),
        ("reminder_deadline", Anchor.DEADLINE),
        ("dispatch", Anchor.END),
        ("announce", Anchor.START),
    ],
)
@pytest.mark.one_database_by_day
def test_step_is_not_moved_to_where_it_could_never_run(
    app: Flask, name: str, anchor: Anchor
) -> None:
    event = laid(app, state="draft") if name == "announce" else laid(app)
    step = step_of(app, event, name)
    beyond = Timing(anchor=anchor, amount=3, unit=Unit.HOURS)
    with app.app_context(), pytest.raises(UnfitInput, match="too late"), transaction():
        step_editing.retime(event, step.id, beyond, now=NOW)
    with app.app_context(), transaction():
        step_editing.retime(event, step.id, replace(beyond, amount=-3), now=NOW)


def test_step_switched_off_does_not_run(app: Flask, clock: FixedClock) -> None:
    event = laid(app)
    make_registration(app, event)
    dispatch = step_of(app, event, "dispatch")
    with app.app_context(), transaction():
        step_editing.switch(event, dispatch.id, active=False)
    clock.moment = dispatch.due_at
    work(app)
    assert reload(app, event).state == "open"


def test_step_run_now_runs_once_and_shows_what_is_missing(app: Flask, clock: FixedClock) -> None:
    event = laid(app, room_url="")
    make_registration(app, event)
    dispatch, hour = step_of(app, event, "dispatch"), step_of(app, event, "reminder_hour")
    with pytest.raises(TransitionRefused), app.app_context(), transaction():
        steps.run_now(event, dispatch.id, actor=ACTOR, now=NOW)
    with app.app_context(), transaction():
        steps.run_now(event, hour.id, actor=ACTOR, now=NOW)
    with pytest.raises(NotFound), app.app_context(), transaction():
        steps.run_now(event, hour.id, actor=ACTOR, now=NOW)
    clock.moment = hour.due_at
    work(app)
    assert kinds_sent(app, event) == ["reminder_hour"]


def test_step_of_another_event_is_not_found(app: Flask) -> None:
    mine, other = laid(app), laid(app)
    foreign = step_of(app, other, "dispatch")
    for press in (
        lambda: step_editing.skip(mine, foreign.id, actor=ACTOR, now=NOW),
        lambda: steps.run_now(mine, foreign.id, actor=ACTOR, now=NOW),
        lambda: step_editing.switch(mine, foreign.id, active=False),
        lambda: step_editing.find_step(mine, foreign.id),
    ):
        with pytest.raises(NotFound), app.app_context(), transaction():
            press()


def test_promise_to_delete_names_cannot_be_switched_off(app: Flask) -> None:
    event = laid(app)
    archive = step_of(app, event, "archive")
    with pytest.raises(TransitionRefused), app.app_context(), transaction():
        step_editing.switch(event, archive.id, active=False)


def test_own_message_goes_out_at_its_time_and_once(app: Flask, clock: FixedClock) -> None:
    event = laid(app)
    make_registration(app, event)
    with app.app_context(), transaction():
        plans.add_message(
            lock_event(event.slug),
            title="Vorbereitung",
            audience=Audience.CONFIRMED,
            timing=Timing(anchor=Anchor.START, amount=-5, unit=Unit.DAYS),
        )
    clock.moment = event.starts_at - timedelta(days=5)
    work(app)
    work(app)
    assert kinds_sent(app, event) == ["note"]


@pytest.fixture
def due(app: Flask, clock: FixedClock) -> tuple[Event, int]:
    """An event whose link is due to be sent, and the number of that step."""
    event = laid(app)
    make_registration(app, event)
    dispatch = step_of(app, event, "dispatch")
    clock.moment = dispatch.due_at
    return event, dispatch.id


def test_two_workers_run_a_step_once(app: Flask, due: tuple[Event, int], clock: FixedClock) -> None:
    event, step_id = due

    def run(_worker: int) -> str:
        with app.app_context(), transaction():
            return steps.run_due(step_id, now=clock.moment)

    assert sorted(at_once(run, range(4))) == ["", "", "", "done"]
    with app.app_context():
        assert db.session.scalar(select(func.count()).select_from(Mailing)) == 1
        changes = select(func.count()).where(StateChange.event_id == event.id)
        assert db.session.scalar(changes) == 1


@pytest.mark.one_database_by_day
def test_mails_name_the_day_on_which_the_plan_sends_the_link(app: Flask) -> None:
    event = laid(app)  # on a Monday: the link goes out on the Friday before
    with app.app_context():
        found = db.session.get_one(Event, event.id)
        assert link_day(found, NOW) == step_of(app, event, "dispatch").due_at.date()
        assert link_day(found, NOW) == (event.starts_at - timedelta(days=3)).date()
    with app.app_context(), transaction():
        step_editing.switch(event, step_of(app, event, "dispatch").id, active=False)
    with app.app_context():
        assert link_day(db.session.get_one(Event, event.id), NOW) is None


def test_promise_to_delete_names_is_kept_where_nobody_followed_up(
    app: Flask, clock: FixedClock
) -> None:
    event = laid(app, state="closed")
    make_registration(app, event)
    clock.moment = step_of(app, event, "archive").due_at
    work(app)
    found = outcomes(app, event)
    assert (reload(app, event).state, found["archive"]) == ("archived", plans.DONE)
    assert "" not in found.values()


def test_rush_of_wake_ups_asks_for_the_steps_once(app: Flask, clock: FixedClock) -> None:
    """Every sign-up wakes a worker; the tick comes soon enough for steps."""
    event = laid(app)
    make_registration(app, event)
    worker = Worker(app, app.extensions["ikone_installation"].settings, timer=lambda: 0.0)
    worker.wake_up()
    clock.moment = step_of(app, event, "dispatch").due_at
    worker.wake_up()
    assert reload(app, event).state == "open"
    worker.work_off()
    assert reload(app, event).state == "dispatched"

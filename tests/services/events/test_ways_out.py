"""No state without a way out: what ends an event that did not go the usual way."""

import json
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from flask import Flask
from sqlalchemy import select

from ikone_events.domain.events.lifecycle import Action
from ikone_events.domain.refusals import TransitionRefused
from ikone_events.services.events.transitions import Done, Request, perform
from ikone_events.services.operating.retention import RETENTION
from ikone_events.services.plan import plans
from ikone_events.store.db import db, transaction
from ikone_events.store.events.models import Event, StateChange
from ikone_events.store.events.queries import history_of, lock_event
from ikone_events.store.plan.models import Step
from tests.factories import (
    NOW,
    PAST,
    FixedClock,
    make_event,
    make_mail,
    make_material,
    make_registration,
)
from tests.mailbox import Mailbox
from tests.rows import work


def do(app: Flask, event: Event, action: Action, **values: Any) -> Done:
    with app.app_context(), transaction():
        return perform(event.slug, Request(action=action, actor="test", **values), now=NOW)


def history(app: Flask, event: Event) -> list[tuple[str, str, str]]:
    with app.app_context():
        return [(row.action, row.target, row.reason) for row in history_of(event)]


def test_link_sent_by_other_means_leads_to_the_follow_up(app: Flask, mailbox: Mailbox) -> None:
    event = make_event(app, state="closed", room_url="", **PAST)
    make_registration(app, event)
    make_material(app, event)
    with pytest.raises(TransitionRefused):
        do(app, event, Action.FOLLOW_UP)

    do(app, event, Action.MARK_SENT, reason="Über den Verteiler des Landkreises.")
    assert work(app) == 0
    do(app, event, Action.FOLLOW_UP)

    assert history(app, event) == [
        ("mark_sent", "dispatched", "Über den Verteiler des Landkreises."),
        ("follow_up", "followed_up", ""),
    ]
    assert work(app) == 1


@pytest.mark.parametrize("state", ["announced", "open", "closed", "dispatched"])
def test_clock_concludes_and_archives_once_retention_is_over_never_earlier(
    app: Flask, clock: FixedClock, state: str
) -> None:
    event = make_event(app, state=state)
    clock.moment = event.ends_at + timedelta(days=90) - timedelta(seconds=1)
    work(app)
    assert history(app, event) == []
    clock.move(seconds=2)
    work(app)
    concluded = ("conclude", "followed_up", RETENTION)
    assert history(app, event) == [concluded, ("archive", "archived", "")]


def test_postponed_event_waits_for_its_new_date_and_can_be_cancelled(
    app: Flask, clock: FixedClock
) -> None:
    event = make_event(app, state="postponed", **PAST)
    clock.move(days=400)
    work(app)
    assert history(app, event) == []
    do(app, event, Action.CANCEL, reason="Es gibt keinen neuen Termin.")
    work(app)
    assert [target for _action, target, _reason in history(app, event)] == ["cancelled", "archived"]


def test_stored_figures_are_never_computed_again(app: Flask, clock: FixedClock) -> None:
    """An earlier version anonymised such events and left their state."""
    event = make_event(app, state="closed", figures=json.dumps({"confirmed": 17}), **PAST)
    clock.move(days=400)
    work(app)
    with app.app_context():
        found = db.session.get_one(Event, event.id)
        assert (found.state, json.loads(found.figures)) == ("archived", {"confirmed": 17})


def test_concluded_event_without_a_link_asks_for_no_feedback(
    app: Flask, clock: FixedClock, mailbox: Mailbox
) -> None:
    event = make_event(app, state="closed", feedback_url="https://example.org/umfrage")
    make_registration(app, event)
    with app.app_context(), transaction():
        plans.create_plan(lock_event(event.slug), now=NOW)
    clock.moment = event.ends_at + timedelta(hours=1)
    with app.app_context(), transaction():
        request = Request(action=Action.CONCLUDE, actor="test", reason="Fiel aus.")
        perform(event.slug, request, now=clock.moment)
    clock.move(days=5)
    assert work(app) == 0
    with app.app_context():
        step = db.session.scalars(select(Step).where(Step.kind == "feedback")).one()
        assert step.outcome == plans.MOOT


def test_new_date_keeps_registration_as_it_was(app: Flask) -> None:
    start = NOW + timedelta(days=60)
    moved = {"new_starts_at": start, "new_ends_at": start + timedelta(hours=2)}
    states = {}
    for state in ("announced", "open", "closed", "dispatched"):
        event = make_event(app, state=state)
        do(app, event, Action.POSTPONE, reason="Sturm")
        do(app, event, Action.RESCHEDULE, **moved)
        states[state] = history(app, event)[-1][1]
    assert states == {
        "announced": "announced",
        "open": "open",
        "closed": "closed",
        "dispatched": "closed",
    }


def test_discarded_draft_is_gone_with_all_that_belongs_to_it(app: Flask, tmp_path: Path) -> None:
    event = make_event(app, state="draft")
    other = make_event(app, state="draft")
    make_material(app, event)
    with app.app_context(), transaction():
        plans.create_plan(lock_event(event.slug), now=NOW)
        db.session.add(
            StateChange(
                event_id=event.id, action="create", source="", target="draft", actor="test", at=NOW
            )
        )
    assert do(app, event, Action.DISCARD).rule.target is None
    with app.app_context():
        assert [found.slug for found in db.session.scalars(select(Event))] == [other.slug]
        left = [db.session.scalars(select(table)).all() for table in (Step, StateChange)]
        assert left == [[], []]


def test_draft_that_people_know_is_not_discarded(app: Flask) -> None:
    event = make_event(app, state="draft")
    make_mail(app, make_registration(app, event, status="cancelled"))
    with pytest.raises(TransitionRefused) as refusal:
        do(app, event, Action.DISCARD)
    assert len(refusal.value.complaints) == 2


def test_trial_mail_does_not_keep_a_draft(app: Flask) -> None:
    event = make_event(app, state="draft")
    other = make_registration(app, make_event(app))
    make_mail(app, other, event_id=event.id, registration_id=None, key="test:1")
    do(app, event, Action.DISCARD)
    with app.app_context():
        assert db.session.get(Event, event.id) is None

"""Another date: what moves with it, who is notified and why, and what is refused."""

from datetime import datetime, timedelta
from typing import Any

import pytest
from flask import Flask
from sqlalchemy import select

from ikone_events.domain.events.lifecycle import State
from ikone_events.domain.refusals import SomebodyWasFaster, StaleForm, TransitionRefused
from ikone_events.services.events.moving import change_date, event_on
from ikone_events.services.events.updates import tell_if_due
from ikone_events.store.db import db, transaction
from ikone_events.store.events.models import Event
from ikone_events.store.mails.models import Mailing
from tests.factories import NOW, make_event, make_registration
from tests.rows import the_only

WEEK = timedelta(days=7)
DAY = timedelta(days=1)
START = NOW + timedelta(days=14)  # the clocks go forward between this and START + 2 * WEEK


def change(app: Flask, event: Event, starts_at: datetime, **more: Any) -> None:
    values = {"expected": State(event.state), "expected_edit_version": 1, "actor": "A", "now": NOW}
    with app.app_context(), transaction():
        hours = timedelta(hours=3)
        change_date(event.slug, starts_at, starts_at + hours, **{**values, **more})


def test_change_of_date_moves_deadline_and_keeps_registration(app: Flask) -> None:
    event = make_event(app, deadline=START - DAY, members_until=START - 2 * DAY)
    change(app, event, START + WEEK)
    found = the_only(app, Event)
    assert (found.state, found.starts_at) == ("open", START + WEEK)
    assert found.ends_at == START + WEEK + timedelta(hours=3)
    assert found.deadline == START + WEEK - DAY
    assert found.members_until == START + WEEK - 2 * DAY


def test_deadline_keeps_its_hour_over_the_change_of_clocks(app: Flask) -> None:
    event = make_event(app, deadline=START - DAY)
    with app.app_context():
        then = event_on(event, START + 2 * WEEK - timedelta(hours=1), START + 2 * WEEK)
    assert then.deadline == START + 2 * WEEK - DAY - timedelta(hours=1)


def test_mail_about_a_new_date_names_the_reason(app: Flask) -> None:
    event = make_event(app)
    make_registration(app, event)
    change(app, event, START + WEEK, reason=" Der Raum war belegt. ")
    with app.app_context():
        with transaction():
            assert tell_if_due(event.slug, now=NOW + timedelta(minutes=10))
        [mailing] = db.session.scalars(select(Mailing))
        assert (mailing.kind, mailing.reason) == ("moved", "Der Raum war belegt.")
    assert the_only(app, Event).update_reason == ""


def test_silent_change_of_date_plans_no_mail(app: Flask) -> None:
    event = make_event(app)
    make_registration(app, event)
    change(app, event, START + WEEK, silent=True)
    assert (the_only(app, Event).starts_at, the_only(app, Event).update_due_at) == (
        START + WEEK,
        None,
    )


def test_date_of_a_postponed_event_is_mailed_at_once(app: Flask) -> None:
    event = make_event(app, state="postponed")
    make_registration(app, event)
    change(app, event, START + WEEK, reason="Endlich.")
    with app.app_context():
        [mailing] = db.session.scalars(select(Mailing))
    assert (mailing.kind, mailing.reason) == ("moved", "Endlich.")
    assert the_only(app, Event).state != "postponed"


@pytest.mark.parametrize(
    ("state", "more", "refusal"),
    [
        ("open", {"expected": State.CLOSED}, SomebodyWasFaster),
        ("open", {"expected_edit_version": 2}, StaleForm),
        ("cancelled", {}, TransitionRefused),
        ("archived", {}, TransitionRefused),
    ],
)
def test_change_of_date_is_refused(
    app: Flask, state: str, more: dict[str, Any], refusal: type[Exception]
) -> None:
    event = make_event(app, state=state)
    with pytest.raises(refusal):
        change(app, event, START + WEEK, **more)
    assert the_only(app, Event).starts_at == START

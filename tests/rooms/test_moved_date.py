"""Whoever came before an event was moved to a later day has not come to the new date."""

from collections.abc import Callable
from datetime import timedelta

import pytest
from flask.testing import FlaskClient

from ikone_events.domain.events.lifecycle import Action, State
from ikone_events.domain.registering.registration import Attendance
from ikone_events.services.events.moving import change_date
from ikone_events.services.events.transitions import Request, perform
from ikone_events.services.operating.verification import faults
from ikone_events.services.rooms.attendance import enter_by_door, state_attendance
from ikone_events.services.rooms.watching import unseen_minutes
from ikone_events.store.db import db, transaction
from ikone_events.store.events.models import Event
from tests.attending import attendance_of_person
from tests.rooms.days import Day
from tests.rooms.reports import opaque_id_of, post_report, report_body

WEEK = timedelta(days=7)


def move(day: Day, by: timedelta) -> None:
    """Another date, as the page about dates sets it."""
    with day.app.app_context(), transaction():
        event = db.session.get_one(Event, day.event.id)
        change_date(
            event.slug,
            event.starts_at + by,
            event.ends_at + by,
            expected=State(event.state),
            expected_edit_version=event.edit_version,
            actor="A",
            now=day.clock.moment,
        )


def postpone_and_reschedule(day: Day, by: timedelta) -> None:
    """The connection of the speaker has failed, and the event is made up for later."""
    times = {"new_starts_at": day.event.starts_at + by, "new_ends_at": day.event.ends_at + by}
    for request in (
        Request(action=Action.POSTPONE, actor="A", reason="Die Leitung ist ausgefallen."),
        Request(action=Action.RESCHEDULE, actor="A", **times),  # type: ignore[arg-type]
    ):
        with day.app.app_context(), transaction():
            perform(day.event.slug, request, now=day.clock.moment)


@pytest.mark.parametrize("another_date", [move, postpone_and_reschedule])
def test_nobody_has_come_to_a_later_day(
    client: FlaskClient, day: Day, another_date: Callable[[Day, timedelta], None]
) -> None:
    at_door, in_room, by_hand = (day.person() for _ in range(3))
    with day.app.app_context(), transaction():
        enter_by_door(at_door.id, day.event.id, now=day.clock.moment)
        state_attendance(by_hand.public_id, Attendance.ATTENDED, now=day.clock.moment, by="Paula")
    day.enter(in_room)
    day.minutes(5)
    late_report = report_body(day, {opaque_id_of(day, in_room): 240})
    another_date(day, WEEK)
    after = day.clock.moment + WEEK + timedelta(days=1)
    for person in (at_door, in_room, by_hand):
        assert attendance_of_person(day.app, person, after) is None
    assert post_report(client, day, late_report) == 410
    day.clock.moment += WEEK
    day.bbb.expire(day.key)
    day.enter(in_room)
    day.minutes(3)
    assert day.minutes_of(in_room) == 2
    with day.app.app_context():
        event = db.session.get_one(Event, day.event.id)
        assert unseen_minutes(event, now=day.clock.moment) == 0
        assert [each for each in faults(day.clock.moment) if "attendance" in each] == []


@pytest.mark.parametrize("by", [timedelta(minutes=30), -timedelta(minutes=30)])
def test_another_time_of_the_same_day_keeps_who_has_come(day: Day, by: timedelta) -> None:
    person = day.person()
    day.enter(person)
    day.minutes(5)
    move(day, by)
    assert attendance_of_person(day.app, person, day.clock.moment) == "attended"
    assert day.minutes_of(person) == 4


def test_corrected_date_of_a_past_event_keeps_who_has_come(day: Day) -> None:
    person = day.person()
    day.enter(person)
    day.minutes(5)
    day.clock.moment += WEEK
    move(day, timedelta(days=1))
    assert attendance_of_person(day.app, person, day.clock.moment) == "attended"

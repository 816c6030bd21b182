"""Minutes from looks into the room: with restarts, several workers, and a provider that is away."""

import threading
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta

import pytest
from sqlalchemy import text

from ikone_events.domain.registering.registration import Attendance
from ikone_events.domain.rooms.providers import Presence, RoomRole, Visitor
from ikone_events.services.rooms import watching
from ikone_events.services.rooms.attendance import (
    AttendanceMark,
    save_attendance,
    state_attendance,
)
from ikone_events.services.rooms.entering import join_address, moderator_id, visitor_of
from ikone_events.store.db import db, transaction
from ikone_events.store.events.models import Event
from ikone_events.store.rooms.attendance import record_door, record_statement
from ikone_events.store.rooms.presence import sessions_of
from ikone_events.store.rooms.sessions import find_session, find_watch
from tests.factories import make_event, make_registration
from tests.patience import wait_for
from tests.rooms.bbb_server import Manner
from tests.rooms.days import Day
from tests.web.visitor import Queries

pytestmark = pytest.mark.both_databases


def test_minutes_are_counted_over_several_visits(day: Day) -> None:
    anna, kai = day.person(), day.person()
    day.enter(anna)
    day.minutes(1)
    joined = day.clock.moment
    day.enter(kai)
    day.minutes(10)
    day.leave(anna)
    day.minutes(5)
    day.enter(anna)
    day.minutes(21)
    record = day.record(anna)
    assert record is not None
    assert (record.joined_at, record.left_at, record.minutes) == (joined, None, 30)
    assert day.minutes_of(kai) == 35
    assert record.provider_user != ""


def test_person_who_has_left_left_when_last_seen(day: Day) -> None:
    anna = day.person()
    day.enter(anna)
    day.minutes(3)
    last = day.clock.moment
    day.leave(anna)
    day.minutes(4)
    record = day.record(anna)
    assert record is not None
    assert (record.left_at, record.minutes) == (last, 2)


def test_person_is_seen_once_their_page_is_loaded(day: Day) -> None:
    anna = day.person()
    day.enter(anna, load=False)
    day.minutes(2)
    assert day.record(anna) is None
    day.bbb.load_page(day.key)
    day.minutes(2)
    assert day.minutes_of(anna) == 1


def test_look_keeps_what_other_sources_have_recorded(day: Day) -> None:
    anna = day.person()
    with day.app.app_context(), transaction():
        record_door(anna.id, day.event.id, day.clock.moment)
    pressed = day.clock.moment
    day.enter(anna)
    day.minutes(2)
    record = day.record(anna)
    assert record is not None
    assert (record.door_at, record.stated, record.minutes) == (pressed, "", 1)
    with day.app.app_context(), transaction():
        state_attendance(anna.public_id, Attendance.MISSED, now=day.clock.moment, by="Paula")
    day.minutes(2)
    record = day.record(anna)
    assert record is not None
    assert (record.door_at, record.stated, record.stated_by) == (pressed, "missed", "Paula")
    assert record.minutes == 3


def test_people_of_other_events_and_moderators_are_not_counted(day: Day) -> None:
    anna, waiting = day.person(), day.person(status="waitlisted")
    elsewhere = make_registration(day.app, make_event(day.app))
    day.enter(anna)
    with day.app.app_context():
        strangers = [
            Visitor("Paula", RoomRole.MODERATOR, moderator_id(day.event.id, "x")),
            visitor_of(elsewhere),
            visitor_of(waiting),
            Visitor("Wer", RoomRole.VIEWER, "x" * 5000),
        ]
        for stranger in strangers:
            day.bbb.enter(join_address(day.event, stranger, now=day.clock.moment))
    day.minutes(3)
    assert day.minutes_of(anna) == 2
    assert [day.record(person) for person in (waiting, elsewhere)] == [None, None]


def test_restarted_worker_goes_on_counting(day: Day) -> None:
    anna = day.person()
    day.enter(anna)
    day.minutes(5)
    day.watcher = day.new_worker()
    day.minutes(5)
    assert day.minutes_of(anna) == 9


def test_second_worker_looks_only_when_nobody_else_has(day: Day) -> None:
    anna = day.person()
    day.enter(anna)
    other = day.new_worker()
    day.bbb.calls.clear()
    for _minute in range(5):
        day.minutes(1)
        day.clock.move(seconds=5)
        assert other.look_around() == 0
        day.clock.move(seconds=-5)
    assert day.bbb.names() == ["getMeetingInfo"] * 5
    assert day.minutes_of(anna) == 4


def test_two_workers_at_once_count_a_minute_once(day: Day) -> None:
    people = [day.person() for _ in range(5)]
    for person in people:
        day.enter(person)
    day.bbb.lock_held = lambda: False  # one may write while another calls
    workers = [day.new_worker() for _ in range(4)]
    with ThreadPoolExecutor(4) as pool:
        for _minute in range(5):
            day.clock.move(minutes=1)
            assert sum(pool.map(lambda each: each.look_around(), workers)) == 1
    assert [day.minutes_of(person) for person in people] == [4] * 5


def test_look_and_list_do_not_wait_for_each_other(day: Day) -> None:
    """The list goes by name, a look by id: on PostgreSQL one of them was thrown out."""
    zoe, adam = day.person(last_name="Zoe"), day.person(last_name="Adam")
    for person in (zoe, adam):
        day.enter(person)
    day.minutes(1)
    day.clock.move(minutes=1)
    now, came = day.clock.moment, Attendance.ATTENDED
    with day.app.app_context():
        with transaction():
            assert watching.claim_look(day.event, now=now)
        found = watching.look(day.event)
        with ThreadPoolExecutor(1) as pool:
            with transaction():
                marks = {adam.public_id: AttendanceMark(came, None)}
                save_attendance(day.event.slug, marks, now=now, by="Eva")
                looked = pool.submit(_record, day, found)
                wait_for(lambda: looked.running() and _is_waiting())
                record_statement(zoe.id, day.event.id, Attendance.MISSED, now=now, by="Eva")
            assert looked.result() == 2
    assert [day.minutes_of(person) for person in (zoe, adam)] == [1, 1]


def _record(day: Day, found: Sequence[Presence]) -> int:
    with day.app.app_context(), transaction():
        return watching.record_look(day.event, found, now=day.clock.moment)


def _is_waiting() -> bool:
    """Whether another connection waits for a lock; SQLite cannot be asked, and waits anyway."""
    if db.engine.dialect.name == "sqlite":
        return True
    return bool(db.session.scalar(text("SELECT count(*) FROM pg_locks WHERE NOT granted")))


def test_answer_that_comes_after_a_later_look_is_dropped(day: Day) -> None:
    """Without the claim's moment in `record_look` the time of the last look would go back."""
    anna = day.person()
    day.enter(anna)
    day.minutes(1)
    day.clock.move(seconds=55)
    slow = day.clock.moment
    with day.app.app_context():
        with transaction():
            assert watching.claim_look(day.event, now=slow)
        day.minutes(1)  # the answer is still on its way
        with transaction():
            assert watching.record_look(day.event, (), now=slow) == 0
        watch = find_watch(day.event.id)
        assert watch is not None
        assert watch.looked_at == day.clock.moment
    record = day.record(anna)
    assert record is not None
    assert record.left_at is None


def test_provider_that_is_away_lets_nobody_leave_and_the_gap_is_shown(day: Day) -> None:
    anna = day.person()
    day.enter(anna)
    day.minutes(3)
    day.bbb.manner = Manner.HANGS_UP
    day.minutes(10)
    with day.app.app_context():
        watch = find_watch(day.event.id)
        assert watch is not None
        assert watch.failed_since == day.clock.moment - timedelta(minutes=9)
    day.bbb.manner = Manner.WELL
    day.minutes(2)
    record = day.record(anna)
    assert record is not None
    # 2 minutes before, 1.5 over the gap (no more is known of it), 1 after.
    assert (record.left_at, record.seconds) == (None, 270)
    with day.app.app_context():
        watch = find_watch(day.event.id)
        assert watch is not None
        assert (watch.failed_since, watch.unseen_seconds) == (None, 600)


def test_room_that_fails_to_the_end_is_shown_to_be_unseen(day: Day) -> None:
    """Without the last part of the time the page would say nothing of it."""
    anna = day.person()
    day.enter(anna)
    day.clock.moment = day.event.ends_at - timedelta(minutes=20)
    day.bbb.manner = Manner.HANGS_UP
    day.minutes(1)
    assert _unseen(day) == 0
    day.minutes(9)
    assert _unseen(day) == 8  # since the first look, which could see nothing either
    day.clock.moment = day.event.ends_at + timedelta(minutes=31)
    day.minutes(2)
    assert _unseen(day) == 18
    day.minutes(5)
    assert _unseen(day) == 18


def _unseen(day: Day) -> int:
    with day.app.app_context():
        return watching.unseen_minutes(day.event, now=day.clock.moment)


def test_room_that_is_seen_to_the_end_misses_nothing(day: Day) -> None:
    day.enter(day.person())
    day.minutes(3)
    assert _unseen(day) == 0
    with day.app.app_context():
        assert watching.unseen_minutes(make_event(day.app), now=day.clock.moment) == 0


@pytest.mark.parametrize(
    "manner", [Manner.BROKEN, Manner.HTML, Manner.HUGE, Manner.BOMB, Manner.OTHER_ALGORITHM]
)
@pytest.mark.one_database_by_day
def test_answer_that_is_none_changes_nothing(day: Day, manner: Manner) -> None:
    anna = day.person()
    day.enter(anna)
    day.minutes(3)
    day.bbb.manner = manner
    day.minutes(2)
    record = day.record(anna)
    assert record is not None
    assert (record.left_at, record.minutes) == (None, 2)


def test_failing_provider_is_asked_once_a_round(day: Day) -> None:
    other = Day(day.app, day.bbb, day.clock)
    for each in (day, other):
        each.enter(each.person())
    day.bbb.manner = Manner.BROKEN
    day.bbb.calls.clear()
    day.minutes(1)
    assert len(day.bbb.calls) == 1


def test_room_that_was_never_made_is_not_looked_into(day: Day) -> None:
    day.minutes(10)
    assert day.bbb.calls == []


def test_looks_end_half_an_hour_after_the_end_and_everybody_has_left(day: Day) -> None:
    anna = day.person()
    day.enter(anna)
    day.minutes(1)
    day.clock.moment = day.event.ends_at + timedelta(minutes=28)
    day.minutes(1)
    last = day.clock.moment
    day.minutes(1)
    day.bbb.calls.clear()
    day.minutes(3)
    record = day.record(anna)
    assert record is not None
    assert record.left_at == last
    assert day.bbb.calls == []


def test_room_that_is_another_one_now_is_not_looked_into(day: Day) -> None:
    anna = day.person()
    day.enter(anna)
    day.minutes(2)
    with day.app.app_context(), transaction():
        row = db.session.get(Event, day.event.id)
        assert row is not None
        row.room_provider = "link"
    day.bbb.calls.clear()
    day.minutes(2)
    assert day.bbb.calls == []
    record = day.record(anna)
    assert record is not None
    assert (record.left_at is None, record.minutes) == (False, 1)


def test_empty_room_is_asked_for_again_by_whoever_comes(day: Day) -> None:
    anna = day.person()
    day.enter(anna)
    day.minutes(1)
    day.leave(anna)
    day.minutes(1)
    day.bbb.expire(day.key)
    day.enter(anna)
    day.minutes(2)
    assert day.bbb.names().count("create") == 2
    with day.app.app_context():
        session = find_session(day.event.id, "bbb")
        assert session is not None
        assert session.session == day.bbb.meetings[day.key].session
    assert day.minutes_of(anna) == 1


def test_clock_that_is_set_back_holds_up_no_look(day: Day) -> None:
    anna = day.person()
    day.enter(anna)
    day.minutes(3)
    day.clock.move(minutes=-8)
    day.bbb.calls.clear()
    day.minutes(2)
    assert day.bbb.names() == ["getMeetingInfo"] * 2
    assert day.minutes_of(anna) == 2


def test_look_writes_many_people_by_one_statement(day: Day) -> None:
    people = [day.person() for _ in range(30)]
    for person in people:
        day.enter(person)
    with day.app.app_context():
        found = [Presence(visitor_of(person).opaque_id) for person in people]
        with transaction():
            watching.claim_look(day.event, now=day.clock.moment)
            with Queries(day.app) as written:
                watching.record_look(day.event, found, now=day.clock.moment)
    assert sum("INTO attendance" in each for each in written.statements) == 1


def test_person_on_two_devices_is_counted_once(day: Day) -> None:
    """The server lists them twice with the same id, beside one without any."""
    anna = day.person()
    day.enter(anna)
    with day.app.app_context():
        twice = [Presence(visitor_of(anna).opaque_id, name) for name in ("Anna", "Anna (2)")]
        for _minute in range(2):
            day.clock.move(minutes=1)
            with transaction():
                assert watching.claim_look(day.event, now=day.clock.moment)
            with transaction():
                found = [*twice, Presence("")]
                assert watching.record_look(day.event, found, now=day.clock.moment) == 1
    assert day.minutes_of(anna) == 1


@pytest.mark.one_database_by_day
def test_list_of_five_hundred_people_is_read(day: Day) -> None:
    anna = day.person()
    day.enter(anna)
    listed = day.bbb.meetings[day.key].listed
    listed |= {f"{number:040}": ("Ä" * 64, "VIEWER") for number in range(500)}
    day.minutes(2)
    assert day.minutes_of(anna) == 1


def test_many_who_come_at_once_enter_one_meeting(day: Day) -> None:
    people = [day.person() for _ in range(16)]
    day.bbb.lock_held = lambda: False  # one may write while another calls
    with ThreadPoolExecutor(8) as pool:
        list(pool.map(day.enter, people))
    assert len(day.bbb.meetings) == 1
    with day.app.app_context():
        assert [each.session for each in sessions_of(day.event.id)] == [
            day.bbb.meetings[day.key].session
        ]
    day.minutes(2)
    assert {day.minutes_of(person) for person in people} == {1}


def test_stopping_worker_looks_into_no_further_room(day: Day) -> None:
    day.enter(day.person())
    watcher = day.new_worker()
    watcher._stopping = threading.Event()
    watcher._stopping.set()
    day.bbb.calls.clear()
    assert watcher.look_around() == 0
    assert day.bbb.calls == []

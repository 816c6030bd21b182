"""The view of attendance says in SQL what the rule says, on both databases."""

from collections.abc import Iterator
from datetime import datetime, timedelta
from itertools import product
from pathlib import Path
from typing import Any

import pytest
from flask import Flask
from sqlalchemy import select

from ikone_events.config import Settings
from ikone_events.domain.registering.registration import Attendance, Status
from ikone_events.domain.rooms.attendance import (
    AttendanceSource,
    attendance_from,
    source_of,
    statement_for,
)
from ikone_events.store.db import db, transaction
from ikone_events.store.events.models import Event
from ikone_events.store.figures.event_sums import first_attended
from ikone_events.store.registering.models import Registration
from ikone_events.store.rooms.attendance import (
    attendance_of,
    attendances,
    record_door,
    record_statement,
    recorded_among,
)
from ikone_events.store.rooms.models import AttendanceRecord
from ikone_events.store.rooms.recorded import is_noted_absent, is_present, with_records
from tests.factories import NOW, make_event, make_organisation, make_registration, make_settings
from tests.postgres import fresh_database

pytestmark = pytest.mark.both_databases

AFTER = NOW + timedelta(days=60)
# What each source may say: an absence is no record, nor is a record without any source.
RECORDS: dict[str, dict[str, Any]] = {
    "no row": {},
    "nothing": {"provider_user": "w_1"},
    "door": {"door_at": NOW},
    "in the room": {"joined_at": NOW, "minutes": 0},
    "left": {"joined_at": NOW, "left_at": NOW, "minutes": 12},
    "door and room": {"door_at": NOW, "joined_at": NOW, "left_at": NOW, "minutes": 87},
    "said there": {"stated": "attended", "stated_at": NOW},
    "said absent": {"stated": "missed", "stated_at": NOW},
    "corrected": {"door_at": NOW, "joined_at": NOW, "stated": "missed", "stated_at": NOW},
}


@pytest.fixture
def database(request: pytest.FixtureRequest) -> Iterator[str]:
    if request.param == "sqlite":
        yield ""
        return
    with fresh_database(laid=True) as url:
        yield url


@pytest.fixture
def settings(data_dir: Path, database: str) -> Settings:
    return make_settings(data_dir, database_url=database)


def record(app: Flask, person: Registration, **values: Any) -> None:
    if values:
        with app.app_context(), transaction():
            row = AttendanceRecord(registration_id=person.id, event_id=person.event_id, **values)
            db.session.add(row)


def event_of(app: Flask, *, over: bool = True, **values: Any) -> Event:
    start = AFTER + timedelta(days=-2 if over else 2)
    return make_event(app, starts_at=start, ends_at=start + timedelta(hours=2), **values)


def view(app: Flask, now: datetime, event: Event | None = None) -> dict[int, str | None]:
    wanted = select(Registration.id, attendance_of(now, event.id if event else None))
    if event is not None:
        wanted = wanted.where(Registration.event_id == event.id)
    with app.app_context():
        return {number: found for number, found in db.session.execute(wanted)}  # noqa: C416


def test_view_equals_the_rule_for_all_sources(app: Flask) -> None:
    wanted: dict[int, str | None] = {}
    given: dict[int, dict[str, Any]] = {}
    said: dict[int, tuple[bool, bool]] = {}  # as figures add it up
    events = []
    for over, incomplete, someone in product((False, True), repeat=3):
        event = event_of(app, over=over, attendance_incomplete=incomplete)
        events.append(event)
        for values in RECORDS.values():
            stated = values.get("stated", "")
            sources = {"at_door": "door_at" in values, "in_room": "joined_at" in values}
            if not someone and (stated == "attended" or (not stated and any(sources.values()))):
                continue  # that would be somebody who came
            person = make_registration(app, event)
            record(app, person, **values)
            known = over and someone and not incomplete
            found = attendance_from(stated=stated, **sources, absence_known=known)
            wanted[person.id], given[person.id] = found, values
            said[person.id] = (found == Attendance.ATTENDED, stated == Attendance.MISSED)
        with app.app_context():
            assert recorded_among([event.id]) == ({event.id} if someone else set())
    assert view(app, AFTER) == wanted
    for event in events:
        with app.app_context():
            found_of = attendances(event, AFTER)
        assert view(app, AFTER, event) == {
            number: each.attendance for number, each in found_of.items()
        }
        for number, known_of in found_of.items():
            values = given.pop(number)
            assert known_of.attendance == wanted[number]
            assert known_of.recorded == (wanted[number] if known_of.source else None)
            assert {name: getattr(known_of, name) for name in values} == values
    assert not given
    with app.app_context():
        rows = db.session.execute(
            with_records(select(Registration.id, is_present(), is_noted_absent()))
        )
        summed = {number: (bool(came), bool(absent)) for number, came, absent in rows}
    assert summed == said


def test_people_who_withdrew_make_nobody_absent(app: Flask) -> None:
    """Somebody tried the door before the start and withdrew; nobody else is recorded."""
    event = event_of(app)
    person = make_registration(app, event)
    record(app, make_registration(app, event, status="cancelled"), door_at=NOW)
    assert view(app, AFTER, event)[person.id] is None


@pytest.mark.parametrize("state", ["draft", "cancelled", "postponed"])
def test_nobody_is_absent_from_an_event_that_did_not_take_place(app: Flask, state: str) -> None:
    event = event_of(app, state=state)
    person = make_registration(app, event)
    record(app, make_registration(app, event), **RECORDS["said there"])
    assert view(app, AFTER)[person.id] is None


def test_statement_counts_where_other_sources_are_silent() -> None:
    """Whatever is wanted is what the view says afterwards, unless the sources forbid it."""
    for wanted, door, room in product((None, *Attendance), (False, True), (False, True)):
        said = statement_for(wanted, at_door=door, in_room=room)
        found = attendance_from(stated=said or "", at_door=door, in_room=room, absence_known=False)
        assert found == (wanted if wanted or not (door or room) else Attendance.MISSED)
        assert (source_of(stated=said or "", at_door=door, in_room=room) is not None) == (
            found is not None
        )


def test_word_of_a_person_is_taken_back_and_the_sources_speak_again(app: Flask) -> None:
    event = event_of(app)
    person = make_registration(app, event)
    record(app, person, door_at=NOW, joined_at=NOW, minutes=87)
    for said, attendance, source in (
        (Attendance.MISSED, "missed", AttendanceSource.PERSON),
        (None, "attended", AttendanceSource.PROVIDER),
    ):
        with app.app_context(), transaction():
            record_statement(person.id, event.id, said, now=AFTER, by="Paula")
        with app.app_context():
            known = attendances(event, AFTER, [person.id])[person.id]
        assert (known.attendance, known.source, known.minutes) == (attendance, source, 87)
        assert known.stated_by == ("Paula" if said else "")


def test_person_without_a_place_has_no_attendance(app: Flask) -> None:
    event = make_event(app)
    body = make_organisation(app, "Bendorf")
    person = make_registration(app, event, status=Status.CANCELLED.value, organisation_id=body.id)
    with app.app_context(), transaction():
        record_door(person.id, event.id, NOW)
    assert view(app, AFTER) == {person.id: None}
    with app.app_context():
        [(_number, came)] = db.session.execute(with_records(select(Registration.id, is_present())))
        assert not came
        assert first_attended() == {}


def test_second_press_at_the_door_keeps_the_first_moment(app: Flask) -> None:
    event = make_event(app)
    person = make_registration(app, event)
    with app.app_context(), transaction():
        record_statement(person.id, event.id, Attendance.MISSED, now=NOW, by="Paula")
        record_door(person.id, event.id, NOW)
        record_door(person.id, event.id, NOW + timedelta(minutes=5))
    with app.app_context():
        record = db.session.get(AttendanceRecord, person.id)
        assert record is not None
        assert (record.door_at, record.stated) == (NOW, "missed")

"""The view of attendance says in SQL what the rule says."""

from datetime import datetime, timedelta
from itertools import product

from flask import Flask
from sqlalchemy import select

from ikone_events.domain.registering.registration import Attendance, Status
from ikone_events.domain.rooms.attendance import attendance_from
from ikone_events.store.db import db, transaction
from ikone_events.store.events.models import Event
from ikone_events.store.registering.models import Registration
from ikone_events.store.rooms.attendance import attendance_of, record_door, record_statement
from ikone_events.store.rooms.models import AttendanceRecord
from tests.factories import NOW, make_event, make_registration

AFTER = NOW + timedelta(days=60)


def _view(app: Flask, now: datetime) -> dict[str, str | None]:
    wanted = (
        select(Registration.public_id, attendance_of(now))
        .join(Event, Event.id == Registration.event_id)
        .outerjoin(AttendanceRecord, AttendanceRecord.registration_id == Registration.id)
    )
    with app.app_context():
        return {public_id: found for public_id, found in db.session.execute(wanted)}  # noqa: C416


def test_view_equals_the_rule_for_all_sources(app: Flask) -> None:
    wanted: dict[str, str | None] = {}
    for over, incomplete, someone in product((False, True), repeat=3):
        start = AFTER + timedelta(days=-2 if over else 2)
        event = make_event(
            app,
            starts_at=start,
            ends_at=start + timedelta(hours=2),
            attendance_incomplete=incomplete,
        )
        if someone:
            other = make_registration(app, event)
            wanted[other.public_id] = Attendance.ATTENDED
            with app.app_context(), transaction():
                record_door(other.id, event.id, NOW)
        for stated, door in product((None, Attendance.MISSED), (False, True)):
            if door and stated is None and not someone:
                continue  # that would be somebody who came
            person = make_registration(app, event)
            with app.app_context(), transaction():
                if door:
                    record_door(person.id, event.id, NOW)
                record_statement(person.id, event.id, stated, now=NOW, by="Paula")
            wanted[person.public_id] = attendance_from(
                stated=stated or "",
                at_door=door,
                in_room=False,
                absence_known=over and someone and not incomplete,
            )
    assert _view(app, AFTER) == wanted


def test_person_without_a_place_has_no_attendance(app: Flask) -> None:
    event = make_event(app)
    person = make_registration(app, event, status=Status.CANCELLED.value)
    with app.app_context(), transaction():
        record_door(person.id, event.id, NOW)
    assert _view(app, AFTER) == {person.public_id: None}


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

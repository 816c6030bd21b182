"""What the records of attendance say by themselves, for queries that add up many people."""

from typing import Any, TypeVar

from sqlalchemy import ColumnElement, FromClause, Select, and_, or_

from ikone_events.domain.registering.registration import Attendance, Status
from ikone_events.store.registering.models import Registration
from ikone_events.store.rooms.models import AttendanceRecord

_RECORD = AttendanceRecord.__table__
Query = TypeVar("Query", bound=Select[*tuple[Any, ...]])


def with_records(wanted: Query) -> Query:
    """A query of Registration joined to the records, for `is_present` and `is_noted_absent`.

    For queries that add up many events, where `attendance_of` would look up each person by itself.
    Absences that follow are not among them: `attendance_from` says when there are any.
    """
    return wanted.outerjoin(AttendanceRecord, AttendanceRecord.registration_id == Registration.id)


def is_present() -> ColumnElement[bool]:
    """Whether a person with a place is known to have come; see `with_records`."""
    stated = _RECORD.c.stated
    came = or_(stated == Attendance.ATTENDED.value, and_(stated == "", at_door_or_in_room(_RECORD)))
    return and_(Registration.status == Status.CONFIRMED.value, came)


def is_noted_absent() -> ColumnElement[bool]:
    """Whether the office noted a person with a place as absent; see `with_records`."""
    missed = _RECORD.c.stated == Attendance.MISSED.value
    return and_(Registration.status == Status.CONFIRMED.value, missed)


def at_door_or_in_room(record: FromClause) -> ColumnElement[bool]:
    """Whether a record is of the page before the room, or of the room."""
    return or_(record.c.door_at.is_not(None), record.c.joined_at.is_not(None))

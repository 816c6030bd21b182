"""Who came: the one view that lists, mails and figures ask, and the writing of its sources."""

from datetime import datetime

from sqlalchemy import ColumnElement, and_, case, exists, func, or_, select

from ikone_events.domain.events.facts import CALLED_OFF, State
from ikone_events.domain.registering.registration import Attendance, Status
from ikone_events.store.db import db, insert_into
from ikone_events.store.events.models import Event
from ikone_events.store.registering.models import Registration
from ikone_events.store.rooms.models import AttendanceRecord

_RECORD = AttendanceRecord


def attendance_of(now: datetime) -> ColumnElement[str | None]:
    """The attendance of a registration in a query: an Attendance, or NULL where it is unknown.

    The query joins Event and, as an outer join, AttendanceRecord. The rule is that of
    `attendance_from` (domain/rooms/attendance.py); a test holds them equal. People without a place
    have none.
    """
    recorded = case(
        (_RECORD.stated != "", _RECORD.stated),
        (or_(_RECORD.door_at.is_not(None), _RECORD.joined_at.is_not(None)), Attendance.ATTENDED),
        (_absence_known(now), Attendance.MISSED),
    )
    return case((Registration.status == Status.CONFIRMED.value, recorded))


def _absence_known(now: datetime) -> ColumnElement[bool]:
    others = AttendanceRecord.__table__.alias()
    came = or_(
        others.c.stated == Attendance.ATTENDED.value,
        and_(
            others.c.stated == "",
            or_(others.c.door_at.is_not(None), others.c.joined_at.is_not(None)),
        ),
    )
    return and_(
        Event.ends_at <= now,
        Event.state.not_in((State.DRAFT.value, *CALLED_OFF)),
        Event.attendance_incomplete.is_(False),
        exists(select(1).where(others.c.event_id == Event.id, came)),
    )


def present_since(event_id: int) -> dict[int, datetime]:
    """Since when people are known to be there, by registration id: checked in, or come online.

    Whoever the office says has missed the event is not there, whatever the other sources say.
    """
    came_at = func.coalesce(_RECORD.door_at, _RECORD.joined_at)
    moment = case((_RECORD.stated == Attendance.ATTENDED.value, _RECORD.stated_at), else_=came_at)
    known = select(_RECORD.registration_id, moment).where(
        _RECORD.event_id == event_id,
        _RECORD.stated != Attendance.MISSED.value,
        moment.is_not(None),
    )
    return dict(db.session.execute(known).all())


def record_door(registration_id: int, event_id: int, now: datetime) -> None:
    """Record that a person pressed the button before the room; a repeat changes nothing."""
    row = insert_into(AttendanceRecord).values(
        registration_id=registration_id, event_id=event_id, door_at=now, stated="", stated_by=""
    )
    known = AttendanceRecord.__table__.c
    change = row.on_conflict_do_update(
        index_elements=[known.registration_id],
        set_={"door_at": now},
        where=known.door_at.is_(None),
    )
    db.session.execute(change)


def record_statement(
    registration_id: int, event_id: int, stated: Attendance | None, *, now: datetime, by: str
) -> None:
    """Record what a person of the office says; None takes it back, and the other sources stay."""
    values = {
        "stated": stated.value if stated else "",
        "stated_at": now if stated else None,
        "stated_by": by if stated else "",
    }
    row = insert_into(AttendanceRecord).values(
        registration_id=registration_id, event_id=event_id, **values
    )
    known = AttendanceRecord.__table__.c.registration_id
    db.session.execute(row.on_conflict_do_update(index_elements=[known], set_=values))

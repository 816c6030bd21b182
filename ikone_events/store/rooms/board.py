"""What the live board shows of the people of an event: two statements, however many they are."""

from collections.abc import Collection
from datetime import datetime

from sqlalchemy import ScalarSelect, func, select

from ikone_events.domain.events.facts import EventFormat, Mode
from ikone_events.domain.registering.registration import Attendance, Status
from ikone_events.domain.rooms.board import BoardPerson
from ikone_events.domain.rooms.check_in import PressKind
from ikone_events.domain.salutation import full_name
from ikone_events.store.db import db
from ikone_events.store.directory.models import Organisation
from ikone_events.store.events.models import Event
from ikone_events.store.registering.form_fields import Answer
from ikone_events.store.registering.models import Registration
from ikone_events.store.rooms.attendance import attendance_of
from ikone_events.store.rooms.models import AttendanceRecord, CheckInPress

_RECORD = AttendanceRecord
_RECORDED = ("stated_at", "door_at", "joined_at", "left_at")
_MOMENTS = (*_RECORDED, "checked_in_at")


def people_on_board(event: Event, now: datetime) -> list[BoardPerson]:
    """The confirmed people of an event by name, with what is known of their attendance."""
    rows = db.session.execute(
        select(
            *(Registration.public_id, Registration.title, Registration.first_name),
            *(Registration.last_name, Registration.email, Registration.mode),
            func.coalesce(Organisation.name, Registration.organisation_text).label("office"),
            attendance_of(now, event.id).label("attendance"),
            _checked_in_at().label("checked_in_at"),
            *(getattr(_RECORD, name) for name in ("stated", "stated_by", *_RECORDED)),
        )
        .select_from(Registration)
        .outerjoin(Organisation, Registration.organisation_id == Organisation.id)
        .outerjoin(_RECORD, _RECORD.registration_id == Registration.id)
        .where(
            Registration.event_id == event.id,
            Registration.status == Status.CONFIRMED.value,
            Registration.anonymised_at.is_(None),
        )
        .order_by(Registration.name_key, Registration.id)
    )
    format_ = EventFormat(event.format)
    return [
        BoardPerson(
            public_id=row.public_id,
            name=full_name(row.title, row.first_name, row.last_name),
            administration=row.office,
            email=row.email,
            mode=_mode(format_, row.mode),
            attendance=Attendance(row.attendance) if row.attendance else None,
            stated=row.stated or "",
            stated_by=row.stated_by or "",
            **{name: getattr(row, name) for name in _MOMENTS},
        )
        for row in rows
    ]


def _checked_in_at() -> ScalarSelect[datetime]:
    """The moment of the statement, if that was a press at the entrance."""
    return (
        select(func.min(CheckInPress.at))
        .where(
            CheckInPress.registration_id == Registration.id,
            CheckInPress.kind == PressKind.IN.value,
            CheckInPress.at == _RECORD.stated_at,
        )
        .correlate(Registration, _RECORD)
        .scalar_subquery()
    )


def _mode(format_: EventFormat, mode: str) -> Mode:
    if format_ is EventFormat.HYBRID:
        return Mode(mode)
    return Mode.ON_SITE if format_ is EventFormat.ON_SITE else Mode.ONLINE


def telephones(field_ids: Collection[int]) -> dict[str, str]:
    """What people answered to these fields, by their public id."""
    if not field_ids:
        return {}
    rows = db.session.execute(
        select(Registration.public_id, Answer.value)
        .join(Answer, Answer.registration_id == Registration.id)
        .where(Answer.field_id.in_(field_ids))
        .order_by(Answer.id.desc())
    )
    return {public_id: value for public_id, value in rows}  # noqa: C416 - rows are no tuples

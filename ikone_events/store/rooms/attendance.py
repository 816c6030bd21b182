"""Who came: the one view that lists, mails and figures ask, and the writing of its sources."""

from collections.abc import Collection, Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import (
    ColumnElement,
    Select,
    and_,
    case,
    func,
    literal,
    or_,
    select,
    update,
)

from ikone_events.domain.events.facts import CALLED_OFF, State
from ikone_events.domain.registering.registration import Attendance, Status
from ikone_events.domain.rooms.attendance import AttendanceSource, source_of
from ikone_events.store.db import UTCDateTime, db, insert_into, rows_written
from ikone_events.store.events.models import Event
from ikone_events.store.registering.models import Registration
from ikone_events.store.rooms.models import AttendanceRecord
from ikone_events.store.rooms.recorded import at_door_or_in_room

_RECORD = AttendanceRecord.__table__
# Of the subqueries of the view. Made once: an alias copies every column of its table.
_MINE, _CAME, _PERSON = _RECORD.alias(), _RECORD.alias(), Registration.__table__.alias()
_EVENT = Event.__table__.alias()


@dataclass(frozen=True, slots=True, kw_only=True)
class KnownAttendance:
    """What is known of one person: the attendance of the view, and what its sources say.

    `attendance` is None while it is unknown. `stated`, `stated_at` and `stated_by` are the word of
    the office. `minutes` are None where no provider counted them.
    """

    attendance: Attendance | None
    door_at: datetime | None = None
    joined_at: datetime | None = None
    left_at: datetime | None = None
    seen_at: datetime | None = None
    minutes: int | None = None
    provider_user: str = ""
    stated: Attendance | None = None
    stated_at: datetime | None = None
    stated_by: str = ""

    @property
    def source(self) -> AttendanceSource | None:
        """The source that decides; None for an absence that follows, and where all is unknown."""
        return source_of(
            stated=self.stated or "",
            at_door=self.door_at is not None,
            in_room=self.joined_at is not None,
        )

    @property
    def recorded(self) -> Attendance | None:
        """The attendance without an absence that only follows."""
        return self.attendance if self.source else None


def attendance_of(now: datetime, event_id: int | None = None) -> ColumnElement[str | None]:
    """The attendance of a registration in a query: an Attendance, or NULL where it is unknown.

    The query needs no join, only Registration. `event_id`: all of them are people of this event,
    so the database asks once whether absence is known there. The rule is that of `attendance_from`
    (domain/rooms/attendance.py); a test holds them equal. People without a place have none.
    """
    recorded = (
        select(
            case(
                (_MINE.c.stated != "", _MINE.c.stated),
                (at_door_or_in_room(_MINE), Attendance.ATTENDED.value),
            )
        )
        .where(_MINE.c.registration_id == Registration.id)
        .correlate(Registration)
        .scalar_subquery()
    )
    absent = case((_absence_known(now, event_id), Attendance.MISSED.value))
    is_confirmed = Registration.status == Status.CONFIRMED.value
    return case((is_confirmed, func.coalesce(recorded, absent)))


def attendances(
    event: Event, now: datetime, people: Collection[int] | None = None
) -> dict[int, KnownAttendance]:
    """What is known of everybody of an event, or of these people of it, by id; one query."""
    columns = [getattr(AttendanceRecord, name) for name in _KNOWN]
    wanted = (
        select(Registration.id, attendance_of(now, event.id), *columns)
        .outerjoin(AttendanceRecord, AttendanceRecord.registration_id == Registration.id)
        .where(Registration.event_id == event.id)
    )
    if people is not None:
        wanted = wanted.where(Registration.id.in_(people))
    return {number: _known(found, values) for number, found, *values in db.session.execute(wanted)}


_KNOWN = (
    *("door_at", "joined_at", "left_at", "seen_at", "minutes", "provider_user"),
    *("stated", "stated_at", "stated_by"),
)


def minutes_of(people: Collection[int]) -> dict[int, int]:
    """The minutes that a provider has counted, by the id of the registration."""
    wanted = select(AttendanceRecord.registration_id, AttendanceRecord.minutes)
    mine = wanted.where(
        AttendanceRecord.registration_id.in_(people), AttendanceRecord.minutes.is_not(None)
    )
    return {number: minutes for number, minutes in db.session.execute(mine) if minutes is not None}


def _known(found: str | None, values: Iterable[object]) -> KnownAttendance:
    known: dict[str, object] = {
        name: value
        for name, value in zip(_KNOWN, values, strict=True)
        if value is not None and value != ""
    }
    if "stated" in known:
        known["stated"] = Attendance(str(known["stated"]))
    return KnownAttendance(attendance=Attendance(found) if found else None, **known)  # type: ignore[arg-type]


def recorded_among(event_ids: Collection[int]) -> frozenset[int]:
    """Those of these events of which somebody is known to have come; one query."""
    came = _came(Event.id.expression).correlate(Event).exists()
    return frozenset(db.session.scalars(select(Event.id).where(Event.id.in_(event_ids), came)))


def _absence_known(now: datetime, event_id: int | None) -> ColumnElement[bool]:
    """Whether the event is over, somebody is recorded, and the list is not incomplete."""
    of: ColumnElement[int] = literal(event_id) if event_id else Registration.event_id.expression
    over = select(literal(1)).where(
        _EVENT.c.id == of,
        _EVENT.c.ends_at <= now,
        _EVENT.c.state.not_in((State.DRAFT.value, *CALLED_OFF)),
        _EVENT.c.attendance_incomplete.is_(False),
    )
    found = (over, _came(of))
    if event_id is None:
        found = (over.correlate(Registration), _came(of).correlate(Registration))
    return and_(*(each.exists() for each in found))


def _came(event_id: ColumnElement[int]) -> Select[int]:
    """The records of people with a place who are known to have come."""
    is_known = and_(_CAME.c.stated == "", at_door_or_in_room(_CAME))
    return (
        select(literal(1))
        .select_from(_CAME.join(_PERSON, _PERSON.c.id == _CAME.c.registration_id))
        .where(
            _CAME.c.event_id == event_id,
            _PERSON.c.status == Status.CONFIRMED.value,
            or_(_CAME.c.stated == Attendance.ATTENDED.value, is_known),
        )
    )


def present_since(event_id: int) -> dict[int, datetime]:
    """Since when people are known to be there, by registration id: checked in, or come online.

    Whoever the office says has missed the event is not there, whatever the other sources say.
    """
    came_at = func.coalesce(_RECORD.c.door_at, _RECORD.c.joined_at)
    moment = case(
        (_RECORD.c.stated == Attendance.ATTENDED.value, _RECORD.c.stated_at), else_=came_at
    )
    known = select(_RECORD.c.registration_id, moment).where(
        _RECORD.c.event_id == event_id,
        _RECORD.c.stated != Attendance.MISSED.value,
        moment.is_not(None),
    )
    return dict(db.session.execute(known).all())


def record_door(registration_id: int, event_id: int, now: datetime) -> None:
    """Record that a person pressed the button before the room; a repeat changes nothing."""
    row = insert_into(AttendanceRecord).values(
        registration_id=registration_id, event_id=event_id, door_at=now, stated="", stated_by=""
    )
    known = _RECORD.c
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
    known = _RECORD.c.registration_id
    db.session.execute(row.on_conflict_do_update(index_elements=[known], set_=values))


def state_everybody(event_id: int, *, now: datetime, by: str) -> int:
    """Record that everybody came of whom nothing is recorded; returns of how many people."""
    columns = ("registration_id", "event_id", "stated", "stated_at", "stated_by")
    came = literal(Attendance.ATTENDED.value)
    people = select(
        Registration.id, Registration.event_id, came, literal(now, UTCDateTime), literal(by)
    ).where(
        Registration.event_id == event_id,
        Registration.status == Status.CONFIRMED.value,
        Registration.anonymised_at.is_(None),
    )
    row = insert_into(AttendanceRecord)
    change = row.from_select(columns, people).on_conflict_do_update(
        index_elements=[_RECORD.c.registration_id],
        set_={name: row.excluded[name] for name in columns[2:]},
        where=and_(_RECORD.c.stated == "", ~at_door_or_in_room(_RECORD)),
    )
    return rows_written(change)


def take_back_statements(event_id: int, *, at: datetime, by: str) -> int:
    """Take back what somebody recorded of people of an event in one moment; returns how many."""
    mine = (AttendanceRecord.event_id == event_id, AttendanceRecord.stated_by == by)
    nothing = {"stated": "", "stated_at": None, "stated_by": ""}
    theirs = update(AttendanceRecord).where(*mine, AttendanceRecord.stated_at == at)
    return rows_written(theirs.values(nothing))


def load_statements(said: Iterable[tuple[Registration, Attendance]]) -> None:
    """Store what a loaded file says of people without a record, as of the end of their event."""
    db.session.add_all(
        AttendanceRecord(
            registration_id=person.id,
            event_id=person.event_id,
            stated=attendance.value,
            stated_at=person.event.ends_at,
        )
        for person, attendance in said
    )


def odd_records() -> Iterator[tuple[int, str]]:
    """The registrations whose records can't be right, and why; checked by `verify`."""
    one = AttendanceRecord
    faults: Mapping[str, ColumnElement[bool]] = {
        "of another event": one.event_id != Registration.event_id,
        "less than no minutes": one.minutes < 0,
        "minutes that are not its seconds": one.minutes != (one.seconds + 30) // 60,
        "left before joining": one.left_at < one.joined_at,
        "left or counted, never joined": and_(
            or_(one.left_at.is_not(None), one.minutes.is_not(None)), one.joined_at.is_(None)
        ),
        "stated at no time": (one.stated != "") != one.stated_at.is_not(None),
        "stated by somebody, and nothing": and_(one.stated == "", one.stated_by != ""),
    }
    for words, is_odd in faults.items():
        found = select(one.registration_id).join(
            Registration, Registration.id == one.registration_id
        )
        for number in db.session.scalars(found.where(is_odd).order_by(one.registration_id)):
            yield number, words


# Records that say by whom or by which id in the room they came to be.
NAMES_A_SOURCE = or_(AttendanceRecord.provider_user != "", AttendanceRecord.stated_by != "")


def forget_sources(people: Select[int]) -> None:
    """Remove from the records of these registrations whatever names somebody."""
    nameless = {"provider_user": "", "stated_by": ""}
    theirs = AttendanceRecord.registration_id.in_(people)
    rows_written(update(AttendanceRecord).where(theirs, NAMES_A_SOURCE).values(nameless))

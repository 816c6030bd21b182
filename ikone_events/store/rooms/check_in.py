"""Queries of the check-in: one person with what is recorded, lists, and the keys of presses."""

from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import ColumnElement, Row, Select, and_, case, func, or_, select
from sqlalchemy.orm import joinedload

from ikone_events.domain.events.facts import EventFormat, Mode
from ikone_events.domain.registering.registration import Attendance, Status
from ikone_events.domain.rooms.check_in import PressKind
from ikone_events.store.db import db, insert_into
from ikone_events.store.events.models import Event
from ikone_events.store.registering.models import Registration
from ikone_events.store.registering.search import named
from ikone_events.store.rooms.models import AttendanceRecord, CheckInPress

Query = Select[*tuple[Any, ...]]
_IS_IN = AttendanceRecord.stated == Attendance.ATTENDED.value


@dataclass(frozen=True, slots=True)
class AtEntrance:
    """A person and what somebody of the office has said of their attendance."""

    person: Registration
    stated: str
    stated_at: datetime | None
    stated_by: str

    @property
    def since(self) -> datetime | None:
        """Since when the person is in; None for all others."""
        return self.stated_at if self.stated == Attendance.ATTENDED else None


def find_at_entrance(event_id: int, public_id: str) -> AtEntrance | None:
    """A person of an event by public id, or None; anonymised ones are not found."""
    wanted = _people(event_id).where(Registration.public_id == public_id)
    row = db.session.execute(wanted).one_or_none()
    return None if row is None else _at_entrance(row)


def lock_at_entrance(event_id: int, public_id: str) -> AtEntrance | None:
    """The same, locked until the transaction ends: presses of one person wait for each other.

    The event is not locked, so people who register meanwhile and other helpers don't wait.
    """
    wanted = select(Registration.id).where(
        Registration.event_id == event_id, Registration.public_id == public_id
    )
    # The weaker lock of PostgreSQL: mails to the person may be written meanwhile.
    if db.session.scalar(wanted.with_for_update(key_share=True)) is None:
        return None
    return find_at_entrance(event_id, public_id)


def last_undo(registration_id: int) -> datetime | None:
    """When the entry of a person was taken back last."""
    wanted = select(func.max(CheckInPress.at)).where(
        CheckInPress.registration_id == registration_id,
        CheckInPress.kind == PressKind.UNDO.value,
    )
    return db.session.scalar(wanted)


def claim_press(press: CheckInPress) -> bool:
    """Store a press; False if its key is known, so that it has been carried out before."""
    columns = ("event_id", "registration_id", "key", "kind", "at", "received_at", "by_name")
    row = insert_into(CheckInPress).values({name: getattr(press, name) for name in columns})
    stored = row.on_conflict_do_nothing().returning(CheckInPress.id)
    return db.session.scalar(stored) is not None


def presses_of_other_events() -> list[int]:
    """The registrations with presses at the entrance of an event that is not theirs."""
    wanted = select(CheckInPress.registration_id).join(
        Registration, Registration.id == CheckInPress.registration_id
    )
    odd = wanted.where(CheckInPress.event_id != Registration.event_id).distinct()
    return list(db.session.scalars(odd.order_by(CheckInPress.registration_id)))


def count_inside(event: Event) -> tuple[int, int]:
    """How many people are in, and how many are expected; whoever is in was expected."""
    is_in = func.sum(case((_IS_IN, 1), else_=0))
    wanted = _joined(select(func.count(), is_in).select_from(Registration))
    expected, present = db.session.execute(wanted.where(_expected(event))).one()
    return present or 0, expected


def not_in_yet(event: Event, most: int) -> list[AtEntrance]:
    """The first expected people by name who are not in."""
    wanted = _people(event.id).where(_expected(event), func.coalesce(~_IS_IN, True))
    return _by_name(wanted, most)


def people_named(event: Event, words: str, most: int) -> list[AtEntrance]:
    """People of any status whose name, address or administration contains each of these words."""
    return _by_name(_people(event.id).where(*named(words)), most)


def last_entries(event: Event, most: int) -> list[AtEntrance]:
    """The people who came in last, the latest first."""
    wanted = _people(event.id).where(_IS_IN, Registration.status == Status.CONFIRMED.value)
    ordered = wanted.order_by(AttendanceRecord.stated_at.desc(), Registration.id)
    return [_at_entrance(row) for row in db.session.execute(ordered.limit(most))]


def _by_name(wanted: Query, most: int) -> list[AtEntrance]:
    ordered = wanted.order_by(Registration.name_key, Registration.id).limit(most)
    return [_at_entrance(row) for row in db.session.execute(ordered)]


_COLUMNS = (AttendanceRecord.stated, AttendanceRecord.stated_at, AttendanceRecord.stated_by)


def _people(event_id: int) -> Query:
    wanted = _joined(select(Registration, *_COLUMNS)).where(
        Registration.event_id == event_id, Registration.anonymised_at.is_(None)
    )
    fresh = wanted.options(joinedload(Registration.organisation))
    return fresh.execution_options(populate_existing=True)


def _joined(wanted: Query) -> Query:
    same = AttendanceRecord.registration_id == Registration.id
    return wanted.outerjoin(AttendanceRecord, same)


def _at_entrance(row: Row[*tuple[Any, ...]]) -> AtEntrance:
    person, stated, stated_at, stated_by = row
    return AtEntrance(person, stated or "", stated_at, stated_by or "")


def _expected(event: Event) -> ColumnElement[bool]:
    """Who is expected at the entrance: at hybrid events those on site, and whoever came anyway."""
    expected = and_(
        Registration.event_id == event.id,
        Registration.status == Status.CONFIRMED.value,
        Registration.anonymised_at.is_(None),
    )
    if event.format != EventFormat.HYBRID.value:
        return expected
    return and_(expected, or_(Registration.mode == Mode.ON_SITE.value, _IS_IN))

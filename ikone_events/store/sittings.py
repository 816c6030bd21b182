"""Seats: what decides about registration for one event or many, and an event's version."""

from collections.abc import Sequence
from datetime import datetime
from functools import cache
from typing import Any, NamedTuple

from sqlalchemy import Dialect, Engine, bindparam, exists, func, literal, select
from sqlalchemy.exc import OperationalError

from ikone_events.domain.lifecycle import State
from ikone_events.domain.registration import SEATED, Sitting, Status
from ikone_events.store.db import db
from ikone_events.store.events import Event
from ikone_events.store.queries import PUBLIC_STATES, event_not_found
from ikone_events.store.registrations import Registration


class Version(NamedTuple):
    """Changes with everything that an event's public page shows."""

    id: int
    touched: int
    revision: int
    state: str


_COUNTED = (*(status.value for status in SEATED), Status.WAITLISTED.value)
_OF_EVENT = Registration.event_id == bindparam("event_id")
_WAITING = exists().where(_OF_EVENT, Registration.status == Status.WAITLISTED.value)
_SEATED = (
    select(func.count())
    .where(_OF_EVENT, Registration.status.in_([status.value for status in SEATED]))
    .scalar_subquery()
)
# Built once: SQLAlchemy takes longer to put a statement together than SQLite to answer it.
_WAITS = select(literal(0), _WAITING)
_SEATED_AND_WAITS = select(_SEATED, _WAITING)
_VERSION = select(Event.id, Event.touched, Event.revision, Event.state).where(
    Event.slug == bindparam("slug")
)


def get_version(slug: str) -> Version:
    """The version of an event that the public may see; raises NotFound.

    Straight through the driver: this is all that most visits of an event's page ask of the
    database, and SQLAlchemy's session and connection would cost five times the answer.
    """
    engine = db.engine
    try:
        row = _row(engine, slug)
    except engine.dialect.loaded_dbapi.Error as fault:
        raise OperationalError(_text(engine.dialect.name), None, fault) from fault
    if row is None or row[3] not in PUBLIC_STATES:
        raise event_not_found()
    return Version(*row)


def _row(engine: Engine, slug: str) -> Any:
    connection = engine.raw_connection()
    try:
        cursor = connection.cursor()
        cursor.execute(*_for_driver(engine.dialect, slug))
        return cursor.fetchone()
    except engine.dialect.loaded_dbapi.Error:
        connection.invalidate()  # the pool must not hand it out again
        raise
    finally:
        connection.close()


def _for_driver(dialect: Dialect, slug: str) -> tuple[str, tuple[str] | dict[str, str]]:
    text = _text(dialect.name)
    return text, (slug,) if dialect.positional else {"slug": slug}


@cache
def _text(_dialect: str) -> str:
    return str(_VERSION.compile(dialect=db.engine.dialect))


def get_sitting(event: Event, now: datetime) -> Sitting:
    """What decides about registration for an event; counts rows, and only those that matter."""
    asked = _WAITS if event.capacity is None else _SEATED_AND_WAITS
    seated, waits = db.session.execute(asked, {"event_id": event.id}).one()
    numbers = {Status.CONFIRMED.value: seated}
    if waits:
        numbers[Status.WAITLISTED.value] = 1
    return _sitting(event, numbers, now)


def sittings_of(events: Sequence[Event], now: datetime) -> dict[int, Sitting]:
    """What decides about registration for each of many events, in one query."""
    numbers: dict[int, dict[str, int]] = {event.id: {} for event in events}
    rows = db.session.execute(
        select(Registration.event_id, Registration.status, func.count())
        .where(Registration.event_id.in_(numbers), Registration.status.in_(_COUNTED))
        .group_by(Registration.event_id, Registration.status)
    )
    for event_id, status, number in rows:
        numbers[event_id][status] = number
    return {event.id: _sitting(event, numbers[event.id], now) for event in events}


def _sitting(event: Event, numbers: dict[str, int], now: datetime) -> Sitting:
    return Sitting(
        now=now,
        state=State(event.state),
        starts_at=event.starts_at,
        ends_at=event.ends_at,
        deadline=event.deadline,
        capacity=event.capacity,
        waiting_list=event.waiting_list,
        accepts_late=event.accepts_late,
        seated=sum(numbers.get(status.value, 0) for status in SEATED),
        somebody_waits=Status.WAITLISTED.value in numbers,
    )

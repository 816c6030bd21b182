"""Seat availability of one event or many, and the version of an event's public page."""

from collections.abc import Sequence
from datetime import datetime
from functools import cache
from typing import Any, NamedTuple

from sqlalchemy import (
    ColumnElement,
    Engine,
    ScalarSelect,
    bindparam,
    exists,
    func,
    literal,
    select,
)
from sqlalchemy.exc import OperationalError

from ikone_events.domain.events.facts import EventFormat, Mode, State
from ikone_events.domain.events.registration_settings import SETTINGS
from ikone_events.domain.registering.registration import SEATED, Status
from ikone_events.domain.registering.seating import Pool, SeatAvailability
from ikone_events.store.db import db
from ikone_events.store.events.models import Event
from ikone_events.store.events.queries import PUBLIC_STATES, event_not_found
from ikone_events.store.registering.models import Registration


class AvailabilityVersion(NamedTuple):
    """The version of everything that an event's public page shows."""

    id: int
    lock_version: int
    edit_version: int
    state: str


_SEATED = [status.value for status in SEATED]
_COUNTED = (*_SEATED, Status.WAITLISTED.value)
_OF_EVENT = Registration.event_id == bindparam("event_id")
_WAITING = exists().where(_OF_EVENT, Registration.status == Status.WAITLISTED.value)


def _counted(*conditions: ColumnElement[bool], most: str) -> ScalarSelect[int]:
    """The number of people with a seat, counted up to the bound parameter `most`."""
    rows = select(literal(1)).where(_OF_EVENT, Registration.status.in_(_SEATED), *conditions)
    return (
        select(func.count()).select_from(rows.limit(bindparam(most)).subquery()).scalar_subquery()
    )


# Statements are built once, which costs more than running them. Counting stops at the limit.
_WAITS = select(literal(0), _WAITING)
_SEATED_AND_WAITS = select(_counted(most="most"), _WAITING)
_BY_MODE = select(
    *(_counted(Registration.mode == mode.value, most=mode.value) for mode in Mode),
    _counted(most="most"),
    _WAITING,
)
_VERSION = select(Event.id, Event.lock_version, Event.edit_version, Event.state).where(
    Event.slug == bindparam("slug")
)


def get_version(slug: str) -> AvailabilityVersion:
    """The version of a public event; raises NotFound.

    Most requests of an event's page read only this, so the query goes directly to the driver, which
    is five times faster than a session.
    """
    engine = db.engine
    try:
        row = _row(engine, slug)
    except engine.dialect.loaded_dbapi.Error as fault:
        raise OperationalError(_text(engine.dialect.name), None, fault) from fault
    if row is None or row[3] not in PUBLIC_STATES:
        raise event_not_found()
    return AvailabilityVersion(*row)


def _row(engine: Engine, slug: str) -> Any:
    connection = engine.raw_connection()
    try:
        cursor = connection.cursor()
        wanted = (slug,) if engine.dialect.positional else {"slug": slug}
        cursor.execute(_text(engine.dialect.name), wanted)
        return cursor.fetchone()
    except engine.dialect.loaded_dbapi.Error:
        connection.invalidate()  # do not return it to the pool
        raise
    finally:
        connection.close()


@cache
def _text(_dialect: str) -> str:
    return str(_VERSION.compile(dialect=db.engine.dialect))


def get_availability(event: Event, now: datetime) -> SeatAvailability:
    """The availability of an event; without a limit nothing is counted and `seated` is 0."""
    if event.format == EventFormat.HYBRID.value:
        return _hybrid_availability(event, now)
    asked = _WAITS if event.capacity is None else _SEATED_AND_WAITS
    wanted = {"event_id": event.id, "most": event.capacity}
    seated, waits = db.session.execute(asked, wanted).one()
    return _availability(event, now, seated=seated, waits=bool(waits))


def _hybrid_availability(event: Event, now: datetime) -> SeatAvailability:
    limits = _limits(event)
    wanted = {mode.value: limits[mode] or 0 for mode in Mode}
    whole = {"event_id": event.id, "most": event.capacity or 0}
    *by_mode, seated, waits = db.session.execute(_BY_MODE, {**wanted, **whole}).one()
    numbers = dict(zip(Mode, by_mode, strict=True))
    return _availability(event, now, seated=seated, waits=bool(waits), by_mode=numbers)


def _limits(event: Event) -> dict[Mode, int | None]:
    return {Mode.ONLINE: event.capacity_online, Mode.ON_SITE: event.capacity_on_site}


def availabilities_of(events: Sequence[Event], now: datetime) -> dict[int, SeatAvailability]:
    """The availability of many events by id, in one query."""
    numbers: dict[int, dict[tuple[str, str], int]] = {event.id: {} for event in events}
    rows = db.session.execute(
        select(Registration.event_id, Registration.status, Registration.mode, func.count())
        .where(Registration.event_id.in_(numbers), Registration.status.in_(_COUNTED))
        .group_by(Registration.event_id, Registration.status, Registration.mode)
    )
    for event_id, status, mode, number in rows:
        numbers[event_id][status, mode] = number
    return {event.id: _counted_availability(event, numbers[event.id], now) for event in events}


def _counted_availability(
    event: Event, numbers: dict[tuple[str, str], int], now: datetime
) -> SeatAvailability:
    by_mode = {
        mode: sum(numbers.get((status, mode.value), 0) for status in _SEATED) for mode in Mode
    }
    waits = any(status == Status.WAITLISTED.value for status, _mode in numbers)
    return _availability(event, now, seated=sum(by_mode.values()), waits=waits, by_mode=by_mode)


def _availability(
    event: Event,
    now: datetime,
    *,
    seated: int,
    waits: bool,
    by_mode: dict[Mode, int] | None = None,
) -> SeatAvailability:
    pools: dict[Mode, Pool] = {}
    hybrid = event.format == EventFormat.HYBRID.value
    if hybrid and by_mode is not None:
        pools = {mode: Pool(limit, by_mode[mode]) for mode, limit in _limits(event).items()}
    return SeatAvailability(
        now=now,
        state=State(event.state),
        starts_at=event.starts_at,
        ends_at=event.ends_at,
        seated=seated,
        somebody_waits=waits,
        modes=tuple(Mode) if hybrid else (Mode(event.format),),
        pools=pools,
        **{name: getattr(event, name) for name in SETTINGS},
    )

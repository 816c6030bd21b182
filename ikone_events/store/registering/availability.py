"""Seat availability of one event or many, and the version of an event's public page."""

from collections.abc import Sequence
from datetime import datetime
from functools import cache
from typing import Any, NamedTuple

from sqlalchemy import Engine, bindparam, select
from sqlalchemy.exc import OperationalError

from ikone_events.domain.events.facts import EventFormat, Mode, State
from ikone_events.domain.events.registration_settings import SETTINGS
from ikone_events.domain.registering.seating import Pool, SeatAvailability
from ikone_events.store.db import db
from ikone_events.store.events.models import Event
from ikone_events.store.events.queries import PUBLIC_STATES, event_not_found
from ikone_events.store.registering.models import SeatCount

# People with a seat and people who wait, by mode.
Counts = dict[str, tuple[int, int]]
_NOBODY = (0, 0)


class AvailabilityVersion(NamedTuple):
    """The version of everything that an event's public page shows."""

    id: int
    lock_version: int
    edit_version: int
    state: str


# Statements are built once, which costs more than running them.
_COUNTED = select(SeatCount.mode, SeatCount.seated, SeatCount.waiting)
_OF_EVENT = _COUNTED.where(SeatCount.event_id == bindparam("event_id"))
_OF_EVENTS = _COUNTED.add_columns(SeatCount.event_id).where(
    SeatCount.event_id.in_(bindparam("event_ids", expanding=True))
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
    """The availability of an event, from the counters that the database keeps."""
    rows = db.session.execute(_OF_EVENT, {"event_id": event.id})
    return _availability(event, now, {mode: (seated, waiting) for mode, seated, waiting in rows})


def availabilities_of(events: Sequence[Event], now: datetime) -> dict[int, SeatAvailability]:
    """The availability of many events by id, in one query."""
    counts: dict[int, Counts] = {event.id: {} for event in events}
    for mode, seated, waiting, event_id in db.session.execute(
        _OF_EVENTS, {"event_ids": list(counts)}
    ):
        counts[event_id][mode] = (seated, waiting)
    return {event.id: _availability(event, now, counts[event.id]) for event in events}


def _availability(event: Event, now: datetime, counts: Counts) -> SeatAvailability:
    hybrid = event.format == EventFormat.HYBRID.value
    pools = {m: Pool(limit, *counts.get(m, _NOBODY)) for m, limit in _limits(event).items()}
    return SeatAvailability(
        now=now,
        state=State(event.state),
        starts_at=event.starts_at,
        ends_at=event.ends_at,
        seated=sum(seated for seated, _waiting in counts.values()),
        somebody_waits=any(waiting for _seated, waiting in counts.values()),
        modes=tuple(Mode) if hybrid else (Mode(event.format),),
        pools=pools if hybrid else {},
        **{name: getattr(event, name) for name in SETTINGS},
    )


def _limits(event: Event) -> dict[Mode, int | None]:
    return {Mode.ONLINE: event.capacity_online, Mode.ON_SITE: event.capacity_on_site}

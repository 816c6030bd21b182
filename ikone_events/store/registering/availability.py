"""Seat availability of one event or many, from the counters that the database keeps."""

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any

from sqlalchemy import bindparam, select

from ikone_events.domain.events.facts import EventFormat, Mode, State
from ikone_events.domain.events.registration_settings import SETTINGS
from ikone_events.domain.registering.seating import Pool, SeatAvailability
from ikone_events.store.db import db
from ikone_events.store.events.models import Event
from ikone_events.store.events.snapshots import derived
from ikone_events.store.registering.models import SeatCount

# People with a seat and people who wait, by mode.
Counts = dict[str, tuple[int, int]]
_NOBODY = (0, 0)


# Statements are built once, which costs more than running them.
_COUNTED = select(SeatCount.mode, SeatCount.seated, SeatCount.waiting)
_OF_EVENT = _COUNTED.where(SeatCount.event_id == bindparam("event_id"))
_OF_EVENTS = _COUNTED.add_columns(SeatCount.event_id).where(
    SeatCount.event_id.in_(bindparam("event_ids", expanding=True))
)


def get_availability(event: Event, now: datetime) -> SeatAvailability:
    """The availability of an event, from the counters that the database keeps."""
    rows = db.session.execute(_OF_EVENT, {"event_id": event.id})
    counts = {mode: (seated, waiting) for mode, seated, waiting in rows}
    return availability_from(event, counts, now)


def availabilities_of(events: Sequence[Event], now: datetime) -> dict[int, SeatAvailability]:
    """The availability of many events by id, in one query."""
    counts: dict[int, Counts] = {event.id: {} for event in events}
    for mode, seated, waiting, event_id in db.session.execute(
        _OF_EVENTS, {"event_ids": list(counts)}
    ):
        counts[event_id][mode] = (seated, waiting)
    return {event.id: availability_from(event, counts[event.id], now) for event in events}


def availability_from(event: Event, counts: Counts, now: datetime) -> SeatAvailability:
    """The availability of an event with these numbers."""
    limits, rules = derived(event, "seats", lambda: _rules(event))
    return SeatAvailability(
        now=now,
        seated=sum([seated for seated, _waiting in counts.values()]),
        somebody_waits=any(waiting for _seated, waiting in counts.values()),
        pools={mode: Pool(limit, *counts.get(mode, _NOBODY)) for mode, limit in limits.items()},
        **rules,
    )


def _rules(event: Event) -> tuple[Mapping[Mode, int | None], Mapping[str, Any]]:
    """The limits of a hybrid event by mode, and what its content says about the seats."""
    hybrid = event.format == EventFormat.HYBRID.value
    limits = {Mode.ONLINE: event.capacity_online, Mode.ON_SITE: event.capacity_on_site}
    return limits if hybrid else {}, {
        "state": State(event.state),
        "starts_at": event.starts_at,
        "ends_at": event.ends_at,
        "modes": tuple(Mode) if hybrid else (Mode(event.format),),
        **{name: getattr(event, name) for name in SETTINGS},
    }

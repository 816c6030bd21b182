"""Seats and the line: nobody holds a seat that is not there, nobody waits for a free one."""

from collections.abc import Iterator
from datetime import datetime

from sqlalchemy import func, select
from sqlalchemy.orm import aliased

from ikone_events.domain.registration import ACTIVE, Status
from ikone_events.store.db import db
from ikone_events.store.events import Event
from ikone_events.store.queries import all_events
from ikone_events.store.registrations import Registration
from ikone_events.store.sittings import sittings_of

_WAITING = Status.WAITLISTED.value


def sold_twice(now: datetime) -> Iterator[str]:
    """More people than seats; those who were there when the capacity was lowered may stay."""
    events = all_events()
    sittings = sittings_of(events, now)
    for event in events:
        seated = sittings[event.id].seated
        if event.capacity is not None and seated > max(event.capacity, event.seats_kept or 0):
            yield f"seats: {event.slug}: {seated} people hold {event.capacity} seats"


def double_seats(_now: datetime) -> Iterator[str]:
    """One address, one standing at an event."""
    rows = db.session.execute(
        select(Event.slug, func.count(), func.min(Registration.id))
        .select_from(Event)
        .join(Registration, Registration.event_id == Event.id)
        .where(Registration.status.in_([status.value for status in ACTIVE]))
        .group_by(Event.slug, Registration.email_key)
        .having(func.count() > 1)
    )
    for slug, number, first in rows:
        yield f"seats: {slug}: the address of registration {first} is registered {number} times"


def unknown_standings(_now: datetime) -> Iterator[str]:
    """A standing that the rules don't know counts nowhere."""
    rows = db.session.execute(
        select(Event.slug, Registration.id, Registration.status)
        .select_from(Event)
        .join(Registration, Registration.event_id == Event.id)
        .where(Registration.status.not_in([status.value for status in Status]))
    )
    for slug, number, status in rows:
        yield f"seats: {slug}: registration {number} has the unknown standing “{status}”"


def idle_seats(now: datetime) -> Iterator[str]:
    """The line moves by itself while there are seats and the event takes people."""
    events = all_events()
    sittings = sittings_of(events, now)
    for event in events:
        sitting = sittings[event.id]
        free = sitting.free if sitting.moves and sitting.somebody_waits else 0
        if free is None or free > 0:
            number = "no limit of" if free is None else free
            yield f"waiting order: {event.slug}: people wait although there are {number} free seats"


def overtaken_people(_now: datetime) -> Iterator[str]:
    """Whoever joined the line first moves up first, and nobody new gets past the line.

    The event's counter of writes tells what came first; clocks may jump.
    """
    waiting, seated = aliased(Registration), aliased(Registration)
    rows = db.session.execute(
        select(Event.slug, waiting.id, func.min(seated.id))
        .select_from(Event)
        .join(waiting, waiting.event_id == Event.id)
        .join(seated, seated.event_id == waiting.event_id)
        .where(
            waiting.status == _WAITING,
            seated.status == Status.CONFIRMED.value,
            seated.id > waiting.id,
            seated.event_touched > waiting.event_touched,
        )
        .group_by(Event.slug, waiting.id)
        .order_by(waiting.id)
    )
    for slug, number, other in rows:
        yield f"waiting order: {slug}: registration {other} got past {number}, who still waits"

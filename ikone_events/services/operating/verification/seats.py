"""Seats and the line: nobody holds a seat that is not there, nobody waits for a free one."""

from collections.abc import Iterator
from datetime import datetime

from sqlalchemy import and_, func, or_, select, tuple_

from ikone_events.domain.events.facts import Mode
from ikone_events.domain.registering.registration import ACTIVE, SEATED, Status
from ikone_events.domain.registering.seating import Pool
from ikone_events.domain.registering.status import RegistrationAction
from ikone_events.services.registering.seating import somebody_could_move_up
from ikone_events.store.db import db
from ikone_events.store.events.models import Event
from ikone_events.store.events.queries import all_events
from ikone_events.store.registering.availability import availabilities_of
from ikone_events.store.registering.codes import Code
from ikone_events.store.registering.models import Registration, StatusChange
from ikone_events.store.registering.waiting_list import ORDER, first_waiting

_WAITING = Status.WAITLISTED.value
_SEATED = [status.value for status in SEATED]
_ACTIVE = [status.value for status in ACTIVE]


def sold_twice(now: datetime) -> Iterator[str]:
    """More people than seats; those who were there when the capacity was lowered may stay."""
    events = all_events()
    availabilities = availabilities_of(events, now)
    for event in events:
        availability = availabilities[event.id]
        if _oversold(Pool(event.capacity, availability.seated), event.seats_kept):
            yield f"seats: {event.slug}: {availability.seated} people hold {event.capacity} seats"
        kept = {Mode.ONLINE: event.seats_kept_online, Mode.ON_SITE: event.seats_kept_on_site}
        for mode, pool in availability.pools.items():
            if _oversold(pool, kept[mode]):
                yield (
                    f"seats: {event.slug}: {pool.seated} people hold"
                    f" {pool.capacity} seats “{mode.value}”"
                )


def _oversold(pool: Pool, kept: int | None) -> bool:
    return (pool.excess or 0) > (kept or 0)


def double_seats(_now: datetime) -> Iterator[str]:
    """One address, one standing at an event."""
    rows = db.session.execute(
        select(Event.slug, func.count(), func.min(Registration.id))
        .select_from(Event)
        .join(Registration, Registration.event_id == Event.id)
        .where(Registration.status.in_(_ACTIVE))
        .group_by(Event.slug, Registration.email_key)
        .having(func.count() > 1)
    )
    for slug, number, first in rows:
        yield f"seats: {slug}: the address of registration {first} is registered {number} times"


def used_up_codes(_now: datetime) -> Iterator[str]:
    """A code lets in no more people than it has uses."""
    rows = db.session.execute(
        select(Event.slug, Code.id, Code.uses, func.count())
        .select_from(Code)
        .join(Event, Code.event_id == Event.id)
        .join(Registration, Registration.code_id == Code.id)
        .where(Registration.status.in_(_ACTIVE))
        .group_by(Event.slug, Code.id, Code.uses)
        .having(func.count() > Code.uses)
    )
    for slug, number, uses, people in rows:
        yield f"seats: {slug}: code {number} has {uses} uses and let in {people} people"


def idle_seats(now: datetime) -> Iterator[str]:
    """The line moves by itself while the event takes people: whoever waits can have no seat.

    Between the moment that opens the members' seats to all and the worker's next look somebody may.
    """
    events = all_events()
    availabilities = availabilities_of(events, now)
    for event in events:
        availability = availabilities[event.id]
        if availability.free == 0 or not (availability.moves and availability.somebody_waits):
            continue
        if somebody_could_move_up(event, now=now):
            number = "no limit of" if availability.free is None else availability.free
            yield f"waiting order: {event.slug}: people wait although there are {number} free seats"


def skipped_people(_now: datetime) -> Iterator[str]:
    """Whoever joined the line first moves up first, unless the chain says why not.

    The event's counter of writes tells what came first; clocks may jump.
    """
    for event in all_events():
        first = first_waiting(event)
        if first is None:
            continue
        line, number = first
        came = StatusChange.source.in_(["", _WAITING]) & StatusChange.target.in_(_SEATED)
        behind = and_(StatusChange.source == _WAITING, tuple_(*ORDER) > tuple_(line, number))
        rows = db.session.scalars(
            select(Registration.id)
            .join(StatusChange, StatusChange.registration_id == Registration.id)
            .where(
                Registration.event_id == event.id,
                Registration.status.in_(_SEATED),
                came,
                or_(StatusChange.source == "", behind),
                StatusChange.event_lock_version > line,
                StatusChange.reason == "",
                StatusChange.action.in_([action.value for action in _BY_FREE_SEAT]),
            )
            .order_by(Registration.id)
        )
        for other in rows:
            text = f"registration {other} got past {number}, who still waits"
            yield f"waiting order: {event.slug}: {text}"


_BY_FREE_SEAT = (
    RegistrationAction.REGISTER,
    RegistrationAction.ADD,
    RegistrationAction.PROMOTE,
    RegistrationAction.MOVE_UP,
)

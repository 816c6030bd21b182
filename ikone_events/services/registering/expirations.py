"""What the clock takes back: seats nobody confirmed or accepted, and those kept for members."""

from datetime import datetime, timedelta

from sqlalchemy import ColumnElement, and_, or_, select

from ikone_events.domain.events.facts import State
from ikone_events.domain.registering.registration import Status
from ikone_events.domain.registering.seating import MOVING, Place
from ikone_events.domain.registering.status import OVER, RegistrationAction
from ikone_events.services.registering.seating import (
    SYSTEM,
    StatusCause,
    change_status,
    promote_waiting,
    somebody_could_move_up,
)
from ikone_events.store.db import db
from ikone_events.store.events.models import Event
from ikone_events.store.events.queries import lock_event
from ikone_events.store.registering.models import IS_RESERVED, Registration

# Where the event names no such time any more.
_HOURS_ANEW = 24
_MOVES = Event.state.in_([state.value for state in MOVING])
# While an event is postponed its clock stands still.
_NOT_POSTPONED = Event.state != State.POSTPONED.value


def events_to_update(now: datetime) -> list[str]:
    """The events at which something has lapsed, or the members' time has passed; only reads."""
    lapsed = (
        select(Event.slug)
        .join(Registration, Registration.event_id == Event.id)
        .where(IS_RESERVED, _due(now))
        .distinct()
    )
    return sorted({*db.session.scalars(lapsed), *_free_for_all(now)})


def _due(now: datetime) -> ColumnElement[bool]:
    """What nobody took up in time, and everything that was still open when its event ended."""
    passed = and_(Registration.reserved_until <= now, _MOVES)
    return or_(passed, and_(Event.ends_at <= now, _NOT_POSTPONED))


def _free_for_all(now: datetime) -> list[str]:
    waits = select(Registration.id).where(
        Registration.event_id == Event.id, Registration.status == Status.WAITLISTED.value
    )
    opened = select(Event).where(
        Event.members_until <= now, Event.ends_at > now, _MOVES, waits.exists()
    )
    events = db.session.scalars(opened).all()
    return [event.slug for event in events if somebody_could_move_up(event, now=now)]


def expire_due(slug: str, *, now: datetime) -> list[Registration]:
    """Let what is due lapse and give the seats to the line; returns whose place lapsed.

    An offer that lapses before the end is told; an address that nobody confirmed gets no mail.
    """
    event = lock_event(slug)
    due = (
        select(Registration)
        .join(Event, Registration.event_id == Event.id)
        .where(Registration.event_id == event.id, IS_RESERVED, _due(now))
        .order_by(Registration.reserved_until, Registration.id)
        .execution_options(populate_existing=True)
    )
    lapsed = list(db.session.scalars(due))
    _expire(event, lapsed, now=now)
    promote_waiting(event, now=now)
    return lapsed


def expire_all(event: Event, *, now: datetime) -> None:
    """Nothing stays open at an event that is put away. It must be held."""
    held = select(Registration).where(Registration.event_id == event.id, IS_RESERVED)
    _expire(event, list(db.session.scalars(held.order_by(Registration.id))), now=now)


def renew_reservations(event: Event, *, now: datetime) -> None:
    """Give those their time anew whose hold ran out while the event was called off."""
    passed = select(Registration).where(
        Registration.event_id == event.id, IS_RESERVED, Registration.reserved_until <= now
    )
    for registration in db.session.scalars(passed):
        offered = registration.status == Status.OFFERED.value
        hours = event.offer_hours if offered else event.confirm_hours
        until = now + timedelta(hours=hours or _HOURS_ANEW)
        registration.reserved_until = min(until, event.ends_at)


def _expire(event: Event, lapsed: list[Registration], *, now: datetime) -> None:
    over = now >= event.ends_at
    cause = StatusCause(
        action=RegistrationAction.EXPIRE, actor=SYSTEM, now=now, reason=OVER if over else ""
    )
    for registration in lapsed:
        silent = over or registration.status != Status.OFFERED.value
        change_status(registration, event, Place(Status.EXPIRED), cause, silent=silent)

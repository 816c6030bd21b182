"""Expiry of reserved seats, and the end of the time in which only members get seats."""

from datetime import datetime

from sqlalchemy import ColumnElement, and_, or_, select

from ikone_events.domain.events.facts import RUNNING, State
from ikone_events.domain.registering.registration import Status
from ikone_events.domain.registering.seating import Place
from ikone_events.domain.registering.status import OVER, RegistrationAction
from ikone_events.services.registering.reservations import MAIL_IS_QUEUED, renew_undelivered
from ikone_events.services.registering.seating import (
    SYSTEM,
    StatusCause,
    change_status,
    promote_waiting,
    somebody_could_move_up,
)
from ikone_events.store.damage import readable
from ikone_events.store.db import db
from ikone_events.store.events.models import Event
from ikone_events.store.events.queries import lock_event
from ikone_events.store.registering.models import IS_RESERVED, Registration

_MOVES = Event.state.in_([state.value for state in RUNNING])
# Nothing expires while an event is postponed.
_NOT_POSTPONED = Event.state != State.POSTPONED.value


def events_to_update(now: datetime) -> list[str]:
    """Slugs of events with expired reservations or whose members' time has ended; only reads."""
    expired = (
        select(Event.slug)
        .join(Registration, Registration.event_id == Event.id)
        .where(IS_RESERVED, _due(now))
        .distinct()
    )
    open_to_all = slugs_to_promote(Event.members_until <= now, now=now)
    return sorted({*db.session.scalars(expired), *open_to_all})


def _due(now: datetime) -> ColumnElement[bool]:
    """Reservations past their time, which begins with their mail, and all when the event ends."""
    passed = and_(Registration.reserved_until <= now, _MOVES, ~MAIL_IS_QUEUED)
    return or_(passed, and_(Event.ends_at <= now, _NOT_POSTPONED))


def slugs_to_promote(which: ColumnElement[bool], *, now: datetime) -> list[str]:
    """Slugs of such running events at which somebody who waits could have a free seat."""
    waits = select(Registration.id).where(
        Registration.event_id == Event.id, Registration.status == Status.WAITLISTED.value
    )
    wanted = select(Event).where(which, Event.ends_at > now, _MOVES, waits.exists())
    events = readable(wanted.order_by(Event.id), Event)
    return [event.slug for event in events if somebody_could_move_up(event, now=now)]


def expire_due(slug: str, *, now: datetime) -> list[Registration]:
    """Expire due reservations and give their seats to the waiting list; returns the expired ones.

    An offer that expires before the event's end gets a mail, an unconfirmed address none.
    """
    event = lock_event(slug)
    due = (
        select(Registration)
        .join(Event, Registration.event_id == Event.id)
        .where(Registration.event_id == event.id, IS_RESERVED, _due(now))
        .order_by(Registration.reserved_until, Registration.id)
        .execution_options(populate_existing=True)
    )
    expired = list(db.session.scalars(due))
    if now < event.ends_at:
        expired = renew_undelivered(event, expired, now=now)
    _expire(event, expired, now=now)
    promote_waiting(event, now=now)
    return expired


def expire_all(event: Event, *, now: datetime) -> None:
    """Expire all reservations of an event that is archived. The event must be locked."""
    reserved = select(Registration).where(Registration.event_id == event.id, IS_RESERVED)
    _expire(event, list(db.session.scalars(reserved.order_by(Registration.id))), now=now)


def _expire(event: Event, expired: list[Registration], *, now: datetime) -> None:
    over = now >= event.ends_at
    cause = StatusCause(
        action=RegistrationAction.EXPIRE, actor=SYSTEM, now=now, reason=OVER if over else ""
    )
    for registration in expired:
        silent = over or registration.status != Status.OFFERED.value
        change_status(registration, event, Place(Status.EXPIRED), cause, silent=silent)

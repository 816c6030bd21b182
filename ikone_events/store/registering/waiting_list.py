"""The waiting list in the order of joining, and the seats per administration."""

from collections import Counter
from collections.abc import Iterable, Sequence

from sqlalchemy import ColumnElement, and_, bindparam, func, or_, select, tuple_
from sqlalchemy.orm import joinedload

from ikone_events.domain.registering.registration import SEATED, Status
from ikone_events.domain.registering.seating import SeatAvailability
from ikone_events.store.db import db
from ikone_events.store.directory.models import Organisation, member_on
from ikone_events.store.events.models import Event
from ikone_events.store.registering.models import IS_WAITING, Registration

# Identifies an administration: by its row, or by the normalised text if it is unknown.
OrganisationKey = tuple[int | None, str]
NOBODYS: OrganisationKey = (None, "")
Position = tuple[int, int]

_SEATED = [status.value for status in SEATED]
# The most people loaded at once.
BATCH = 100
# Of people who wait.
ORDER = (Registration.waiting_order, Registration.id)
_COLLEAGUES = select(func.count()).where(
    Registration.event_id == bindparam("event_id"), Registration.status.in_(_SEATED)
)
_BY_ROW = _COLLEAGUES.where(Registration.organisation_id == bindparam("organisation_id"))
_BY_KEY = _COLLEAGUES.where(
    Registration.organisation_id.is_(None), Registration.organisation_key == bindparam("key")
)


def organisation_key_of(registration: Registration) -> OrganisationKey:
    """The key of a person's administration."""
    number = registration.organisation_id
    return (number, "") if number is not None else (None, registration.organisation_key or "")


def position_of(registration: Registration) -> Position:
    """The sort key on the waiting list; the lowest is next."""
    return (registration.waiting_order or 0, registration.id)


def waiting(event_id: int) -> ColumnElement[bool]:
    """The condition: waiting for a seat at an event."""
    return and_(Registration.event_id == event_id, IS_WAITING)


def first_waiting(event: Event, *, besides: Sequence[Registration] = ()) -> Position | None:
    """The position of the first person waiting, without `besides`; None if nobody waits."""
    others = [registration.id for registration in besides]
    wanted = select(*ORDER).where(waiting(event.id), Registration.id.not_in(others))
    row = db.session.execute(wanted.order_by(*ORDER).limit(1)).first()
    return None if row is None else (row[0] or 0, row[1])


def count_colleagues(registration: Registration) -> int:
    """How many of the same administration have seats at the event."""
    number, key = organisation_key_of(registration)
    wanted = {"event_id": registration.event_id}
    if number is not None:
        return db.session.scalar(_BY_ROW, {**wanted, "organisation_id": number}) or 0
    return db.session.scalar(_BY_KEY, {**wanted, "key": key}) or 0 if key else 0


def seated_by_organisation(event: Event) -> Counter[OrganisationKey]:
    """The number of people with a seat per administration."""
    own, key = Registration.organisation_id, Registration.organisation_key
    rows = db.session.execute(
        select(own, key, func.count())
        .where(Registration.event_id == event.id, Registration.status.in_(_SEATED))
        .group_by(own, key)
    )
    found: Counter[OrganisationKey] = Counter()
    for number, text, people in rows:
        organisation = (number, "") if number is not None else (None, text)
        if organisation != NOBODYS:
            found[organisation] += people
    return found


def next_waiting(
    event: Event,
    availability: SeatAvailability,
    colleagues: Counter[OrganisationKey],
    *,
    after: Position | None,
) -> Sequence[Registration]:
    """The next people after a position who may get a seat, at most as many as free seats.

    People blocked by a rule are excluded by the query, so that many of them cost nothing.
    """
    wanted = select(Registration).where(waiting(event.id)).order_by(*ORDER)
    if availability.pools:
        served = _served(availability)
        if not served:
            return ()
        wanted = wanted.where(Registration.mode.in_(served))
    if after is not None:
        wanted = wanted.where(tuple_(*ORDER) > tuple_(*after))
    for condition in _blocking_rules(event, availability, colleagues):
        wanted = wanted.where(condition)
    wanted = wanted.limit(BATCH if availability.free is None else min(availability.free, BATCH))
    if availability.members_first:
        wanted = wanted.options(joinedload(Registration.organisation))
    return db.session.scalars(wanted).all()


def _served(availability: SeatAvailability) -> list[str]:
    """The modes of a hybrid event in which somebody waits and may get a free seat."""
    return [
        mode.value
        for mode, pool in availability.pools.items()
        if pool.waiting and availability.free_for(mode) != 0 and availability.promotes(mode)
    ]


def _blocking_rules(
    event: Event, availability: SeatAvailability, colleagues: Counter[OrganisationKey]
) -> Iterable[ColumnElement[bool]]:
    if availability.members_first:
        yield Registration.organisation_id.in_(select(Organisation.id).where(member_on(event.day)))
    limit = availability.per_administration
    if limit is not None:
        full = [organisation for organisation, number in colleagues.items() if number >= limit]
        numbers = [number for number, _key in full if number is not None]
        keys = [key for number, key in full if number is None]
        own = Registration.organisation_id
        yield or_(
            own.not_in(numbers), and_(own.is_(None), Registration.organisation_key.not_in(keys))
        )


def waiting_position(registration: Registration) -> int | None:
    """The position on the waiting list, from one; None if not waiting."""
    if registration.status != Status.WAITLISTED.value:
        return None
    up_to = tuple_(*ORDER) <= tuple_(*position_of(registration))
    wanted = select(func.count()).where(waiting(registration.event_id), up_to)
    return db.session.scalar(wanted)

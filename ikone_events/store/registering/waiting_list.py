"""The line: those who wait, in the order in which they joined, and the seats of administrations."""

from collections import Counter
from collections.abc import Iterable, Sequence

from sqlalchemy import ColumnElement, Select, and_, func, or_, select, tuple_
from sqlalchemy.orm import joinedload

from ikone_events.domain.registering.registration import SEATED, Status
from ikone_events.domain.registering.seating import SeatAvailability
from ikone_events.store.db import db
from ikone_events.store.directory.models import Organisation
from ikone_events.store.events.models import Event
from ikone_events.store.registering.models import Registration

# People of one administration: by its row, or by what they typed where that is not known.
OrganisationKey = tuple[int | None, str]
NOBODYS: OrganisationKey = (None, "")
Position = tuple[int, int]

_SEATED = [status.value for status in SEATED]
# As many are looked at in one go: one free seat must not load the whole line.
BATCH = 100
# Who came from a file has no place of their own and stands before all others.
LINE = func.coalesce(Registration.waiting_order, 0)
ORDER = (LINE, Registration.id)


def organisation_key_of(registration: Registration) -> OrganisationKey:
    """The administration that a person counts for."""
    number = registration.organisation_id
    return (number, "") if number is not None else (None, registration.organisation_key or "")


def position_of(registration: Registration) -> Position:
    """What decides about the order of the line; the lesser goes first."""
    return (registration.waiting_order or 0, registration.id)


def waiting(event_id: int) -> ColumnElement[bool]:
    """Those who wait at an event."""
    return and_(Registration.event_id == event_id, Registration.status == Status.WAITLISTED.value)


def first_waiting(event: Event, *, besides: Sequence[Registration] = ()) -> Position | None:
    """Where the first of those stands who wait, others apart."""
    others = [registration.id for registration in besides]
    wanted = select(*ORDER).where(waiting(event.id), Registration.id.not_in(others))
    row = db.session.execute(wanted.order_by(*ORDER).limit(1)).first()
    return None if row is None else (row[0], row[1])


def seated_by_organisation(event: Event) -> Counter[OrganisationKey]:
    """How many of each administration hold seats."""
    own, key = Registration.organisation_id, Registration.organisation_key
    rows = db.session.execute(
        select(own, key, func.count())
        .where(Registration.event_id == event.id, Registration.status.in_(_SEATED))
        .group_by(own, key)
    )
    found: Counter[OrganisationKey] = Counter()
    for number, text, people in rows:
        party = (number, "") if number is not None else (None, text)
        if party != NOBODYS:
            found[party] += people
    return found


def next_waiting(
    event: Event,
    availability: SeatAvailability,
    colleagues: Counter[OrganisationKey],
    *,
    after: Position | None,
) -> Sequence[Registration]:
    """The next behind a position to whom seats may go, no more than there are seats.

    Whom a rule surely holds back is left out here, so that a long line of them costs nothing.
    """
    wanted = select(Registration).where(waiting(event.id)).order_by(*ORDER)
    if after is not None:
        wanted = wanted.where(tuple_(*ORDER) > tuple_(*after))
    for condition in _held_back(event, availability, colleagues):
        wanted = wanted.where(condition)
    wanted = wanted.limit(BATCH if availability.free is None else min(availability.free, BATCH))
    return db.session.scalars(_with_membership(wanted, availability)).all()


def _with_membership(
    wanted: Select[Registration], availability: SeatAvailability
) -> Select[Registration]:
    if not availability.members_first:
        return wanted
    return wanted.options(joinedload(Registration.organisation))


def _held_back(
    event: Event, availability: SeatAvailability, colleagues: Counter[OrganisationKey]
) -> Iterable[ColumnElement[bool]]:
    if availability.pools:
        with_room = [mode.value for mode in availability.pools if availability.free_for(mode) != 0]
        yield Registration.mode.in_(with_room)
    if availability.members_first:
        yield Registration.organisation_id.in_(_members(event))
    limit = availability.per_administration
    if limit is not None:
        full = [party for party, number in colleagues.items() if number >= limit]
        numbers = [number for number, _key in full if number is not None]
        keys = [key for number, key in full if number is None]
        own = Registration.organisation_id
        yield or_(
            own.not_in(numbers), and_(own.is_(None), Registration.organisation_key.not_in(keys))
        )


def _members(event: Event) -> Select[int]:
    since, until = Organisation.member_since, Organisation.member_until
    return select(Organisation.id).where(
        Organisation.member,
        or_(since.is_(None), since <= event.day),
        or_(until.is_(None), until >= event.day),
    )


def waiting_position(registration: Registration) -> int | None:
    """The person's place in the line, from one; None when not waiting."""
    if registration.status != Status.WAITLISTED.value:
        return None
    up_to = tuple_(*ORDER) <= tuple_(*position_of(registration))
    wanted = select(func.count()).where(waiting(registration.event_id), up_to)
    return db.session.scalar(wanted)

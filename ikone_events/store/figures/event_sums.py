"""What the figures of events are added up from; each query is one for all events together."""

from collections.abc import Collection
from datetime import date, datetime
from typing import Any, NamedTuple

from sqlalchemy import JSON, and_, case, func, select

from ikone_events.domain.events.facts import State
from ikone_events.domain.figures.event_figures import COUNTED_KINDS
from ikone_events.domain.registering.registration import Awaits, Status
from ikone_events.store.db import db
from ikone_events.store.directory.models import Organisation, member_on
from ikone_events.store.events.models import Event, StateChange
from ikone_events.store.registering.models import Registration, StatusChange
from ikone_events.store.rooms.recorded import is_noted_absent, is_present, with_records

# The people with a place of one body, or of none: its id, how many, recorded as present, as absent.
BodySum = tuple[int | None, int, int, int]


class StatusSum(NamedTuple):
    """How many people of one event have a status and came by a channel."""

    event_id: int
    status: str
    via: str
    people: int


class BodyFacts(NamedTuple):
    """What decides how a body counts; `is_member_on` is that of Organisation."""

    id: int
    kind: str
    name: str
    district: str
    official_key: str
    member: bool
    member_since: date | None
    member_until: date | None

    def is_member_on(self, day: date) -> bool:
        """Whether it is a member on a local day."""
        begun = self.member_since is None or self.member_since <= day
        return self.member and begun and (self.member_until is None or day <= self.member_until)


def status_sums(event_ids: Collection[int]) -> list[StatusSum]:
    """The people of these events by status and channel."""
    group = Registration.event_id, Registration.status, Registration.via
    rows = db.session.execute(
        select(*group, func.count()).where(Registration.event_id.in_(event_ids)).group_by(*group)
    )
    return [StatusSum._make(row) for row in rows]


def body_sums(event_ids: Collection[int]) -> dict[int, list[BodySum]]:
    """The people with a place at each of these events, by body.

    The database makes one row of an event: a hundred thousand of them would take a second.
    """
    group = Registration.event_id, Registration.organisation_id
    came, absent = (func.count(case((each, 1))) for each in (is_present(), is_noted_absent()))
    wanted = with_records(select(*group, func.count(), came, absent))
    sums = (
        wanted.where(
            Registration.event_id.in_(event_ids), Registration.status == Status.CONFIRMED.value
        )
        .group_by(*group)
        .subquery()
    )
    event_id, *numbers = sums.c
    if db.engine.dialect.name == "postgresql":
        lists: Any = func.json_agg(func.json_build_array(*numbers), type_=JSON)
    else:
        lists = func.json_group_array(func.json_array(*numbers), type_=JSON)
    rows = db.session.execute(select(event_id, lists).group_by(event_id))
    return {number: found for number, found in rows}  # noqa: C416 - rows are no tuples to mypy


def unconfirmed_sums(event_ids: Collection[int]) -> dict[int, tuple[int, int]]:
    """How many people wait for their address to be confirmed, and how many expired without."""
    offered = select(StatusChange.id).where(
        StatusChange.registration_id == Registration.id,
        StatusChange.source == Status.OFFERED.value,
        StatusChange.target == Status.EXPIRED.value,
    )
    pending = Registration.status == Status.PENDING.value
    waits = and_(pending, Registration.awaits != Awaits.APPROVAL.value)
    lapsed = and_(~pending, Registration.address_confirmed_at.is_(None), ~offered.exists())
    waiting, expired = (func.count(case((each, 1))) for each in (waits, lapsed))
    rows = db.session.execute(
        select(Registration.event_id, waiting, expired)
        .where(
            Registration.event_id.in_(event_ids),
            Registration.status.in_((Status.PENDING.value, Status.EXPIRED.value)),
        )
        .group_by(Registration.event_id)
    )
    return {number: (some, others) for number, some, others in rows}


def bodies_by_id() -> dict[int, BodyFacts]:
    """All bodies of the directory."""
    columns = (getattr(Organisation, name) for name in BodyFacts._fields)
    return {row[0]: BodyFacts._make(row) for row in db.session.execute(select(*columns))}


def first_attended() -> dict[int, datetime]:
    """When each body first attended an event, by its id; also of forgotten people."""
    wanted = with_records(select(Registration.organisation_id, func.min(Event.starts_at)))
    rows = db.session.execute(
        wanted.join(Event, Event.id == Registration.event_id)
        .where(is_present(), Registration.organisation_id.is_not(None))
        .group_by(Registration.organisation_id)
    )
    return {number: first for number, first in rows if number is not None}


def cancelled_among(event_ids: Collection[int]) -> frozenset[int]:
    """Those of these archived events that had been cancelled."""
    wanted = select(StateChange.event_id).where(
        StateChange.event_id.in_(event_ids),
        StateChange.source == State.CANCELLED.value,
        StateChange.target == State.ARCHIVED.value,
    )
    return frozenset(db.session.scalars(wanted))


def count_members(day: date) -> int:
    """How many administrations are members of the network on a day."""
    wanted = select(func.count()).where(member_on(day), Organisation.kind.in_(COUNTED_KINDS))
    return db.session.scalar(wanted) or 0


def registration_moments(event_id: int) -> list[datetime]:
    """When people registered for an event, also forgotten ones; the first one first."""
    wanted = select(Registration.registered_at).where(Registration.event_id == event_id)
    return list(db.session.scalars(wanted.order_by(Registration.registered_at)))

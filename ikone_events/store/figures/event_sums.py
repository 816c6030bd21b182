"""What the figures of events are added up from; each query is one for all events together."""

from collections.abc import Collection
from datetime import date, datetime
from typing import NamedTuple

from sqlalchemy import and_, case, func, select

from ikone_events.domain.events.facts import State
from ikone_events.domain.registering.registration import Awaits, Status
from ikone_events.store.db import db
from ikone_events.store.directory.models import Organisation
from ikone_events.store.events.models import Event, StateChange
from ikone_events.store.registering.models import Registration, StatusChange
from ikone_events.store.rooms.attendance import is_present, is_said_absent, with_records


class PeopleSum(NamedTuple):
    """How many people of one event, body and status there are.

    `unconfirmed` wait for their address to be confirmed, `lapsed` have expired without; `present`
    and `absent` are recorded as such.
    """

    event_id: int
    organisation_id: int | None
    status: str
    people: int
    unconfirmed: int
    lapsed: int
    present: int
    absent: int


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


def people_sums(event_ids: Collection[int]) -> list[PeopleSum]:
    """The people of these events, added up."""
    offered = select(StatusChange.id).where(
        StatusChange.registration_id == Registration.id,
        StatusChange.source == Status.OFFERED.value,
        StatusChange.target == Status.EXPIRED.value,
    )
    waits = and_(
        Registration.status == Status.PENDING.value,
        Registration.awaits != Awaits.APPROVAL.value,
    )
    lapsed = and_(
        Registration.status == Status.EXPIRED.value,
        Registration.address_confirmed_at.is_(None),
        ~offered.exists(),
    )
    group = Registration.event_id, Registration.organisation_id, Registration.status
    sums = (func.count(case((each, 1))) for each in (waits, lapsed, is_present(), is_said_absent()))
    wanted = with_records(select(*group, func.count(Registration.id), *sums))
    rows = db.session.execute(wanted.where(Registration.event_id.in_(event_ids)).group_by(*group))
    return [PeopleSum._make(row) for row in rows]


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

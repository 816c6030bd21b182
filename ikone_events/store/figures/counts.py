"""Counts of people, administrations, materials and mails, grouped by event.

Callers name the tables they need; each costs one statement for all events.
"""

from collections.abc import Callable, Collection, Iterable, Mapping
from dataclasses import dataclass, field
from enum import Enum, auto
from typing import Any

from sqlalchemy import (
    ColumnElement,
    CompoundSelect,
    Date,
    case,
    exists,
    func,
    literal,
    null,
    or_,
    select,
    union_all,
)

from ikone_events.domain.events.facts import Number, State
from ikone_events.domain.figures.event_figures import COUNTED_KINDS
from ikone_events.domain.followup.details import Scan
from ikone_events.domain.incoming.answer_rules import ACCEPTED, DECLINED, TENTATIVE
from ikone_events.domain.registering.registration import SEATED, Awaits, Status
from ikone_events.store.db import db
from ikone_events.store.directory.models import Organisation, member_on
from ikone_events.store.events.models import Event, Material
from ikone_events.store.followup.requests import IS_UNDECIDED, MaterialRequest
from ikone_events.store.incoming.lists import IS_LOST, IS_ODD, AnswerCounts
from ikone_events.store.incoming.models import IncomingMail
from ikone_events.store.mails.models import IS_TEST, OutboxMail
from ikone_events.store.registering.models import IS_ACTIVE, Registration


class Table(Enum):
    """What can be counted, each by one statement."""

    PEOPLE = auto()
    ADMINISTRATIONS = auto()
    MATERIALS = auto()
    MAILS = auto()
    INCOMING = auto()


@dataclass(slots=True)
class Counts:
    """The figures of one event. Administrations are counted once, of confirmed people.

    `by_answer` are the PARTSTATs of confirmed people, "" for none. `members` are the
    administrations that are members on the event's day. `failed_mail` includes `bounced_mail`,
    which a server had accepted first; `unreached` counts the addresses of bounces that nobody has
    looked at, `odd_answers` other incoming mails to look at. `is_written_about`: a draft has mails
    that are no tests. `material_requests` wait for a decision.
    """

    by_status: dict[str, int] = field(default_factory=dict)
    by_answer: dict[str, int] = field(default_factory=dict)
    to_approve: int = 0
    questions: int = 0
    administrations: int = 0
    members: int = 0
    materials: int = 0
    handed_in: int = 0
    material_requests: int = 0
    infected: int = 0
    unscanned: int = 0
    failed_mail: int = 0
    bounced_mail: int = 0
    unreached: int = 0
    odd_answers: int = 0
    is_written_about: bool = False

    @property
    def answers(self) -> AnswerCounts:
        """The calendar answers of confirmed people."""
        yes, maybe, no = (self.by_answer.get(name, 0) for name in (ACCEPTED, TENTATIVE, DECLINED))
        return AnswerCounts(yes, maybe, no, self.confirmed - yes - maybe - no)

    @property
    def to_look_at(self) -> int:
        """The number of mails that need somebody: not delivered, returned, or odd answers."""
        return to_look_at(self.failed_mail, self.unreached, self.odd_answers)

    @property
    def numbers(self) -> dict[str, int]:
        """The numbers that needs read, by the names of Facts."""
        return {
            Number.CONFIRMED: self.confirmed,
            Number.MATERIALS: self.materials,
            Number.REGISTERED: self.total,
            Number.MAILS: int(self.is_written_about),
        }

    @property
    def total(self) -> int:
        """The number of all registrations."""
        return sum(self.by_status.values())

    @property
    def confirmed(self) -> int:
        """The number of confirmed people."""
        return self.by_status.get(Status.CONFIRMED.value, 0)

    @property
    def seated(self) -> int:
        """The number of people with a seat, also a reserved one."""
        return sum(self.by_status.get(status.value, 0) for status in SEATED)

    @property
    def unconfirmed(self) -> int:
        """The number of people who have to confirm their address."""
        return self.by_status.get(Status.PENDING.value, 0) - self.to_approve

    @property
    def waiting(self) -> int:
        """The number of people on the waiting list."""
        return self.by_status.get(Status.WAITLISTED.value, 0)


def counts_for(events: Collection[Event], *tables: Table) -> dict[int, Counts]:
    """The figures of each event by id, from these tables or all; other numbers are 0."""
    found = {event.id: Counts() for event in events}
    if found:
        for table in tables or Table:
            _COUNTERS[table](found, events)
    return found


def counts_of(event: Event, *tables: Table) -> Counts:
    """The figures of one event, from these tables or all."""
    return counts_for([event], *tables)[event.id]


def _count_people(found: dict[int, Counts], _events: Iterable[Event]) -> None:
    asked = func.sum(case((IS_ACTIVE & (Registration.question != ""), 1), else_=0))
    undecided = (Registration.status == Status.PENDING.value) & (
        Registration.awaits == Awaits.APPROVAL.value
    )
    to_approve = func.sum(case((undecided, 1), else_=0))
    rows = db.session.execute(
        select(
            Registration.event_id,
            Registration.status,
            Registration.partstat,
            func.count(),
            asked,
            to_approve,
        )
        .where(Registration.event_id.in_(found))
        .group_by(Registration.event_id, Registration.status, Registration.partstat)
    )
    for event_id, status, partstat, number, questions, approvals in rows:
        counts = found[event_id]
        counts.by_status[status] = counts.by_status.get(status, 0) + number
        if status == Status.CONFIRMED.value:
            counts.by_answer[partstat] = number
        counts.questions += questions
        counts.to_approve += approvals


def _count_administrations(found: dict[int, Counts], events: Iterable[Event]) -> None:
    """Members are counted as of each event's day."""
    days = {event.id: literal(event.day, Date) for event in events}
    organisation = func.count(Organisation.id.distinct())
    is_member = member_on(case(days, value=Registration.event_id))
    members = func.count(case((is_member, Organisation.id)).distinct())
    rows = db.session.execute(
        select(Registration.event_id, organisation, members)
        .join(Organisation, Registration.organisation_id == Organisation.id)
        .where(
            Registration.event_id.in_(found),
            Registration.status == Status.CONFIRMED.value,
            Organisation.kind.in_(COUNTED_KINDS),
        )
        .group_by(Registration.event_id)
    )
    for event_id, number, of_members in rows:
        found[event_id].administrations = number
        found[event_id].members = of_members


def _count_materials(found: dict[int, Counts], _events: Iterable[Event]) -> None:
    """Count materials, what waits for its release or failed its scan, and requests that wait."""
    numbers: CompoundSelect[int, bool | None, str, int] = union_all(
        select(Material.event_id, Material.released, Material.scan, func.count())
        .where(Material.event_id.in_(found))
        .group_by(Material.event_id, Material.released, Material.scan),
        select(MaterialRequest.event_id, null(), literal(""), func.count())
        .where(MaterialRequest.event_id.in_(found), IS_UNDECIDED)
        .group_by(MaterialRequest.event_id),
    )
    for event_id, released, scan, number in db.session.execute(numbers):
        counts = found[event_id]
        if released is None:
            counts.material_requests = number
            continue
        counts.materials += number if released else 0
        counts.handed_in += 0 if released else number
        counts.infected += number if scan == Scan.INFECTED else 0
        counts.unscanned += number if scan == Scan.FAILED else 0


def _count_mails(found: dict[int, Counts], events: Iterable[Event]) -> None:
    """Count mails that failed; of drafts, which have few, look at all."""
    drafts = [event.id for event in events if event.state == State.DRAFT.value]
    failed, of_draft = OutboxMail.state == "failed", OutboxMail.event_id.in_(drafts)
    rows = db.session.execute(
        select(
            OutboxMail.event_id,
            func.count(case((failed, 1))),
            func.count(case((of_draft & ~IS_TEST, 1))),
        )
        .where(OutboxMail.event_id.in_(found), or_(failed, of_draft))
        .group_by(OutboxMail.event_id)
    )
    for event_id, number, written in rows:
        if event_id is not None:
            found[event_id].failed_mail = number
            found[event_id].is_written_about = written > 0


def _count_incoming(found: dict[int, Counts], _events: Iterable[Event]) -> None:
    """Count lost mails, and incoming mails to look at."""
    unseen = IncomingMail.seen_at.is_(None)
    rows = db.session.execute(
        select(
            IncomingMail.event_id,
            func.count(case((IS_LOST, OutboxMail.id)).distinct()),
            func.count(case((IS_LOST & unseen, OutboxMail.recipient)).distinct()),
            func.count(case((IS_ODD & unseen, IncomingMail.id))),
        )
        .outerjoin(OutboxMail, IncomingMail.mail_id == OutboxMail.id)
        .where(IncomingMail.event_id.in_(found), or_(IS_LOST, IS_ODD & unseen))
        .group_by(IncomingMail.event_id)
    )
    for event_id, mails, addresses, odd in rows:
        if event_id is not None:
            counts = found[event_id]
            counts.bounced_mail, counts.unreached, counts.odd_answers = mails, addresses, odd


_COUNTERS: Mapping[Table, Callable[[dict[int, Counts], Iterable[Event]], None]] = {
    Table.PEOPLE: _count_people,
    Table.ADMINISTRATIONS: _count_administrations,
    Table.MATERIALS: _count_materials,
    Table.MAILS: _count_mails,
    Table.INCOMING: _count_incoming,
}


def to_look_at(failed: int, unreached: int, odd: int) -> int:
    """A returned mail counts once: it is a failed mail, and its bounce waits to be looked at."""
    return max(failed, unreached) + odd


def numbers_for(event_ids: Collection[int], wanted: Iterable[Number]) -> dict[int, dict[str, int]]:
    """The wanted numbers of each event by the names of Facts, in one statement."""
    names = sorted(wanted)
    if not names or not event_ids:
        return {event_id: {} for event_id in event_ids}
    columns = [_NUMBERS[name].label(name.value) for name in names]
    rows = db.session.execute(select(Event.id, *columns).where(Event.id.in_(event_ids)))
    return {event_id: dict(zip(names, numbers, strict=True)) for event_id, *numbers in rows}


def _at_most_one(model: type[Registration] | type[OutboxMail], *which: ColumnElement[bool]) -> Any:
    """1 if the event has any of these rows, else 0; needs ask for no more."""
    return case((exists(select(model.id).where(model.event_id == Event.id, *which)), 1), else_=0)


_NUMBERS: Mapping[Number, ColumnElement[int]] = {
    Number.CONFIRMED: select(func.count())
    .where(Registration.event_id == Event.id, Registration.status == Status.CONFIRMED.value)
    .scalar_subquery(),
    Number.MATERIALS: select(func.count())
    .where(Material.event_id == Event.id, Material.released)
    .scalar_subquery(),
    Number.REGISTERED: _at_most_one(Registration),
    Number.MAILS: _at_most_one(OutboxMail, ~IS_TEST),
}

"""The search of organisers for people of an event."""

from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import Any

from sqlalchemy import ColumnElement, Select, and_, case, exists, or_, select
from sqlalchemy.orm import joinedload

from ikone_events.domain.incoming.answer_rules import ANSWERS
from ikone_events.domain.refusals import N_, Complaint, NotFound
from ikone_events.domain.registering.registration import Awaits, Status
from ikone_events.store.db import db
from ikone_events.store.directory.models import LeftText, Organisation, member_on
from ikone_events.store.events.models import Event
from ikone_events.store.incoming.models import UndeliverableAddress
from ikone_events.store.paging import Page, paginate
from ikone_events.store.registering.models import IS_ACTIVE, Registration
from ikone_events.store.registering.search import named
from ikone_events.store.rooms.attendance import attendance_of

SILENT, UNREACHED = "none", "unreached"
_UNKNOWN = Complaint(N_("There is no such registration."))


class Belonging(StrEnum):
    """Membership of a person's administration as of the event's day."""

    MEMBER = "member"
    GUEST = "guest"
    UNMATCHED = "unmatched"


class RegistrationOrder(StrEnum):
    """The order of the list; REGISTERED puts people who need a decision first."""

    REGISTERED = "registered"
    WAITING_LIST = "line"
    NAME = "name"


@dataclass(frozen=True, slots=True, kw_only=True)
class RegistrationSearch:
    """The conditions of a search; empty texts are ignored.

    `administration` is the key of an organisation, `came` may be "unknown", `answer` is a PARTSTAT,
    "none" or "unreached" (mails bounce). `decision` is "yes" for people who need one.
    """

    words: str = ""
    status: str = ""
    awaits: str = ""
    mode: str = ""
    administration: str = ""
    belonging: str = ""
    came: str = ""
    answer: str = ""
    decision: str = ""
    order: str = RegistrationOrder.REGISTERED


def search_people(
    event: Event, wish: RegistrationSearch, *, now: datetime, number: int = 1
) -> Page[Registration]:
    """One page of the people of an event with their administrations, in two queries."""
    wanted = _matching(event, wish, now)
    people = wanted.options(joinedload(Registration.organisation))
    return paginate(people.order_by(*_ordered(wish.order)), number=number)


def everybody(event: Event, wish: RegistrationSearch, *, now: datetime) -> list[Registration]:
    """All people of an event whom a search finds, in its order, without anonymised ones."""
    wanted = _matching(event, wish, now).where(Registration.anonymised_at.is_(None))
    return list(db.session.scalars(wanted.order_by(*_ordered(wish.order))))


def _matching(event: Event, wish: RegistrationSearch, now: datetime) -> Select[Registration]:
    people = select(Registration).outerjoin(
        Organisation, Registration.organisation_id == Organisation.id
    )
    return people.where(Registration.event_id == event.id, *conditions(event, wish, now))


def conditions(event: Event, wish: RegistrationSearch, now: datetime) -> list[ColumnElement[bool]]:
    """The conditions of a search; the people are joined with their organisations."""
    found = named(wish.words)
    if wish.status:
        found.append(Registration.status == wish.status)
    if wish.awaits:
        found.append(_awaits(wish.awaits))
    if wish.mode:
        found.append(Registration.mode == wish.mode)
    if wish.administration:
        found.append(Organisation.key == wish.administration)
    if wish.belonging:
        found.append(_belongs(event, wish.belonging))
    if wish.came:
        found.append(_attended(event, wish.came, now))
    if wish.answer:
        found.append(_answered(wish.answer))
    if wish.decision:
        found.append(needs_decision())
    return found


def _belongs(event: Event, belonging: str) -> ColumnElement[bool]:
    matched = Registration.organisation_id.is_not(None)
    return {
        Belonging.MEMBER: and_(matched, member_on(event.day)),
        Belonging.GUEST: and_(matched, ~member_on(event.day)),
        Belonging.UNMATCHED: ~matched,
    }[Belonging(belonging)]


def _attended(event: Event, attendance: str, now: datetime) -> ColumnElement[bool]:
    came = attendance_of(now, event.id)
    if attendance == "unknown":
        return and_(Registration.status == Status.CONFIRMED.value, came.is_(None))
    return came == attendance


def _answered(answer: str) -> ColumnElement[bool]:
    if answer == UNREACHED:
        return Registration.email_key.in_(select(UndeliverableAddress.email_key))
    if answer == SILENT:
        confirmed = Registration.status == Status.CONFIRMED.value
        return and_(confirmed, Registration.partstat.not_in(ANSWERS))
    return Registration.partstat == answer


def _awaits(what: str) -> ColumnElement[bool]:
    """Pending people; those from a file have no `awaits`, their address is unconfirmed."""
    awaited = [what, Awaits.NOTHING.value] if what == Awaits.ADDRESS.value else [what]
    return and_(Registration.status == Status.PENDING.value, Registration.awaits.in_(awaited))


def needs_decision() -> ColumnElement[bool]:
    """People who need an organiser's decision."""
    return or_(_awaits(Awaits.APPROVAL.value), _unmatched())


def _unmatched() -> ColumnElement[bool]:
    """People whose administration is not matched yet; none if the directory is empty."""
    return and_(
        IS_ACTIVE,
        Registration.organisation_id.is_(None),
        Registration.organisation_key != "",
        Registration.organisation_key.not_in(select(LeftText.key)),
        exists(select(Organisation.id)),
    )


def _ordered(order: str) -> tuple[Any, ...]:
    registered = (Registration.registered_at, Registration.id)
    if order == RegistrationOrder.WAITING_LIST:
        waits = Registration.status == Status.WAITLISTED.value
        joined = case((waits, Registration.waiting_order))
        return (case((waits, 0), else_=1), joined, *registered)
    if order == RegistrationOrder.NAME:
        return (Registration.name_key, Registration.id)
    first = case((_awaits(Awaits.APPROVAL.value), 0), (_unmatched(), 1), else_=2)
    return (first, *registered)


def administrations_at(event: Event) -> dict[str, str]:
    """The administrations of the people of an event: names by key, in order."""
    rows = db.session.execute(
        select(Organisation.key, Organisation.name)
        .where(
            Organisation.id.in_(
                select(Registration.organisation_id).where(Registration.event_id == event.id)
            )
        )
        .order_by(Organisation.name_key)
    )
    return {row.key: row.name for row in rows}


def get_person(event: Event, public_id: str) -> Registration:
    """A registration of this event; raises NotFound."""
    found = db.session.scalar(
        select(Registration).where(
            Registration.event_id == event.id, Registration.public_id == public_id
        )
    )
    if found is None:
        raise NotFound(_UNKNOWN)
    return found


def get_people(event: Event, public_ids: Collection[str]) -> list[Registration]:
    """These registrations of this event, by name, without anonymised ones.

    Raises NotFound if one of them does not exist.
    """
    if not all(map(str.isprintable, public_ids)):  # PostgreSQL refuses NUL bytes in any query
        raise NotFound(_UNKNOWN)
    wanted = select(Registration).where(
        Registration.event_id == event.id, Registration.public_id.in_(public_ids)
    )
    found = list(db.session.scalars(wanted.order_by(Registration.name_key, Registration.id)))
    if len(found) < len(set(public_ids)):
        raise NotFound(_UNKNOWN)
    return [each for each in found if each.anonymised_at is None]


def latest_people(event: Event, most: int) -> list[Registration]:
    """The latest registrations that are not anonymised."""
    wanted = select(Registration).where(
        Registration.event_id == event.id, Registration.anonymised_at.is_(None)
    )
    return list(db.session.scalars(wanted.order_by(Registration.id.desc()).limit(most)))

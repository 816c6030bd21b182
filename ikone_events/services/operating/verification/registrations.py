"""Registrations: seats, waiting list, and statuses with their history."""

from collections.abc import Iterator, Sequence
from datetime import datetime
from itertools import groupby
from operator import itemgetter

from sqlalchemy import and_, func, not_, or_, select, tuple_

from ikone_events.domain.events.facts import Mode
from ikone_events.domain.folding import search_key, sort_key
from ikone_events.domain.registering.registration import SEATED, Awaits, Status
from ikone_events.domain.registering.seating import Pool
from ikone_events.domain.registering.status import RegistrationAction, RegistrationStatus, rule_of
from ikone_events.services.registering.answers import places_taken
from ikone_events.services.registering.seating import somebody_could_move_up
from ikone_events.store.db import db
from ikone_events.store.events.models import Event
from ikone_events.store.events.queries import all_events
from ikone_events.store.registering.availability import availabilities_of
from ikone_events.store.registering.form_fields import FormField
from ikone_events.store.registering.models import (
    IS_ACTIVE,
    IS_WAITING,
    SEARCHED,
    Code,
    Registration,
    StatusChange,
)
from ikone_events.store.registering.waiting_list import ORDER, first_waiting

_WAITING = Status.WAITLISTED.value
_SEATED = [status.value for status in SEATED]
_BY_FREE_SEAT = (
    RegistrationAction.REGISTER,
    RegistrationAction.ADD,
    RegistrationAction.PROMOTE,
    RegistrationAction.MOVE_UP,
)
# First actions of loaded people, and of those from before the history was stored.
_BEGINNINGS = ("load", "recorded")
Link = tuple[int, str, str, str]
_PEOPLE = (
    select(Event.slug, Registration.id, Registration.status)
    .select_from(Event)
    .join(Registration, Registration.event_id == Event.id)
    .order_by(Registration.id)
)


def sold_twice(now: datetime) -> Iterator[str]:
    """More people than seats; those registered before the capacity was lowered may stay."""
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
    """One active registration per address and event."""
    rows = db.session.execute(
        select(Event.slug, func.count(), func.min(Registration.id))
        .select_from(Event)
        .join(Registration, Registration.event_id == Event.id)
        .where(IS_ACTIVE)
        .group_by(Event.slug, Registration.email_key)
        .having(func.count() > 1)
    )
    for slug, number, first in rows:
        yield f"seats: {slug}: the address of registration {first} is registered {number} times"


def stale_keys(_now: datetime) -> Iterator[str]:
    """What people are searched and sorted by follows their names."""
    texts = (getattr(Registration, name) for name in SEARCHED)
    rows = db.session.execute(
        select(Registration.id, Registration.search_key, Registration.name_key, *texts)
        .order_by(Registration.id)
        .execution_options(yield_per=1000)
    )
    for number, searched, sorted_by, first, last, *others in rows:
        if (searched, sorted_by) != (search_key(first, last, *others), sort_key(last, first)):
            yield f"keys: registration {number} is not found by its name"


def used_up_codes(_now: datetime) -> Iterator[str]:
    """A code admits no more people than it has uses."""
    rows = db.session.execute(
        select(Event.slug, Code.id, Code.uses, func.count())
        .select_from(Code)
        .join(Event, Code.event_id == Event.id)
        .join(Registration, Registration.code_id == Code.id)
        .where(IS_ACTIVE)
        .group_by(Event.slug, Code.id, Code.uses)
        .having(func.count() > Code.uses)
    )
    for slug, number, uses, people in rows:
        yield f"seats: {slug}: code {number} has {uses} uses and let in {people} people"


def crowded_choices(_now: datetime) -> Iterator[str]:
    """A choice has no more people than places; those from before they were lowered may stay.

    A choice from before their number was stored has no "kept".
    """
    limited = db.session.execute(
        select(Event, FormField)
        .join(FormField, FormField.event_id == Event.id)
        .where(FormField.choices.contains('"kept"'), FormField.form == "registration")
        .order_by(Event.id, FormField.id)
    ).all()
    for event, rows in groupby(limited, key=itemgetter(0)):
        taken = places_taken(event)
        for row in (each[1] for each in rows):
            for choice in row.described().choices:
                number = taken.get((row.key, choice.value), 0)
                if number > max(choice.places or 0, choice.kept or 0) and choice.places is not None:
                    text = f"{number} people have {choice.places} places of “{choice.value}”"
                    yield f"seats: {event.slug}: {text} ({row.key})"


def idle_seats(now: datetime) -> Iterator[str]:
    """While registration runs nobody waits who could have a free seat.

    When the members' time ends, somebody may until the worker's next tick.
    """
    events = all_events()
    availabilities = availabilities_of(events, now)
    for event in events:
        availability = availabilities[event.id]
        if availability.free == 0 or not (availability.moves and availability.somebody_waits):
            continue
        if somebody_could_move_up(event, now=now):
            number = "no limit of" if availability.free is None else availability.free
            yield f"waiting list: {event.slug}: people wait although there are {number} free seats"


def unordered_people(_now: datetime) -> Iterator[str]:
    """Whoever waits has an order, by which the next one is found."""
    rows = db.session.execute(_PEOPLE.where(IS_WAITING, Registration.waiting_order.is_(None)))
    for slug, number, _status in rows:
        yield f"waiting list: {slug}: registration {number} waits without an order"


def skipped_people(_now: datetime) -> Iterator[str]:
    """The first to wait is the first to be promoted, unless the history explains otherwise.

    The order is that of the event's lock version; clocks may jump.
    """
    for event in all_events():
        first = first_waiting(event)
        if first is None:
            continue
        order, number = first
        came = StatusChange.source.in_(["", _WAITING]) & StatusChange.target.in_(_SEATED)
        behind = and_(StatusChange.source == _WAITING, tuple_(*ORDER) > tuple_(order, number))
        rows = db.session.scalars(
            select(Registration.id)
            .join(StatusChange, StatusChange.registration_id == Registration.id)
            .where(
                Registration.event_id == event.id,
                Registration.status.in_(_SEATED),
                came,
                or_(StatusChange.source == "", behind),
                StatusChange.event_lock_version > order,
                StatusChange.reason == "",
                StatusChange.action.in_([action.value for action in _BY_FREE_SEAT]),
            )
            .order_by(Registration.id)
        )
        for other in rows:
            text = f"registration {other} got past {number}, who still waits"
            yield f"waiting list: {event.slug}: {text}"


def unknown_statuses(_now: datetime) -> Iterator[str]:
    """A status that the rules don't know counts nowhere."""
    known = [status.value for status in Status]
    rows = db.session.execute(_PEOPLE.where(Registration.status.not_in(known)))
    for slug, number, status in rows:
        yield f"seats: {slug}: registration {number} has the unknown status “{status}”"


def incomplete_statuses(_now: datetime) -> Iterator[str]:
    """A pending registration awaits something; a reserved seat has an end.

    Loaded registrations have neither.
    """
    pending = Registration.status == Status.PENDING.value
    address = Registration.awaits == Awaits.ADDRESS.value
    offered = Registration.status == Status.OFFERED.value
    kept = or_(and_(pending, address), offered)
    ended = Registration.reserved_until.is_not(None)
    odd = or_(
        and_(pending, Registration.awaits == ""),
        and_(not_(pending), Registration.awaits != ""),
        and_(kept, not_(ended)),
        and_(not_(kept), ended),
    )
    for slug, number, status in db.session.execute(
        _PEOPLE.where(odd, Registration.event_lock_version > 0)
    ):
        fault = f"registration {number} is {status}, which its other fields contradict"
        yield f"statuses: {slug}: {fault}"


def unexplained_statuses(_now: datetime) -> Iterator[str]:
    """Each change starts where the last one ended, by a rule of the table, up to the status."""
    rows = db.session.execute(
        select(
            StatusChange.registration_id,
            StatusChange.action,
            StatusChange.source,
            StatusChange.target,
        ).order_by(StatusChange.registration_id, StatusChange.id)
    )
    links = ((row[0], row[1], row[2], row[3]) for row in rows)
    histories = {key: list(history) for key, history in groupby(links, key=itemgetter(0))}
    found = db.session.execute(_PEOPLE.add_columns(Registration.event_lock_version))
    for slug, number, status, lock_version in found:
        history = histories.get(number, [])
        if history or lock_version:
            for fault in _faults(history, status):
                yield f"statuses: {slug}: registration {number}: {fault}"


def _faults(history: Sequence[Link], status: str) -> Iterator[str]:
    """The first change may start at any status: loaded people bring theirs."""
    before = history[0][2] if history else ""
    for _number, action, source, target in history:
        if source != before or not _is_possible(action, source, target):
            yield f"“{action}” from “{source}” to “{target}” does not follow from “{before}”"
        before = target
    if before != status:
        yield f"it is “{status}”, its history ends with “{before}”"


def _is_possible(action: str, source: str, target: str) -> bool:
    if action in _BEGINNINGS:
        return not source
    if action not in list(RegistrationAction):
        return False
    rule = rule_of(RegistrationAction(action))
    if rule.keeps_status:
        return source == target
    return source in _statuses(rule.sources) and target in _statuses(rule.targets)


def _statuses(wanted: Sequence[RegistrationStatus]) -> set[str]:
    """The status values as the history stores them; "" is before the first."""
    names = {each.value.partition(":")[0] for each in wanted}
    return {"" if name == RegistrationStatus.NONE.value else name for name in names}

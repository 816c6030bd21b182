"""Queries for mails to the office: accounts, urgent events, new registrations."""

from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass
from datetime import date, datetime

from sqlalchemy import (
    ColumnElement,
    and_,
    delete,
    exists,
    func,
    literal_column,
    or_,
    select,
    update,
)
from sqlalchemy.orm import InstrumentedAttribute

from ikone_events.domain.events.facts import State
from ikone_events.domain.plan.steps import RESTING
from ikone_events.store.accounts.models import Organiser
from ikone_events.store.damage import readable
from ikone_events.store.db import db, insert_into, rows_written
from ikone_events.store.events.models import Event
from ikone_events.store.mails.models import OutboxMail
from ikone_events.store.office.models import ListingProgress, OfficeAlarm
from ikone_events.store.plan.models import Step
from ikone_events.store.registering.models import IS_ACTIVE, Registration

Day = InstrumentedAttribute[date | None]


def active_accounts() -> list[Organiser]:
    """All accounts that are not disabled, by number."""
    wanted = select(Organiser).where(Organiser.active.is_(True)).order_by(Organiser.id)
    return list(db.session.scalars(wanted))


def accounts_due(day: date) -> list[Organiser]:
    """The active accounts for which a mail of this morning is not settled yet."""
    due = or_(*(_is_open(each, day) for each in (Organiser.digest_day, Organiser.listed_day)))
    wanted = select(Organiser).where(Organiser.active.is_(True), due).order_by(Organiser.id)
    return list(db.session.scalars(wanted))


def claim_morning(organiser_id: int, which: Day, day: date) -> bool:
    """Settle a mail of a morning; False if somebody has. One of several workers gets True."""
    mine = update(Organiser).where(Organiser.id == organiser_id, _is_open(which, day))
    return rows_written(mine.values({which: day})) == 1


def _is_open(which: Day, day: date) -> ColumnElement[bool]:
    return or_(which.is_(None), which < day)


def events_to_watch(now: datetime, urgent_until: datetime) -> list[Event]:
    """The events that may have something urgent, and those with an alarm.

    They begin soon, or a mail of their plan is overdue.
    """
    overdue = exists().where(
        Step.event_id == Event.id,
        Step.outcome == "",
        Step.active,
        Step.kind != "",
        Step.due_at <= now,
    )
    raised = exists().where(OfficeAlarm.event_id == Event.id)
    soon = and_(Event.starts_at > now, Event.starts_at < urgent_until)
    resting = [State.ARCHIVED.value, *(state.value for state in RESTING)]
    watched = or_(
        and_(Event.state != State.ARCHIVED.value, soon),
        and_(Event.state.not_in(resting), overdue),
        raised,
    )
    return readable(select(Event).where(watched).order_by(Event.id), Event)


def raised_causes() -> dict[int | None, set[str]]:
    """The keys of all alarms that were raised and not settled, by event id."""
    found: dict[int | None, set[str]] = {}
    for row in db.session.execute(select(OfficeAlarm.event_id, OfficeAlarm.key)):
        found.setdefault(row.event_id, set()).add(row.key)
    return found


def room_alarm(event_id: int, provider: str) -> str:
    """The key of the alarm that the provider of an event's room does not answer at the door.

    It is stored and dropped by presses, and another provider ends it.
    """
    return f"{event_id}:door-{provider}"


def events_with_failing_room(events: Collection[Event]) -> set[int]:
    """The ids of those events whose present provider did not answer at the door."""
    keys = {room_alarm(event.id, event.room_provider): event.id for event in events}
    found = db.session.scalars(select(OfficeAlarm.key).where(OfficeAlarm.key.in_(keys)))
    return {keys[key] for key in found}


def drop_alarms(keys: Collection[str]) -> None:
    """Forget alarms that are settled."""
    if keys:
        rows_written(delete(OfficeAlarm).where(OfficeAlarm.key.in_(keys)))


def failed_mailings(event_ids: Collection[int]) -> dict[int, set[int]]:
    """The mailings with failed mails of these events, by event id; 0 for single mails."""
    found: dict[int, set[int]] = {event_id: set() for event_id in event_ids}
    wanted = (
        select(OutboxMail.event_id, func.coalesce(OutboxMail.mailing_id, 0))
        .where(OutboxMail.event_id.in_(event_ids), OutboxMail.state == literal_column("'failed'"))
        .distinct()
    )
    for event_id, mailing_id in db.session.execute(wanted):
        if event_id is not None:
            found[event_id].add(mailing_id)
    return found


@dataclass(frozen=True, slots=True)
class Range:
    """The registrations of an event behind `after`, up to `upto`."""

    event_id: int
    after: int
    upto: int


def unlisted(organiser_id: int) -> list[Range]:
    """The registrations that were in no list of an account, by event."""
    newest = (
        select(Registration.event_id, func.max(Registration.id).label("upto"))
        .group_by(Registration.event_id)
        .subquery()
    )
    mine = and_(
        ListingProgress.event_id == newest.c.event_id, ListingProgress.organiser_id == organiser_id
    )
    after = func.coalesce(ListingProgress.last_id, 0)
    wanted = select(newest.c.event_id, after, newest.c.upto).outerjoin(ListingProgress, mine)
    return [Range(*row) for row in db.session.execute(wanted.where(newest.c.upto > after))]


def people_in(ranges: Iterable[Range], events: Mapping[int, Event]) -> list[Registration]:
    """The people in these ranges with a place or waiting, by event and time.

    Without those who were loaded from a file, of events that ran elsewhere before.
    """
    within = [
        and_(
            Registration.event_id == each.event_id,
            Registration.id > each.after,
            Registration.id <= each.upto,
        )
        for each in ranges
        if each.event_id in events
    ]
    if not within:
        return []
    wanted = select(Registration).where(
        or_(*within),
        IS_ACTIVE,
        Registration.event_lock_version > 0,
        Registration.anonymised_at.is_(None),
    )
    return list(db.session.scalars(wanted.order_by(Registration.event_id, Registration.id)))


def note_listed(organiser_id: int, ranges: Iterable[Range]) -> None:
    """Store that these registrations were in a list of an account, or need not be."""
    rows = [
        {"organiser_id": organiser_id, "event_id": each.event_id, "last_id": each.upto}
        for each in ranges
    ]
    if not rows:
        return
    row = insert_into(ListingProgress)
    upsert = row.on_conflict_do_update(
        index_elements=["organiser_id", "event_id"], set_={"last_id": row.excluded.last_id}
    )
    db.session.execute(upsert, rows)

"""Reads that deserve a name. `hold_event` is the lock of every write that concerns an event."""

from collections.abc import Collection
from datetime import datetime, timedelta

from sqlalchemy import Select, bindparam, inspect, select, update
from sqlalchemy.orm import defer

from ikone_events.domain.events.lifecycle import State
from ikone_events.domain.refusals import N_, Complaint, NotFound
from ikone_events.store.accounts.models import Organiser, assignment
from ikone_events.store.db import db, locks_of_transaction
from ikone_events.store.events.models import Event, StateChange

PUBLIC_STATES = tuple(state.value for state in State if state is not State.DRAFT)
# What stays on the public list: archived events keep their page, and so their links, but are old.
LISTED_STATES = tuple(s.value for s in State if s not in (State.DRAFT, State.ARCHIVED))


_LOCK_EVENT = (
    update(Event)
    .where(Event.slug == bindparam("wanted"))
    .values(lock_version=Event.lock_version + 1)
    .returning(Event)
    .execution_options(synchronize_session=False, populate_existing=True)
)


def lock_event(slug: str) -> Event:
    """Lock the event by writing it, then read it; raises NotFound. Only inside a transaction.

    Reading first and writing later oversells: on both databases only the write makes others wait.
    A second call in the same transaction returns the same object with what was changed on it.
    Raises RuntimeError for an event that was changed before it was locked: the change was made on
    a row that somebody else may have written since.
    """
    locked = locks_of_transaction()
    held = locked.get(slug)
    if isinstance(held, Event) and inspect(held).persistent:
        return held
    if any(isinstance(each, Event) and each.slug == slug for each in db.session.dirty):
        raise RuntimeError(f"event {slug} was changed before it was locked")
    found = db.session.scalars(_LOCK_EVENT, {"wanted": slug}).one_or_none()
    if found is None:
        raise event_not_found()
    locked[slug] = found
    return found


def event_not_found() -> NotFound:
    """The one answer for events that are missing and for those that somebody may not see."""
    return NotFound(Complaint(N_("There is no such event.")))


def find_event(slug: str) -> Event | None:
    """An event by its slug, drafts included."""
    return db.session.scalar(select(Event).where(Event.slug == slug))


def all_events() -> list[Event]:
    """Every event by date, drafts included."""
    return list(db.session.scalars(select(Event).order_by(Event.starts_at, Event.id)))


def get_public_event(slug: str) -> Event:
    """An event that the public may see; raises NotFound."""
    found = db.session.scalar(
        select(Event).where(Event.slug == slug, Event.state.in_(PUBLIC_STATES))
    )
    if found is None:
        raise event_not_found()
    return found


def public_events(
    now: datetime, *, series: Collection[str] | None = None
) -> tuple[list[Event], list[Event]]:
    """Coming events, the next first, and past ones, the latest first (at most a hundred).

    `series` are the spellings of one series.
    """
    listed = select(Event).where(Event.state.in_(LISTED_STATES))
    if series is not None:
        listed = listed.where(Event.series.in_(series))
    coming = listed.where(Event.ends_at > now).order_by(Event.starts_at, Event.id)
    past = listed.where(Event.ends_at <= now).order_by(Event.starts_at.desc(), Event.id).limit(100)
    return list(db.session.scalars(coming)), list(db.session.scalars(past))


def visible_events(organiser: Organiser) -> Select[Event]:
    """The events an organiser may see: the root of every look-up behind the login."""
    if organiser.sees_all:
        return select(Event)
    mine = select(assignment.c.event_id).where(assignment.c.organiser_id == organiser.id)
    return select(Event).where(Event.id.in_(mine))


def events_of(organiser: Organiser) -> list[Event]:
    """Every event an organiser may see, the next first; long texts are not read."""
    wanted = visible_events(organiser).options(
        defer(Event.description), defer(Event.description_en), defer(Event.programme)
    )
    return list(db.session.scalars(wanted.order_by(Event.starts_at, Event.id)))


def latest_events_of(organiser: Organiser, most: int) -> list[Event]:
    """The events an organiser may see, the latest first."""
    wanted = visible_events(organiser).order_by(Event.starts_at.desc()).limit(most)
    return list(db.session.scalars(wanted))


def get_visible_event(organiser: Organiser, slug: str) -> Event:
    """An event the organiser may see; raises NotFound, the same for foreign and missing ones."""
    found = db.session.scalar(visible_events(organiser).where(Event.slug == slug))
    if found is None:
        raise event_not_found()
    return found


def retention_until(event: Event) -> datetime:
    """When the persons of an event may be anonymised."""
    return event.ends_at + timedelta(days=event.retention_days)


def history_of(event: Event) -> list[StateChange]:
    """Every transition of an event, the first one first."""
    wanted = select(StateChange).where(StateChange.event_id == event.id).order_by(StateChange.id)
    return list(db.session.scalars(wanted))

"""Queries of events and series. `lock_event` takes the lock for every write about an event."""

from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy import ColumnElement, Select, bindparam, func, inspect, or_, select, update
from sqlalchemy.orm import defer

from ikone_events.domain.events.facts import EventFormat
from ikone_events.domain.events.lifecycle import State
from ikone_events.domain.refusals import N_, Complaint, NotFound
from ikone_events.domain.words import series_slug
from ikone_events.store.accounts.models import Organiser, assignment
from ikone_events.store.damage import readable
from ikone_events.store.db import db
from ikone_events.store.events.models import Event, StateChange
from ikone_events.store.kept import locks_of_transaction

PUBLIC_STATES = tuple(state.value for state in State if state is not State.DRAFT)
# The states on the public list; archived events only keep their page.
LISTED_STATES = tuple(s.value for s in State if s not in (State.DRAFT, State.ARCHIVED))
# How long a cancelled event stays among the coming ones.
CANCELLED_STAYS = timedelta(weeks=1)


_LOCK_EVENT = (
    update(Event)
    .where(Event.slug == bindparam("wanted"))
    .values(lock_version=Event.lock_version + 1)
    .returning(Event)
    .execution_options(synchronize_session=False, populate_existing=True)
)


_LOCKED_EVENT = (
    select(Event).where(Event.slug == bindparam("wanted")).execution_options(populate_existing=True)
)


def lock_event(slug: str) -> Event:
    """Take the row lock of an event for this transaction by writing it; raises NotFound.

    Reading before locking would oversell: only the write makes others wait. A second call in the
    same transaction returns the same object with its changes. Raises RuntimeError for an event that
    was changed before it was locked, because another transaction may have written it since.
    """
    locked = locks_of_transaction()
    known = locked.get(slug)
    if isinstance(known, Event) and inspect(known).persistent:
        return known
    if any(isinstance(each, Event) and each.slug == slug for each in db.session.dirty):
        raise RuntimeError(f"event {slug} was changed before it was locked")
    # `lock_current_event` has taken the lock already, and left no object.
    statement = _LOCKED_EVENT if slug in locked else _LOCK_EVENT
    found = db.session.scalars(statement, {"wanted": slug}).one_or_none()
    if found is None:
        raise event_not_found()
    locked[slug] = found
    return found


def event_not_found() -> NotFound:
    """NotFound for missing and for invisible events alike."""
    return NotFound(Complaint(N_("There is no such event.")))


def find_event(slug: str) -> Event | None:
    """An event by its slug, drafts included."""
    return db.session.scalar(select(Event).where(Event.slug == slug))


def all_events() -> list[Event]:
    """All events by date, drafts included."""
    return readable(select(Event).order_by(Event.starts_at, Event.id), Event)


def get_public_event(slug: str) -> Event:
    """An event that the public may see; raises NotFound."""
    found = db.session.scalar(
        select(Event).where(Event.slug == slug, Event.state.in_(PUBLIC_STATES))
    )
    if found is None:
        raise event_not_found()
    return found


_POSTPONED = Event.state == State.POSTPONED.value
_CANCELLED = Event.state == State.CANCELLED.value


def coming_events(now: datetime, *, series: Collection[str] | None = None) -> list[Event]:
    """Coming events, the next first; `series` are the spellings of one series.

    A postponed event is a coming one whatever its withdrawn date, a cancelled one until its date,
    but no longer than a week after it was cancelled: by then everybody has been notified, and a
    list of what one can go to should not begin with what one can't. Its page and feeds keep it.
    """
    is_news = or_(~_CANCELLED, _cancelled_at() >= now - CANCELLED_STAYS)
    wanted = _listed(series).where(or_(Event.ends_at > now, _POSTPONED), is_news)
    return readable(wanted.order_by(Event.starts_at, Event.id), Event)


def events_with_room(provider: str, now: datetime) -> list[Event]:
    """Events that are still to take place in a room of this provider, the next one first."""
    done = (State.CANCELLED.value, State.FOLLOWED_UP.value, State.ARCHIVED.value)
    wanted = select(Event).where(
        Event.room_provider == provider,
        Event.format != EventFormat.ON_SITE.value,
        Event.state.not_in(done),
        Event.ends_at > now,
    )
    return readable(wanted.order_by(Event.starts_at, Event.id), Event)


def past_events(now: datetime, *, series: Collection[str] | None = None) -> list[Event]:
    """At most a hundred events that took place, the latest first."""
    wanted = _listed(series).where(Event.ends_at <= now, ~_POSTPONED, ~_CANCELLED)
    return readable(wanted.order_by(Event.starts_at.desc(), Event.id).limit(100), Event)


def _listed(series: Collection[str] | None) -> Select[Event]:
    listed = select(Event).where(Event.state.in_(LISTED_STATES))
    return listed if series is None else listed.where(Event.series.in_(series))


def _cancelled_at() -> ColumnElement[datetime]:
    """When an event was cancelled; of one that was loaded so, when it was changed."""
    last = select(func.max(StateChange.at)).where(
        StateChange.event_id == Event.id, StateChange.target == State.CANCELLED.value
    )
    return func.coalesce(last.correlate(Event).scalar_subquery(), Event.changed_at)


def listed_pages() -> list[tuple[str, datetime]]:
    """Slug and last public change of the listed events, the latest first.

    A sitemap has 50,000 addresses at most (sitemaps.org), and each event has two.
    """
    change = func.coalesce(Event.public_changed_at, Event.created_at)
    wanted = select(Event.slug, change).where(Event.state.in_(LISTED_STATES))
    rows = db.session.execute(wanted.order_by(Event.starts_at.desc(), Event.id).limit(20_000))
    return [(slug, changed_at) for slug, changed_at in rows]


def visible_events(organiser: Organiser) -> Select[Event]:
    """The query of all events that an organiser may see, the base of every lookup."""
    if organiser.sees_all:
        return select(Event)
    mine = select(assignment.c.event_id).where(assignment.c.organiser_id == organiser.id)
    return select(Event).where(Event.id.in_(mine))


def sees_event(organiser: Organiser, event: Event) -> bool:
    """Whether an organiser may see an event."""
    mine = visible_events(organiser).where(Event.id == event.id)
    return db.session.scalar(mine.with_only_columns(Event.id)) is not None


def events_of(organiser: Organiser, *, with_figures: bool = False) -> list[Event]:
    """All events that an organiser may see, by date, without long texts.

    Stored figures are long too: `with_figures` reads them at once, not event by event.
    """
    wanted = visible_events(organiser).order_by(Event.starts_at, Event.id)
    texts = (Event.description, Event.description_en, Event.programme)
    long = texts if with_figures else (*texts, Event.figures)
    return readable(wanted, Event, *map(defer, long))


def latest_events_of(organiser: Organiser, most: int) -> list[Event]:
    """The latest events that an organiser may see."""
    wanted = visible_events(organiser).order_by(Event.starts_at.desc()).limit(most)
    return list(db.session.scalars(wanted))


def get_visible_event(organiser: Organiser, slug: str) -> Event:
    """An event that the organiser may see; raises NotFound."""
    found = db.session.scalar(visible_events(organiser).where(Event.slug == slug))
    if found is None:
        raise event_not_found()
    return found


def retention_until(event: Event) -> datetime:
    """When the people of an event may be anonymised."""
    return event.ends_at + timedelta(days=event.retention_days)


def history_of(event: Event) -> list[StateChange]:
    """Every transition of an event, the first one first."""
    wanted = select(StateChange).where(StateChange.event_id == event.id).order_by(StateChange.id)
    return list(db.session.scalars(wanted))


@dataclass(frozen=True, slots=True)
class Series:
    """A public series, named as at its latest event; events may spell it differently."""

    slug: str
    name: str
    spellings: frozenset[str]


def get_series(slug: str) -> Series:
    """The series with this slug; raises NotFound, also if all its events are drafts."""
    latest = func.max(Event.starts_at)
    rows = db.session.execute(
        select(Event.series)
        .where(Event.state.in_(PUBLIC_STATES), Event.series != "")
        .group_by(Event.series)
        .order_by(latest.desc(), Event.series)
    )
    spellings = [name for (name,) in rows if series_slug(name) == slug]
    if not spellings:
        raise NotFound(Complaint(N_("There is no such series.")))
    return Series(slug, spellings[0], frozenset(spellings))

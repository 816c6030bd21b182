"""The events of the public calendar and news feeds, and the versions of the feeds.

Every poll reads the version, which decides whether anything else is read.
"""

from collections.abc import Collection
from datetime import datetime
from typing import Any, NamedTuple

from sqlalchemy import (
    ColumnElement,
    Select,
    SQLColumnExpression,
    and_,
    case,
    func,
    literal_column,
    or_,
    select,
)

from ikone_events.domain.calendars.feeds import (
    CALLED_OFF_STAYS,
    MOST_EVENTS,
    MOST_NEWS,
    PAST_STAYS,
)
from ikone_events.domain.events.facts import CALLED_OFF, State
from ikone_events.domain.events.lifecycle import Action
from ikone_events.store.db import db
from ikone_events.store.events.models import Event, EventVersion, SharedContent, StateChange
from ikone_events.store.events.queries import LISTED_STATES, PUBLIC_STATES, Series, event_not_found

Wanted = Select[*tuple[Any, ...]]
_SHARED = select(SharedContent.version).scalar_subquery().label("shared")

_CALLED_OFF = [state.value for state in CALLED_OFF]
_NEWS = (Action.ANNOUNCE, Action.POSTPONE, Action.RESCHEDULE, Action.CANCEL)


class FeedVersion(NamedTuple):
    """The version of a feed; `changed_at` is the last change, also of events that have left it.

    `shared` is that of what all events are shown with, as the name of the organisation; without
    events it is not known.
    """

    events: tuple[tuple[int, int], ...]
    shared: int | None
    changed_at: datetime | None


class News(NamedTuple):
    """One announcement: when it was published and updated."""

    event: Event
    published: datetime
    updated: datetime


def calendar_version(now: datetime, series: Series | None = None) -> FeedVersion:
    """The version of the calendar feed, which also changes when old entries leave it."""
    return _version(_in_calendar(_keys(series, _PUBLIC_CHANGE), now, series))


def calendar_events(now: datetime, series: Series | None = None) -> list[Event]:
    """The events of the calendar feed, by date; cancelled ones leave after some weeks."""
    return list(db.session.scalars(_in_calendar(select(Event), now, series)))[::-1]


def _in_calendar(wanted: Wanted, now: datetime, series: Series | None) -> Wanted:
    """Restrict a query to the calendar feed; the latest first, so that the limit drops old ones."""
    order = Event.starts_at.desc(), Event.id.desc()
    return wanted.where(*_of(series), stays(now)).order_by(*order).limit(MOST_EVENTS)


def stays(now: datetime) -> ColumnElement[bool]:
    """Whether calendars keep an event: those called off leave after some weeks."""
    off, weeks_ago = Event.state.in_(_CALLED_OFF), now - CALLED_OFF_STAYS
    return or_(
        and_(off, or_(Event.changed_at > weeks_ago, Event.ends_at > weeks_ago)),
        and_(~off, Event.ends_at > now - PAST_STAYS),
    )


# When public calendars changed; archived events leave them.
_PUBLIC_CHANGE = case(
    (Event.state == literal_column(f"'{State.ARCHIVED.value}'"), Event.changed_at),
    else_=func.coalesce(Event.public_changed_at, Event.created_at),
)


def _keys(series: Series | None, change: SQLColumnExpression[datetime]) -> Wanted:
    """Ids and versions of events; `changed_at` includes archived ones."""
    last = select(func.max(change)).where(Event.state.in_(PUBLIC_STATES)).correlate(None)
    if series is not None:
        last = last.where(Event.series.in_(series.spellings))
    changed_at = last.scalar_subquery().label("changed_at")
    return select(Event.id, Event.lock_version, _SHARED, changed_at)


def _of(series: Series | None) -> tuple[ColumnElement[bool], ...]:
    listed = Event.state.in_(LISTED_STATES)
    return (listed,) if series is None else (listed, Event.series.in_(series.spellings))


def _version(wanted: Wanted) -> FeedVersion:
    rows = db.session.execute(wanted).all()
    changed_at = max((row.changed_at for row in rows), default=None)
    shared = rows[0].shared if rows else None
    return FeedVersion(tuple((row.id, row.lock_version) for row in rows), shared, changed_at)


def notified_version(slug: str) -> FeedVersion:
    """The version of one public event; raises NotFound."""
    public = Event.slug == slug, Event.state.in_(PUBLIC_STATES)
    change = func.coalesce(Event.public_changed_at, Event.created_at).label("changed_at")
    version = _version(select(Event.id, Event.lock_version, _SHARED, change).where(*public))
    if not version.events:
        raise event_not_found()
    return version


def _moment(*actions: Action) -> ColumnElement[datetime]:
    """When one of these actions was last taken; for imported events, when they were created."""
    names = [action.value for action in actions]
    last = select(func.max(StateChange.at)).where(
        StateChange.event_id == Event.id, StateChange.action.in_(names)
    )
    return func.coalesce(last.scalar_subquery(), Event.created_at)


_PUBLISHED, _HAPPENED = _moment(Action.ANNOUNCE), _moment(*_NEWS)


def news_version(series: Series | None = None) -> FeedVersion:
    """The version of the news feed."""
    return _version(_in_news(_keys(series, Event.changed_at), series))


def news(series: Series | None = None) -> list[News]:
    """The latest announcements, the newest first."""
    rows = db.session.execute(_in_news(select(Event, _PUBLISHED, _HAPPENED), series)).all()
    edits = _edits([event for event, _published, _happened in rows])
    return [
        News(event, published, max(happened, *edits.get(event.id, [happened])))
        for event, published, happened in rows
    ]


def _in_news(wanted: Wanted, series: Series | None) -> Wanted:
    order = _PUBLISHED.desc(), Event.id.desc()
    return wanted.where(*_of(series)).order_by(*order).limit(MOST_NEWS)


# Changes of these columns are news.
_NEWS_COLUMNS = ("title", "title_en", "starts_at", "ends_at", "zone", "format", "place")


def _edits(events: Collection[Event]) -> dict[int, list[datetime]]:
    """When title, date or place of these events changed, by event id."""
    known = {event.id: event for event in events if event.calendar_version > 1}
    if not known:
        return {}
    wanted = select(EventVersion).where(EventVersion.event_id.in_(known))
    former = db.session.scalars(wanted.order_by(EventVersion.number.desc())).all()
    after: dict[int, Event | EventVersion] = dict(known)
    edits: dict[int, list[datetime]] = {}
    for version in former:
        later, after[version.event_id] = after[version.event_id], version
        if any(getattr(version, name) != getattr(later, name) for name in _NEWS_COLUMNS):
            edits.setdefault(version.event_id, []).append(version.until)
    return edits

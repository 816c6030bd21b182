"""Snapshots of events: the content of an event, decoded once per version.

A sign-up reads the same event as the one before it. One statement reads the versions of its row;
as long as they are those of the snapshot that this process decoded last, the snapshot is true.
Triggers raise the versions (store/triggers.py), so no writer has to think of it.
"""

import threading
from collections import OrderedDict
from collections.abc import Callable, Hashable
from typing import NamedTuple, TypeVar, cast

from sqlalchemy import Connection, Engine, bindparam, select
from sqlalchemy.orm import Session, selectinload
from sqlalchemy.orm.attributes import set_committed_value

from ikone_events.store.db import db, is_writing
from ikone_events.store.events.models import Event, SharedContent
from ikone_events.store.running import running_app

T = TypeVar("T")
MOST_SNAPSHOTS = 200


class ContentVersion(NamedTuple):
    """The version of all that an event's pages, forms and mails are made from.

    `content` rises with a change of the event, its fields, materials, texts and steps; `shared`
    with one of the directory and of the installation's texts. No sign-up raises either.
    """

    event_id: int
    content: int
    shared: int


class _Snapshots:
    """The latest snapshot of each event of an application, the least recently used dropped."""

    def __init__(self) -> None:
        self._events: OrderedDict[int, Event] = OrderedDict()
        self._lock = threading.Lock()

    def find(self, version: ContentVersion) -> Event | None:
        with self._lock:
            event = self._events.get(version.event_id)
            if event is None or event.snapshot_of != version:
                return None
            self._events.move_to_end(version.event_id)
            return event

    def keep(self, event: Event) -> None:
        with self._lock:
            self._events[event.id] = event
            self._events.move_to_end(event.id)
            while len(self._events) > MOST_SNAPSHOTS:
                self._events.popitem(last=False)

    def clear(self) -> None:
        with self._lock:
            self._events.clear()


def snapshots() -> _Snapshots:
    """The snapshots of the running application."""
    extensions = running_app().extensions
    if "ikone_snapshots" not in extensions:
        extensions["ikone_snapshots"] = _Snapshots()
    found: _Snapshots = extensions["ikone_snapshots"]
    return found


def snapshot(version: ContentVersion) -> Event:
    """The event in this version: detached, with its materials, shared by threads, never changed.

    Inside a write transaction a version that is not known yet is read from there and not kept: it
    may be one that is never committed.
    """
    if (known := snapshots().find(version)) is not None:
        return known
    if is_writing():
        return _decoded(db.session.connection(), version.event_id) or _gone(version)
    event = _decoded(db.engine, version.event_id)
    if event is None:
        return _gone(version)
    snapshots().keep(event)
    return event


def _gone(version: ContentVersion) -> Event:
    raise LookupError(f"event {version.event_id} is gone")


_VERSIONED = (
    select(Event, select(SharedContent.version).scalar_subquery())
    .where(Event.id == bindparam("id"))
    .options(selectinload(Event.materials))
)


def _decoded(source: Engine | Connection, event_id: int) -> Event | None:
    """The row of an event with the versions that were read together with it."""
    with Session(source, autoflush=False, expire_on_commit=False) as session:
        row = session.execute(_VERSIONED, {"id": event_id}).one_or_none()
        if row is None:
            return None
        event, shared = row
        for material in event.materials:
            set_committed_value(material, "event", event)
    event.snapshot_of = ContentVersion(event.id, event.content_version, shared)
    event.derived = {}
    return cast(Event, event)


def derived(event: Event, name: Hashable, read: Callable[[], T]) -> T:
    """What `read` derives from the content of an event: once per snapshot, else each time.

    The value is shared by threads, so it must be immutable and not belong to a session. Inside a
    write transaction it is not kept: the content may have been changed there.
    """
    if event.derived is None:
        return read()
    if name in event.derived:
        return cast(T, event.derived[name])
    value = read()
    if not is_writing():
        event.derived[name] = value
    return value

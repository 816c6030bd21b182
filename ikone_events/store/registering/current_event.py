"""An event at this moment: its content as a snapshot, its seats, and the lock on it.

What most requests of the public need, read by one statement.
"""

from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import ColumnElement, Select, bindparam, literal_column, select, update
from sqlalchemy.orm import aliased

from ikone_events.domain.events.facts import Mode
from ikone_events.domain.registering.seating import SeatAvailability
from ikone_events.store.events.models import Event, SharedContent
from ikone_events.store.events.queries import PUBLIC_STATES, event_not_found
from ikone_events.store.events.snapshots import ContentVersion, snapshot
from ikone_events.store.kept import locks_of_transaction
from ikone_events.store.plain import Row, read_row, update_rows
from ikone_events.store.registering.availability import availability_from
from ikone_events.store.registering.models import SeatCount


@dataclass(frozen=True, slots=True)
class CurrentEvent:
    """An event with its seats at one moment; `event` is a snapshot, so nobody changes it.

    `lock_version` is the present one, not that of the snapshot.
    """

    event: Event
    version: ContentVersion
    lock_version: int
    availability: SeatAvailability


def _statement() -> Select[Any]:
    online, on_site = aliased(SeatCount), aliased(SeatCount)
    return (
        select(
            *(Event.id, Event.content_version, select(SharedContent.version).scalar_subquery()),
            *(Event.state, Event.lock_version),
            *(online.seated, online.waiting, on_site.seated, on_site.waiting),
        )
        .select_from(Event)
        .outerjoin(online, _counts(online, Mode.ONLINE))
        .outerjoin(on_site, _counts(on_site, Mode.ON_SITE))
        .where(Event.slug == bindparam("slug"))
    )


def _counts(counts: type[SeatCount], mode: Mode) -> ColumnElement[bool]:
    """A literal mode: the slug is the only parameter."""
    return (counts.event_id == Event.id) & (counts.mode == literal_column(repr(mode.value)))


_CURRENT = _statement()
_LOCK = (
    update(Event)
    .where(Event.slug == bindparam("wanted"))
    .values(lock_version=Event.lock_version + 1)
    .execution_options(synchronize_session=False)
)


def get_current_event(slug: str, now: datetime) -> CurrentEvent:
    """A public event as it is now, in a write transaction as seen from there; raises NotFound."""
    row = read_row(_CURRENT, slug=slug)
    if row is None or row[3] not in PUBLIC_STATES:
        raise event_not_found()
    return _current(row, now)


def lock_current_event(slug: str, now: datetime) -> CurrentEvent:
    """Take the row lock of an event like `lock_event`, and read it behind the lock.

    Raises NotFound.
    """
    locked = locks_of_transaction()
    if slug not in locked:
        update_rows(_LOCK, wanted=slug)
        locked[slug] = None
    return reread(slug, now)


def reread(slug: str, now: datetime) -> CurrentEvent:
    """A locked event as it is now in this transaction.

    A statement of its own: on PostgreSQL the one that waits for the lock would see the counters as
    they were before.
    """
    row = read_row(_CURRENT, slug=slug)
    if row is None:
        raise event_not_found()
    return _current(row, now)


def _current(row: Row, now: datetime) -> CurrentEvent:
    version = ContentVersion(*row[:3])
    online, on_site = (row[5] or 0, row[6] or 0), (row[7] or 0, row[8] or 0)
    counts = {Mode.ONLINE.value: online, Mode.ON_SITE.value: on_site}
    event = snapshot(version)
    return CurrentEvent(event, version, row[4], availability_from(event, counts, now))

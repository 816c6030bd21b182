"""Who was seen in an event's room: which events are to be looked at, and what a look has found."""

from collections.abc import Mapping
from datetime import datetime, timedelta

from sqlalchemy import delete, select, update

from ikone_events.domain.registering.registration import Status
from ikone_events.domain.rooms.stays import Stay
from ikone_events.store.db import db, for_update, insert_into, rows_written
from ikone_events.store.events.models import Event
from ikone_events.store.registering.models import Registration
from ikone_events.store.rooms.models import AttendanceRecord, RoomSession, RoomWatch

# The columns of a stay. Another source may have made the row.
_OF_STAY = ("joined_at", "left_at", "seen_at", "seconds", "minutes", "provider_user")
_AT_ONCE = 500


def events_to_watch(now: datetime, *, before: timedelta) -> list[Event]:
    """Events whose room was made by a provider and is not counted to the end."""
    wanted = (
        select(Event)
        .join(RoomWatch, RoomWatch.event_id == Event.id)
        .where(
            Event.starts_at <= now + before,
            RoomWatch.closed.is_(False),
            select(1).where(RoomSession.event_id == Event.id).exists(),
        )
        .order_by(Event.ends_at, Event.id)
    )
    return list(db.session.scalars(wanted))


def claim_watch(event_id: int, *, now: datetime, pause: timedelta) -> bool:
    """Take a look on oneself; False if another worker has done so less than `pause` ago.

    A claim in the future, after a clock was set back, holds up nobody.
    """
    watch = _locked(event_id)
    if watch is None or watch.closed:
        return False
    if watch.claimed_at is not None and now - pause < watch.claimed_at <= now:
        return False
    watch.claimed_at = now
    return True


def claimed_watch(event_id: int, now: datetime) -> RoomWatch | None:
    """The locked row if the claim of that moment still holds, else None."""
    watch = _locked(event_id)
    return watch if watch is not None and watch.claimed_at == now else None


def _locked(event_id: int) -> RoomWatch | None:
    wanted = select(RoomWatch).where(RoomWatch.event_id == event_id)
    return db.session.scalar(for_update(wanted, RoomWatch))


def let_looks_wait(event_id: int) -> None:
    """Keep looks from writing until the transaction ends.

    They write many people at once, in another order than lists do: each would wait for the other.
    """
    _locked(event_id)


def watch_of_key(key: str) -> RoomWatch | None:
    """The locked row of the room that a provider knows by this key, or None."""
    wanted = select(RoomWatch).where(RoomWatch.room_key == key)
    return db.session.scalar(for_update(wanted, RoomWatch))


def people_of_room(event_id: int) -> list[tuple[int, str]]:
    """Ids of all who have a place: registration and public id; of forgotten people nothing more.

    A provider may report them long after.
    """
    wanted = select(Registration.id, Registration.public_id).where(
        Registration.event_id == event_id,
        Registration.status == Status.CONFIRMED.value,
        Registration.anonymised_at.is_(None),
    )
    return [(number, public_id) for number, public_id in db.session.execute(wanted)]


def stays_of(event_id: int) -> dict[int, Stay]:
    """What is known of the people whom the provider has reported, by registration id."""
    row = AttendanceRecord
    wanted = select(
        row.registration_id, row.joined_at, row.seen_at, row.left_at, row.seconds
    ).where(row.event_id == event_id, row.seen_at.is_not(None))
    return {
        number: Stay(joined, seen, left, seconds or 0)
        for number, joined, seen, left, seconds in db.session.execute(wanted)
        if joined is not None and seen is not None
    }


def write_stays(event_id: int, stays: Mapping[int, Stay], opaque: Mapping[int, str]) -> None:
    """Store stays by registration id, by one statement; the other sources keep their columns."""
    rows = [
        {
            "registration_id": number,
            "event_id": event_id,
            "joined_at": stay.joined_at,
            "left_at": stay.left_at,
            "seen_at": stay.seen_at,
            "seconds": stay.seconds,
            "minutes": stay.minutes,
            "provider_user": opaque.get(number, ""),
            "stated": "",
            "stated_by": "",
        }
        for number, stay in sorted(stays.items())
    ]
    for first in range(0, len(rows), _AT_ONCE):
        row = insert_into(AttendanceRecord).values(rows[first : first + _AT_ONCE])
        known = [AttendanceRecord.__table__.c.registration_id]
        changes = {name: row.excluded[name] for name in _OF_STAY}
        db.session.execute(row.on_conflict_do_update(index_elements=known, set_=changes))


def close_stays(event_id: int) -> None:
    """Let everybody who is still in the room have left when they were seen last."""
    row = AttendanceRecord
    still = (row.event_id == event_id, row.left_at.is_(None), row.seen_at.is_not(None))
    rows_written(update(row).where(*still).values(left_at=row.seen_at))


def drop_day(event_id: int) -> None:
    """Delete what is recorded of the people and meetings of an event."""
    for table in (AttendanceRecord, RoomSession, RoomWatch):
        rows_written(delete(table).where(table.event_id == event_id))


def sessions_of(event_id: int) -> list[RoomSession]:
    """All meetings of an event, the first one first."""
    wanted = select(RoomSession).where(RoomSession.event_id == event_id)
    ordered = wanted.order_by(RoomSession.made_at, RoomSession.session)
    return list(db.session.scalars(ordered.execution_options(populate_existing=True)))

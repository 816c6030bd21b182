"""The meetings of an event's room: made, known, not found, failing.

The door writes them without the event's lock, so nothing here loads or locks the event.
"""

from datetime import datetime

from sqlalchemy import select, update

from ikone_events.store.db import db, insert_into, rows_written
from ikone_events.store.rooms.models import RoomSession, RoomWatch


def find_session(event_id: int, provider: str) -> RoomSession | None:
    """The latest meeting of an event at a provider, or None."""
    wanted = select(RoomSession).where(
        RoomSession.event_id == event_id, RoomSession.provider == provider
    )
    latest = wanted.order_by(RoomSession.made_at.desc(), RoomSession.session.desc()).limit(1)
    return db.session.scalar(latest.execution_options(populate_existing=True))


def find_watch(event_id: int) -> RoomWatch | None:
    """How the room of an event is watched, or None before anything was made."""
    wanted = select(RoomWatch).where(RoomWatch.event_id == event_id)
    return db.session.scalar(wanted.execution_options(populate_existing=True))


def note_session(event_id: int, session: str, *, provider: str, key: str, now: datetime) -> None:
    """Store that a meeting exists; one that is known already is only known anew."""
    row = insert_into(RoomSession).values(
        event_id=event_id, session=session, provider=provider, made_at=now, known_at=now
    )
    same = [RoomSession.__table__.c.event_id, RoomSession.__table__.c.session]
    db.session.execute(row.on_conflict_do_update(index_elements=same, set_={"known_at": now}))
    _note_watch(event_id, key, {"closed": False})


def note_failing(event_id: int, *, key: str, now: datetime) -> None:
    """Store since when looks fail; a repeat keeps the first moment."""
    _note_watch(event_id, key, {})
    first = RoomWatch.failed_since.is_(None)
    rows_written(
        update(RoomWatch).where(RoomWatch.event_id == event_id, first).values(failed_since=now)
    )


def forget_reports(event_id: int) -> None:
    """Empty what the provider reported of people; a late report changes nothing."""
    reported = RoomSession.event_id == event_id, RoomSession.report != "{}"
    rows_written(update(RoomSession).where(*reported).values(report="{}"))


def _note_watch(event_id: int, key: str, changes: dict[str, object]) -> None:
    row = insert_into(RoomWatch).values(event_id=event_id, room_key=key)
    known = [RoomWatch.__table__.c.event_id]
    change = {"room_key": key, **changes}
    db.session.execute(row.on_conflict_do_update(index_elements=known, set_=change))

"""The pace of the whole installation: how soon the next mail may leave, whoever sends it.

Each mail takes a slot in the one row before it leaves; of two workers one gets it. Real time,
whatever a trial's clock shows.
"""

from datetime import datetime, timedelta
from typing import cast

from sqlalchemy import CursorResult, Insert, bindparam, select, update
from sqlalchemy.dialects import postgresql, sqlite

from ikone_events.store.db import UTCDateTime, db
from ikone_events.store.mails.models import SendRate

_ONLY = 1
# Workers reserve a moment ahead at most: a slot that is further away was taken by another clock.
_FURTHEST = timedelta(minutes=2)

_NEXT = select(SendRate.next_at).where(SendRate.id == _ONLY)
_ADVANCE = (
    update(SendRate)
    .where(SendRate.id == _ONLY, SendRate.next_at == bindparam("seen", type_=UTCDateTime()))
    .values(next_at=bindparam("following", type_=UTCDateTime()))
)


def next_slot(now: datetime, gap: timedelta) -> tuple[datetime, datetime]:
    """What the row says, and when the next mail may leave: now, or a little later."""
    connection = db.session.connection()
    seen = connection.execute(_NEXT).scalar()
    if seen is None:
        connection.execute(_first_row(), {"id": _ONLY, "next_at": now})
        seen = connection.execute(_NEXT).scalar_one()
    too_far = seen - now > max(_FURTHEST, 2 * gap)
    return seen, now if too_far else max(seen, now)


def reserve_slot(seen: datetime, slot: datetime, gap: timedelta) -> bool:
    """Take a slot; False when another worker took it since the row was seen."""
    values = {"seen": seen, "following": slot + gap}
    result = db.session.connection().execute(_ADVANCE, values)
    return cast(CursorResult[None], result).rowcount == 1


def _first_row() -> Insert:
    insert = sqlite.insert if db.engine.dialect.name == "sqlite" else postgresql.insert
    return insert(SendRate).on_conflict_do_nothing()

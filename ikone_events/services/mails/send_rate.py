"""The send rate of the installation, shared by all workers.

Each mail reserves a slot in a single row; of two workers one gets it. Times are real time, not the
trial's clock.
"""

from datetime import datetime, timedelta
from typing import cast

from sqlalchemy import CursorResult, bindparam, select, update

from ikone_events.store.damage import is_damage
from ikone_events.store.db import UTCDateTime, db, insert_into
from ikone_events.store.mails.models import SendRate

_ONLY = 1
# Workers reserve about a second ahead; a later slot was reserved with a wrong clock.
_FURTHEST = timedelta(minutes=2)

_NEXT = select(SendRate.next_at).where(SendRate.id == _ONLY)
_ADVANCE = (
    update(SendRate)
    .where(SendRate.id == _ONLY, SendRate.next_at == bindparam("seen", type_=UTCDateTime()))
    .values(next_at=bindparam("following", type_=UTCDateTime()))
)


def next_slot(now: datetime, gap: timedelta) -> tuple[datetime, datetime]:
    """The stored value for `reserve_slot`, and the time at which the next mail may be sent."""
    connection = db.session.connection()
    try:
        seen = connection.execute(_NEXT).scalar()
    except Exception as fault:
        if not is_damage(fault):
            raise
        connection.execute(update(SendRate).values(next_at=now))
        seen = now
    if seen is None:
        first = insert_into(SendRate).on_conflict_do_nothing()
        connection.execute(first, {"id": _ONLY, "next_at": now})
        seen = connection.execute(_NEXT).scalar_one()
    too_far = seen - now > max(_FURTHEST, 2 * gap)
    return seen, now if too_far else max(seen, now)


def reserve_slot(seen: datetime, slot: datetime, gap: timedelta) -> bool:
    """Reserve a slot; False if another worker has changed the row since."""
    values = {"seen": seen, "following": slot + gap}
    result = db.session.connection().execute(_ADVANCE, values)
    return cast(CursorResult[None], result).rowcount == 1

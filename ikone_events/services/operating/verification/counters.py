"""What triggers keep: the counters of seats, and the triggers themselves."""

from collections.abc import Iterator
from datetime import datetime

from sqlalchemy import case, func, select

from ikone_events.domain.registering.registration import SEATED
from ikone_events.store.db import db
from ikone_events.store.events.models import Event
from ikone_events.store.operating.triggers import all_triggers, installed_triggers
from ikone_events.store.registering.models import IS_WAITING, Registration, SeatCount

_HAS_SEAT = Registration.status.in_([status.value for status in SEATED])
_COUNTED = select(Event.slug, SeatCount.mode, SeatCount.seated, SeatCount.waiting).join(
    Event, SeatCount.event_id == Event.id
)
_ROWS = (
    select(
        Event.slug,
        Registration.mode,
        func.count(case((_HAS_SEAT, 1))),
        func.count(case((IS_WAITING, 1))),
    )
    .join(Event, Registration.event_id == Event.id)
    .group_by(Event.slug, Registration.mode)
)


def miscounted_seats(_now: datetime) -> Iterator[str]:
    """Each counter of seats is the number of its rows."""
    counted, rows = (
        {
            (slug, mode): (seated, waiting)
            for slug, mode, seated, waiting in db.session.execute(each)
        }
        for each in (_COUNTED, _ROWS)
    )
    nobody = (0, 0)
    for slug, mode in sorted(counted.keys() | rows.keys()):
        wrong, right = (each.get((slug, mode), nobody) for each in (counted, rows))
        if wrong != right:
            yield (
                f"seats: {slug}: counted “{mode}” are {wrong[0]} people with a seat and"
                f" {wrong[1]} who wait, the rows are {right[0]} and {right[1]}"
            )


def missing_triggers(_now: datetime) -> Iterator[str]:
    """The database has every trigger; `db upgrade` creates them anew, and counts."""
    wanted = {trigger.name for trigger in all_triggers()}
    for name in sorted(wanted - installed_triggers(db.session.connection())):
        yield f"database: the trigger {name} is missing; run: ikone-events db upgrade"

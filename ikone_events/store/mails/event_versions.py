"""What stood in calendars before, and which of it each person was told last."""

from collections.abc import Collection, Mapping
from datetime import datetime
from typing import Any, TypeVar

from sqlalchemy import func, or_, select
from sqlalchemy.orm.attributes import set_committed_value

from ikone_events.store.db import Base, db
from ikone_events.store.events.models import Event, EventVersion, InCalendars
from ikone_events.store.mails.models import OutboxMail
from ikone_events.store.registering.models import Registration

Row = TypeVar("Row", bound=Base)
# Mails that have left or are about to; one that failed or was held back told nobody anything.
NOTIFIED = ("queued", "sent")


def calendar_facts(version: Event | EventVersion) -> dict[str, Any]:
    """What of an event, or of what it was, stands in calendars."""
    return {name: getattr(version, name) for name in InCalendars.__annotations__}


def keep_version(event: Event, facts: Mapping[str, Any], *, until: datetime) -> None:
    """Remember the facts that were in force until now; the event has a new version."""
    db.session.add(
        EventVersion(event_id=event.id, number=event.calendar_version, until=until, **facts)
    )
    event.calendar_version += 1


def event_versions(event: Event) -> list[EventVersion]:
    """Every former version of an event, the first one first; mostly there is none."""
    if event.calendar_version == 1:
        return []
    wanted = select(EventVersion).where(EventVersion.event_id == event.id)
    return list(db.session.scalars(wanted.order_by(EventVersion.number)))


def as_if(row: Row, changes: Mapping[str, object], **related: object) -> Row:
    """A copy of an event, a registration or a subscriber with other values; never stored.

    No session knows the copy, so it loads no related rows: those that are needed are `related`.
    """
    values = {column.key: getattr(row, column.key) for column in row.__table__.columns}
    copy = type(row)(**{**values, **changes})
    for name, value in related.items():
        set_committed_value(copy, name, value)
    return copy


def event_in(event: Event, version: int, known: Collection[EventVersion]) -> Event:
    """The event as it was in a version; one that is unknown, or in force, is the event itself."""
    former = next((each for each in known if each.number == version), None)
    return event if former is None else as_if(event, calendar_facts(former))


def times_of_versions(event: Event) -> dict[int | None, tuple[datetime, datetime]]:
    """Start and end in every version of the event, by its number."""
    times: dict[int | None, tuple[datetime, datetime]] = {
        each.number: (each.starts_at, each.ends_at) for each in event_versions(event)
    }
    times[event.calendar_version] = (event.starts_at, event.ends_at)
    return times


def notified_numbers(
    people: Collection[Registration], *, before: int | None = None, later_sent: bool = False
) -> dict[int, int]:
    """The newest version that mails made known, by registration; `before` a mail's number."""
    ids = [person.id for person in people]
    told = (
        select(OutboxMail.registration_id, func.max(OutboxMail.notified_version))
        .where(
            OutboxMail.registration_id.in_(ids),
            OutboxMail.notified_version.is_not(None),
            OutboxMail.state.in_(NOTIFIED),
        )
        .group_by(OutboxMail.registration_id)
    )
    if before is not None:
        since_sent = OutboxMail.state == "sent"
        told = told.where(
            or_(OutboxMail.id < before, since_sent) if later_sent else OutboxMail.id < before
        )
    rows = db.session.execute(told)
    return {number: version for number, version in rows if number and version}


def is_notified_since(event: Event, version: int) -> bool:
    """Whether any mail made a later version known."""
    told = select(OutboxMail.id).where(
        OutboxMail.event_id == event.id,
        OutboxMail.notified_version > version,
        OutboxMail.state.in_(NOTIFIED),
    )
    return db.session.scalar(told.limit(1)) is not None

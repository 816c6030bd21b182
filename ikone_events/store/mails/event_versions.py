"""Former versions of events, and the version of which each person was notified last."""

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
EventDate = tuple[datetime, datetime, str]
# States of mails that have notified people, or will.
NOTIFIED = ("queued", "sent")


def calendar_facts(version: Event | EventVersion) -> dict[str, Any]:
    """The columns of an event or a version that calendars show."""
    return {name: getattr(version, name) for name in InCalendars.__annotations__}


def keep_version(event: Event, facts: Mapping[str, Any], *, until: datetime) -> None:
    """Store the former facts of an event and raise its calendar_version."""
    db.session.add(
        EventVersion(event_id=event.id, number=event.calendar_version, until=until, **facts)
    )
    event.calendar_version += 1


def event_versions(event: Event) -> list[EventVersion]:
    """The former versions of an event, the first one first."""
    if event.calendar_version == 1:
        return []
    wanted = select(EventVersion).where(EventVersion.event_id == event.id)
    return list(db.session.scalars(wanted.order_by(EventVersion.number)))


def as_if(row: Row, changes: Mapping[str, object], **related: object) -> Row:
    """A detached copy of a row with other values, never stored.

    It can't load related rows: pass those that are needed as `related`.
    """
    values = {column.key: getattr(row, column.key) for column in row.__table__.columns}
    copy = type(row)(**{**values, **changes})
    for name, value in related.items():
        set_committed_value(copy, name, value)
    return copy


def event_in(event: Event, version: int, known: Collection[EventVersion]) -> Event:
    """The event as it was in a version; the event itself for the current or an unknown one."""
    former = next((each for each in known if each.number == version), None)
    return event if former is None else as_if(event, calendar_facts(former))


def date_of(version: Event | EventVersion) -> EventDate:
    """Start, end and time zone: whoever accepted one date is asked again about another."""
    return version.starts_at, version.ends_at, version.zone


def dates_of_versions(event: Event) -> dict[int | None, EventDate]:
    """The date of every version of an event, by number."""
    dates: dict[int | None, EventDate] = {
        each.number: date_of(each) for each in event_versions(event)
    }
    dates[event.calendar_version] = date_of(event)
    return dates


def notified_numbers(
    people: Collection[Registration], *, before: int | None = None, later_sent: bool = False
) -> dict[int, int]:
    """The last notified version by registration id; only of mails with an id below `before`."""
    ids = [person.id for person in people]
    notified = (
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
        notified = notified.where(
            or_(OutboxMail.id < before, since_sent) if later_sent else OutboxMail.id < before
        )
    rows = db.session.execute(notified)
    return {number: version for number, version in rows if number and version}


def is_notified_since(event: Event, version: int) -> bool:
    """Whether any mail has notified of a later version."""
    later = select(OutboxMail.id).where(
        OutboxMail.event_id == event.id,
        OutboxMail.notified_version > version,
        OutboxMail.state.in_(NOTIFIED),
    )
    return db.session.scalar(later.limit(1)) is not None

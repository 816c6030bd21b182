"""What stood in calendars before, and which of it each person was told last."""

from collections.abc import Collection, Mapping
from datetime import datetime
from typing import Any, TypeVar

from sqlalchemy import func, or_, select
from sqlalchemy.orm.attributes import set_committed_value

from ikone_events.store.db import Base, db
from ikone_events.store.events.models import Event, FormerVersion, InCalendars
from ikone_events.store.mails.models import OutboxMail
from ikone_events.store.registering.models import Registration

Row = TypeVar("Row", bound=Base)
# Letters that have left or are about to; one that failed or was held back told nobody anything.
TOLD = ("queued", "sent")


def calendar_facts(version: Event | FormerVersion) -> dict[str, Any]:
    """What of an event, or of what it was, stands in calendars."""
    return {name: getattr(version, name) for name in InCalendars.__annotations__}


def keep_former(event: Event, facts: Mapping[str, Any], *, until: datetime) -> None:
    """Remember the facts that were in force until now; the event has a new version."""
    db.session.add(FormerVersion(event_id=event.id, number=event.version, until=until, **facts))
    event.version += 1


def former_versions(event: Event) -> list[FormerVersion]:
    """Every former version of an event, the first one first; mostly there is none."""
    if event.version == 1:
        return []
    wanted = select(FormerVersion).where(FormerVersion.event_id == event.id)
    return list(db.session.scalars(wanted.order_by(FormerVersion.number)))


def as_if(row: Row, changes: Mapping[str, object], **related: object) -> Row:
    """A copy of an event, a registration or a subscriber with other values; never stored.

    No session knows the copy, so it loads no related rows: those that are needed are `related`.
    """
    values = {column.key: getattr(row, column.key) for column in row.__table__.columns}
    copy = type(row)(**{**values, **changes})
    for name, value in related.items():
        set_committed_value(copy, name, value)
    return copy


def event_in(event: Event, version: int, known: Collection[FormerVersion]) -> Event:
    """The event as it was in a version; one that is unknown, or in force, is the event itself."""
    former = next((each for each in known if each.number == version), None)
    return event if former is None else as_if(event, calendar_facts(former))


def times_of_versions(event: Event) -> dict[int | None, tuple[datetime, datetime]]:
    """Start and end in every version of the event, by its number."""
    times: dict[int | None, tuple[datetime, datetime]] = {
        each.number: (each.starts_at, each.ends_at) for each in former_versions(event)
    }
    times[event.version] = (event.starts_at, event.ends_at)
    return times


def notified_numbers(
    people: Collection[Registration], *, before: int | None = None, later_sent: bool = False
) -> dict[int, int]:
    """The newest version that letters made known, by registration; `before` a letter's number."""
    ids = [person.id for person in people]
    told = (
        select(OutboxMail.registration_id, func.max(OutboxMail.event_version))
        .where(
            OutboxMail.registration_id.in_(ids),
            OutboxMail.event_version.is_not(None),
            OutboxMail.state.in_(TOLD),
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


def is_told_since(event: Event, version: int) -> bool:
    """Whether any letter made a later version known."""
    told = select(OutboxMail.id).where(
        OutboxMail.event_id == event.id,
        OutboxMail.event_version > version,
        OutboxMail.state.in_(TOLD),
    )
    return db.session.scalar(told.limit(1)) is not None

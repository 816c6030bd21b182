"""Calendars: each entry's objects rise one after another, each version of an event is known."""

from collections.abc import Iterator
from datetime import datetime

from sqlalchemy import func, select

from ikone_events.store.db import db
from ikone_events.store.events import Event, FormerVersion
from ikone_events.store.letters import OutboxMail
from ikone_events.store.registrations import Registration


def lost_objects(_now: datetime) -> Iterator[str]:
    """The sequence of an entry is that of its newest letter, or the next update is ignored."""
    newest = func.max(OutboxMail.calendar_sequence)
    rows = db.session.execute(
        select(Registration.id, Registration.calendar_sequence, newest.label("sent"))
        .join(OutboxMail, OutboxMail.calendar_uid == Registration.calendar_uid)
        .where(OutboxMail.calendar_sequence.is_not(None), Registration.anonymised_at.is_(None))
        .group_by(Registration.id, Registration.calendar_sequence)
        .having(func.coalesce(Registration.calendar_sequence, -1) != newest)
        .order_by(Registration.id)
    )
    for number, counted, sent in rows:
        yield (
            f"calendars: registration {number} counts to {counted}, its newest letter is object "
            f"{sent}"
        )


def doubled_objects(_now: datetime) -> Iterator[str]:
    """Two letters with one number of one entry: calendars keep the one and ignore the other."""
    rows = db.session.execute(
        select(func.min(OutboxMail.id), OutboxMail.calendar_sequence)
        .where(OutboxMail.calendar_uid != "", OutboxMail.calendar_sequence.is_not(None))
        .group_by(OutboxMail.calendar_uid, OutboxMail.calendar_sequence)
        .having(func.count() > 1)
        .order_by(func.min(OutboxMail.id))
    )
    for letter, sequence in rows:
        yield f"calendars: letter {letter} and another carry object {sequence} of one entry"


def broken_versions(_now: datetime) -> Iterator[str]:
    """Every version before the one in force is kept, so that each letter's can be told."""
    number = func.count(FormerVersion.id)
    rows = db.session.execute(
        select(Event.slug, Event.version, number)
        .outerjoin(FormerVersion, FormerVersion.event_id == Event.id)
        .group_by(Event.id, Event.slug, Event.version)
        .having(number != Event.version - 1)
        .order_by(Event.id)
    )
    for slug, version, kept in rows:
        yield f"calendars: {slug}: {kept} former versions are kept of an event in version {version}"

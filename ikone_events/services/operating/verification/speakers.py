"""Speakers: each briefing was mailed, each entry counts to its newest mail, each file is there."""

from collections.abc import Iterator
from datetime import datetime

from sqlalchemy import func, select

from ikone_events.store.db import db
from ikone_events.store.events.models import Event, Material
from ikone_events.store.events.speakers import Speaker
from ikone_events.store.mails.models import HAS_OBJECT, OutboxMail


def uninvited_speakers(_now: datetime) -> Iterator[str]:
    """Whoever counts as invited has got the mail with the entry, and no newer one."""
    newest = func.max(OutboxMail.calendar_sequence)
    rows = db.session.execute(
        select(Event.slug, Speaker.id, Speaker.calendar_sequence, newest)
        .select_from(Speaker)
        .join(Event, Speaker.event_id == Event.id)
        .outerjoin(OutboxMail, (OutboxMail.calendar_uid == Speaker.calendar_uid) & HAS_OBJECT)
        .where(Speaker.calendar_sequence.is_not(None))
        .group_by(Event.slug, Speaker.id, Speaker.calendar_sequence)
        .order_by(Speaker.id)
    )
    for slug, number, counted, sent in rows:
        if sent is None:
            yield f"mails: {slug}: speaker {number} counts as invited and was never written to"
        elif sent != counted:
            yield f"calendars: speaker {number} counts to {counted}, the newest e-mail is {sent}"


def hidden_materials(_now: datetime) -> Iterator[str]:
    """Only files that speakers hand in wait for their release."""
    rows = db.session.execute(
        select(Event.slug, Material.id)
        .join(Event, Material.event_id == Event.id)
        .where(~Material.released, Material.stored_name == "")
        .order_by(Material.id)
    )
    for slug, number in rows:
        yield f"files: {slug}: material {number} waits for its release, and is no file"

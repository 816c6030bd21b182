"""Reminders: the mails to people who register again, which say that they are registered."""

from datetime import datetime
from typing import NamedTuple

from sqlalchemy import bindparam, select, update

from ikone_events.domain.address import email_key
from ikone_events.domain.mails.kinds import MailKind
from ikone_events.services.mails.facts import facts_for
from ikone_events.services.mails.writing import finished_mail, queue_unless_known
from ikone_events.store.db import db, rows_written
from ikone_events.store.events.models import Event
from ikone_events.store.mails.models import OutboxMail
from ikone_events.store.plain import in_vain, new_row, read_row
from ikone_events.store.registering.models import IS_ACTIVE, Registration


class KnownAddress(NamedTuple):
    """The active registration of an address at an event, as far as its reminder depends on it."""

    id: int
    event_lock_version: int
    link_epoch: int
    thread_id: str


class Reminder(NamedTuple):
    """A finished mail to somebody who is registered already; nothing is stored."""

    known: KnownAddress
    mail: OutboxMail


_OF_ADDRESS = (
    *(Registration.event_id == bindparam("event_id"), IS_ACTIVE),
    Registration.email_key == bindparam("email_key"),
)
_COLUMNS = tuple(Registration.__table__.columns)
_KNOWN_ADDRESS = select(*(getattr(Registration, name) for name in KnownAddress._fields)).where(
    *_OF_ADDRESS
)
_KNOWN_PERSON = select(*_COLUMNS).where(*_OF_ADDRESS)
_ACTIVE_ADDRESS = select(Registration).where(*_OF_ADDRESS)


def find_known(event: Event, email: str) -> KnownAddress | None:
    """What is known of the active registration of an address; None without one."""
    row = read_row(_KNOWN_ADDRESS, event_id=event.id, email_key=email_key(email))
    return None if row is None else KnownAddress(*row)


def find_active(event: Event, email: str) -> Registration | None:
    """The active registration of an address at an event."""
    wanted = {"event_id": event.id, "email_key": email_key(email)}
    return db.session.scalar(_ACTIVE_ADDRESS, wanted)


def find_reminder(event: Event, email: str, *, now: datetime) -> Reminder | None:
    """The mail for a registered person; None for a new address. Only reads."""
    row = read_row(_KNOWN_PERSON, event_id=event.id, email_key=email_key(email))
    if row is None:
        return None
    values = {column.key: value for column, value in zip(_COLUMNS, row, strict=True)}
    return _reminder(new_row(Registration, **values), event, now=now)


def remind(registration: Registration, event: Event, *, now: datetime) -> None:
    """Mail a registered person that they are registered, at most once an hour."""
    db.session.flush()  # mails keep their order
    store_reminder(_reminder(registration, event, now=now))


def _reminder(person: Registration, event: Event, *, now: datetime) -> Reminder:
    known = KnownAddress(*(getattr(person, name) for name in KnownAddress._fields))
    facts = facts_for(MailKind.REPEAT, person, event, now=now)
    key = f"repeat:{person.public_id}:{now:%Y%m%d%H}"
    return Reminder(known, finished_mail(facts, person, event, key=key, now=now))


def store_reminder(prepared: Reminder) -> None:
    """Store a reminder, at most one an hour for each person.

    A second one is composed and stored like the first, and rolled back: response times must not
    reveal anything.
    """
    known, mail = prepared
    if not queue_unless_known(mail):
        mail.key = mail.message_id
        with in_vain():
            queue_unless_known(mail)
        return
    if known.thread_id:
        return
    first = update(Registration).where(Registration.id == known.id)
    rows_written(first.values(thread_id=mail.message_id))

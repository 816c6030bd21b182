"""Reminders: the mails to people who register again, which tell them that they are registered."""

from datetime import datetime
from typing import NamedTuple

from sqlalchemy import bindparam, select, update

from ikone_events.domain.address import email_key
from ikone_events.domain.mails.kinds import MailKind
from ikone_events.services.mails.facts import facts_for
from ikone_events.services.mails.writing import finished_mail, is_written, queue_plainly
from ikone_events.store.db import db, rows_written
from ikone_events.store.events.models import Event, new_public_id
from ikone_events.store.mails.models import OutboxMail
from ikone_events.store.reading import read_row
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
_KNOWN_ADDRESS = select(*(getattr(Registration, name) for name in KnownAddress._fields)).where(
    *_OF_ADDRESS
)
_ACTIVE_ADDRESS = select(Registration).where(*_OF_ADDRESS)


def find_known(event: Event, email: str) -> KnownAddress | None:
    """What is known of the active registration of an address; None without one."""
    wanted = {"event_id": event.id, "email_key": email_key(email)}
    row = read_row(_KNOWN_ADDRESS, **wanted)
    return None if row is None else KnownAddress(*row)


def find_active(event: Event, email: str) -> Registration | None:
    """The active registration of an address at an event."""
    wanted = {"event_id": event.id, "email_key": email_key(email)}
    return db.session.scalar(_ACTIVE_ADDRESS, wanted)


def remind(registration: Registration, event: Event, *, now: datetime) -> None:
    """Mail a registered person that they are registered, at most once an hour."""
    known = KnownAddress(*(getattr(registration, name) for name in KnownAddress._fields))
    store_reminder(reminder(known, event, now=now))


def reminder(known: KnownAddress, event: Event, *, now: datetime) -> Reminder:
    """The mail that tells a registered person so; only reads."""
    person = db.session.get_one(Registration, known.id)
    facts = facts_for(MailKind.REPEAT, person, event, now=now)
    key = f"repeat:{person.public_id}:{now:%Y%m%d%H}"
    return Reminder(known, finished_mail(facts, person, event, key=key, now=now))


def store_reminder(prepared: Reminder) -> None:
    """Store a reminder, at most one an hour for each person.

    A further mail within the hour is written and rolled back: response times must not reveal
    anything.
    """
    known, mail = prepared
    if sent := is_written(mail.key):
        mail.key = f"{mail.key}:{new_public_id()}"
    with db.session.begin_nested() as attempt:
        mail.registration_id = known.id
        queue_plainly(mail)
        if sent:
            attempt.rollback()
    if not (sent or known.thread_id):
        first = update(Registration).where(Registration.id == known.id)
        rows_written(first.values(thread_id=mail.message_id))

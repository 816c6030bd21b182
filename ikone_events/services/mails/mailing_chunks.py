"""Turning mailings into mails of the outbox, chunk by chunk, in the worker."""

import logging
from collections.abc import Mapping
from datetime import datetime

from sqlalchemy import case, select
from sqlalchemy.exc import DBAPIError

from ikone_events.domain.mails.audiences import OF_SUBSCRIBERS
from ikone_events.domain.mails.kinds import MailKind
from ikone_events.services.mails.facts import facts_for, kind_for
from ikone_events.services.mails.mailings import REMINDERS, people_after
from ikone_events.services.mails.replacing import replace_links, replace_unsent
from ikone_events.services.mails.values import notified_versions
from ikone_events.services.mails.writing import store_mail, write_to_subscriber
from ikone_events.store.db import db, for_update
from ikone_events.store.events.models import Event
from ikone_events.store.events.queries import lock_event
from ikone_events.store.mails.models import Mailing, OutboxMail, Subscriber
from ikone_events.store.outages import is_about_data
from ikone_events.store.registering.models import Registration

CHUNK = 25
_OF_SUBSCRIBERS = sorted(audience.value for audience in OF_SUBSCRIBERS)
_UNFINISHED = (Mailing.finished_at.is_(None), Mailing.stopped_at.is_(None))

log = logging.getLogger(__name__)

Person = Registration | Subscriber


def find_open_mailing() -> int | None:
    """The id of the next mailing that is neither stopped nor completely in the outbox.

    Reminders first and mails to subscribers last: thousands of them may take hours.
    """
    urgency = case(
        (Mailing.kind.in_([kind.value for kind in REMINDERS]), 0),
        (Mailing.audience.in_(_OF_SUBSCRIBERS), 2),
        else_=1,
    )
    unfinished = select(Mailing.id).where(*_UNFINISHED)
    return db.session.scalar(unfinished.order_by(urgency, Mailing.id).limit(1))


def expand_chunk(mailing_id: int, *, now: datetime) -> int:
    """Write the next mails of a mailing into the outbox; returns how many. Needs a transaction.

    The row of the mailing is locked, so that two workers never write the same chunk and nothing is
    written once the mailing is stopped. The event is locked before, as in every change of status:
    a withdrawal at the same moment would write a mail with the same calendar sequence.
    """
    _lock_event_of(mailing_id)
    wanted = select(Mailing).where(Mailing.id == mailing_id, *_UNFINISHED)
    mailing = db.session.scalar(for_update(wanted, Mailing))
    if mailing is None:
        return 0
    # A person who unsubscribes now waits for the chunk and deletes its mail too.
    chunk = people_after(mailing).limit(CHUNK).with_for_update(read=True, key_share=True)
    people = db.session.scalars(chunk).all()
    registered = [person for person in people if isinstance(person, Registration)]
    known = notified_versions(mailing.event, registered)
    try:
        with db.session.begin_nested():
            for person in people:
                _write(mailing, person, now=now, known=known)
    except Exception:  # noqa: BLE001 - raised again below, where it is logged
        # One savepoint per mail costs three times as much, so only a failed chunk has them.
        for person in people:
            _write_in_savepoint(mailing, person, now=now, known=known)
    if people:
        mailing.last_id = people[-1].id
    if len(people) < CHUNK:
        mailing.finished_at = now
    return len(people)


def _lock_event_of(mailing_id: int) -> None:
    """Not for mails to subscribers, who have no seats: registrations need not wait for them."""
    slug = db.session.scalar(
        select(Event.slug)
        .join(Mailing, Mailing.event_id == Event.id)
        .where(Mailing.id == mailing_id, Mailing.audience.not_in(_OF_SUBSCRIBERS))
    )
    if slug is not None:
        lock_event(slug)


def _write_in_savepoint(
    mailing: Mailing, person: Person, *, now: datetime, known: Mapping[int, Event]
) -> None:
    """Write one mail, or a failed one if it can't be composed."""
    try:
        with db.session.begin_nested():
            _write(mailing, person, now=now, known=known)
    except Exception as fault:  # the mails of other people must be written
        if isinstance(fault, DBAPIError) and not is_about_data(fault):
            raise
        log.exception("e-mail %s could not be composed", _key(mailing, person))
        db.session.add(_failed_row(mailing, person, now=now, fault=fault))


def _write(mailing: Mailing, person: Person, *, now: datetime, known: Mapping[int, Event]) -> None:
    kind, event, key = MailKind(mailing.kind), mailing.event, _key(mailing, person)
    if isinstance(person, Subscriber):
        write_to_subscriber(kind, person, event, key=key, now=now, mailing=mailing)
        return
    if kind is MailKind.LINKS_RENEWED:
        # Here, so that nobody's links stop working before the new ones are on their way.
        replace_links(person)
        replace_unsent(person, event, now=now)
    facts = facts_for(
        kind_for(kind, person), person, event, now=now, mailing=mailing, known=known.get(person.id)
    )
    if facts.changes or not mailing.only_changed:
        store_mail(facts, person, event, key=key, now=now, mailing=mailing)


def _key(mailing: Mailing, person: Person) -> str:
    mark = "s" if isinstance(person, Subscriber) else ""
    return f"mailing:{mailing.id}:{mark}{person.id}"


def _failed_row(mailing: Mailing, person: Person, *, now: datetime, fault: Exception) -> OutboxMail:
    subscribed = isinstance(person, Subscriber)
    kind = MailKind(mailing.kind)
    return OutboxMail(
        key=_key(mailing, person),
        event_id=mailing.event_id,
        registration_id=None if subscribed else person.id,
        subscriber_id=person.id if subscribed else None,
        mailing_id=mailing.id,
        kind=(kind if isinstance(person, Subscriber) else kind_for(kind, person)).value,
        locale=person.locale,
        recipient=person.email,
        subject="",
        text="",
        html="",
        message_id="",
        state="failed",
        created_at=now,
        due_at=now,
        answer=f"not composed: {type(fault).__name__}: {fault}"[:2000],
    )

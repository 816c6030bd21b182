"""The mails of a mailing, and what if one can't be written."""

import logging
from collections.abc import Mapping, Sequence
from datetime import datetime

from sqlalchemy.exc import DBAPIError

from ikone_events.domain.mails.kinds import MailKind
from ikone_events.services.mails.facts import facts_for, kind_for
from ikone_events.services.mails.writing import store_mail, write_to_subscriber
from ikone_events.store.db import db
from ikone_events.store.events.models import Event
from ikone_events.store.mails.models import Mailing, OutboxMail
from ikone_events.store.mails.subscribers import Subscriber
from ikone_events.store.outages import is_about_data
from ikone_events.store.registering.models import Registration

log = logging.getLogger(__name__)


def write_chunk(
    mailing: Mailing,
    people: Sequence[Registration | Subscriber],
    *,
    now: datetime,
    known: Mapping[int, Event],
) -> None:
    """Write the mails of several people; one that can't be written is kept as failed.

    `known` maps registration ids to the event as each person was last notified of it.
    One savepoint serves all, since one for each would triple the cost. If a mail fails, all are
    written again, each in its own savepoint: on PostgreSQL a refused statement ends the whole one.
    """
    try:
        with db.session.begin_nested():
            for person in people:
                _write(mailing, person, now=now, known=known)
    except Exception:  # noqa: BLE001 - found again below, where it is logged
        for person in people:
            _write_apart(mailing, person, now=now, known=known)


def _write_apart(
    mailing: Mailing,
    person: Registration | Subscriber,
    *,
    now: datetime,
    known: Mapping[int, Event],
) -> None:
    try:
        with db.session.begin_nested():
            _write(mailing, person, now=now, known=known)
    except Exception as fault:  # one person's mail must not hold up the others
        if isinstance(fault, DBAPIError) and not is_about_data(fault):
            raise
        log.exception("e-mail %s could not be composed", _key(mailing, person))
        db.session.add(_failed_row(mailing, person, now=now, fault=fault))


def _write(
    mailing: Mailing,
    person: Registration | Subscriber,
    *,
    now: datetime,
    known: Mapping[int, Event],
) -> None:
    kind, event, key = MailKind(mailing.kind), mailing.event, _key(mailing, person)
    if isinstance(person, Subscriber):
        write_to_subscriber(kind, person, event, key=key, now=now, mailing=mailing)
        return
    facts = facts_for(
        kind_for(kind, person), person, event, now=now, mailing=mailing, known=known.get(person.id)
    )
    if facts.changes or not mailing.only_changed:
        store_mail(facts, person, event, key=key, now=now, mailing=mailing)


def _key(mailing: Mailing, person: Registration | Subscriber) -> str:
    mark = "s" if isinstance(person, Subscriber) else ""
    return f"mailing:{mailing.id}:{mark}{person.id}"


def _failed_row(
    mailing: Mailing,
    person: Registration | Subscriber,
    *,
    now: datetime,
    fault: Exception,
) -> OutboxMail:
    subscribed = isinstance(person, Subscriber)
    kind = MailKind(mailing.kind)
    if not isinstance(person, Subscriber):
        kind = kind_for(kind, person)
    return OutboxMail(
        key=_key(mailing, person),
        event_id=mailing.event_id,
        registration_id=None if subscribed else person.id,
        subscriber_id=person.id if subscribed else None,
        mailing_id=mailing.id,
        kind=kind.value,
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

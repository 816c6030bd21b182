"""One mail of a mailing, and what if it can't be written."""

import logging
from datetime import datetime

from ikone_events.domain.messages import MailKind
from ikone_events.services.letters import store_mail, write_to_subscriber
from ikone_events.services.mail_facts import facts_for, kind_for
from ikone_events.store.db import db
from ikone_events.store.events import Event
from ikone_events.store.letters import Mailing, OutboxMail
from ikone_events.store.registrations import Registration
from ikone_events.store.subscribers import Subscriber

log = logging.getLogger(__name__)


def write_one(
    mailing: Mailing,
    person: Registration | Subscriber,
    *,
    now: datetime,
    known: Event | None = None,
) -> None:
    """Write the mail of one person; one that can't be composed is kept as failed.

    `known` is the event as a registered person was notified of it last, looked up when left out.
    """
    kind, key = MailKind(mailing.kind), _key(mailing, person)
    try:
        if isinstance(person, Subscriber):
            write_to_subscriber(kind, person, mailing.event, key=key, now=now, mailing=mailing)
            return
        kind, event = kind_for(kind, person), mailing.event
        facts = facts_for(kind, person, event, now=now, mailing=mailing, known=known)
        if facts.changes or not mailing.only_changed:
            store_mail(facts, person, event, key=key, now=now, mailing=mailing)
    except Exception as fault:  # one person's mail must not hold up the others
        log.exception("letter %s could not be composed", key)
        db.session.add(_failed_row(mailing, person, kind, now=now, fault=fault))


def _key(mailing: Mailing, person: Registration | Subscriber) -> str:
    mark = "s" if isinstance(person, Subscriber) else ""
    return f"mailing:{mailing.id}:{mark}{person.id}"


def _failed_row(
    mailing: Mailing,
    person: Registration | Subscriber,
    kind: MailKind,
    *,
    now: datetime,
    fault: Exception,
) -> OutboxMail:
    subscribed = isinstance(person, Subscriber)
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

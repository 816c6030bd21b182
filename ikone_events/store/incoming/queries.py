"""Queries about incoming mails: the mail they refer to, the answer in force."""

from collections.abc import Iterable, Sequence
from datetime import datetime
from typing import NamedTuple

from sqlalchemy import select

from ikone_events.domain.incoming.answer_rules import order_by
from ikone_events.domain.incoming.mails import IncomingKind, IncomingOutcome
from ikone_events.store.db import db
from ikone_events.store.events.models import Event
from ikone_events.store.incoming.models import IncomingMail
from ikone_events.store.mails.models import HAS_OBJECT, OutboxMail
from ikone_events.store.registering.models import Registration


class SentObject(NamedTuple):
    """A calendar object in a mail; `version` is the event version that it contained."""

    mail_id: int
    registration_id: int | None
    event_id: int | None
    sequence: int
    version: int | None
    created_at: datetime
    state: str


def stored_outcome(digest: str) -> IncomingOutcome | None:
    """The outcome of a mail that was read before, or None."""
    wanted = select(IncomingMail.outcome).where(IncomingMail.digest == digest)
    found = db.session.scalar(wanted)
    return None if found is None else IncomingOutcome(found)


def objects_of(uid: str) -> list[SentObject]:
    """Every object with a UID that was mailed, the newest first (RFC 5546 section 2.1.5)."""
    if not uid:
        return []
    rows = db.session.execute(
        select(
            OutboxMail.id,
            OutboxMail.registration_id,
            OutboxMail.event_id,
            OutboxMail.calendar_sequence,
            OutboxMail.notified_version,
            OutboxMail.created_at,
            OutboxMail.state,
        )
        .where(
            OutboxMail.calendar_uid == uid,
            HAS_OBJECT,
            OutboxMail.calendar_sequence.is_not(None),
        )
        .order_by(
            OutboxMail.calendar_sequence.desc(),
            OutboxMail.calendar_stamp.desc().nulls_last(),
            OutboxMail.id.desc(),
        )
    )
    return [SentObject._make(row) for row in rows]


def find_by_uid(uid: str) -> Registration | None:
    """The registration whose invitation has this UID now, or None."""
    if not uid:
        return None
    wanted = select(Registration).where(
        Registration.calendar_uid == uid, Registration.anonymised_at.is_(None)
    )
    return db.session.scalar(wanted.execution_options(populate_existing=True))


def find_mail(message_ids: Iterable[str]) -> OutboxMail | None:
    """The newest mail with one of these Message-IDs, or None."""
    wanted = [bracketed for name in message_ids if (bracketed := _bracketed(name))]
    if not wanted:
        return None
    found = select(OutboxMail).where(OutboxMail.message_id.in_(wanted))
    return db.session.scalar(found.order_by(OutboxMail.id.desc()).limit(1))


def find_latest_to(addresses: Iterable[str]) -> OutboxMail | None:
    """The newest sent mail to one of these addresses, or None."""
    sent = select(OutboxMail).where(
        OutboxMail.recipient.in_(list(addresses)), OutboxMail.state == "sent"
    )
    return db.session.scalar(sent.order_by(OutboxMail.id.desc()).limit(1))


def _bracketed(message_id: str) -> str:
    bare = message_id.strip().strip("<>").strip()
    return f"<{bare}>" if bare else ""


def taken_answers(registration: Registration) -> Sequence[IncomingMail]:
    """The accepted answers to the current invitation, in the order of reading.

    Mails of earlier versions have no stored UID.
    """
    wanted = (
        select(IncomingMail)
        .outerjoin(OutboxMail, IncomingMail.mail_id == OutboxMail.id)
        .where(
            IncomingMail.registration_id == registration.id,
            IncomingMail.kind == IncomingKind.ANSWER.value,
            IncomingMail.outcome == IncomingOutcome.TAKEN.value,
            OutboxMail.id.is_(None) | (OutboxMail.calendar_uid == registration.calendar_uid),
        )
        .order_by(IncomingMail.id)
    )
    return db.session.scalars(wanted).all()


def received_from(registration: Registration) -> Sequence[IncomingMail]:
    """All incoming mails about a registration, the oldest first."""
    wanted = select(IncomingMail).where(IncomingMail.registration_id == registration.id)
    return db.session.scalars(wanted.order_by(IncomingMail.received_at, IncomingMail.id)).all()


def answered_at(event: Event) -> dict[int, datetime]:
    """When each person of an event gave the stored answer, by registration id."""
    rows = db.session.execute(
        select(IncomingMail.registration_id, IncomingMail.stamp, IncomingMail.received_at)
        .join(Registration, IncomingMail.registration_id == Registration.id)
        .where(
            Registration.event_id == event.id,
            IncomingMail.kind == IncomingKind.ANSWER.value,
            IncomingMail.outcome == IncomingOutcome.TAKEN.value,
            IncomingMail.partstat == Registration.partstat,
        )
    )
    found: dict[int, datetime] = {}
    for person, stamp, received_at in rows:
        if person is not None:
            given = order_by(stamp, received_at).given_at
            found[person] = max(found.get(person, given), given)
    return found

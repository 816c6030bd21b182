"""The way in for everything that a program wrote back to us: once a mail, whatever it does.

Whoever calls has opened a transaction. The event is locked before anything is decided, so that a
press at the same moment sees the answer or the answer sees the press.
"""

from datetime import datetime

from sqlalchemy.exc import IntegrityError

from ikone_events.domain.incoming.mails import (
    Absence,
    Bounce,
    CalendarAnswer,
    Damaged,
    Incoming,
    IncomingKind,
    IncomingOutcome,
)
from ikone_events.domain.incoming.text import bounded
from ikone_events.services.incoming import answers, bounces, unmatched
from ikone_events.services.incoming.matching import Subject, lock_subject
from ikone_events.store.db import db
from ikone_events.store.incoming.models import IncomingMail
from ikone_events.store.incoming.queries import stored_outcome


def ingest(found: Incoming, *, now: datetime) -> IncomingOutcome:
    """Store a mail that was read and do what it may do; a second time changes nothing."""
    digest = found.envelope.digest
    if (before := stored_outcome(digest)) is not None:
        return before
    mail = bounded(found)
    subject = lock_subject(mail)
    if (before := stored_outcome(digest)) is not None:
        return before
    outcome = _judge(mail, subject)
    if not _store(_row(mail, subject, outcome)):
        return stored_outcome(digest) or outcome
    _act(mail, subject, outcome, now=now)
    unmatched.make_room(subject)
    return outcome


def _judge(found: Incoming, subject: Subject) -> IncomingOutcome:
    if not subject.known:
        return IncomingOutcome.UNKNOWN
    if isinstance(found, CalendarAnswer):
        return answers.judge(found, subject)
    if isinstance(found, Bounce):
        return bounces.judge(found, subject)
    return IncomingOutcome.NOTED if isinstance(found, Absence) else IncomingOutcome.UNKNOWN


def _act(found: Incoming, subject: Subject, outcome: IncomingOutcome, *, now: datetime) -> None:
    if isinstance(found, CalendarAnswer):
        answers.act(found, subject, outcome, now=now)
    elif isinstance(found, Bounce):
        bounces.act(found, subject, outcome, now=now)


def _store(row: IncomingMail) -> bool:
    """False when another worker has just stored the same mail: what is about nobody has no lock."""
    try:
        with db.session.begin_nested():
            db.session.add(row)
            db.session.flush()
    except IntegrityError:
        return False
    return True


def _row(found: Incoming, subject: Subject, outcome: IncomingOutcome) -> IncomingMail:
    envelope = found.envelope
    row = IncomingMail(
        digest=envelope.digest,
        outcome=outcome.value,
        event_id=subject.event.id if subject.event else None,
        registration_id=subject.registration.id if subject.registration else None,
        mail_id=subject.mail.id if subject.mail else None,
        message_id=envelope.message_id,
        sender=envelope.sender,
        authenticated=envelope.authenticated,
        received_at=envelope.received_at,
    )
    _describe(row, found)
    return row


def _describe(row: IncomingMail, found: Incoming) -> None:
    """What only one kind of mail tells."""
    if isinstance(found, CalendarAnswer):
        row.kind, row.words = IncomingKind.ANSWER.value, found.comment
        row.attendee, row.partstat = found.attendee, found.partstat
        row.sequence, row.stamp = found.sequence, found.stamp
        row.proposed_starts_at = found.proposed_starts_at
        row.proposed_ends_at = found.proposed_ends_at
    elif isinstance(found, Bounce):
        row.kind, row.words = IncomingKind.BOUNCE.value, found.words
        row.attendee, row.code = found.recipient, found.code
        row.permanent = found.permanent
    elif isinstance(found, Absence):
        row.kind, row.words = IncomingKind.ABSENCE.value, found.words
    elif isinstance(found, Damaged):
        row.kind, row.words = IncomingKind.DAMAGED.value, found.fault

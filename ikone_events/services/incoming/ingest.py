"""Storing and acting on received mails, each exactly once; and deleting them.

Needs a transaction. The event is locked before anything is decided, so that a click at the same
moment runs completely before or after the mail.
"""

from datetime import datetime, timedelta

from sqlalchemy import ColumnElement, delete, select
from sqlalchemy.exc import IntegrityError

from ikone_events.domain.incoming.answer_rules import answer_of_invited, same_person
from ikone_events.domain.incoming.mails import (
    Absence,
    Bounce,
    CalendarAnswer,
    Damaged,
    Incoming,
    IncomingKind,
    IncomingOutcome,
    ReturnedMail,
    bounded,
)
from ikone_events.services.incoming import answers, speaker_answers
from ikone_events.services.incoming.matching import Subject, lock_subject
from ikone_events.services.mails import delivery_log, outbox, undeliverable_addresses
from ikone_events.store.db import db, rows_written
from ikone_events.store.incoming.models import IncomingMail
from ikone_events.store.incoming.queries import stored_outcome

KEPT = timedelta(days=30)
_MOST_UNKNOWN = 200
_MOST_OF_ONE = 100

# Mails to subscribers without an event have no event either, but their bounces are kept with them.
_UNKNOWN = IncomingMail.event_id.is_(None) & IncomingMail.mail_id.is_(None)


def ingest(found: Incoming, *, now: datetime) -> IncomingOutcome:
    """Store a received mail and act on it; a second time changes nothing."""
    digest = found.envelope.digest
    if (before := stored_outcome(digest)) is not None:
        return before
    mail = bounded(found)
    subject = lock_subject(mail)
    if (before := stored_outcome(digest)) is not None:
        return before
    if isinstance(mail, CalendarAnswer) and (invited := subject.registration or subject.speaker):
        mail = answer_of_invited(mail, invited.email)
    outcome = _judge(mail, subject)
    if isinstance(mail, ReturnedMail) and not subject.known:
        return outcome  # a mail server writes to somebody who uses this mailbox too
    if not _store(_row(mail, subject, outcome)):
        return stored_outcome(digest) or outcome
    if isinstance(mail, CalendarAnswer):
        if subject.speaker is not None:
            speaker_answers.act(mail, subject.speaker, outcome, now=now)
        else:
            answers.act(mail, subject, outcome, now=now)
    elif isinstance(mail, Bounce):
        _act_on_bounce(mail, subject, outcome, now=now)
    _delete_oldest(subject)
    return outcome


def delete_expired(now: datetime) -> None:
    """Delete mails about none of our events after 30 days."""
    rows_written(delete(IncomingMail).where(due_to_delete(now)))


def due_to_delete(now: datetime) -> ColumnElement[bool]:
    """The mails that the clock deletes."""
    return _UNKNOWN & (IncomingMail.received_at <= now - KEPT)


def _judge(found: Incoming, subject: Subject) -> IncomingOutcome:
    if not subject.known:
        return IncomingOutcome.UNKNOWN
    if isinstance(found, CalendarAnswer):
        if subject.speaker is not None:
            return speaker_answers.judge(found, subject.speaker, subject.objects)
        return answers.judge(found, subject)
    if isinstance(found, Bounce):
        return _judge_bounce(found, subject)
    return IncomingOutcome.NOTED if isinstance(found, Absence) else IncomingOutcome.UNCLEAR


def _judge_bounce(bounce: Bounce, subject: Subject) -> IncomingOutcome:
    """Whether the recipient of our mail can't be reached.

    The bounce is about another address if the mail was forwarded, or corrected and sent again.
    """
    mail = subject.mail
    if mail is None:
        return IncomingOutcome.UNKNOWN
    if bounce.recipient and not same_person(bounce.recipient, mail.recipient):
        return IncomingOutcome.OTHER_ADDRESS
    return IncomingOutcome.TAKEN if bounce.lost else IncomingOutcome.TEMPORARY


def _act_on_bounce(
    bounce: Bounce, subject: Subject, outcome: IncomingOutcome, *, now: datetime
) -> None:
    """Mark the mail as failed, and its address if nobody reads it; or note the delay."""
    mail = subject.mail
    if mail is None:
        return
    words = bounce.words if bounce.code in bounce.words else f"{bounce.code} {bounce.words}".strip()
    if outcome is IncomingOutcome.TEMPORARY:
        delivery_log.add_note(mail.id, "delayed", now=now, words=words)
    elif outcome is IncomingOutcome.TAKEN:
        outbox.mark_bounced(mail.id, now=now, answer=words)
        if bounce.marks_address:
            code, said = bounce.code, bounce.words
            undeliverable_addresses.mark(mail.recipient, code=code, words=said, now=now)


def _store(row: IncomingMail) -> bool:
    """False if another worker has just stored the same mail; without an event nothing is locked."""
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
        speaker_id=subject.speaker.id if subject.speaker else None,
        mail_id=subject.mail.id if subject.mail else None,
        message_id=envelope.message_id,
        sender=envelope.sender,
        authenticated=envelope.authenticated,
        received_at=envelope.received_at,
    )
    if isinstance(found, CalendarAnswer):
        row.kind, row.words = IncomingKind.ANSWER.value, found.comment
        row.attendee, row.partstat = found.attendee, found.partstat
        row.sequence, row.stamp = found.sequence, found.stamp
        row.proposed_starts_at = found.proposed_starts_at
        row.proposed_ends_at = found.proposed_ends_at
    elif isinstance(found, Bounce):
        row.kind, row.words = IncomingKind.BOUNCE.value, found.words
        row.attendee, row.code = found.recipient, found.code
        row.lost, row.cause = found.lost, found.cause.value
    elif isinstance(found, Absence):
        row.kind, row.words = IncomingKind.ABSENCE.value, found.words
    elif isinstance(found, ReturnedMail):
        row.kind, row.words = IncomingKind.LOOK.value, found.words
    elif isinstance(found, Damaged):
        row.kind, row.words = IncomingKind.DAMAGED.value, found.fault
    return row


def _delete_oldest(subject: Subject) -> None:
    """Limit what is stored: a program that answers endlessly must not fill the database.

    Bounces of known mails are kept, and so is the answer that counts.
    """
    person = subject.registration
    if subject.speaker is not None:
        speaker_answers.delete_oldest(subject.speaker, keep=_MOST_OF_ONE)
        return
    if subject.known and person is None:
        return
    mine: ColumnElement[bool] = _UNKNOWN
    if person is not None:
        is_bounce = IncomingMail.kind == IncomingKind.BOUNCE.value
        mine = (IncomingMail.registration_id == person.id) & ~is_bounce
    most = _MOST_OF_ONE if person is not None else _MOST_UNKNOWN
    newest = select(IncomingMail.id).where(mine).order_by(IncomingMail.id.desc())
    last = db.session.scalar(newest.offset(most).limit(1))
    if last is None:
        return
    old = delete(IncomingMail).where(mine, IncomingMail.id <= last)
    if person is not None and (counts := answers.answer_in_force(person, person.event)):
        old = old.where(IncomingMail.id != counts.id)
    rows_written(old)

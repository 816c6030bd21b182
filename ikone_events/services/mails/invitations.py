"""Invitations: the calendar objects of mails.

A UID is one entry in one person's calendar, from the first REQUEST to the CANCEL.
"""

from datetime import datetime, timedelta
from uuid import uuid4

from sqlalchemy import func, or_, select

from ikone_events.domain.events.facts import CALLED_OFF
from ikone_events.domain.incoming.answer_rules import DECLINED, order_by
from ikone_events.domain.mails.facts import Invitation
from ikone_events.domain.mails.kinds import CANCEL, NO_ANSWER, REQUEST, MailKind, calendar_method
from ikone_events.domain.registering.registration import Status
from ikone_events.mail.writing.compose import ComposedMail
from ikone_events.services.installation import get_installation
from ikone_events.services.mails.values import last_notified_version
from ikone_events.store.db import db
from ikone_events.store.events.models import Event
from ikone_events.store.events.speakers import Speaker
from ikone_events.store.incoming.queries import taken_answers
from ikone_events.store.mails.event_versions import NOTIFIED, date_of
from ikone_events.store.mails.models import HAS_OBJECT, OutboxMail
from ikone_events.store.registering.models import Registration

# Mails that state date and place to people without a calendar entry.
_ANNOUNCING = {
    *(MailKind.WAITLIST, MailKind.CONFIRM_ADDRESS, MailKind.AWAITING_APPROVAL, MailKind.OFFER),
    *(MailKind.MOVED, MailKind.CHANGED, MailKind.TAKEN_OVER),
}
# The precision of DTSTAMP.
_TICK = timedelta(seconds=1)
# Mails that update an entry; who has declined the date gets them without it.
_UPDATING = {MailKind.ACCESS_LINK, MailKind.MOVED, MailKind.CHANGED, MailKind.LINKS_RENEWED}


def invitation_for(
    kind: MailKind,
    registration: Registration,
    event: Event,
    *,
    now: datetime,
    known: Event,
    again: OutboxMail | None = None,
) -> Invitation | None:
    """The invitation of a mail, newer than the last one (RFC 5546, 2.1.4 and 2.1.5), or None.

    The sequence rises if the date is not that of the `known` version, and with a CANCEL: then the
    answer is asked for again. All else raises the DTSTAMP alone and asks nobody.

    Only confirmed people are invited; without an entry there is no CANCEL. After a CANCEL the next
    invitation has a new UID: Thunderbird deletes by the UID alone, so a CANCEL that is opened late
    would delete the new date. Who has declined is invited again by another date only. `again` is
    the mail that is written again: its CANCEL keeps its UID. New links bring no entry back.
    """
    method = calendar_method(kind)
    if method == CANCEL:
        return _withdrawal(registration, again, now)
    if method is None or registration.status != Status.CONFIRMED.value:
        return None
    if kind is MailKind.LINKS_RENEWED and _is_off(event, now):
        return None
    # A mail that is written again leaves after those that have been queued since.
    entered = last_notified_version(event, registration) if again else known
    moved = entered is not event and date_of(entered) != date_of(event)
    if not moved and has_declined(kind, registration):
        return None
    return _request(registration, now, moved=moved, again=again)


def _withdrawal(
    registration: Registration, again: OutboxMail | None, now: datetime
) -> Invitation | None:
    replaced = again and again.calendar_uid not in ("", registration.calendar_uid)
    last = again if again and replaced else registration
    if last.calendar_sequence is None and not replaced:
        return None
    return Invitation(
        uid=last.calendar_uid,
        sequence=(last.calendar_sequence or 0) + 1,
        stamp=later_stamp(now, last.calendar_stamp),
    )


def _request(
    registration: Registration, now: datetime, *, moved: bool, again: OutboxMail | None
) -> Invitation:
    sent, stamp = registration.calendar_sequence, later_stamp(now, registration.calendar_stamp)
    if registration.calendar_method == CANCEL:
        return Invitation(uid=new_calendar_uid(), sequence=0, stamp=stamp, replaces=True)
    sequence, partstat = (sent or 0) + moved, "" if moved else registration.partstat
    if sent and not moved and (left := _last_that_left(registration)) < sent:
        sequence, partstat = left, _answer_to(registration, left)
    return Invitation(
        uid=registration.calendar_uid,
        sequence=0 if sent is None else sequence,
        stamp=stamp,
        partstat=partstat or NO_ANSWER,
        updates=sent is not None,
        replaces=again is not None and _was_withdrawn(registration),
    )


def _last_that_left(registration: Registration) -> int:
    """The sequence of the last object that a calendar may have.

    A lower one than the last written if a mailing about another date was stopped in time and the
    date moved back: nobody is asked again about a date that never changed for them.
    """
    may_have_left = or_(OutboxMail.state.in_(NOTIFIED), OutboxMail.tries > 0)
    mine = (OutboxMail.calendar_uid == registration.calendar_uid) & HAS_OBJECT
    last = select(func.max(OutboxMail.calendar_sequence)).where(mine, may_have_left)
    found = db.session.scalar(last)
    return registration.calendar_sequence or 0 if found is None else found


def _answer_to(registration: Registration, sequence: int) -> str:
    """The last answer to the objects of a sequence; the stopped mail has cleared it."""
    given = [row for row in taken_answers(registration) if row.sequence == sequence]
    return (
        max(given, key=lambda row: order_by(row.stamp, row.received_at)).partstat if given else ""
    )


def _was_withdrawn(registration: Registration) -> bool:
    """Whether a mail has withdrawn an earlier entry of this person."""
    former = (OutboxMail.calendar_uid != registration.calendar_uid) & HAS_OBJECT
    withdrawn = select(OutboxMail.id).where(
        OutboxMail.registration_id == registration.id,
        OutboxMail.recipient == registration.email,
        OutboxMail.calendar_method == CANCEL,
        OutboxMail.state.in_(NOTIFIED),
        former,
    )
    return db.session.scalar(withdrawn.limit(1)) is not None


def later_stamp(now: datetime, last: datetime | None) -> datetime:
    """The DTSTAMP of the next object: with an equal one calendars take it for the one they have."""
    stamp = now.replace(microsecond=0)
    return stamp if last is None or stamp > last else last.replace(microsecond=0) + _TICK


def has_declined(kind: MailKind, registration: Registration) -> bool:
    """Whether a mail of this kind would update the entry of somebody who has declined the date."""
    entered = registration.calendar_method != CANCEL and registration.calendar_sequence is not None
    return kind in _UPDATING and entered and registration.partstat == DECLINED


def _is_off(event: Event, now: datetime) -> bool:
    return event.ends_at <= now or event.state in CALLED_OFF


def new_calendar_uid() -> str:
    """A UID that can't be guessed: with it anybody could delete the entry from a calendar."""
    return f"{uuid4()}@{get_installation().settings.host}"


def makes_known(kind: str, registration: Registration, mail: ComposedMail) -> bool:
    """Whether a mail notifies of the event's version.

    Confirmed people are notified by their calendar entry, unless they have declined the date.
    """
    if registration.status != Status.CONFIRMED.value:
        return kind in _ANNOUNCING
    return mail.method == REQUEST or has_declined(MailKind(kind), registration)


def note_object(
    row: OutboxMail,
    registration: Registration | Speaker,
    invitation: Invitation,
    mail: ComposedMail,
) -> None:
    """Store what identifies the object in the mail, for its answers, and in the person's row."""
    row.calendar_uid, row.calendar_sequence = invitation.uid, invitation.sequence
    row.calendar_stamp = invitation.stamp
    if mail.method == CANCEL and invitation.uid != registration.calendar_uid:
        return  # deletes an entry that has been replaced by another one
    same = registration.calendar_uid == invitation.uid
    written = registration.calendar_sequence or 0 if same else 0
    registration.calendar_uid = invitation.uid
    registration.calendar_sequence = max(invitation.sequence, written)
    registration.calendar_stamp = invitation.stamp
    registration.calendar_method = mail.method or ""
    if mail.method == REQUEST:
        registration.partstat = "" if invitation.partstat == NO_ANSWER else invitation.partstat

"""Invitations: the calendar objects of mails.

A UID is one entry in one person's calendar, from the first REQUEST to the CANCEL.
"""

from datetime import datetime
from uuid import uuid4

from ikone_events.domain.events.facts import CALLED_OFF
from ikone_events.domain.mails.facts import Invitation
from ikone_events.domain.mails.kinds import CANCEL, NO_ANSWER, REQUEST, MailKind, calendar_method
from ikone_events.domain.registering.registration import Status
from ikone_events.mail.writing.compose import ComposedMail
from ikone_events.services.installation import get_installation
from ikone_events.store.events.models import Event
from ikone_events.store.mails.models import OutboxMail
from ikone_events.store.registering.models import Registration

# Mails that state date and place to people without a calendar entry.
_ANNOUNCING = {
    *(MailKind.WAITLIST, MailKind.CONFIRM_ADDRESS, MailKind.AWAITING_APPROVAL, MailKind.OFFER),
    *(MailKind.MOVED, MailKind.CHANGED, MailKind.TAKEN_OVER),
}


def invitation_for(
    kind: MailKind,
    registration: Registration,
    now: datetime,
    *,
    moved: bool = False,
    again: OutboxMail | None = None,
) -> Invitation | None:
    """The invitation of a mail with the next sequence (RFC 5546 section 2.1.4), or None.

    Only confirmed people are invited; without an entry there is no CANCEL. After a CANCEL the next
    invitation has a new UID: Thunderbird deletes by the UID alone, so a CANCEL that is opened late
    would delete the new date. If the date has `moved`, the answer is asked for again. `again` is
    the mail that is written again: its CANCEL keeps its UID. New links bring no entry back.
    """
    method = calendar_method(kind)
    if kind is MailKind.LINKS_RENEWED and _is_off(registration.event, now):
        method = None
    sent = registration.calendar_sequence
    if method == CANCEL and again and again.calendar_uid not in ("", registration.calendar_uid):
        sequence = (again.calendar_sequence or 0) + 1
        return Invitation(uid=again.calendar_uid, sequence=sequence, stamp=now)
    if method is None or (method == CANCEL and sent is None):
        return None
    if method == CANCEL:
        return Invitation(uid=registration.calendar_uid, sequence=(sent or 0) + 1, stamp=now)
    if registration.status != Status.CONFIRMED.value:
        return None
    if registration.calendar_method == CANCEL:
        return Invitation(uid=new_calendar_uid(), sequence=0, stamp=now)
    answer = NO_ANSWER if moved else registration.partstat or NO_ANSWER
    sequence = 0 if sent is None else sent + 1
    uid = registration.calendar_uid
    return Invitation(uid=uid, sequence=sequence, stamp=now, partstat=answer)


def _is_off(event: Event, now: datetime) -> bool:
    return event.ends_at <= now or event.state in CALLED_OFF


def new_calendar_uid() -> str:
    """A UID that can't be guessed: with it anybody could delete the entry from a calendar."""
    return f"{uuid4()}@{get_installation().settings.host}"


def makes_known(kind: str, registration: Registration, mail: ComposedMail) -> bool:
    """Whether a mail notifies of the event's version: confirmed people by their calendar entry."""
    if registration.status == Status.CONFIRMED.value:
        return mail.method == REQUEST
    return kind in _ANNOUNCING


def note_object(
    row: OutboxMail, registration: Registration, invitation: Invitation, mail: ComposedMail
) -> None:
    """Store UID and sequence in the mail, where answers look for them, and in the registration."""
    row.calendar_uid, row.calendar_sequence = invitation.uid, invitation.sequence
    if mail.method == CANCEL and invitation.uid != registration.calendar_uid:
        return  # deletes an entry that has been replaced by another one
    registration.calendar_uid = invitation.uid
    registration.calendar_sequence = invitation.sequence
    registration.calendar_method = mail.method or ""
    if mail.method == REQUEST and invitation.partstat == NO_ANSWER:
        registration.partstat = ""

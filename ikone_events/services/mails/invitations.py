"""The calendar side of mails: which object of which entry comes next, and who knows what by it.

One UID is one entry in one person's calendar, from its first REQUEST to its CANCEL.
"""

from datetime import datetime
from uuid import uuid4

from ikone_events.domain.mails.facts import Invitation
from ikone_events.domain.mails.kinds import CANCEL, NO_ANSWER, REQUEST, MailKind, calendar_method
from ikone_events.domain.registering.registration import Status
from ikone_events.mail.writing.compose import ComposedMail
from ikone_events.services.installation import get_installation
from ikone_events.store.mails.models import OutboxMail
from ikone_events.store.registering.models import Registration

# What tells people without an entry in their calendars of date and place.
_TELLING = frozenset(
    {
        MailKind.WAITLIST.value,
        MailKind.CONFIRM_ADDRESS.value,
        MailKind.AWAITING_APPROVAL.value,
        MailKind.OFFER.value,
        MailKind.MOVED.value,
        MailKind.CHANGED.value,
        MailKind.TAKEN_OVER.value,
    }
)


def invitation_for(
    kind: MailKind,
    registration: Registration,
    now: datetime,
    *,
    moved: bool = False,
    again: OutboxMail | None = None,
) -> Invitation | None:
    """The calendar side of a mail, with the next sequence (RFC 5546 section 2.1.4).

    Only who has a place is invited; who never got an entry needs no CANCEL. After a CANCEL the
    next invitation is another entry: Thunderbird deletes by the UID alone, so a CANCEL that is
    opened late would take the new date along. A date that `moved` is asked about anew. `again` is
    the mail that is written anew: its CANCEL stays with the entry it is about.
    """
    method = calendar_method(kind)
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


def new_calendar_uid() -> str:
    """A UID that nobody can guess: whoever knows it can take the entry out of a calendar."""
    return f"{uuid4()}@{get_installation().settings.host}"


def makes_known(kind: str, registration: Registration, mail: ComposedMail) -> bool:
    """Whoever has an entry in the calendar knows what stands there, others what mails say."""
    if registration.status == Status.CONFIRMED.value:
        return mail.method == REQUEST
    return kind in _TELLING


def note_object(
    row: OutboxMail, registration: Registration, invitation: Invitation, mail: ComposedMail
) -> None:
    """Remember the object by which answers find the mail; it becomes the person's newest."""
    row.calendar_uid, row.calendar_sequence = invitation.uid, invitation.sequence
    if mail.method == CANCEL and invitation.uid != registration.calendar_uid:
        return  # takes out an entry that another has replaced
    registration.calendar_uid = invitation.uid
    registration.calendar_sequence = invitation.sequence
    registration.calendar_method = mail.method or ""
    if mail.method == REQUEST and invitation.partstat == NO_ANSWER:
        registration.partstat = ""

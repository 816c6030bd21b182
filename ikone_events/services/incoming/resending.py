"""Sending failed mails again, with current content, also to a corrected address."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from types import MappingProxyType

from sqlalchemy import ColumnElement, func, or_, select

from ikone_events.domain.address import email_key
from ikone_events.domain.events.facts import State
from ikone_events.domain.mails.kinds import ABOUT_REQUESTS, TO_SPEAKERS, MailKind
from ikone_events.domain.refusals import N_, Complaint, UnfitInput
from ikone_events.domain.registering.registration import ACTIVE, Awaits, Status
from ikone_events.domain.registering.status import RegistrationAction
from ikone_events.services.mails import outbox, undeliverable_addresses
from ikone_events.services.mails.delivery_log import add_note
from ikone_events.services.mails.values import changes_for, last_notified_version
from ikone_events.services.mails.writing import rewrite_mail
from ikone_events.services.registering.corrections import give_address
from ikone_events.services.registering.seating import StatusCause
from ikone_events.store.db import db, for_update
from ikone_events.store.events.models import Event
from ikone_events.store.events.queries import lock_event
from ikone_events.store.followup.requests import is_mail_current
from ikone_events.store.mails.claims import LINKS_REPLACED
from ikone_events.store.mails.models import Mailing, OutboxMail
from ikone_events.store.registering.models import Registration

_OFF = (State.POSTPONED.value, State.CANCELLED.value, State.ARCHIVED.value)
# Mails that are about an end, or about no event, and always remain true.
_ALWAYS_TRUE = {
    *(MailKind.WITHDRAWAL, MailKind.POSTPONED, MailKind.CANCELLATION, MailKind.NOTE),
    *(MailKind.DECLINED, MailKind.OFFER_LAPSED, MailKind.HANDED_OVER),
    *(MailKind.TRIAL_WITHDRAWAL, MailKind.CALENDAR_ADDRESS),
    *(MailKind.ADDRESS_WITHDRAWN, MailKind.LINKS_RENEWED),
    MailKind.SPEAKER_WITHDRAWAL,
}
# Mails that are true only while the person has this status.
_TRUE_WHILE: Mapping[str, tuple[Status, Awaits]] = MappingProxyType(
    {
        MailKind.CONFIRMATION.value: (Status.CONFIRMED, Awaits.NOTHING),
        MailKind.PROMOTION.value: (Status.CONFIRMED, Awaits.NOTHING),
        MailKind.ACCESS_LINK.value: (Status.CONFIRMED, Awaits.NOTHING),
        MailKind.WAITLIST.value: (Status.WAITLISTED, Awaits.NOTHING),
        MailKind.CONFIRM_ADDRESS.value: (Status.PENDING, Awaits.ADDRESS),
        MailKind.AWAITING_APPROVAL.value: (Status.PENDING, Awaits.APPROVAL),
        MailKind.OFFER.value: (Status.OFFERED, Awaits.NOTHING),
    }
)


def retry_mail(event: Event, mail_id: int, *, actor: str, now: datetime) -> OutboxMail:
    """Send a failed mail again; if it is out of date, it is written again first.

    Raises NotFound, and UnfitInput if it is no longer true.
    """
    event = lock_event(event.slug)
    mail = outbox.lock_failed(event, mail_id)
    if _is_obsolete(mail, event, now):
        text = N_("This e-mail would tell what is no longer true. It is not sent again.")
        raise UnfitInput(Complaint(text))
    _update(mail, event, now=now)
    return outbox.requeue(mail, "retried", now=now, actor=actor)


@dataclass(frozen=True, slots=True)
class Resent:
    """How many failed mails are sent again, and how many are left out, by reason.

    `undeliverable`: mails to this address come back. `untrue`: the mail is no longer true.
    `unwritten`: it was never composed.
    """

    sent: int
    undeliverable: int = 0
    untrue: int = 0
    unwritten: int = 0


def retry_mails(
    event: Event, *, actor: str, now: datetime, mailing_id: int | None = None
) -> Resent:
    """Send the failed mails of an event or mailing again, unless obsolete or undeliverable."""
    event = lock_event(event.slug)
    mine = (OutboxMail.event_id == event.id) & (OutboxMail.state == "failed")
    if mailing_id is not None:
        mine &= OutboxMail.mailing_id == mailing_id
    undeliverable = _to_marked_addresses(mine)
    wanted = (
        select(OutboxMail)
        .where(
            mine,
            OutboxMail.id.not_in(undeliverable),
            or_(
                OutboxMail.created_at < event.changed_at,
                OutboxMail.kind.in_([*_TRUE_WHILE, *ABOUT_REQUESTS]),
                OutboxMail.calendar_uid != "",
                OutboxMail.notified_version.is_not(None),
                LINKS_REPLACED,
            ),
        )
        .order_by(OutboxMail.id)
    )
    mails = list(db.session.scalars(for_update(wanted, OutboxMail)))
    obsolete = [mail.id for mail in mails if _is_obsolete(mail, event, now)]
    for mail in mails:
        if mail.id not in obsolete:
            _update(mail, event, now=now)
    without = [*undeliverable, *obsolete]
    sent = outbox.retry_all(event, now=now, actor=actor, mailing_id=mailing_id, without=without)
    left = select(func.count()).where(mine, OutboxMail.id.not_in(without))
    return Resent(sent, len(undeliverable), len(obsolete), db.session.scalar(left) or 0)


def _to_marked_addresses(mine: ColumnElement[bool]) -> list[int]:
    """The ids of the mails whose own recipient is marked, as a former address may be."""
    marked = undeliverable_addresses.all_marked()
    rows = db.session.execute(select(OutboxMail.id, OutboxMail.recipient).where(mine))
    return [row.id for row in rows if email_key(row.recipient) in marked]


def _is_obsolete(mail: OutboxMail, event: Event, now: datetime) -> bool:
    if mail.kind in _ALWAYS_TRUE:
        return False
    if mail.kind in TO_SPEAKERS:
        return event.state in _OFF or _is_old_to_speaker(mail, event)
    person = mail.registration
    if person is None and mail.kind in ABOUT_REQUESTS:
        return event.state in _OFF or not is_mail_current(mail, now)
    if event.state in _OFF or (person is not None and _is_untrue(mail.kind, person)):
        return True
    return _is_notified_already(mail, event)


def _is_old_to_speaker(mail: OutboxMail, event: Event) -> bool:
    """Whether it has an old date or link: the page of speakers sends a new one instead."""
    speaker = mail.speaker
    if speaker is None or mail.created_at < event.changed_at:
        return True
    newest = (speaker.calendar_uid, speaker.calendar_sequence, speaker.calendar_stamp)
    own = (mail.calendar_uid, mail.calendar_sequence, mail.calendar_stamp)
    return own != newest or mail.link_epoch != speaker.link_epoch


def _is_notified_already(mail: OutboxMail, event: Event) -> bool:
    """Whether it is about a change of which a later mail has notified the person."""
    mailing = db.session.get(Mailing, mail.mailing_id) if mail.mailing_id else None
    person = mail.registration
    if mailing is None or person is None or not mailing.only_changed:
        return False
    known = last_notified_version(event, person)
    return not changes_for(known, event, person, knows_room=True)


def _is_untrue(kind: str, person: Registration) -> bool:
    if needed := _TRUE_WHILE.get(kind):
        return (person.status, person.awaits) != needed
    return person.status not in ACTIVE


def _update(mail: OutboxMail, event: Event, *, now: datetime) -> None:
    """Write a mail with an old date, link or calendar entry again."""
    person = mail.registration
    if mail.kind == MailKind.ADDRESS_WITHDRAWN:
        return  # written to a former address, which the registration does not know any more
    known = person is not None and person.anonymised_at is None
    if person is not None and known and _is_old(mail, person, event):
        rewrite_mail(mail, person, event, now=now)
        db.session.flush()


def _is_old(mail: OutboxMail, person: Registration, event: Event) -> bool:
    """Whether the event has changed since, or the person has a newer calendar entry."""
    newest = (person.calendar_uid, person.calendar_sequence, person.calendar_stamp)
    own = (mail.calendar_uid, mail.calendar_sequence, mail.calendar_stamp)
    has_newer = mail.calendar_uid != "" and own != newest
    other = mail.notified_version not in (None, event.calendar_version)
    other |= mail.link_epoch not in (None, person.link_epoch)
    return has_newer or other or mail.created_at < event.changed_at


def correct_and_retry(
    event: Event, mail_id: int, email: str, *, actor: str, now: datetime
) -> OutboxMail:
    """Correct the address of a person and send a failed mail to it.

    It stays failed if the correction has made it untrue: another mail asks for the confirmation of
    the new address. Raises NotFound, and UnfitInput if the address is invalid or of another
    registration for this event.
    """
    event = lock_event(event.slug)
    mail = outbox.lock_failed(event, mail_id)
    registration = mail.registration
    gone = registration is None or registration.anonymised_at is not None
    if registration is None or gone or mail.kind == MailKind.ADDRESS_WITHDRAWN:
        text = N_("The address of this e-mail can't be corrected here.")
        raise UnfitInput(Complaint(text, about="email"))
    words = f"{mail.recipient} → {email}"
    cause = StatusCause(action=RegistrationAction.CORRECT, actor=actor, now=now, reason=words)
    for unsent in give_address(registration, email, cause, retried=mail):
        add_note(unsent.id, "corrected", now=now, words=words, actor=actor)
    if mail.kind in _TRUE_WHILE and _is_untrue(mail.kind, registration):
        return mail
    rewrite_mail(mail, registration, event, now=now)
    return outbox.requeue(mail, "corrected", now=now, actor=actor, words=words)

"""Sending failed mails again, with current content, also to a corrected address."""

from collections.abc import Mapping
from datetime import datetime
from types import MappingProxyType

from sqlalchemy import or_, select

from ikone_events.domain.address import email_key
from ikone_events.domain.events.facts import State
from ikone_events.domain.header_text import ascii_address
from ikone_events.domain.mails.kinds import MailKind
from ikone_events.domain.refusals import N_, Complaint, UnfitInput
from ikone_events.domain.registering.registration import ACTIVE, Awaits, Status
from ikone_events.services.mails import outbox, undeliverable_addresses
from ikone_events.services.mails.delivery_log import add_note
from ikone_events.services.mails.values import changes_for, last_notified_version
from ikone_events.services.mails.writing import rewrite_mail
from ikone_events.store.db import db, for_update
from ikone_events.store.events.models import Event
from ikone_events.store.events.queries import lock_event
from ikone_events.store.mails.models import Mailing, OutboxMail
from ikone_events.store.registering.models import IS_ACTIVE, Registration

_OFF = (State.POSTPONED.value, State.CANCELLED.value, State.ARCHIVED.value)
# Mails that are about an end, or about no event, and always remain true.
_ALWAYS_TRUE = {
    *(MailKind.WITHDRAWAL, MailKind.POSTPONED, MailKind.CANCELLATION, MailKind.NOTE),
    *(MailKind.DECLINED, MailKind.OFFER_LAPSED, MailKind.HANDED_OVER),
    *(MailKind.TRIAL_WITHDRAWAL, MailKind.CALENDAR_ADDRESS),
}
# Mails that are true only while the person has this status.
_TRUE_WHILE: Mapping[str, tuple[Status, Awaits]] = MappingProxyType(
    {
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
    if _is_obsolete(mail, event):
        text = N_("This e-mail would tell what is no longer true. It is not sent again.")
        raise UnfitInput(Complaint(text))
    _update(mail, event, now=now)
    return outbox.requeue(mail, "retried", now=now, actor=actor)


def retry_mails(event: Event, *, actor: str, now: datetime, mailing_id: int | None = None) -> int:
    """Send the failed mails of an event or mailing again, unless obsolete; returns how many."""
    event = lock_event(event.slug)
    wanted = (
        select(OutboxMail)
        .where(
            OutboxMail.event_id == event.id,
            OutboxMail.state == "failed",
            or_(
                OutboxMail.created_at < event.changed_at,
                OutboxMail.kind.in_(sorted(_TRUE_WHILE)),
                OutboxMail.calendar_uid != "",
                OutboxMail.notified_version.is_not(None),
            ),
        )
        .order_by(OutboxMail.id)
    )
    if mailing_id is not None:
        wanted = wanted.where(OutboxMail.mailing_id == mailing_id)
    mails = list(db.session.scalars(for_update(wanted, OutboxMail)))
    obsolete = [mail.id for mail in mails if _is_obsolete(mail, event)]
    for mail in mails:
        if mail.id not in obsolete:
            _update(mail, event, now=now)
    return outbox.retry_all(event, now=now, actor=actor, mailing_id=mailing_id, without=obsolete)


def _is_obsolete(mail: OutboxMail, event: Event) -> bool:
    if mail.kind in _ALWAYS_TRUE:
        return False
    person = mail.registration
    if event.state in _OFF or (person is not None and _is_untrue(mail.kind, person)):
        return True
    return _is_notified_already(mail, event)


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
    known = person is not None and person.anonymised_at is None
    if person is not None and known and _is_old(mail, person, event):
        rewrite_mail(mail, person, event, now=now)
        db.session.flush()


def _is_old(mail: OutboxMail, person: Registration, event: Event) -> bool:
    """Whether the event has changed since, or the person has a newer calendar entry."""
    newest = (person.calendar_uid, person.calendar_sequence)
    has_newer = mail.calendar_uid != "" and (mail.calendar_uid, mail.calendar_sequence) != newest
    other = mail.notified_version not in (None, event.calendar_version)
    return has_newer or other or mail.created_at < event.changed_at


def correct_and_retry(
    event: Event, mail_id: int, email: str, *, actor: str, now: datetime
) -> OutboxMail:
    """Correct the address of a person and send a failed mail to it.

    Other unsent mails to the wrong address are written again too, but not queued. Raises NotFound,
    and UnfitInput if the address is invalid or of another registration for this event.
    """
    event = lock_event(event.slug)
    mail = outbox.lock_failed(event, mail_id)
    registration = mail.registration
    if registration is None or registration.anonymised_at is not None:
        text = N_("The address of this e-mail can't be corrected here.")
        raise UnfitInput(Complaint(text, about="email"))
    wrong = mail.recipient
    words = f"{wrong} → {email}"
    _give_address(registration, email)
    # In the order of their creation, so that calendar sequences rise.
    for unsent in _unsent(registration, wrong, now=now):
        rewrite_mail(unsent, registration, event, now=now)
        if unsent.id != mail.id:
            add_note(unsent.id, "corrected", now=now, words=words, actor=actor)
    return outbox.requeue(mail, "corrected", now=now, actor=actor, words=words)


def _unsent(registration: Registration, address: str, *, now: datetime) -> list[OutboxMail]:
    """The person's mails to an address that are neither sent nor being sent."""
    free = or_(OutboxMail.lease_until.is_(None), OutboxMail.lease_until < now)
    wanted = (
        select(OutboxMail)
        .where(
            OutboxMail.registration_id == registration.id,
            OutboxMail.recipient == address,
            OutboxMail.state != "sent",
            free,
        )
        .order_by(OutboxMail.id)
    )
    return list(db.session.scalars(for_update(wanted, OutboxMail)))


def _give_address(registration: Registration, email: str) -> None:
    try:
        ascii_address(email)
    except UnfitInput as refusal:
        faults = [Complaint(fault.text, fault.values, "email") for fault in refusal.complaints]
        raise UnfitInput(faults) from refusal
    if registration.status in ACTIVE and _is_taken(registration, email):
        text = N_("Somebody else is registered for this event with this address.")
        raise UnfitInput(Complaint(text, about="email"))
    registration.email, registration.email_key = email, email_key(email)
    undeliverable_addresses.lift(email)


def _is_taken(registration: Registration, email: str) -> bool:
    others = select(Registration.id).where(
        Registration.event_id == registration.event_id,
        Registration.id != registration.id,
        Registration.email_key == email_key(email),
        IS_ACTIVE,
    )
    return db.session.scalar(others) is not None

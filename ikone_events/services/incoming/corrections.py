"""A wrong address put right: with the person, and in the mail that could not be delivered."""

from datetime import datetime

from sqlalchemy import or_, select

from ikone_events.domain.address import email_key
from ikone_events.domain.header_text import ascii_address
from ikone_events.domain.refusals import N_, Complaint, UnfitInput
from ikone_events.domain.registering.registration import ACTIVE
from ikone_events.services.mails import outbox, undeliverable_addresses
from ikone_events.services.mails.delivery_log import add_note
from ikone_events.services.mails.writing import rewrite_mail
from ikone_events.store.db import db
from ikone_events.store.events.models import Event
from ikone_events.store.events.queries import lock_event
from ikone_events.store.mails.models import OutboxMail
from ikone_events.store.registering.models import IS_ACTIVE, Registration

_ACTIVE = [status.value for status in ACTIVE]


def correct_and_retry(
    event: Event, mail_id: int, email: str, *, actor: str, now: datetime
) -> OutboxMail:
    """Write a failed mail anew to the right address, which becomes the person's own.

    Whatever else has not left for the wrong one is written anew too; only this mail is sent.
    Raises NotFound, and UnfitInput when the address is none or somebody else's at this event.
    """
    held = lock_event(event.slug)
    mail = outbox.lock_failed(held, mail_id)
    registration = mail.registration
    if registration is None or registration.anonymised_at is not None:
        text = N_("The address of this e-mail can't be corrected here.")
        raise UnfitInput(Complaint(text, about="email"))
    wrong = mail.recipient
    words = f"{wrong} → {email}"
    _give_address(registration, email)
    # In the order of their making, as calendars count.
    for unsent in _unsent(registration, wrong, now=now):
        rewrite_mail(unsent, registration, held, now=now)
        if unsent.id != mail.id:
            add_note(unsent.id, "corrected", now=now, words=words, actor=actor)
    return outbox.requeue(mail, "corrected", now=now, actor=actor, words=words)


def _unsent(registration: Registration, address: str, *, now: datetime) -> list[OutboxMail]:
    """The person's mails to an address that no worker holds and no server has taken."""
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
        .with_for_update(of=OutboxMail)
    )
    fresh = wanted.execution_options(populate_existing=True)
    return list(db.session.scalars(fresh))


def _give_address(registration: Registration, email: str) -> None:
    try:
        ascii_address(email)
    except UnfitInput as refusal:
        faults = [Complaint(fault.text, fault.values, "email") for fault in refusal.complaints]
        raise UnfitInput(faults) from refusal
    if registration.status in _ACTIVE and _is_taken(registration, email):
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

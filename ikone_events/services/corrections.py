"""A wrong address put right: with the person, and in the letter that could not be delivered."""

from datetime import datetime

from sqlalchemy import select

from ikone_events.domain.address import email_key
from ikone_events.domain.header_text import ascii_address
from ikone_events.domain.messages import MailKind
from ikone_events.domain.refusals import N_, Complaint, UnfitInput
from ikone_events.domain.registration import ACTIVE
from ikone_events.services import outbox
from ikone_events.services.letters import rewrite_letter
from ikone_events.services.mailing_letters import called_off, extras_for
from ikone_events.store.db import db
from ikone_events.store.events import Event
from ikone_events.store.letters import Mailing, OutboxMail
from ikone_events.store.queries import hold_event
from ikone_events.store.registrations import Registration

_ACTIVE = [status.value for status in ACTIVE]


def correct_and_retry(
    event: Event, letter_id: int, email: str, *, actor: str, now: datetime
) -> OutboxMail:
    """Write a failed letter anew to the right address, which becomes the person's own.

    Raises NotFound, and UnfitInput when the address is none or somebody else's at this event.
    """
    held = hold_event(event.slug)
    letter = outbox.hold_failed(held, letter_id)
    registration = letter.registration
    if registration is None or registration.anonymised_at is not None:
        text = N_("The address of this letter can't be corrected here.")
        raise UnfitInput(Complaint(text, about="email"))
    wrong = letter.recipient
    _give_address(registration, email)
    _rewrite(letter, registration, held, now=now)
    words = f"{wrong} → {email}"
    return outbox.requeue(letter, "corrected", now=now, actor=actor, words=words)


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


def _is_taken(registration: Registration, email: str) -> bool:
    others = select(Registration.id).where(
        Registration.event_id == registration.event_id,
        Registration.id != registration.id,
        Registration.email_key == email_key(email),
        Registration.status.in_(_ACTIVE),
    )
    return db.session.scalar(others) is not None


def _rewrite(
    letter: OutboxMail, registration: Registration, event: Event, *, now: datetime
) -> None:
    mailing = db.session.get(Mailing, letter.mailing_id) if letter.mailing_id else None
    rewrite_letter(
        letter,
        MailKind(letter.kind),
        registration,
        event,
        now=now,
        extras=extras_for(mailing, event, registration) if mailing else None,
        held_at=called_off(mailing) if mailing else None,
        mailing=mailing,
    )

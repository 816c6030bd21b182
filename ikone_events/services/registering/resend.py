"""Sending a registered person the mail about their registration again."""

from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy import or_, select

from ikone_events.domain.events.facts import TAKES_PLACE
from ikone_events.domain.refusals import N_, Complaint, StatusRefused
from ikone_events.domain.registering.status import (
    RegistrationAction,
    mail_for,
    registration_status,
)
from ikone_events.services.mails import undeliverable_addresses
from ikone_events.services.mails.writing import write_mail
from ikone_events.store.db import db
from ikone_events.store.mails.models import OutboxMail
from ikone_events.store.registering.models import Registration
from ikone_events.store.registering.queries import lock_registration

# How long after one resent mail no other one is written.
PAUSE = timedelta(minutes=10)


@dataclass(frozen=True, slots=True)
class ResentMail:
    """The mail that the person gets; not `is_new` if an earlier one serves."""

    mail: OutboxMail
    is_new: bool


def resend_confirmation(
    public_id: str,
    *,
    actor: str,  # noqa: ARG001 - no history is written
    now: datetime,
) -> ResentMail:
    """Write the mail about the present status again, unless one is queued or has just been resent.

    Raises StatusRefused for people who are not registered any more, events that do not take place
    and addresses whose mails come back; LinkRefused.
    """
    registration = lock_registration(public_id)
    event, status = (
        registration.event,
        registration_status(registration.status, registration.awaits),
    )
    kind = mail_for(RegistrationAction.REGISTER, status)
    if kind is None or registration.anonymised_at is not None:
        raise StatusRefused(Complaint(N_("There is no e-mail about this status.")))
    if event.state not in TAKES_PLACE or now >= event.ends_at:
        text = N_(
            "There is nothing to confirm any more: the event is over, cancelled or postponed."
        )
        raise StatusRefused(Complaint(text))
    if undeliverable_addresses.is_marked(registration.email):
        text = N_("E-mails to this address come back. Please correct the address first.")
        raise StatusRefused(Complaint(text))
    prefix = f"again:{registration.public_id}:"
    if (earlier := _earlier(registration, prefix, now)) is not None:
        return ResentMail(earlier, is_new=False)
    key = f"{prefix}{event.lock_version}"
    return ResentMail(write_mail(kind, registration, event, key=key, now=now), is_new=True)


def _earlier(registration: Registration, prefix: str, now: datetime) -> OutboxMail | None:
    """The last mail that makes another one superfluous, or None."""
    resent = OutboxMail.key.startswith(prefix, autoescape=True)
    wanted = select(OutboxMail).where(
        OutboxMail.registration_id == registration.id,
        OutboxMail.state.in_(("queued", "sent")),
        resent,
        or_(OutboxMail.state == "queued", OutboxMail.created_at > now - PAUSE),
    )
    return db.session.scalar(wanted.order_by(OutboxMail.id.desc()).limit(1))

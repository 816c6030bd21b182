"""Sending a registered person the mail about their registration again.

It is a new mail with the present links and date. Its calendar entry keeps UID and, unless the date
has changed, SEQUENCE, with a later DTSTAMP (RFC 5546, 2.1.4 and 2.1.5): nobody is asked again.
"""

from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy import or_, select

from ikone_events.domain.events.facts import TAKES_PLACE
from ikone_events.domain.refusals import N_, Complaint, StatusRefused
from ikone_events.domain.registering.status import (
    RegistrationAction,
    actor_of,
    check,
    mail_for,
    registration_status,
)
from ikone_events.services.mails import undeliverable_addresses
from ikone_events.services.mails.replacing import STATES_STATUS
from ikone_events.services.mails.writing import write_mail
from ikone_events.services.registering.seating import StatusCause, change_status, place_of
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


def resend_confirmation(public_id: str, *, actor: str, now: datetime) -> ResentMail:
    """Write the mail about the present status again, unless one is queued or has just been resent.

    For a reserved seat the time begins again. Raises StatusRefused for people who are not
    registered any more, events that do not take place and addresses whose mails come back;
    LinkRefused.
    """
    registration = lock_registration(public_id)
    event = registration.event
    _check(registration, actor, now)
    if (earlier := _earlier(registration, now)) is not None:
        return ResentMail(earlier, is_new=False)
    cause = StatusCause(action=RegistrationAction.RESEND, actor=actor, now=now)
    change_status(registration, event, place_of(registration), cause, silent=True)
    kind = mail_for(cause.action, registration_status(registration.status, registration.awaits))
    if kind is None:  # the table of statuses names one for all who are registered
        raise StatusRefused(Complaint(N_("There is no e-mail about this status.")))
    key = f"{_prefix(registration)}{event.lock_version}"
    return ResentMail(write_mail(kind, registration, event, key=key, now=now), is_new=True)


def _check(registration: Registration, actor: str, now: datetime) -> None:
    event = registration.event
    if registration.anonymised_at is not None:
        raise StatusRefused(Complaint(N_("The details of this person have been deleted.")))
    status = registration_status(registration.status, registration.awaits)
    check(RegistrationAction.RESEND, status, actor_of(actor))
    if event.state not in TAKES_PLACE or now >= event.ends_at:
        text = N_(
            "There is nothing to confirm any more: the event is over, cancelled or postponed."
        )
        raise StatusRefused(Complaint(text))
    if undeliverable_addresses.is_marked(registration.email):
        text = N_("E-mails to this address come back. Please correct the address first.")
        raise StatusRefused(Complaint(text))


def _earlier(registration: Registration, now: datetime) -> OutboxMail | None:
    """The last mail that makes another one superfluous, or None."""
    queued = (OutboxMail.state == "queued") & OutboxMail.kind.in_(STATES_STATUS)
    resent = OutboxMail.key.startswith(_prefix(registration), autoescape=True)
    wanted = select(OutboxMail).where(
        OutboxMail.registration_id == registration.id,
        OutboxMail.recipient == registration.email,
        or_(queued, resent & OutboxMail.state.in_(("queued", "sent"))),
        or_(queued, OutboxMail.created_at > now - PAUSE),
    )
    return db.session.scalar(wanted.order_by(OutboxMail.id.desc()).limit(1))


def _prefix(registration: Registration) -> str:
    """What the keys of a person's resent mails begin with."""
    return f"again:{registration.public_id}:"

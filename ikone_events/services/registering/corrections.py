"""Correcting the name, the administration and the address of a registered person.

Another address is another mailbox: the links that the former one knows die, its calendar entry is
withdrawn, and the new one gets a mail with new links and an entry of its own. Where the event asks
for it, the new address must be confirmed. Handing over to another person is `hand_over.py`.
"""

from collections.abc import Sequence
from dataclasses import dataclass, fields, replace
from datetime import datetime
from hashlib import blake2s

from sqlalchemy import select, update

from ikone_events.domain.address import email_key
from ikone_events.domain.events.facts import TAKES_PLACE
from ikone_events.domain.header_text import ascii_address
from ikone_events.domain.mails.kinds import REQUEST, MailKind, calendar_method
from ikone_events.domain.refusals import N_, Complaint, StaleForm, StatusRefused, UnfitInput
from ikone_events.domain.registering.registration import ACTIVE, Awaits, Status
from ikone_events.domain.registering.seating import Place, next_place
from ikone_events.domain.registering.status import (
    RegistrationAction,
    actor_of,
    check,
    mail_for,
    registration_status,
)
from ikone_events.domain.salutation import full_name
from ikone_events.services.mails import undeliverable_addresses
from ikone_events.services.mails.former_addresses import leave_address
from ikone_events.services.mails.replacing import replace_unsent
from ikone_events.services.mails.writing import write_mail
from ikone_events.services.registering.seating import (
    StatusCause,
    candidate_of,
    change_status,
    place_of,
    promote_waiting,
)
from ikone_events.store.calendars.personal_feeds import revoke_feed
from ikone_events.store.db import db, rows_written
from ikone_events.store.directory.naming import find_by_name
from ikone_events.store.mails.models import OutboxMail
from ikone_events.store.registering.availability import get_availability
from ikone_events.store.registering.models import IS_ACTIVE, Registration
from ikone_events.store.registering.queries import lock_registration


@dataclass(frozen=True, slots=True, kw_only=True)
class PersonDetails:
    """Name, administration and address as an organiser corrects them; the person stays the same.

    The fields are columns of a registration.
    """

    first_name: str
    last_name: str
    email: str
    salutation: str = ""
    title: str = ""
    position: str = ""
    organisation_text: str = ""


_NAMES = tuple(field.name for field in fields(PersonDetails))


def details_version(registration: Registration) -> str:
    """A mark of the stored details, for noticing that somebody else has changed them."""
    values = (registration.link_epoch, *(getattr(registration, name) for name in _NAMES))
    return blake2s(repr(values).encode(), digest_size=8).hexdigest()


def details_of(registration: Registration) -> PersonDetails:
    """The stored details."""
    return PersonDetails(**{name: getattr(registration, name) for name in _NAMES})


def correct_person(
    public_id: str, details: PersonDetails, *, seen: str, actor: str, now: datetime
) -> Registration:
    """Correct the details of an active registration; `seen` is the version on the screen.

    Another administration is looked up in the directory; whoever waits for its place may move up.
    Without a difference, as after a second press, nothing happens. Raises StaleForm, StatusRefused,
    LinkRefused, and UnfitInput if the address is invalid or of another registration for this event.
    """
    registration = lock_registration(public_id)
    if registration.anonymised_at is not None:
        raise StatusRefused(Complaint(N_("The details of this person have been deleted.")))
    status = registration_status(registration.status, registration.awaits)
    check(RegistrationAction.CORRECT, status, actor_of(actor))
    before = details_of(registration)
    if before == details:
        return registration
    if details_version(registration) != seen:
        text = N_("Somebody else has corrected this person meanwhile.")
        raise StaleForm(Complaint(text))
    reason = _differences(registration, details)
    for name in _NAMES:
        if name != "email":
            setattr(registration, name, getattr(details, name))
    _rename_for_colleagues(registration, before)
    moves = before.organisation_text != details.organisation_text
    if moves:
        registration.organisation = find_by_name(details.organisation_text)
    cause = StatusCause(action=RegistrationAction.CORRECT, actor=actor, now=now, reason=reason)
    if email_key(details.email) == registration.email_key:
        registration.email = details.email  # another spelling of the same mailbox
        change_status(registration, registration.event, place_of(registration), cause, silent=True)
    else:
        give_address(registration, details.email, cause)
    if moves:
        promote_waiting(registration.event, now=now)
    return registration


def give_address(
    registration: Registration,
    email: str,
    cause: StatusCause,
    *,
    retried: OutboxMail | None = None,
) -> Sequence[OutboxMail]:
    """Give a registration another address; the event must be locked.

    `retried` is a failed mail that the caller sends to it; if that one says how the person is
    registered, no other mail does. Returns the failed and stopped mails that were written again.
    The same address again only counts as deliverable. Raises UnfitInput.
    """
    _check_address(registration, email)
    undeliverable_addresses.lift(email)
    former = registration.email_key
    if email_key(email) == former:
        registration.email = email
        return ()
    event, now = registration.event, cause.now
    leave_address(registration, event, now=now)
    registration.email, registration.email_key = email, email_key(email)
    registration.address_confirmed_at = None
    db.session.flush()
    _revoke_feed_of(former)
    if registration.status in ACTIVE:
        _write_status(registration, cause, retried)
    return replace_unsent(registration, event, now=now, besides=retried)


def _write_status(
    registration: Registration, cause: StatusCause, retried: OutboxMail | None
) -> None:
    """Note the correction, ask for the new address where needed, and write the mail to it."""
    event, now = registration.event, cause.now
    takes_place = event.state in TAKES_PLACE and now < event.ends_at
    steps = [(cause, place_of(registration))]
    if takes_place and (asked := _place_to_confirm(registration, now)):
        if registration.awaits == Awaits.ADDRESS.value:
            steps = [(cause, asked)]
        else:
            steps.append((replace(cause, action=RegistrationAction.ASK_ADDRESS, reason=""), asked))
    last_cause, last = steps[-1]
    covered = retried is not None and _covers(retried, last_cause, last)
    for step, place in steps:
        silent = place is not last or not takes_place or covered
        change_status(registration, event, place, step, silent=silent)
    if not takes_place and not covered:
        key = f"links:{registration.public_id}:{registration.link_epoch}"
        write_mail(MailKind.LINKS_RENEWED, registration, event, key=key, now=now)


def _place_to_confirm(registration: Registration, now: datetime) -> Place | None:
    """The place of a person who has to confirm the new address; None where nobody has to.

    People who wait are asked when a seat is reserved for them, an offer is accepted by its link.
    """
    event = registration.event
    if registration.status not in (Status.CONFIRMED.value, Status.PENDING.value):
        return None
    availability = get_availability(event, now)
    if availability.confirm_hours is None:
        return None
    if registration.status == Status.CONFIRMED.value:  # has passed the other steps
        registration.approved_at = registration.approved_at or now
        registration.accepted_at = registration.accepted_at or now
    return next_place(availability, candidate_of(event, registration, availability))


def _covers(retried: OutboxMail, cause: StatusCause, place: Place) -> bool:
    """Whether a mail informs the new address how the person is registered."""
    kind = MailKind(retried.kind)
    status = registration_status(place.status.value, place.awaits.value)
    if place.status is Status.CONFIRMED and calendar_method(kind) == REQUEST:
        return True
    return kind is mail_for(cause.action, status)


def _differences(registration: Registration, details: PersonDetails) -> str:
    """What is corrected, for the history, which is emptied with the person's data."""
    pairs = (
        (_name_of(registration), _name_of(details)),
        (registration.email, details.email),
        (registration.position, details.position),
        (registration.organisation_text, details.organisation_text),
    )
    return "; ".join(f"{old or '–'} → {new or '–'}" for old, new in pairs if old != new)


def _name_of(person: Registration | PersonDetails) -> str:
    return full_name(person.title, person.first_name, person.last_name)


def _rename_for_colleagues(registration: Registration, before: PersonDetails) -> None:
    """Correct the name where it says who registered a colleague: forgetting looks for it there."""
    theirs = update(Registration).where(
        Registration.event_id == registration.event_id,
        Registration.registered_at == registration.registered_at,
        Registration.registered_by == _name_of(before),
    )
    if _name_of(before) != _name_of(registration):
        rows_written(theirs.values(registered_by=_name_of(registration)))


def _check_address(registration: Registration, email: str) -> None:
    try:
        ascii_address(email)
    except UnfitInput as refusal:
        faults = [Complaint(fault.text, fault.values, "email") for fault in refusal.complaints]
        raise UnfitInput(faults) from refusal
    if registration.status in ACTIVE and _is_taken(registration, email):
        text = N_("Somebody else is registered for this event with this address.")
        raise UnfitInput(Complaint(text, about="email"))


def _is_taken(registration: Registration, email: str) -> bool:
    others = select(Registration.id).where(
        Registration.event_id == registration.event_id,
        Registration.id != registration.id,
        Registration.email_key == email_key(email),
        IS_ACTIVE,
    )
    return db.session.scalar(others) is not None


def _revoke_feed_of(former: str) -> None:
    """Revoke the private calendar of an address that no registration uses any more."""
    used = select(Registration.id).where(
        Registration.email_key == former, Registration.anonymised_at.is_(None)
    )
    if db.session.scalar(used.limit(1)) is None:
        revoke_feed(former)

"""What single letters tell beside the event, found again when a letter is written anew."""

from dataclasses import replace

from sqlalchemy import select

from ikone_events.domain.messages import Extras, MailKind
from ikone_events.domain.registration import Status
from ikone_events.domain.salutation import full_name
from ikone_events.store.db import db
from ikone_events.store.registrations import Registration, StandingChange


def told_by(kind: MailKind, extras: Extras, registration: Registration) -> Extras:
    """The extras with the reason or the other person, where the caller did not give them."""
    if kind is MailKind.DECLINED and not extras.reason:
        return replace(extras, reason=_reason(registration))
    if kind is MailKind.TAKEN_OVER and not extras.other_person:
        return replace(extras, other_person=_name(_predecessor(registration)))
    if kind is MailKind.HANDED_OVER and not extras.other_person:
        return replace(extras, other_person=_name(_deputy(registration)))
    return extras


def _reason(registration: Registration) -> str:
    wanted = (
        select(StandingChange.reason)
        .where(
            StandingChange.registration_id == registration.id,
            StandingChange.target == Status.DECLINED.value,
        )
        .order_by(StandingChange.id.desc())
    )
    return db.session.scalar(wanted.limit(1)) or ""


def _predecessor(registration: Registration) -> Registration | None:
    if registration.predecessor_id is None:
        return None
    return db.session.get(Registration, registration.predecessor_id)


def _deputy(registration: Registration) -> Registration | None:
    wanted = select(Registration).where(Registration.predecessor_id == registration.id)
    return db.session.scalar(wanted.order_by(Registration.id.desc()).limit(1))


def _name(person: Registration | None) -> str:
    """Nobody's name once it has been deleted."""
    if person is None or person.anonymised_at is not None:
        return ""
    return full_name(person.title, person.first_name, person.last_name)

"""People who had their data deleted and came back with a backup; and deleting them again."""

from collections.abc import Callable, Iterable
from dataclasses import dataclass, fields
from datetime import datetime

from sqlalchemy import delete, select
from sqlalchemy.orm import InstrumentedAttribute

from ikone_events.domain.registering.registration import Status
from ikone_events.domain.registering.seating import Place
from ikone_events.domain.registering.status import (
    Actor,
    RegistrationAction,
    possible_actions,
    registration_status,
)
from ikone_events.services.followup.requests import forget_requests
from ikone_events.services.mails.subscribers import delete_readers
from ikone_events.services.privacy.forgetting import drop_imports, forget, redact_name
from ikone_events.services.registering.seating import StatusCause, change_status
from ikone_events.services.registering.standing import delete_standing
from ikone_events.services.rooms.reports import forget_reported
from ikone_events.store.db import db, rows_written
from ikone_events.store.directory.models import Contact
from ikone_events.store.events.queries import lock_event
from ikone_events.store.events.speakers import Speaker
from ikone_events.store.followup.requests import IS_KNOWN, MaterialRequest
from ikone_events.store.mails.log import delete_mails
from ikone_events.store.mails.models import OutboxMail, Subscriber
from ikone_events.store.operating.forgotten import ForgottenPerson, hash_of_id
from ikone_events.store.registering.models import Registration
from ikone_events.store.registering.standing import StandingSignUp

_PERSON = "person"


@dataclass(frozen=True, slots=True)
class Returned:
    """The public ids of those whose data were deleted once, and are there again."""

    registrations: tuple[str, ...] = ()
    subscribers: tuple[str, ...] = ()
    contacts: tuple[str, ...] = ()
    speakers: tuple[str, ...] = ()
    requests: tuple[str, ...] = ()
    standing: tuple[str, ...] = ()

    def __len__(self) -> int:
        return sum(len(getattr(self, field.name)) for field in fields(self))


def find_returned() -> Returned:
    """Everybody in the database who was forgotten before."""
    forgotten = set(db.session.scalars(select(ForgottenPerson.id_hash)))
    if not forgotten:
        return Returned()

    def among(column: InstrumentedAttribute[str], *known: object) -> tuple[str, ...]:
        ids = db.session.scalars(select(column).where(*known))  # type: ignore[arg-type]
        return tuple(each for each in ids if hash_of_id(each) in forgotten)

    return Returned(
        among(Registration.public_id, Registration.anonymised_at.is_(None)),
        among(Subscriber.public_id),
        among(Contact.public_id),
        among(Speaker.public_id),
        among(MaterialRequest.public_id, IS_KNOWN),
        among(StandingSignUp.public_id),
    )


def forget_again(now: datetime) -> int:
    """Delete them once more, with their mails, also those that wait; returns how many people.

    Nobody is written to: they had their last mail when they were deleted.
    """
    found = find_returned()
    _each(found.registrations, lambda public_id: _forget_registration(public_id, now))
    delete_readers(Subscriber, Subscriber.public_id.in_(found.subscribers))
    delete_readers(Contact, Contact.public_id.in_(found.contacts))
    _each(found.speakers, _forget_speaker)
    forget_requests(MaterialRequest.public_id.in_(found.requests))
    delete_standing(StandingSignUp.public_id.in_(found.standing))
    return len(found)


def _each(public_ids: Iterable[str], forget_one: Callable[[str], None]) -> None:
    for public_id in public_ids:
        forget_one(public_id)


def _forget_registration(public_id: str, now: datetime) -> None:
    mine = Registration.public_id == public_id
    slug = db.session.scalars(select(Registration).where(mine)).one().event.slug
    event = lock_event(slug)
    person = db.session.scalars(select(Registration).where(mine)).one()
    status = registration_status(person.status, person.awaits)
    has_place = RegistrationAction.WITHDRAW in possible_actions(status, Actor.PERSON)
    if has_place and event.ends_at > now:
        cause = StatusCause(action=RegistrationAction.WITHDRAW, actor=_PERSON, now=now)
        change_status(person, event, Place(Status.CANCELLED), cause, silent=True)
    redact_name(person)
    drop_imports(person)
    delete_mails(OutboxMail.registration_id == person.id)
    forget(select(Registration.id).where(mine), now=now)
    forget_reported(event.id, public_id)


def _forget_speaker(public_id: str) -> None:
    mine = Speaker.public_id == public_id
    of_theirs = OutboxMail.speaker_id.in_(select(Speaker.id).where(mine))
    delete_mails(of_theirs)
    rows_written(delete(Speaker).where(mine))

"""Signing up, withdrawing and moving up: every way into a seat goes through `_seat`."""

import uuid
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from types import MappingProxyType

from sqlalchemy import bindparam, select

from ikone_events.domain.address import email_key
from ikone_events.domain.facts import EventFormat, Mode
from ikone_events.domain.messages import MailKind
from ikone_events.domain.refusals import N_, Complaint, LinkRefused
from ikone_events.domain.registration import ACTIVE, Attendance, Status
from ikone_events.domain.seating import Candidate, admit
from ikone_events.services.letters import write_letter
from ikone_events.services.office import office
from ikone_events.store.db import db
from ikone_events.store.events import Event, new_public_id
from ikone_events.store.letters import OutboxMail
from ikone_events.store.queries import find_organisation, hold_event
from ikone_events.store.registrations import Registration
from ikone_events.store.sittings import get_sitting


@dataclass(frozen=True, slots=True, kw_only=True)
class Applicant:
    """What a person told us in the form; the shape was checked there.

    `mode` counts at hybrid events, `code` at those by invitation. `answers` are those to the
    event's own fields, by key; a single answer is a list of one.
    """

    first_name: str
    last_name: str
    email: str
    organisation: str
    locale: str
    salutation: str = ""
    title: str = ""
    position: str = ""
    question: str = ""
    mode: str = ""
    code: str = ""
    answers: Mapping[str, Sequence[str]] = field(default_factory=lambda: MappingProxyType({}))
    registered_by: str = ""


def register(slug: str, applicant: Applicant, *, now: datetime) -> Status:
    """Give a person a seat or a place in the line; returns what a new person gets now.

    An address that is registered already gets the same answer and a letter that tells the
    truth, so that nobody can probe who is registered. Raises RegistrationClosed, NotFound.
    """
    event = hold_event(slug)
    candidate = Candidate(mode=mode_for(event, applicant.mode))
    status = admit(get_sitting(event, now), candidate).status
    known = _find_active(event, applicant.email)
    if known is not None:
        _remind(known, event, now=now)
        return status
    registration = _new_registration(event, applicant, now=now)
    _seat(registration, event, status, now=now)
    kind = MailKind.CONFIRMATION if status is Status.CONFIRMED else MailKind.WAITLIST
    write_letter(kind, registration, event, key=f"registered:{registration.public_id}", now=now)
    return status


_ACTIVE_ADDRESS = select(Registration).where(
    Registration.event_id == bindparam("event_id"),
    Registration.email_key == bindparam("email_key"),
    Registration.status.in_([status.value for status in ACTIVE]),
)


def mode_for(event: Event, wish: str) -> Mode:
    """How somebody takes part: as they wish at a hybrid event, else as everybody does."""
    if event.format == EventFormat.HYBRID.value:
        return Mode(wish or Mode.ONLINE)
    return Mode(event.format)


def _find_active(event: Event, email: str) -> Registration | None:
    wanted = {"event_id": event.id, "email_key": email_key(email)}
    return db.session.scalar(_ACTIVE_ADDRESS, wanted)


def _remind(known: Registration, event: Event, *, now: datetime) -> None:
    """At most one such letter an hour, so that nobody can fill a mailbox with them."""
    key = f"repeat:{known.public_id}:{now:%Y%m%d%H}"
    if not _letter_exists(key):
        write_letter(MailKind.REPEAT, known, event, key=key, now=now)


def _letter_exists(key: str) -> bool:
    return db.session.scalar(select(OutboxMail.id).where(OutboxMail.key == key)) is not None


def _new_registration(event: Event, applicant: Applicant, *, now: datetime) -> Registration:
    return Registration(
        event_id=event.id,
        public_id=new_public_id(),
        link_epoch=1,
        registered_at=now,
        mode=mode_for(event, applicant.mode).value,
        salutation=applicant.salutation,
        title=applicant.title,
        first_name=applicant.first_name,
        last_name=applicant.last_name,
        email=applicant.email,
        email_key=email_key(applicant.email),
        organisation_text=applicant.organisation,
        organisation_id=find_organisation(applicant.organisation),
        position=applicant.position,
        question=applicant.question,
        locale=applicant.locale,
        calendar_uid=f"{uuid.uuid4()}@{office().settings.host}",
    )


def _seat(registration: Registration, event: Event, status: Status, *, now: datetime) -> None:
    """The one writer of a seat. The event's row is locked by the caller through hold_event."""
    registration.event = event
    registration.status = status.value
    registration.status_at = now
    registration.event_touched = event.touched
    db.session.add(registration)


def withdraw(public_id: str, *, now: datetime) -> Registration:
    """Take a registration back and let the next in line move up; a second time changes nothing.

    Raises LinkRefused when the registration is gone or the event is over.
    """
    registration = _hold_registration(public_id)
    event = registration.event
    if registration.status not in {status.value for status in ACTIVE}:
        return registration
    if now >= event.ends_at:
        raise LinkRefused(Complaint(N_("The event is over; there is nothing left to withdraw.")))
    _seat(registration, event, Status.CANCELLED, now=now)
    key = f"withdrawn:{registration.public_id}"
    write_letter(MailKind.WITHDRAWAL, registration, event, key=key, now=now)
    move_line_up(event, now=now)
    return registration


def _hold_registration(public_id: str) -> Registration:
    """Lock the event of a registration first, then read the registration behind the lock."""
    slug = db.session.scalar(
        select(Event.slug)
        .join(Registration, Registration.event_id == Event.id)
        .where(Registration.public_id == public_id)
    )
    if slug is None:
        raise LinkRefused(Complaint(N_("This link is not valid.")))
    hold_event(slug)
    found = db.session.scalar(
        select(Registration)
        .where(Registration.public_id == public_id)
        .execution_options(populate_existing=True)
    )
    if found is None:
        raise LinkRefused(Complaint(N_("This link is not valid.")))
    return found


def move_line_up(event: Event, *, now: datetime) -> list[Registration]:
    """Confirm the first of the line for every free seat. The event must be held."""
    db.session.flush()
    sitting = get_sitting(event, now)
    free = sitting.free if sitting.moves and sitting.somebody_waits else 0
    if free == 0:
        return []
    line = (
        select(Registration)
        .where(Registration.event_id == event.id, Registration.status == Status.WAITLISTED.value)
        .order_by(Registration.id)
    )
    promoted = list(db.session.scalars(line if free is None else line.limit(free)))
    for registration in promoted:
        _seat(registration, event, Status.CONFIRMED, now=now)
        key = f"promoted:{registration.public_id}"
        write_letter(MailKind.PROMOTION, registration, event, key=key, now=now)
    return promoted


def mark_attendance(
    public_id: str, attendance: Attendance | None, *, now: datetime
) -> Registration:
    """Note that a confirmed person came or did not; None takes the note back."""
    registration = _hold_registration(public_id)
    if registration.status == Status.CONFIRMED.value:
        registration.attendance = attendance.value if attendance else None
        registration.attended_at = now if attendance is Attendance.ATTENDED else None
    return registration

"""Signing up: alone, with colleagues, or by an organiser's hand."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from types import MappingProxyType

from sqlalchemy import bindparam, select

from ikone_events.domain.address import email_key
from ikone_events.domain.directory.administrations import key_of
from ikone_events.domain.mails.kinds import MailKind
from ikone_events.domain.refusals import N_, Complaint, RegistrationClosed, UnfitInput
from ikone_events.domain.registering.registration import Status
from ikone_events.domain.registering.seating import (
    Place,
    SeatAvailability,
    admit,
    admit_by_hand,
    closed_because,
    not_addable_because,
)
from ikone_events.domain.registering.status import SKIPPED_BY_RULE, RegistrationAction
from ikone_events.services.directory_matching import match
from ikone_events.services.mails.invitations import new_calendar_uid
from ikone_events.services.mails.writing import write_mail
from ikone_events.services.registering.answers import claim_choices, store_answers
from ikone_events.services.registering.codes import redeem
from ikone_events.services.registering.seating import (
    PERSON,
    StatusCause,
    candidate_of,
    change_status,
    fill_free_seats,
    mode_for,
)
from ikone_events.store.db import db
from ikone_events.store.events.models import Event, new_public_id
from ikone_events.store.events.queries import lock_event
from ikone_events.store.mails.models import OutboxMail
from ikone_events.store.registering.availability import get_availability
from ikone_events.store.registering.codes import Code
from ikone_events.store.registering.models import IS_ACTIVE, Registration


@dataclass(frozen=True, slots=True, kw_only=True)
class Applicant:
    """What a person told us in the form; the shape was checked there.

    `mode` counts at hybrid events, `code` at those by invitation. `answers` are those to the
    event's own fields, by key; a single answer is a list of one. `registered_by` is who filled in
    the form, where that is somebody else.
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

    An address that is registered already gets the same answer and a mail that tells the
    truth, so that nobody can probe who is registered. Raises RegistrationClosed, UnfitInput
    about a code or a choice that has no places left, NotFound.
    """
    event = lock_event(slug)
    availability = _open_availability(event, now)
    return _register(event, applicant, availability, now=now).status


def register_all(
    slug: str, applicants: Sequence[Applicant], *, now: datetime
) -> tuple[Status, ...]:
    """Register a group from one form, all or nobody; returns what new people would get.

    The first is who filled in the form. Each counts against the next. What is answered comes from
    a rehearsal in which everybody is new, so that it does not tell who of them is registered; who
    comes alone needs none.
    """
    if len(applicants) == 1:
        return (register(slug, applicants[0], now=now),)
    event = lock_event(slug)
    _check_group(event, applicants)
    _open_availability(event, now)
    with db.session.begin_nested() as rehearsal:
        promised = [_rehearse(event, each, now=now) for each in applicants]
        rehearsal.rollback()
    for applicant in applicants:
        db.session.flush()
        _register(event, applicant, get_availability(event, now), now=now)
    return tuple(promised)


def add_person(slug: str, applicant: Applicant, *, actor: str, now: datetime) -> Registration:
    """Enter somebody by an organiser's hand: without code, also before and after the public.

    Seats and waiting list are those of everybody; the approval counts as given. Raises
    RegistrationClosed, NotFound, UnfitInput about an address that is registered already.
    """
    event = lock_event(slug)
    availability = fill_free_seats(event, now=now)
    if complaint := not_addable_because(availability):
        raise RegistrationClosed(complaint)
    claim_choices(event, applicant.answers)
    person = new_registration(event, applicant, now=now)
    place = admit_by_hand(
        availability, candidate_of(event, person, availability, action=RegistrationAction.ADD)
    )
    if find_active(event, applicant.email) is not None:
        text = N_("Somebody is registered for this event with this address.")
        raise UnfitInput(Complaint(text, about="email"))
    _store(person, event, applicant, place, _cause(RegistrationAction.ADD, actor, availability))
    return person


def _open_availability(event: Event, now: datetime) -> SeatAvailability:
    """How things stand once the line has been served; raises RegistrationClosed."""
    availability = fill_free_seats(event, now=now)
    if complaint := closed_because(availability):
        raise RegistrationClosed(complaint)
    return availability


def _register(
    event: Event, applicant: Applicant, availability: SeatAvailability, *, now: datetime
) -> Place:
    """Whether the address is known is looked at last: until then both get the same."""
    code = redeem(event, applicant.code)
    claim_choices(event, applicant.answers)
    person = new_registration(event, applicant, code=code, now=now)
    place = admit(availability, candidate_of(event, person, availability))
    known = find_active(event, applicant.email)
    cause = _cause(RegistrationAction.REGISTER, PERSON, availability)
    if known is None:
        _store(person, event, applicant, place, cause)
    else:
        _store_in_vain(person, event, applicant, place, cause)
        remind(known, event, now=now)
    return place


def _store_in_vain(
    person: Registration, event: Event, applicant: Applicant, place: Place, cause: StatusCause
) -> None:
    """Write what somebody new costs and take it back: the time of the answer must tell nothing."""
    person.email_key = person.public_id
    with db.session.begin_nested() as attempt:
        _store(person, event, applicant, place, cause, silent=True)
        attempt.rollback()


def _rehearse(event: Event, applicant: Applicant, *, now: datetime) -> Status:
    """What somebody new would get, stored under an address that nobody has, to be undone."""
    db.session.flush()
    availability = get_availability(event, now)
    code = redeem(event, applicant.code)
    claim_choices(event, applicant.answers)
    person = new_registration(event, applicant, code=code, now=now)
    person.email_key = person.public_id
    place = admit(availability, candidate_of(event, person, availability))
    cause = _cause(RegistrationAction.REGISTER, PERSON, availability)
    change_status(person, event, place, cause, silent=True)
    if applicant.answers:
        store_answers(person, event, applicant.answers, now=now)
    return place.status


def _check_group(event: Event, applicants: Sequence[Applicant]) -> None:
    if len(applicants) > 1 and not event.colleagues:
        raise UnfitInput(Complaint(N_("For this event everybody registers on their own.")))
    keys = [email_key(each.email) for each in applicants]
    text = N_("This address stands in the form twice. Everybody needs one of their own.")
    twice = [number for number, key in enumerate(keys) if key in keys[:number]]
    if twice:
        raise UnfitInput([Complaint(text, about=f"colleagues-{n - 1}-email") for n in twice])


def _cause(action: RegistrationAction, actor: str, availability: SeatAvailability) -> StatusCause:
    """Who gets a seat while others wait has in the chain why: those can't have this seat."""
    reason = SKIPPED_BY_RULE if availability.somebody_waits else ""
    return StatusCause(action=action, actor=actor, now=availability.now, reason=reason)


def _store(
    person: Registration,
    event: Event,
    applicant: Applicant,
    place: Place,
    cause: StatusCause,
    *,
    silent: bool = False,
) -> None:
    if place.status is Status.WAITLISTED:
        cause = StatusCause(action=cause.action, actor=cause.actor, now=cause.now)
    change_status(person, event, place, cause, silent=silent)
    if applicant.answers:
        store_answers(person, event, applicant.answers, now=cause.now)


_ACTIVE_ADDRESS = select(Registration).where(
    Registration.event_id == bindparam("event_id"),
    Registration.email_key == bindparam("email_key"),
    IS_ACTIVE,
)


def find_active(event: Event, email: str) -> Registration | None:
    """Who is registered for an event with an address."""
    wanted = {"event_id": event.id, "email_key": email_key(email)}
    return db.session.scalar(_ACTIVE_ADDRESS, wanted)


def remind(known: Registration, event: Event, *, now: datetime) -> None:
    """Tell somebody that they are registered: at most once an hour, so as to fill no mailbox.

    It is written in any case and taken back: the time of the answer must not tell anything either.
    """
    key = f"repeat:{known.public_id}:{now:%Y%m%d%H}"
    wanted = select(OutboxMail.id).where(OutboxMail.key == key)
    told = db.session.scalar(wanted) is not None
    with db.session.begin_nested() as attempt:
        own = f"{key}:{new_public_id()}" if told else key
        write_mail(MailKind.REPEAT, known, event, key=own, now=now)
        db.session.flush()
        if told:
            attempt.rollback()


def new_registration(
    event: Event, applicant: Applicant, *, now: datetime, code: Code | None = None
) -> Registration:
    """The row of somebody who has no standing yet; stored by whoever gives one."""
    organisation = match(applicant.organisation)
    return Registration(
        event_id=event.id,
        public_id=new_public_id(),
        link_epoch=1,
        registered_at=now,
        mode=mode_for(event, applicant.mode).value,
        code_id=code.id if code else None,
        registered_by=applicant.registered_by,
        salutation=applicant.salutation,
        title=applicant.title,
        first_name=applicant.first_name,
        last_name=applicant.last_name,
        email=applicant.email,
        email_key=email_key(applicant.email),
        organisation_text=applicant.organisation,
        organisation_key=key_of(applicant.organisation),
        organisation=organisation,
        organisation_id=organisation.id if organisation else None,
        position=applicant.position,
        question=applicant.question,
        locale=applicant.locale,
        calendar_uid=new_calendar_uid(),
    )

"""Registering people: alone, with colleagues, or added by an organiser."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime
from types import MappingProxyType

from sqlalchemy import bindparam, select

from ikone_events.domain.address import email_key
from ikone_events.domain.events.facts import Mode
from ikone_events.domain.header_text import normalise
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
from ikone_events.domain.registering.status import BEGUN, SKIPPED_BY_RULE, RegistrationAction
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
    mode_of,
    promote_waiting,
)
from ikone_events.store.db import db
from ikone_events.store.directory.naming import find_by_name
from ikone_events.store.events.models import Event, new_public_id
from ikone_events.store.events.queries import lock_event
from ikone_events.store.mails.models import OutboxMail
from ikone_events.store.registering.availability import get_availability
from ikone_events.store.registering.models import IS_ACTIVE, Code, Registration


@dataclass(frozen=True, slots=True, kw_only=True)
class Applicant:
    """The data of a registration form, whose format was checked there.

    `mode` counts at hybrid events, `code` at those by invitation. `answers` are those to the
    event's own fields, by key; a single answer is a list of one. `registered_by` names the
    colleague who filled in the form.
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

    def __post_init__(self) -> None:
        """Normalise what was typed, also in lists that were stored earlier."""
        normalise(self, _LINES)


_LINES = frozenset(
    {"first_name", "last_name", "email", "organisation", "title", "position", "registered_by"}
)
_AS_TYPED = (
    *("salutation", "title", "first_name", "last_name", "email", "position", "question"),
    *("locale", "registered_by"),
)


def register(slug: str, applicant: Applicant, *, now: datetime) -> Status:
    """Give a person a seat or a place on the waiting list; returns the status of a new person.

    A registered address gets the same answer, and the truth by mail: the answer must not reveal
    who is registered. Raises RegistrationClosed, NotFound, and UnfitInput about a code or a choice
    that has no places left.
    """
    event = lock_event(slug)
    availability = _open_availability(event, now)
    return _register(event, applicant, availability, now=now).status


def register_all(
    slug: str, applicants: Sequence[Applicant], *, now: datetime
) -> tuple[Status, ...]:
    """Register the people of one form, all or none; returns the statuses of new people.

    The first one filled in the form. Places come from a rehearsal in which everybody is new, so
    that neither the page nor a mail reveals who is registered. What stays free goes to whoever
    waits.
    """
    if len(applicants) == 1:
        return (register(slug, applicants[0], now=now),)
    event = lock_event(slug)
    _check_group(event, applicants)
    _open_availability(event, now)
    with db.session.begin_nested() as rehearsal:
        promised = [_rehearse(event, each, now=now) for each in applicants]
        rehearsal.rollback()
    for applicant, place in zip(applicants, promised, strict=True):
        db.session.flush()
        _register(event, applicant, get_availability(event, now), now=now, place=place)
    promote_waiting(event, now=now)
    return tuple(place.status for place in promised)


def add_person(slug: str, applicant: Applicant, *, actor: str, now: datetime) -> Registration:
    """Register a person on behalf of an organiser: approved, without code or open registration.

    Seats and waiting list apply. Raises RegistrationClosed, NotFound, and UnfitInput for an
    address that is registered already.
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
    cause = _cause(RegistrationAction.ADD, actor, availability, mode=mode_of(event, person))
    _store(person, event, applicant, place, cause)
    return person


def _open_availability(event: Event, now: datetime) -> SeatAvailability:
    """The availability after the waiting list was processed; raises RegistrationClosed."""
    availability = fill_free_seats(event, now=now)
    if complaint := closed_because(availability):
        raise RegistrationClosed(complaint)
    return availability


def _register(
    event: Event,
    applicant: Applicant,
    availability: SeatAvailability,
    *,
    now: datetime,
    place: Place | None = None,
) -> Place:
    """Known addresses are looked up last, so that they are checked like new ones."""
    person = _checked(event, applicant, now=now)
    place = place or admit(availability, candidate_of(event, person, availability))
    known = find_active(event, applicant.email)
    mode = mode_of(event, person)
    cause = _cause(RegistrationAction.REGISTER, PERSON, availability, mode=mode)
    if known is None:
        _store(person, event, applicant, place, cause)
    else:
        _store_in_vain(person, event, applicant, place, cause)
        remind(known, event, now=now)
    return place


def _checked(event: Event, applicant: Applicant, *, now: datetime) -> Registration:
    """A new registration, not stored yet, with code and choices. Raises UnfitInput."""
    code = redeem(event, applicant.code)
    claim_choices(event, applicant.answers)
    return new_registration(event, applicant, code=code, now=now)


def _store_in_vain(
    person: Registration, event: Event, applicant: Applicant, place: Place, cause: StatusCause
) -> None:
    """Store a registration and roll it back: response times must not reveal known addresses."""
    person.email_key = person.public_id
    with db.session.begin_nested() as attempt:
        _store(person, event, applicant, place, cause, silent=True)
        attempt.rollback()


def _rehearse(event: Event, applicant: Applicant, *, now: datetime) -> Place:
    """Store a person as new, under a made-up address, to be rolled back; returns the place."""
    db.session.flush()
    availability = get_availability(event, now)
    person = _checked(event, applicant, now=now)
    place = admit(availability, candidate_of(event, person, availability))
    person.email_key = person.public_id
    mode = mode_of(event, person)
    cause = _cause(RegistrationAction.REGISTER, PERSON, availability, mode=mode)
    _store(person, event, applicant, place, cause, silent=True)
    return place


def _check_group(event: Event, applicants: Sequence[Applicant]) -> None:
    if not event.colleagues:
        raise UnfitInput(Complaint(N_("For this event everybody registers on their own.")))
    keys = [email_key(each.email) for each in applicants]
    text = N_("This address stands in the form twice. Everybody needs one of their own.")
    twice = [number for number, key in enumerate(keys) if key in keys[:number]]
    if twice:
        raise UnfitInput([Complaint(text, about=f"colleagues-{n - 1}-email") for n in twice])


def _cause(
    action: RegistrationAction, actor: str, availability: SeatAvailability, *, mode: Mode
) -> StatusCause:
    """While others wait, the history explains a seat by the rule that excludes them from it."""
    rule = SKIPPED_BY_RULE if availability.promotes(mode) else BEGUN
    reason = rule if availability.somebody_waits else ""
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
        cause = replace(cause, reason="")

    def store() -> None:
        if applicant.answers:
            store_answers(person, event, applicant.answers, now=cause.now)

    change_status(person, event, place, cause, silent=silent, before_mail=store)


_ACTIVE_ADDRESS = select(Registration).where(
    Registration.event_id == bindparam("event_id"),
    Registration.email_key == bindparam("email_key"),
    IS_ACTIVE,
)


def find_active(event: Event, email: str) -> Registration | None:
    """The active registration of an address at an event."""
    wanted = {"event_id": event.id, "email_key": email_key(email)}
    return db.session.scalar(_ACTIVE_ADDRESS, wanted)


def remind(known: Registration, event: Event, *, now: datetime) -> None:
    """Mail a registered person that they are registered, at most once an hour.

    A further mail is written and rolled back: response times must not reveal anything.
    """
    key = f"repeat:{known.public_id}:{now:%Y%m%d%H}"
    wanted = select(OutboxMail.id).where(OutboxMail.key == key)
    sent = db.session.scalar(wanted) is not None
    with db.session.begin_nested() as attempt:
        own = f"{key}:{new_public_id()}" if sent else key
        write_mail(MailKind.REPEAT, known, event, key=own, now=now)
        db.session.flush()
        if sent:
            attempt.rollback()


def new_registration(
    event: Event, applicant: Applicant, *, now: datetime, code: Code | None = None
) -> Registration:
    """A registration without a status; `change_status` gives one and stores it."""
    organisation = find_by_name(applicant.organisation)
    return Registration(
        event_id=event.id,
        public_id=new_public_id(),
        link_epoch=1,
        registered_at=now,
        mode=mode_for(event, applicant.mode).value,
        code_id=code.id if code else None,
        email_key=email_key(applicant.email),
        organisation_text=applicant.organisation,
        organisation=organisation,
        organisation_id=organisation.id if organisation else None,
        calendar_uid=new_calendar_uid(),
        **{name: getattr(applicant, name) for name in _AS_TYPED},
    )

"""Registering people: alone, with colleagues, or added by an organiser.

`prepare` decides and composes what will probably be stored, without a lock. `register_all` decides
again behind the lock, and stores. There is one way for everybody.
"""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime

from ikone_events.domain.address import email_key
from ikone_events.domain.events.facts import Mode
from ikone_events.domain.header_text import MOST_REASON, checked_text
from ikone_events.domain.refusals import N_, Complaint, RegistrationClosed, UnfitInput
from ikone_events.domain.registering.registration import SEATED, Status
from ikone_events.domain.registering.seating import (
    Place,
    SeatAvailability,
    admit,
    admit_by_hand,
    closed_because,
    next_place,
    not_addable_because,
)
from ikone_events.domain.registering.status import BEGUN, SKIPPED_BY_RULE, RegistrationAction
from ikone_events.services.registering.answers import claim_choices, rows_of_answers
from ikone_events.services.registering.codes import redeem
from ikone_events.services.registering.new_registrations import (
    Applicant,
    RegistrationDraft,
    draft,
    new_registration,
    store,
)
from ikone_events.services.registering.reminders import (
    Reminder,
    find_known,
    find_reminder,
    store_reminder,
)
from ikone_events.services.registering.seating import (
    PERSON,
    StatusCause,
    candidate_of,
    keep_seats,
    may_move,
    mode_of,
    promote_waiting,
)
from ikone_events.store.db import db
from ikone_events.store.events.models import Event
from ikone_events.store.events.queries import lock_event
from ikone_events.store.plain import attach, in_vain
from ikone_events.store.registering.current_event import (
    CurrentEvent,
    lock_current_event,
    reread,
)
from ikone_events.store.registering.models import Registration


@dataclass(frozen=True, slots=True, kw_only=True)
class Preparation:
    """The people of one form with what will probably be stored for each; nothing is, yet."""

    current: CurrentEvent
    applicants: Sequence[Applicant]
    drafts: Sequence[RegistrationDraft]
    reminders: Sequence[Reminder | None]

    @property
    def now(self) -> datetime:
        """The moment of the registration."""
        return self.current.availability.now


def prepare(current: CurrentEvent, applicants: Sequence[Applicant]) -> Preparation:
    """Decide by the seats of this moment, and compose the mails; only reads.

    Raises RegistrationClosed.
    """
    event, availability = current.event, current.availability
    now = availability.now
    drafts = list[RegistrationDraft]()
    reminders = list[Reminder | None]()
    for applicant in applicants:
        person = new_registration(event, applicant, now=now)
        place = admit(availability, candidate_of(event, person, availability))
        reminder = find_reminder(event, applicant.email, now=now)
        reminders.append(reminder)
        known = reminder is not None
        drafts.append(_drafted(event, applicant, person, place, availability, silent=known))
        if place.status in SEATED and len(applicants) > len(drafts):
            availability = availability.taking(mode_of(event, person))
    return Preparation(
        current=current,
        applicants=applicants,
        drafts=drafts,
        reminders=reminders,
    )


def register(slug: str, applicant: Applicant, *, now: datetime) -> Status:
    """Register one person, see register_all."""
    return register_all(slug, [applicant], now=now)[0]


def register_all(
    slug: str,
    applicants: Sequence[Applicant],
    *,
    now: datetime,
    prepared: Preparation | None = None,
) -> tuple[Status, ...]:
    """Register the people of one form, all or none; returns the statuses of new people.

    Without `prepared`, which is of the same form and moment, the mails are composed behind the
    lock.

    The first one filled in the form. A registered address gets the same answer, and the truth by
    mail: the answer must not reveal who is registered. So the places of several people come from a
    rehearsal in which everybody is new. What stays free goes to whoever waits.

    Raises RegistrationClosed, NotFound, and UnfitInput about a code or a choice that has no places
    left.
    """
    current = _with_free_seats_filled(lock_current_event(slug, now), now)
    if complaint := closed_because(current.availability):
        raise RegistrationClosed(complaint)
    form = prepared or prepare(current, applicants)
    if len(applicants) == 1:
        return (_register(form, 0, current).status,)
    _check_group(current.event, applicants)
    with in_vain():
        promised = [_rehearse(form, number) for number in range(len(applicants))]
    for number, place in enumerate(promised):
        _register(form, number, reread(slug, now), place=place)
    _with_free_seats_filled(reread(slug, now), now)
    return tuple(place.status for place in promised)


def add_person(
    slug: str, applicant: Applicant, *, actor: str, now: datetime, extra: str = ""
) -> Registration:
    """Register a person on behalf of an organiser: approved, without code or open registration.

    Seats and waiting list apply, unless `extra` gives the reason for a place above the limit.
    Raises RegistrationClosed, NotFound, and UnfitInput for an address that is registered already.
    """
    reason = checked_text(extra, MOST_REASON, "extra")
    current = _with_free_seats_filled(lock_current_event(slug, now), now)
    event, availability = current.event, current.availability
    if complaint := not_addable_because(availability):
        raise RegistrationClosed(complaint)
    claim_choices(event, applicant.answers)
    person, action = new_registration(event, applicant, now=now), RegistrationAction.ADD
    candidate = candidate_of(event, person, availability, action=action)
    decide = next_place if reason else admit_by_hand
    place = decide(availability, candidate)
    if find_known(event, applicant.email) is not None:
        text = N_("Somebody is registered for this event with this address.")
        raise UnfitInput(Complaint(text, about="email"))
    drafted = _drafted(event, applicant, person, place, availability, action=action, actor=actor)
    if reason:
        drafted.change.reason = reason
    attach(store(drafted, lock_version=current.lock_version))
    if reason:
        keep_seats(lock_event(slug), now=now)
    return person


def _with_free_seats_filled(current: CurrentEvent, now: datetime) -> CurrentEvent:
    """The event after the waiting list was given what is free."""
    if not may_move(current.availability):
        return current
    promote_waiting(lock_event(current.event.slug), now=now)
    db.session.flush()
    return reread(current.event.slug, now)


def _register(
    form: Preparation, number: int, current: CurrentEvent, *, place: Place | None = None
) -> Place:
    """Register one person. Known addresses are looked up last: they are checked like new ones."""
    event, applicant, now = current.event, form.applicants[number], form.now
    drafted = _decided(form, number, current, place)
    known, reminder = find_known(event, applicant.email), form.reminders[number]
    if known is None:
        if reminder is not None:  # which was composed instead of this mail
            drafted = _drafted_anew(form, number, current, drafted.place)
        store(drafted, lock_version=current.lock_version)
        return drafted.place
    _store_in_vain(drafted, current)
    if reminder is None or reminder.known != known or current.version != form.current.version:
        reminder = find_reminder(event, applicant.email, now=now)
    if reminder is not None:
        store_reminder(reminder)
    return drafted.place


def _decided(
    form: Preparation, number: int, current: CurrentEvent, place: Place | None = None
) -> RegistrationDraft:
    """The draft with the decision behind the lock; a new one where the outcome is another."""
    event, applicant, drafted = current.event, form.applicants[number], form.drafts[number]
    person, availability = drafted.person, current.availability
    _checked(event, applicant, person)
    place = place or admit(availability, candidate_of(event, person, availability))
    cause = _cause(RegistrationAction.REGISTER, PERSON, place, availability, mode_of(event, person))
    same = current.version == form.current.version
    if not same or (place, cause) != (drafted.place, drafted.cause):
        drafted = _drafted_anew(form, number, current, place)
    return drafted


def _drafted_anew(
    form: Preparation, number: int, current: CurrentEvent, place: Place
) -> RegistrationDraft:
    person = new_registration(current.event, form.applicants[number], now=form.now)
    person.code_id = form.drafts[number].person.code_id
    return _drafted(current.event, form.applicants[number], person, place, current.availability)


def _checked(event: Event, applicant: Applicant, person: Registration) -> Registration:
    """The registration with its code; choices are free. Raises UnfitInput."""
    code = redeem(event, applicant.code)
    person.code_id = code.id if code else None
    claim_choices(event, applicant.answers)
    return person


def _drafted(
    event: Event,
    applicant: Applicant,
    person: Registration,
    place: Place,
    availability: SeatAvailability,
    *,
    action: RegistrationAction = RegistrationAction.REGISTER,
    actor: str = PERSON,
    silent: bool = False,
) -> RegistrationDraft:
    cause = _cause(action, actor, place, availability, mode_of(event, person))
    answers = rows_of_answers(event, applicant.answers, now=availability.now)
    return draft(
        person, event, place, cause, answers=answers, given=applicant.answers, silent=silent
    )


def _store_in_vain(drafted: RegistrationDraft, current: CurrentEvent) -> None:
    """Store a registration and roll it back: response times must not reveal known addresses."""
    drafted.person.email_key = drafted.person.public_id
    with in_vain():
        store(replace(drafted, mail=None), lock_version=current.lock_version)


def _rehearse(form: Preparation, number: int) -> Place:
    """Store a person as new, under a made-up address, to be rolled back; returns the place."""
    current, applicant = reread(form.current.event.slug, form.now), form.applicants[number]
    event, availability = current.event, current.availability
    person = _checked(event, applicant, new_registration(event, applicant, now=form.now))
    place = admit(availability, candidate_of(event, person, availability))
    person.email_key = person.public_id
    drafted = _drafted(event, applicant, person, place, availability, silent=True)
    store(drafted, lock_version=current.lock_version)
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
    action: RegistrationAction,
    actor: str,
    place: Place,
    availability: SeatAvailability,
    mode: Mode,
) -> StatusCause:
    """While others wait, the history explains a seat by the rule that excludes them from it."""
    explained = availability.somebody_waits and place.status is not Status.WAITLISTED
    rule = SKIPPED_BY_RULE if availability.promotes(mode) else BEGUN
    reason = rule if explained else ""
    return StatusCause(action=action, actor=actor, now=availability.now, reason=reason)

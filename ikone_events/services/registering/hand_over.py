"""Handing a registration over to a deputy: the place stays with the administration.

A deputy who waits gets the place, unless it went to another administration that can have no more.
One who has a place keeps it. Whoever does not get the place is reminded of their registration, and
the waiting list gets it. Page and mail of the leaving person are the same each time, so that they
do not reveal whether the deputy is registered; an organiser learns why the deputy can't have it.
"""

from dataclasses import asdict, dataclass, replace
from datetime import datetime

from ikone_events.domain.address import email_key
from ikone_events.domain.refusals import N_, Complaint, StatusRefused, UnfitInput
from ikone_events.domain.registering.registration import Status
from ikone_events.domain.registering.seating import Place, excluded_because
from ikone_events.domain.registering.self_service import SelfServiceAction
from ikone_events.domain.registering.status import Actor, RegistrationAction, actor_of
from ikone_events.domain.salutation import full_name
from ikone_events.services.registering.answers import passed_on
from ikone_events.services.registering.new_registrations import (
    Applicant,
    draft,
    new_registration,
    store,
)
from ikone_events.services.registering.reminders import find_active, remind
from ikone_events.services.registering.seating import (
    PERSON,
    StatusCause,
    candidate_of,
    change_status,
    promote_waiting,
)
from ikone_events.services.registering.status import check_allowed, lock_as_seen
from ikone_events.store.db import db
from ikone_events.store.events.models import Event
from ikone_events.store.plain import attach
from ikone_events.store.registering.availability import get_availability
from ikone_events.store.registering.models import Registration
from ikone_events.store.registering.waiting_list import organisation_key_of

# What a deputy takes over with the place.
_INHERITED = (
    *("code_id", "mode", "waiting_order", "organisation_id", "organisation_key"),
    *("approved_at", "accepted_at"),
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Deputy:
    """The new person. Administration and, unless `locale` is given, language are kept."""

    first_name: str
    last_name: str
    email: str
    salutation: str = ""
    title: str = ""
    position: str = ""
    locale: str = ""

    @property
    def name(self) -> str:
        """The full name as mails write it."""
        return full_name(self.title, self.first_name, self.last_name)


def hand_over(
    public_id: str,
    deputy: Deputy,
    *,
    now: datetime,
    actor: str = PERSON,
    expected: str | None = None,
) -> Registration:
    """Give a confirmed or waiting registration to a deputy; returns the deputy's registration.

    Raises StatusRefused, SomebodyWasFaster, and UnfitInput for the person's own address.
    """
    leaving = lock_as_seen(public_id, expected)
    event, seated = leaving.event, leaving.status == Status.CONFIRMED.value
    cause = StatusCause(action=RegistrationAction.HAND_OVER, actor=actor, now=now)
    check_allowed(leaving, cause, SelfServiceAction.HAND_OVER)
    if email_key(deputy.email) == leaving.email_key:
        text = N_("This is the address that is registered. Please give the deputy's.")
        raise UnfitInput(Complaint(text, about="email"))
    new = find_active(event, deputy.email)
    moves_up = new is not None and seated and _may_move_up(new, leaving, cause)
    change_status(leaving, event, Place(Status.CANCELLED), cause, other_person=deputy.name)
    taking = StatusCause(action=RegistrationAction.TAKE_OVER, actor=actor, now=now)
    if new is None:
        new = _successor(leaving, event, deputy, now=now)
        place = Place(Status.CONFIRMED if seated else Status.WAITLISTED)
        _store(new, leaving, place, taking)
    elif moves_up:
        new.mode, new.predecessor_id = leaving.mode, leaving.id
        change_status(new, event, Place(Status.CONFIRMED), taking)
    else:
        remind(new, event, now=now)
    promote_waiting(event, now=now)
    return new


def _store(new: Registration, leaving: Registration, place: Place, cause: StatusCause) -> None:
    event, passed = leaving.event, passed_on(leaving, now=cause.now)
    given: dict[str, list[str]] = {}
    for key, answer in passed:
        given.setdefault(key, []).append(answer.value)
    rows = [answer for _key, answer in passed]
    drafted = draft(new, event, place, cause, answers=rows, given=given)
    db.session.flush()  # the mail to the leaving person comes first
    attach(store(drafted, lock_version=event.lock_version))


def _may_move_up(new: Registration, leaving: Registration, cause: StatusCause) -> bool:
    """Whether a registered deputy gets the seat: nobody who has one, or whom a rule excludes.

    Raises StatusRefused for organisers, whom “members first” does not bind.
    """
    if new.status != Status.WAITLISTED.value:
        return False
    if organisation_key_of(new) == organisation_key_of(leaving):
        return True
    by_hand = actor_of(cause.actor) is Actor.ORGANISER
    availability = get_availability(leaving.event, cause.now)
    if by_hand:
        availability = replace(availability, members_until=None)
    found = excluded_because(availability, candidate_of(leaving.event, new, availability))
    if found and by_hand:
        raise StatusRefused(found)
    return found is None


def _successor(
    leaving: Registration, event: Event, deputy: Deputy, *, now: datetime
) -> Registration:
    """A new registration with its own link and calendar entry and the predecessor's place."""
    applicant = Applicant(
        **{**asdict(deputy), "locale": deputy.locale or leaving.locale},
        organisation=leaving.organisation_text,
        mode=leaving.mode,
    )
    new = new_registration(event, applicant, now=now)
    new.predecessor_id = leaving.id
    for name in _INHERITED:
        setattr(new, name, getattr(leaving, name))
    return new

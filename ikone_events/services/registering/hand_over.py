"""Handing a registration over to a deputy: the place stays with the administration.

A deputy who waits gets the place; one who has a place keeps it, is reminded of it, and the waiting
list gets the free one. Page and mail of the leaving person are the same each time, so that they
do not reveal whether the deputy is registered.
"""

from dataclasses import asdict, dataclass
from datetime import datetime

from ikone_events.domain.address import email_key
from ikone_events.domain.refusals import N_, Complaint, UnfitInput
from ikone_events.domain.registering.registration import Status
from ikone_events.domain.registering.seating import Place
from ikone_events.domain.registering.self_service import SelfServiceAction
from ikone_events.domain.registering.status import RegistrationAction
from ikone_events.domain.salutation import full_name
from ikone_events.services.registering.answers import pass_on_places
from ikone_events.services.registering.registrations import (
    Applicant,
    find_active,
    new_registration,
    remind,
)
from ikone_events.services.registering.seating import (
    PERSON,
    StatusCause,
    change_status,
    promote_waiting,
)
from ikone_events.services.registering.status import check_allowed, lock_as_seen
from ikone_events.store.events.models import Event
from ikone_events.store.registering.models import Registration

# What a deputy takes over with the place.
_INHERITED = (
    *("code_id", "mode", "waiting_order", "organisation", "organisation_id", "organisation_key"),
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
    change_status(leaving, event, Place(Status.CANCELLED), cause, other_person=deputy.name)
    taking = StatusCause(action=RegistrationAction.TAKE_OVER, actor=actor, now=now)
    if new is None:
        new = _successor(leaving, event, deputy, now=now)
        change_status(new, event, Place(Status.CONFIRMED if seated else Status.WAITLISTED), taking)
        pass_on_places(leaving, new, now=now)
    elif seated and new.status == Status.WAITLISTED.value:
        new.mode, new.predecessor_id = leaving.mode, leaving.id
        change_status(new, event, Place(Status.CONFIRMED), taking)
    else:
        remind(new, event, now=now)
    promote_waiting(event, now=now)
    return new


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

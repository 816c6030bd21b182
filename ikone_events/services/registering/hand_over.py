"""A deputy comes instead: the place stays with the administration, also at a full event.

Nobody learns here whether the deputy is registered already. Then too this person does not come
and that one does: who waits gets the place, who has one keeps it and is told so, and the place
that is left over goes to the line. Page and mail of whoever hands over are the same each time.
"""

from dataclasses import dataclass
from datetime import datetime

from ikone_events.domain.address import email_key
from ikone_events.domain.refusals import N_, Complaint, UnfitInput
from ikone_events.domain.registering.registration import Status
from ikone_events.domain.registering.seating import Place
from ikone_events.domain.registering.self_service import SelfServiceAction
from ikone_events.domain.registering.status import RegistrationAction
from ikone_events.domain.salutation import full_name
from ikone_events.services.registering.places import pass_on_places
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
from ikone_events.services.registering.status import check_allowed, hold_as_seen
from ikone_events.store.events.models import Event
from ikone_events.store.registering.models import Registration


@dataclass(frozen=True, slots=True, kw_only=True)
class Deputy:
    """Who comes instead. The administration stays, and the language unless another is given."""

    first_name: str
    last_name: str
    email: str
    salutation: str = ""
    title: str = ""
    position: str = ""
    locale: str = ""

    @property
    def name(self) -> str:
        """The person as a mail names them."""
        return full_name(self.title, self.first_name, self.last_name)


def hand_over(
    public_id: str,
    deputy: Deputy,
    *,
    now: datetime,
    actor: str = PERSON,
    expected: str | None = None,
) -> Registration:
    """Give a confirmed place, or one in the line, to a deputy; returns the deputy's registration.

    Raises StandingRefused, SomebodyWasFaster, and UnfitInput when somebody names their own address.
    """
    leaving = hold_as_seen(public_id, expected)
    event, seated = leaving.event, leaving.status == Status.CONFIRMED.value
    cause = StatusCause(action=RegistrationAction.HAND_OVER, actor=actor, now=now)
    check_allowed(leaving, cause, SelfServiceAction.HAND_OVER)
    if email_key(deputy.email) == leaving.email_key:
        text = N_("This is the address that is registered. Please give the deputy's.")
        raise UnfitInput(Complaint(text, about="email"))
    heir = find_active(event, deputy.email)
    change_status(leaving, event, Place(Status.CANCELLED), cause, other_person=deputy.name)
    taking = StatusCause(action=RegistrationAction.TAKE_OVER, actor=actor, now=now)
    if heir is None:
        heir = _successor(leaving, event, deputy, now=now)
        change_status(heir, event, Place(Status.CONFIRMED if seated else Status.WAITLISTED), taking)
        pass_on_places(leaving, heir, now=now)
    elif seated and heir.status == Status.WAITLISTED.value:
        heir.mode, heir.predecessor_id = leaving.mode, leaving.id
        change_status(heir, event, Place(Status.CONFIRMED), taking)
    else:
        remind(heir, event, now=now)
    promote_waiting(event, now=now)
    return heir


def _successor(
    leaving: Registration, event: Event, deputy: Deputy, *, now: datetime
) -> Registration:
    """A row of its own, with a fresh link and calendar entry, in the place of the one before."""
    applicant = Applicant(
        first_name=deputy.first_name,
        last_name=deputy.last_name,
        email=deputy.email,
        organisation=leaving.organisation_text,
        locale=deputy.locale or leaving.locale,
        salutation=deputy.salutation,
        title=deputy.title,
        position=deputy.position,
        mode=leaving.mode,
    )
    heir = new_registration(event, applicant, now=now)
    heir.predecessor_id, heir.code_id = leaving.id, leaving.code_id
    heir.mode, heir.waiting_order = leaving.mode, leaving.waiting_order
    heir.organisation, heir.organisation_id = leaving.organisation, leaving.organisation_id
    heir.organisation_key = leaving.organisation_key
    heir.approved_at, heir.accepted_at = leaving.approved_at, leaving.accepted_at
    return heir

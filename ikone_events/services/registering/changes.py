"""Changes of a registration beside its status: mode and details."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, fields
from datetime import datetime

from ikone_events.domain.events.facts import EventFormat, Mode
from ikone_events.domain.refusals import N_, Complaint, StatusRefused
from ikone_events.domain.registering.registration import SEATED, Status
from ikone_events.domain.registering.self_service import SelfServiceAction, complaint
from ikone_events.domain.registering.status import RegistrationAction
from ikone_events.services.registering.answers import claim_choices, moves_places, store_answers
from ikone_events.services.registering.seating import (
    PERSON,
    StatusCause,
    change_status,
    mode_of,
    place_of,
    promote_waiting,
)
from ikone_events.services.registering.status import (
    check_allowed,
    check_wish,
    lock_as_seen,
    self_service_facts,
)
from ikone_events.store.registering.availability import get_availability
from ikone_events.store.registering.models import Registration
from ikone_events.store.registering.queries import lock_registration

_FULL = {
    Mode.ONLINE: N_("All places online are taken, so nothing was changed. You keep your place."),
    Mode.ON_SITE: N_("All places on site are taken, so nothing was changed. You keep your place."),
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Details:
    """The details that people may correct themselves.

    Another address is another person: that is a hand-over. Organisers assign administrations.
    """

    first_name: str
    last_name: str
    salutation: str = ""
    title: str = ""
    position: str = ""
    question: str = ""


def switch_mode(
    public_id: str,
    mode: Mode,
    *,
    now: datetime,
    actor: str = PERSON,
    expected: str | None = None,
) -> Registration:
    """Change how a person takes part; a seat needs a free one in the new mode.

    The waiting list gets the old seat. The same mode again changes nothing. The deadline
    binds people, not organisers. Raises StatusRefused, SomebodyWasFaster.
    """
    registration = lock_as_seen(public_id, expected)
    event = registration.event
    cause = StatusCause(
        action=RegistrationAction.SWITCH_MODE, actor=actor, now=now, reason=mode.value
    )
    check_allowed(registration, cause, SelfServiceAction.SWITCH_MODE)
    if event.format != EventFormat.HYBRID.value:
        raise StatusRefused(Complaint(N_("At this event everybody takes part in the same way.")))
    if mode_of(event, registration) is mode:
        return registration
    seated = Status(registration.status) in SEATED
    if seated and not has_room(registration, mode, now):
        raise StatusRefused(Complaint(_FULL[mode], about="mode"))
    registration.mode = mode.value
    change_status(registration, event, place_of(registration), cause)
    promote_waiting(event, now=now)
    return registration


def other_mode(registration: Registration) -> Mode:
    """The mode in which this person does not take part."""
    own = mode_of(registration.event, registration)
    return Mode.ON_SITE if own is Mode.ONLINE else Mode.ONLINE


def has_room(registration: Registration, mode: Mode, now: datetime) -> bool:
    """Whether a hybrid event has a seat for this person in the other mode.

    A person with a seat gives it up, so for them only the limit of the mode counts.
    """
    availability = get_availability(registration.event, now)
    if registration.status == Status.WAITLISTED.value:
        return availability.free_for(mode) != 0
    pool = availability.pools.get(mode)
    return pool is not None and pool.free != 0


def change_details(
    public_id: str, details: Details, answers: Mapping[str, Sequence[str]], *, now: datetime
) -> Registration:
    """Correct names and answers. Raises StatusRefused, and UnfitInput about a choice.

    After the deadline answers with limited places can't be changed.
    """
    registration = lock_registration(public_id)
    event, facts = registration.event, self_service_facts(registration, now)
    if not facts.active:
        raise StatusRefused(Complaint(N_("This registration is over; nothing can be changed.")))
    check_wish(registration, SelfServiceAction.CHANGE, now)
    if complaint(SelfServiceAction.CLAIM, facts) and moves_places(registration, event, answers):
        check_wish(registration, SelfServiceAction.CLAIM, now)
    claim_choices(event, answers, besides=registration)
    for name in (field.name for field in fields(details)):
        setattr(registration, name, getattr(details, name))
    store_answers(registration, event, answers, now=now)
    return registration

"""What people change about their registration: how they take part, what they told of themselves."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, fields
from datetime import datetime

from ikone_events.domain.events.facts import EventFormat, Mode
from ikone_events.domain.refusals import N_, Complaint, StatusRefused
from ikone_events.domain.registering.registration import SEATED, Awaits, Status
from ikone_events.domain.registering.seating import Place
from ikone_events.domain.registering.self_service import SelfServiceAction, complaint
from ikone_events.domain.registering.status import RegistrationAction
from ikone_events.services.registering.answers import claim_choices, store_answers
from ikone_events.services.registering.places import moves_places
from ikone_events.services.registering.seating import (
    PERSON,
    StatusCause,
    change_status,
    mode_of,
    promote_waiting,
)
from ikone_events.services.registering.status import (
    check_allowed,
    check_wish,
    hold_as_seen,
    self_service_facts,
)
from ikone_events.store.events.models import Event
from ikone_events.store.registering.availability import get_availability
from ikone_events.store.registering.models import Registration
from ikone_events.store.registering.queries import lock_registration

_FULL = {
    Mode.ONLINE: N_("All places online are taken, so nothing was changed. You keep your place."),
    Mode.ON_SITE: N_("All places on site are taken, so nothing was changed. You keep your place."),
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Details:
    """What people may correct of themselves; address and administration are changed by the office.

    With another address somebody else would come: that is a hand-over.
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
    """Take part the other way, while there is room; whoever waits then waits for that one.

    The seat that gets free goes to the line. The same mode again changes nothing. The deadline
    binds people, not organisers. Raises StandingRefused, SomebodyWasFaster.
    """
    registration = hold_as_seen(public_id, expected)
    event = registration.event
    cause = StatusCause(
        action=RegistrationAction.SWITCH_MODE, actor=actor, now=now, reason=mode.value
    )
    check_allowed(registration, cause, SelfServiceAction.SWITCH_MODE)
    if event.format != EventFormat.HYBRID.value:
        raise StatusRefused(Complaint(N_("At this event everybody takes part in the same way.")))
    if mode_of(event, registration) is mode:
        return registration
    if registration.status in {status.value for status in SEATED}:
        _check_room(event, mode, now)
    registration.mode = mode.value
    place = Place(
        Status(registration.status), Awaits(registration.awaits), registration.reserved_until
    )
    change_status(registration, event, place, cause)
    promote_waiting(event, now=now)
    return registration


def _check_room(event: Event, mode: Mode, now: datetime) -> None:
    if get_availability(event, now).pools[mode].free == 0:
        raise StatusRefused(Complaint(_FULL[mode], about="mode"))


def change_details(
    public_id: str, details: Details, answers: Mapping[str, Sequence[str]], *, now: datetime
) -> Registration:
    """Correct names and answers. Raises StandingRefused, and UnfitInput about a choice.

    After the deadline answers that hold places stay as they are.
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

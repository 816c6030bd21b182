"""What is done to a registration by its person or by an organiser, as the table allows it."""

from datetime import datetime

from ikone_events.domain.events.facts import EventFormat, State
from ikone_events.domain.refusals import (
    N_,
    Complaint,
    SomebodyWasFaster,
    StatusRefused,
    UnfitInput,
)
from ikone_events.domain.registering.registration import Status
from ikone_events.domain.registering.seating import Place, SeatAvailability, next_place, obstacle
from ikone_events.domain.registering.self_service import (
    SelfServiceAction,
    SelfServiceFacts,
    complaint,
)
from ikone_events.domain.registering.status import (
    OUT_OF_ORDER,
    RegistrationAction,
    actor_of,
    check,
    is_done,
    registration_status,
)
from ikone_events.services.installation import get_installation
from ikone_events.services.registering.seating import (
    PERSON,
    StatusCause,
    candidate_of,
    change_status,
    only_seats_count,
    promote_waiting,
)
from ikone_events.store.registering.availability import get_availability
from ikone_events.store.registering.models import Registration
from ikone_events.store.registering.queries import lock_registration
from ikone_events.store.registering.waiting_list import first_waiting, position_of

# The deadline is for people; organisers change what it keeps people from changing.
_WITHOUT_DEADLINE = {SelfServiceAction.SWITCH_MODE: SelfServiceAction.HAND_OVER}


def hold_as_seen(public_id: str, expected: str | None) -> Registration:
    """Lock a registration's event and read it; raises SomebodyWasFaster when it stands elsewhere.

    `expected` is the standing that was on the screen; None where whoever asks saw none.
    """
    registration = lock_registration(public_id)
    standing = registration_status(registration.status, registration.awaits)
    if expected is not None and standing.value != expected:
        text = N_("Somebody was faster: the registration has changed. Please look again.")
        raise SomebodyWasFaster(Complaint(text))
    return registration


def withdraw(
    public_id: str, *, now: datetime, actor: str = PERSON, expected: str | None = None
) -> Registration:
    """Take a registration back; the seat goes to the next in line.

    A second time changes nothing. Raises LinkRefused when the registration is gone, and
    StandingRefused when there is nothing to withdraw or the event is over, SomebodyWasFaster.
    """
    registration = hold_as_seen(public_id, expected)
    if _is_done(registration, RegistrationAction.WITHDRAW):
        return registration
    cause = StatusCause(action=RegistrationAction.WITHDRAW, actor=actor, now=now)
    check_allowed(registration, cause, SelfServiceAction.WITHDRAW)
    change_status(registration, registration.event, Place(Status.CANCELLED), cause)
    promote_waiting(registration.event, now=now)
    return registration


def confirm_address(
    public_id: str, *, now: datetime, actor: str = PERSON, expected: str | None = None
) -> Registration:
    """Note that the address is the person's own, or that an organiser knows it to be.

    A second time changes nothing. Raises StandingRefused, also when the time has run out, and
    SomebodyWasFaster.
    """
    cause = StatusCause(action=RegistrationAction.CONFIRM_ADDRESS, actor=actor, now=now)
    return _pass_door(hold_as_seen(public_id, expected), cause, SelfServiceAction.CONFIRM_ADDRESS)


def accept_offer(public_id: str, *, now: datetime) -> Registration:
    """Take the place that was offered. A second time changes nothing. Raises StandingRefused."""
    cause = StatusCause(action=RegistrationAction.ACCEPT, actor=PERSON, now=now)
    return _pass_door(lock_registration(public_id), cause, SelfServiceAction.ACCEPT)


def approve(public_id: str, *, expected: str, actor: str, now: datetime) -> Registration:
    """Let somebody in who needs an organiser's yes.

    Raises StandingRefused, and SomebodyWasFaster when the standing is not the one that was seen.
    """
    registration = hold_as_seen(public_id, expected)
    cause = StatusCause(action=RegistrationAction.APPROVE, actor=actor, now=now)
    return _pass_door(registration, cause, SelfServiceAction.CONFIRM_ADDRESS)


def decline(
    public_id: str, *, expected: str, reason: str, actor: str, now: datetime
) -> Registration:
    """Say no to somebody, with the reason they are told; their seat goes to the next in line.

    Raises UnfitInput without a reason, StandingRefused, SomebodyWasFaster.
    """
    registration = hold_as_seen(public_id, expected)
    cause = StatusCause(
        action=RegistrationAction.DECLINE, actor=actor, now=now, reason=reason.strip()
    )
    check_allowed(registration, cause, SelfServiceAction.WITHDRAW)
    if not cause.reason:
        raise UnfitInput(Complaint(N_("Please give a reason."), about="reason"))
    change_status(registration, registration.event, Place(Status.DECLINED), cause)
    promote_waiting(registration.event, now=now)
    return registration


def move_up(public_id: str, *, expected: str, actor: str, now: datetime) -> Registration:
    """Give a free seat to somebody who waits, whoever waits before them.

    Neither the order of the line nor "members first" stands in an organiser's way; the number of
    seats does, and the limit for an administration. Raises StandingRefused, SomebodyWasFaster.
    """
    registration = hold_as_seen(public_id, expected)
    event = registration.event
    first = first_waiting(event)
    reason = OUT_OF_ORDER if first is not None and first < position_of(registration) else ""
    cause = StatusCause(action=RegistrationAction.MOVE_UP, actor=actor, now=now, reason=reason)
    check_allowed(registration, cause, SelfServiceAction.CONFIRM_ADDRESS)
    availability = only_seats_count(get_availability(event, now))
    candidate = candidate_of(event, registration, availability, action=RegistrationAction.MOVE_UP)
    if found := obstacle(availability, candidate):
        raise StatusRefused(found)
    change_status(registration, event, next_place(availability, candidate), cause)
    return registration


def self_service_facts(registration: Registration, now: datetime) -> SelfServiceFacts:
    """A registration as the rules of the person's own page look at it."""
    event = registration.event
    return SelfServiceFacts(
        now=now,
        standing=registration_status(registration.status, registration.awaits),
        state=State(event.state),
        starts_at=event.starts_at,
        ends_at=event.ends_at,
        deadline=event.deadline,
        reserved_until=registration.reserved_until,
        hybrid=event.format == EventFormat.HYBRID.value,
        contact=event.contact_email or get_installation().settings.sender,
    )


def check_wish(
    registration: Registration, wish: SelfServiceAction, now: datetime, *, by_hand: bool = False
) -> None:
    """Raise StandingRefused when it is too late or too early, with the way out."""
    if by_hand:
        wish = _WITHOUT_DEADLINE.get(wish, wish)
    if found := complaint(wish, self_service_facts(registration, now)):
        text = N_("This is possible neither after the event nor while it is called off.")
        raise StatusRefused(Complaint(text) if by_hand else found)


def check_allowed(registration: Registration, cause: StatusCause, wish: SelfServiceAction) -> None:
    """The table first, then the clock. Raises StandingRefused."""
    standing = registration_status(registration.status, registration.awaits)
    check(cause.action, standing, actor_of(cause.actor))
    check_wish(registration, wish, cause.now, by_hand=cause.actor != PERSON)


def _pass_door(
    registration: Registration, cause: StatusCause, wish: SelfServiceAction
) -> Registration:
    """Lead somebody who holds a seat one door on."""
    if _is_done(registration, cause.action):
        return registration
    check_allowed(registration, cause, wish)
    event = registration.event
    availability: SeatAvailability = get_availability(event, cause.now)
    candidate = candidate_of(event, registration, availability, action=cause.action)
    change_status(registration, event, next_place(availability, candidate), cause)
    return registration


def _is_done(registration: Registration, action: RegistrationAction) -> bool:
    return is_done(action, registration_status(registration.status, registration.awaits))

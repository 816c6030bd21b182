"""Actions of a person or an organiser on one registration, as the table of statuses allows."""

from dataclasses import replace
from datetime import datetime

from ikone_events.domain.events.facts import EventFormat, State
from ikone_events.domain.header_text import MOST_REASON, checked_text
from ikone_events.domain.refusals import (
    N_,
    Complaint,
    SomebodyWasFaster,
    StatusRefused,
    UnfitInput,
)
from ikone_events.domain.registering.registration import Status
from ikone_events.domain.registering.seating import Place, next_place, obstacle
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
from ikone_events.services.registering.reservations import is_mail_queued
from ikone_events.services.registering.seating import (
    PERSON,
    StatusCause,
    candidate_of,
    change_status,
    keep_seats,
    promote_waiting,
)
from ikone_events.store.registering.availability import get_availability
from ikone_events.store.registering.models import Registration
from ikone_events.store.registering.queries import lock_registration
from ikone_events.store.registering.waiting_list import first_waiting, position_of

# The deadline does not bind organisers.
_WITHOUT_DEADLINE = {SelfServiceAction.SWITCH_MODE: SelfServiceAction.HAND_OVER}


def lock_as_seen(public_id: str, expected: str | None) -> Registration:
    """Lock a registration's event and return the registration.

    Raises SomebodyWasFaster when its status is not `expected`, the one on the screen; None skips
    the check.
    """
    registration = lock_registration(public_id)
    status = registration_status(registration.status, registration.awaits)
    if expected is not None and status.value != expected:
        text = N_("Somebody was faster: the registration has changed. Please look again.")
        raise SomebodyWasFaster(Complaint(text))
    return registration


def withdraw(
    public_id: str, *, now: datetime, actor: str = PERSON, expected: str | None = None
) -> Registration:
    """Cancel a registration and give its seat to the waiting list. A second call changes nothing.

    Raises LinkRefused when the registration is gone, StatusRefused when there is nothing to
    withdraw or the event is over, SomebodyWasFaster.
    """
    registration = lock_as_seen(public_id, expected)
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
    """Mark the address as confirmed. A second call changes nothing.

    Raises StatusRefused, also when the time has run out, and SomebodyWasFaster.
    """
    cause = StatusCause(action=RegistrationAction.CONFIRM_ADDRESS, actor=actor, now=now)
    return _pass_step(lock_as_seen(public_id, expected), cause, SelfServiceAction.CONFIRM_ADDRESS)


def accept_offer(public_id: str, *, now: datetime) -> Registration:
    """Accept an offered place. A second call changes nothing. Raises StatusRefused."""
    cause = StatusCause(action=RegistrationAction.ACCEPT, actor=PERSON, now=now)
    return _pass_step(lock_registration(public_id), cause, SelfServiceAction.ACCEPT)


def approve(public_id: str, *, expected: str, actor: str, now: datetime) -> Registration:
    """Approve a registration. Raises StatusRefused, SomebodyWasFaster."""
    registration = lock_as_seen(public_id, expected)
    cause = StatusCause(action=RegistrationAction.APPROVE, actor=actor, now=now)
    return _pass_step(registration, cause, SelfServiceAction.CONFIRM_ADDRESS)


def decline(
    public_id: str, *, expected: str, reason: str, actor: str, now: datetime
) -> Registration:
    """Decline a registration with a reason, which its mail quotes; the waiting list gets its seat.

    Raises UnfitInput without a reason, StatusRefused, SomebodyWasFaster.
    """
    said = checked_text(reason, MOST_REASON, "reason")
    registration = lock_as_seen(public_id, expected)
    cause = StatusCause(action=RegistrationAction.DECLINE, actor=actor, now=now, reason=said)
    check_allowed(registration, cause, SelfServiceAction.WITHDRAW)
    if not cause.reason:
        raise UnfitInput(Complaint(N_("Please give a reason."), about="reason"))
    change_status(registration, registration.event, Place(Status.DECLINED), cause)
    promote_waiting(registration.event, now=now)
    return registration


def move_up(public_id: str, *, expected: str, actor: str, now: datetime) -> Registration:
    """Give a free seat to a waiting person, regardless of the order and of "members first".

    The number of seats and the limit for an administration still apply. Raises StatusRefused,
    SomebodyWasFaster.
    """
    registration = lock_as_seen(public_id, expected)
    event = registration.event
    first = first_waiting(event)
    reason = OUT_OF_ORDER if first is not None and first < position_of(registration) else ""
    cause = StatusCause(action=RegistrationAction.MOVE_UP, actor=actor, now=now, reason=reason)
    check_allowed(registration, cause, SelfServiceAction.CONFIRM_ADDRESS)
    if found := why_not_up(registration, now):
        raise StatusRefused(found)
    _advance(registration, cause)
    return registration


def why_not_up(registration: Registration, now: datetime) -> Complaint | None:
    """Why an organiser can't give this waiting person a free seat, or None."""
    event = registration.event
    availability = replace(get_availability(event, now), members_until=None)
    return obstacle(availability, candidate_of(event, registration, availability))


def give_seat(
    public_id: str, *, expected: str, reason: str, actor: str, now: datetime
) -> Registration:
    """Give a waiting person a seat although none is free; the history quotes the reason.

    Nobody moves up until there are fewer people than seats again. The person still passes the
    admission steps. Raises UnfitInput without a reason, StatusRefused, SomebodyWasFaster.
    """
    said = checked_text(reason, MOST_REASON, "reason")
    registration = lock_as_seen(public_id, expected)
    cause = StatusCause(action=RegistrationAction.GIVE_SEAT, actor=actor, now=now, reason=said)
    check_allowed(registration, cause, SelfServiceAction.CONFIRM_ADDRESS)
    if not said:
        raise UnfitInput(Complaint(N_("Please give a reason."), about="reason"))
    _advance(registration, cause)
    keep_seats(registration.event, now=now)
    return registration


def _advance(registration: Registration, cause: StatusCause) -> None:
    """Give a person the place that follows a step; that there is a seat has been decided."""
    event = registration.event
    availability = get_availability(event, cause.now)
    candidate = candidate_of(event, registration, availability, action=cause.action)
    change_status(registration, event, next_place(availability, candidate), cause)


def self_service_facts(registration: Registration, now: datetime) -> SelfServiceFacts:
    """The facts of a registration that the rules of self-service need.

    A reserved seat has no end before its mail has left.
    """
    event = registration.event
    return SelfServiceFacts(
        now=now,
        status=registration_status(registration.status, registration.awaits),
        state=State(event.state),
        starts_at=event.starts_at,
        ends_at=event.ends_at,
        deadline=event.deadline,
        reserved_until=None if is_mail_queued(registration) else registration.reserved_until,
        hybrid=event.format == EventFormat.HYBRID.value,
        contact=event.contact_email or get_installation().settings.sender,
    )


def check_wish(
    registration: Registration, wish: SelfServiceAction, now: datetime, *, by_hand: bool = False
) -> None:
    """Raise StatusRefused when it is too late or too early; the complaint says what to do."""
    if by_hand:
        wish = _WITHOUT_DEADLINE.get(wish, wish)
    if found := complaint(wish, self_service_facts(registration, now)):
        text = N_("This is possible neither after the event nor while it is cancelled.")
        raise StatusRefused(Complaint(text) if by_hand else found)


def check_allowed(registration: Registration, cause: StatusCause, wish: SelfServiceAction) -> None:
    """Check the table of statuses, then the time. Raises StatusRefused."""
    status = registration_status(registration.status, registration.awaits)
    check(cause.action, status, actor_of(cause.actor))
    check_wish(registration, wish, cause.now, by_hand=cause.actor != PERSON)


def _pass_step(
    registration: Registration, cause: StatusCause, wish: SelfServiceAction
) -> Registration:
    """Pass an admission step of a registration that has a seat."""
    if _is_done(registration, cause.action):
        return registration
    check_allowed(registration, cause, wish)
    _advance(registration, cause)
    return registration


def _is_done(registration: Registration, action: RegistrationAction) -> bool:
    return is_done(action, registration_status(registration.status, registration.awaits))

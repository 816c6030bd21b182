"""Actions and notes of organisers on one registration, checked against the status they saw."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import TypedDict

from ikone_events.domain.events.facts import EventFormat, Mode
from ikone_events.domain.header_text import checked_text
from ikone_events.domain.refusals import N_, Complaint, StatusRefused, UnfitInput
from ikone_events.domain.registering.status import (
    Actor,
    RegistrationAction,
    check,
    possible_actions,
    registration_status,
)
from ikone_events.services.registering.changes import switch_mode
from ikone_events.services.registering.hand_over import Deputy, hand_over
from ikone_events.services.registering.status import (
    approve,
    confirm_address,
    decline,
    give_seat,
    lock_as_seen,
    move_up,
    withdraw,
)
from ikone_events.store.registering.models import Registration
from ikone_events.store.registering.queries import lock_registration

# In the order of the buttons.
_BUTTONS = (
    RegistrationAction.APPROVE,
    RegistrationAction.MOVE_UP,
    RegistrationAction.GIVE_SEAT,
    RegistrationAction.CONFIRM_ADDRESS,
    RegistrationAction.SWITCH_MODE,
    RegistrationAction.HAND_OVER,
    RegistrationAction.DECLINE,
    RegistrationAction.WITHDRAW,
)
LONGEST_NOTE = 2_000
_SIMPLE: Mapping[RegistrationAction, Callable[..., Registration]] = {
    RegistrationAction.APPROVE: approve,
    RegistrationAction.MOVE_UP: move_up,
    RegistrationAction.CONFIRM_ADDRESS: confirm_address,
    RegistrationAction.WITHDRAW: withdraw,
}


@dataclass(frozen=True, slots=True, kw_only=True)
class OrganiserRequest:
    """One action on a registration, with the status that was seen; some take further values."""

    action: RegistrationAction
    expected: str
    actor: str
    now: datetime
    reason: str = ""
    mode: str = ""
    deputy: Deputy | None = None


class _Seen(TypedDict):
    expected: str
    actor: str
    now: datetime


def actions_for(registration: Registration) -> tuple[RegistrationAction, ...]:
    """The actions that an organiser may take, in the order of the buttons.

    Switching the mode is offered at hybrid events only.
    """
    if registration.anonymised_at is not None:
        return ()
    possible = possible_actions(
        registration_status(registration.status, registration.awaits), Actor.ORGANISER
    )
    hybrid = registration.event.format == EventFormat.HYBRID.value
    return tuple(
        action
        for action in _BUTTONS
        if action in possible and (hybrid or action != RegistrationAction.SWITCH_MODE)
    )


def press(public_id: str, wish: OrganiserRequest) -> Registration:
    """Carry out an action if the status is still the one that was seen.

    Returns the registration, after a hand-over that of the deputy.
    Raises SomebodyWasFaster, StatusRefused, UnfitInput, RegistrationClosed, LinkRefused.
    """
    seen: _Seen = {"expected": wish.expected, "actor": wish.actor, "now": wish.now}
    if (simple := _SIMPLE.get(wish.action)) is not None:
        return simple(public_id, **seen)
    match wish.action:
        case RegistrationAction.DECLINE:
            return decline(public_id, reason=wish.reason, **seen)
        case RegistrationAction.GIVE_SEAT:
            return give_seat(public_id, reason=wish.reason, **seen)
        case RegistrationAction.SWITCH_MODE if wish.mode in set(Mode):
            return switch_mode(public_id, Mode(wish.mode), **seen)
        case RegistrationAction.HAND_OVER if wish.deputy is not None:
            return hand_over(public_id, wish.deputy, **seen)
        case RegistrationAction.SWITCH_MODE | RegistrationAction.HAND_OVER:
            raise UnfitInput(Complaint(N_("The form is incomplete. Please open it again.")))
    registration = lock_as_seen(public_id, wish.expected)
    status = registration_status(registration.status, registration.awaits)
    check(wish.action, status, Actor.ORGANISER)
    # The table has "take over", but it is only a part of a hand-over.
    raise StatusRefused(Complaint(N_("This can't be done to a registration by itself.")))


def annotate(public_id: str, text: str) -> Registration:
    """Replace the note on a registration. Raises UnfitInput, LinkRefused."""
    note = checked_text(text, LONGEST_NOTE, "note")
    registration = lock_registration(public_id)
    if registration.anonymised_at is not None:
        text = N_("The details of this person have been deleted; nothing can be noted any more.")
        raise UnfitInput(Complaint(text, about="note"))
    registration.note = note
    return registration

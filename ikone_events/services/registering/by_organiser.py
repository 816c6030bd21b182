"""What organisers do to one registration, on the standing that they saw, and note about it."""

from dataclasses import dataclass
from datetime import datetime
from typing import TypedDict

from ikone_events.domain.events.facts import EventFormat, Mode
from ikone_events.domain.header_text import clean_text
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
    hold_as_seen,
    move_up,
    withdraw,
)
from ikone_events.store.registering.models import Registration
from ikone_events.store.registering.queries import lock_registration

# In the order of the buttons.
_BUTTONS = (
    RegistrationAction.APPROVE,
    RegistrationAction.MOVE_UP,
    RegistrationAction.CONFIRM_ADDRESS,
    RegistrationAction.SWITCH_MODE,
    RegistrationAction.HAND_OVER,
    RegistrationAction.DECLINE,
    RegistrationAction.WITHDRAW,
)
# What one press may do to several people at once.
FOR_SEVERAL = (RegistrationAction.APPROVE, RegistrationAction.DECLINE, RegistrationAction.WITHDRAW)
LONGEST_NOTE = 2_000


@dataclass(frozen=True, slots=True, kw_only=True)
class OrganiserRequest:
    """One press of a button: what, on which standing, by whom; the rest belongs to some actions."""

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
    """What the table lets an organiser do to somebody, in the order of the buttons.

    What the event itself can't have is left out: nobody switches where all come the same way.
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
    """Do it, if the registration still stands as it was seen; returns who it is about now.

    Raises SomebodyWasFaster, StandingRefused, UnfitInput, RegistrationClosed, LinkRefused.
    """
    seen: _Seen = {"expected": wish.expected, "actor": wish.actor, "now": wish.now}
    match wish.action:
        case RegistrationAction.APPROVE:
            done = approve(public_id, **seen)
        case RegistrationAction.MOVE_UP:
            done = move_up(public_id, **seen)
        case RegistrationAction.CONFIRM_ADDRESS:
            done = confirm_address(public_id, **seen)
        case RegistrationAction.DECLINE:
            done = decline(public_id, reason=wish.reason, **seen)
        case RegistrationAction.WITHDRAW:
            done = withdraw(public_id, **seen)
        case RegistrationAction.SWITCH_MODE if wish.mode in set(Mode):
            done = switch_mode(public_id, Mode(wish.mode), **seen)
        case RegistrationAction.HAND_OVER if wish.deputy is not None:
            done = hand_over(public_id, wish.deputy, **seen)
        case RegistrationAction.SWITCH_MODE | RegistrationAction.HAND_OVER:
            raise UnfitInput(Complaint(N_("The form is incomplete. Please open it again.")))
        case _:
            raise _not_by_hand(public_id, wish)
    return done


def _not_by_hand(public_id: str, wish: OrganiserRequest) -> StatusRefused:
    registration = hold_as_seen(public_id, wish.expected)
    check(
        wish.action, registration_status(registration.status, registration.awaits), Actor.ORGANISER
    )
    # The other half of a hand-over: the table has it, but nobody presses it by itself.
    return StatusRefused(Complaint(N_("This can't be done to a registration by itself.")))


def annotate(public_id: str, text: str) -> Registration:
    """Replace the note on a registration, which is for organisers and for the person themselves.

    Raises UnfitInput, LinkRefused.
    """
    note = clean_text(text).strip()
    if len(note) > LONGEST_NOTE:
        said = {"most": LONGEST_NOTE}
        raise UnfitInput(Complaint(N_("Please use at most %(most)d characters."), said, "note"))
    registration = lock_registration(public_id)
    if registration.anonymised_at is not None:
        text = N_("The details of this person have been deleted; nothing can be noted any more.")
        raise UnfitInput(Complaint(text, about="note"))
    registration.note = note
    return registration

"""What organisers do to one registration, on the standing that they saw."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime
from types import MappingProxyType

from ikone_events.domain.facts import EventFormat, Mode
from ikone_events.domain.refusals import (
    N_,
    Complaint,
    SomebodyWasFaster,
    StandingRefused,
    UnfitInput,
)
from ikone_events.domain.registration import Status
from ikone_events.domain.standings import (
    Action,
    Actor,
    check,
    is_done,
    possible_actions,
    rule_of,
    standing_of,
)
from ikone_events.services.registering import standings
from ikone_events.services.registering.changes import switch_mode
from ikone_events.services.registering.hand_over import Deputy, hand_over
from ikone_events.services.registering.held import hold_registration
from ikone_events.store.registrations import Registration

# What one press may do to several people at once.
FOR_SEVERAL = (Action.APPROVE, Action.DECLINE, Action.WITHDRAW)


@dataclass(frozen=True, slots=True, kw_only=True)
class Press:
    """One press of a button: what, on which standing, by whom; the rest belongs to some actions."""

    action: Action
    expected: str
    actor: str
    now: datetime
    reason: str = ""
    mode: str = ""
    deputy: Deputy | None = None


def actions_for(registration: Registration) -> tuple[Action, ...]:
    """What the table lets an organiser do to somebody, in the order of the buttons.

    What the event itself can't have is left out: nobody switches where all come the same way.
    """
    if registration.anonymised_at is not None:
        return ()
    possible = possible_actions(
        standing_of(registration.status, registration.awaits), Actor.ORGANISER
    )
    hybrid = registration.event.format == EventFormat.HYBRID.value
    return tuple(
        action for action in _DO if action in possible and (hybrid or action != Action.SWITCH_MODE)
    )


def press(public_id: str, wish: Press) -> Registration:
    """Do it, if the registration still stands as it was seen; returns who it is about now.

    Raises SomebodyWasFaster, StandingRefused, UnfitInput, RegistrationClosed, LinkRefused.
    """
    registration = hold_registration(public_id)
    standing = standing_of(registration.status, registration.awaits)
    if standing.value != wish.expected:
        text = N_("Somebody was faster: the registration has changed. Please look again.")
        raise SomebodyWasFaster(Complaint(text))
    if Actor.ORGANISER in rule_of(wish.action).actors and is_done(wish.action, standing):
        return registration
    check(wish.action, standing, Actor.ORGANISER)
    if wish.action not in _DO:
        # The other half of a hand-over: the table has it, but nobody presses it by itself.
        raise StandingRefused(Complaint(N_("This can't be done to a registration by itself.")))
    return _DO[wish.action](registration, wish)


def _approve(seen: Registration, wish: Press) -> Registration:
    return standings.approve(
        seen.public_id, expected=Status(seen.status), actor=wish.actor, now=wish.now
    )


def _decline(seen: Registration, wish: Press) -> Registration:
    return standings.decline(
        seen.public_id,
        expected=Status(seen.status),
        reason=wish.reason,
        actor=wish.actor,
        now=wish.now,
    )


def _move_up(seen: Registration, wish: Press) -> Registration:
    return standings.move_up(
        seen.public_id, expected=Status(seen.status), actor=wish.actor, now=wish.now
    )


def _confirm_address(seen: Registration, wish: Press) -> Registration:
    return standings.confirm_address(seen.public_id, now=wish.now, actor=wish.actor)


def _withdraw(seen: Registration, wish: Press) -> Registration:
    return standings.withdraw(seen.public_id, now=wish.now, actor=wish.actor)


def _hand_over(seen: Registration, wish: Press) -> Registration:
    if wish.deputy is None:
        raise _incomplete()
    return hand_over(seen.public_id, wish.deputy, now=wish.now, actor=wish.actor)


def _switch_mode(seen: Registration, wish: Press) -> Registration:
    if wish.mode not in set(Mode):
        raise _incomplete()
    return switch_mode(seen.public_id, Mode(wish.mode), now=wish.now, actor=wish.actor)


def _incomplete() -> UnfitInput:
    return UnfitInput(Complaint(N_("The form is incomplete. Please open it again.")))


_DO: Mapping[Action, Callable[[Registration, Press], Registration]] = MappingProxyType(
    {
        Action.APPROVE: _approve,
        Action.MOVE_UP: _move_up,
        Action.CONFIRM_ADDRESS: _confirm_address,
        Action.SWITCH_MODE: _switch_mode,
        Action.HAND_OVER: _hand_over,
        Action.DECLINE: _decline,
        Action.WITHDRAW: _withdraw,
    }
)

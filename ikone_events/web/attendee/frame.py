"""Shared by the personal pages: blueprint, personal links, self-service actions, their routes."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime
from functools import wraps

from flask import Blueprint, flash, redirect, render_template, url_for
from flask.typing import ResponseReturnValue

from ikone_events.domain.refusals import N_, Complaint, LinkGone, LinkRefused
from ikone_events.domain.registering.self_service import SelfServiceAction, SelfServiceFacts, wishes
from ikone_events.domain.registering.status import RegistrationAction
from ikone_events.domain.tokens import LinkClaim, Purpose
from ikone_events.services.installation import get_installation, now
from ikone_events.services.registering.status import self_service_facts
from ikone_events.store.db import transaction
from ikone_events.store.registering.models import Registration, StatusChange
from ikone_events.store.registering.queries import find_registration
from ikone_events.store.rooms.doors import AtDoor, find_at_door
from ikone_events.web.shell.access import Permission, permission
from ikone_events.web.shell.limits import PERSONAL, limited

blueprint = Blueprint("attendee", __name__)

View = Callable[[str], ResponseReturnValue]
Context = dict[str, object]


def registration_from_token(token: str) -> Registration:
    """The registration of a personal link, with its event.

    Raises LinkRefused for forged and unknown links, LinkGone for replaced ones and those of deleted
    persons.
    """
    claim = get_installation().signer.read(Purpose.REGISTRATION, token)
    found = find_registration(claim.public_id)
    if found is None:
        raise _not_valid()
    check_claim(claim, found.link_epoch, anonymised=found.anonymised_at is not None)
    return found


def at_door_from_token(token: str, purpose: Purpose) -> AtDoor:
    """What the door needs to know of the person behind its link; raises the same."""
    claim = get_installation().signer.read(purpose, token)
    found = find_at_door(claim.public_id)
    if found is None:
        raise _not_valid()
    check_claim(claim, found.link_epoch, anonymised=found.anonymised)
    return found


def _not_valid() -> LinkRefused:
    return LinkRefused(Complaint(N_("This link is not valid.")))


def check_claim(claim: LinkClaim, link_epoch: int, *, anonymised: bool = False) -> None:
    """Whether a link is that of the present epoch.

    Raises LinkRefused for one that was never given, LinkGone for a replaced one and for those of
    people whose details are deleted.
    """
    if claim.epoch > link_epoch:
        raise _not_valid()
    if anonymised:
        text = N_("The details behind this link have been deleted, as you were told or had wished.")
        raise LinkGone(Complaint(text))
    if claim.epoch < link_epoch:
        text = N_("This link has been replaced. Please use the one in the latest e-mail to you.")
        raise LinkGone(Complaint(text))


def to_own_page(token: str) -> ResponseReturnValue:
    """Redirect to the person's own page."""
    return redirect(url_for("attendee.show", token=token), 303)


def is_handed_over(change: StatusChange | None) -> bool:
    """Whether the last change handed the registration over to a deputy."""
    return change is not None and change.action == RegistrationAction.HAND_OVER.value


@dataclass(frozen=True, slots=True)
class Choice:
    """A self-service action; `complaint` is the reason why it is not possible now."""

    wish: SelfServiceAction
    until: datetime | None
    complaint: Complaint | None


_UNTIL: Mapping[SelfServiceAction, Callable[[SelfServiceFacts], datetime | None]] = {
    SelfServiceAction.CONFIRM_ADDRESS: lambda facts: facts.reserved_until,
    SelfServiceAction.ACCEPT: lambda facts: facts.reserved_until,
    SelfServiceAction.CHANGE: lambda facts: facts.starts_at,
    SelfServiceAction.SWITCH_MODE: lambda facts: facts.claims_end_at,
    SelfServiceAction.HAND_OVER: lambda facts: facts.ends_at,
    SelfServiceAction.WITHDRAW: lambda facts: facts.ends_at,
}


def choices(facts: SelfServiceFacts) -> dict[SelfServiceAction, Choice]:
    """The actions that the registration's status allows, in the order of the page."""
    allowed = wishes(facts)
    return {
        wish: Choice(wish, until(facts), allowed[wish])
        for wish, until in _UNTIL.items()
        if wish in allowed
    }


def possible(wish: SelfServiceAction, facts: SelfServiceFacts) -> Choice | None:
    """The choice of an action; None unless it is possible now."""
    choice = choices(facts).get(wish)
    return choice if choice is not None and choice.complaint is None else None


def ask(
    part: str, wish: SelfServiceAction
) -> Callable[[Callable[[Registration, SelfServiceFacts], Context]], View]:
    """Route GET /r/<token>/<part> to the page with the button of an action.

    The template is attendee/<part>.html, the decorated function returns more of its variables.
    Redirects to the own page unless the action is possible now.
    """

    def decorate(context: Callable[[Registration, SelfServiceFacts], Context]) -> View:
        @blueprint.get(f"/r/<token>/{part}")
        @permission(Permission.PERSONAL_LINK)
        @wraps(context)
        def view(token: str) -> ResponseReturnValue:
            registration = registration_from_token(token)
            facts = self_service_facts(registration, now())
            choice = possible(wish, facts)
            if choice is None:
                return to_own_page(token)
            return render_template(
                f"attendee/{part}.html",
                token=token,
                registration=registration,
                event=registration.event,
                until=choice.until,
                **context(registration, facts),
            )

        return view

    return decorate


def press(
    part: str, then: str = "attendee.show"
) -> Callable[[Callable[[Registration], str]], View]:
    """Route POST /r/<token>/<part> to a function that acts on the registration.

    It runs in a transaction and returns the message to flash. Redirects to `then`; the actions are
    idempotent, so a second POST leads to the same page.
    """

    def decorate(act: Callable[[Registration], str]) -> View:
        @blueprint.post(f"/r/<token>/{part}")
        @permission(Permission.PERSONAL_LINK)
        @limited(PERSONAL)
        @wraps(act)
        def view(token: str) -> ResponseReturnValue:
            with transaction():
                message = act(registration_from_token(token))
            flash(message, "success")
            return redirect(url_for(then, token=token), 303)

        return view

    return decorate

"""The two buttons of mails: "this is my address" and "I take the place"."""

from flask import flash, render_template
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _

from ikone_events.domain.registering.self_service import SelfServiceAction
from ikone_events.services.installation import now
from ikone_events.services.registering.status import (
    accept_offer,
    confirm_address,
    self_service_facts,
)
from ikone_events.store.db import transaction
from ikone_events.web.attendee.frame import blueprint, choices, to_own_page
from ikone_events.web.shell.access import Permission, permission
from ikone_events.web.shell.limits import PERSONAL, limited
from ikone_events.web.shell.personal import registration_from_token


@blueprint.get("/r/<token>/confirm")
@permission(Permission.PERSONAL_LINK)
def ask_confirm(token: str) -> ResponseReturnValue:
    """The button that confirms the address; the own page where there is nothing to confirm."""
    return _ask(token, SelfServiceAction.CONFIRM_ADDRESS, "attendee/confirm.html")


@blueprint.post("/r/<token>/confirm")
@permission(Permission.PERSONAL_LINK)
@limited(PERSONAL)
def confirm(token: str) -> ResponseReturnValue:
    """Note that the address is the person's own; a second press leads to the same page."""
    with transaction():
        confirm_address(registration_from_token(token).public_id, now=now())
    flash(_("Thank you. Your e-mail address is confirmed."), "success")
    return to_own_page(token)


@blueprint.get("/r/<token>/accept")
@permission(Permission.PERSONAL_LINK)
def ask_accept(token: str) -> ResponseReturnValue:
    """The button that takes the offered place; the own page where nothing is offered."""
    return _ask(token, SelfServiceAction.ACCEPT, "attendee/accept.html")


@blueprint.post("/r/<token>/accept")
@permission(Permission.PERSONAL_LINK)
@limited(PERSONAL)
def accept(token: str) -> ResponseReturnValue:
    """Take the place; a second press leads to the same page."""
    with transaction():
        accept_offer(registration_from_token(token).public_id, now=now())
    flash(_("The place is yours. An e-mail confirms it."), "success")
    return to_own_page(token)


def _ask(token: str, wish: SelfServiceAction, template: str) -> ResponseReturnValue:
    """The page with the button, as long as pressing it can do something."""
    registration = registration_from_token(token)
    choice = choices(self_service_facts(registration, now())).get(wish)
    if choice is None or choice.complaint is not None:
        return to_own_page(token)
    return render_template(
        template,
        token=token,
        registration=registration,
        event=registration.event,
        until=choice.until,
    )

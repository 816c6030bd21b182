"""The two ways to go: withdrawing, and having one's details deleted."""

from flask import flash, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _

from ikone_events.domain.registering.self_service import SelfServiceAction
from ikone_events.services.installation import now
from ikone_events.services.privacy.archiving import forget_person
from ikone_events.services.registering.status import self_service_facts, withdraw
from ikone_events.store.db import transaction
from ikone_events.web.attendee.frame import blueprint, can, choices, to_own_page
from ikone_events.web.shell.access import Permission, permission
from ikone_events.web.shell.limits import PERSONAL, limited
from ikone_events.web.shell.personal import registration_from_token


@blueprint.get("/r/<token>/cancel")
@permission(Permission.PERSONAL_LINK)
def ask_cancel(token: str) -> ResponseReturnValue:
    """Whether they mean it; the button does it."""
    registration = registration_from_token(token)
    offered = choices(self_service_facts(registration, now()))
    if not can(SelfServiceAction.WITHDRAW, offered):
        return to_own_page(token)
    return render_template(
        "attendee/cancel.html",
        token=token,
        registration=registration,
        event=registration.event,
        may_hand_over=can(SelfServiceAction.HAND_OVER, offered),
    )


@blueprint.post("/r/<token>/cancel")
@permission(Permission.PERSONAL_LINK)
@limited(PERSONAL)
def cancel(token: str) -> ResponseReturnValue:
    """Take the registration back; a second press leads to the same page."""
    with transaction():
        withdraw(registration_from_token(token).public_id, now=now())
    flash(_("You have withdrawn. An e-mail confirms it."), "success")
    if "delete" in request.form:
        return redirect(url_for("attendee.ask_delete", token=token), 303)
    return to_own_page(token)


@blueprint.get("/r/<token>/delete")
@permission(Permission.PERSONAL_LINK)
def ask_delete(token: str) -> ResponseReturnValue:
    """Whether they mean it; what goes and what stays. Who has a place gives it up first."""
    registration, moment = registration_from_token(token), now()
    facts = self_service_facts(registration, moment)
    return render_template(
        "attendee/delete.html",
        token=token,
        event=registration.event,
        withdraws_first=facts.active and moment < facts.ends_at,
    )


@blueprint.post("/r/<token>/delete")
@permission(Permission.PERSONAL_LINK)
@limited(PERSONAL)
def delete(token: str) -> ResponseReturnValue:
    """Delete the person's details at once; the link says so afterwards."""
    with transaction():
        forget_person(registration_from_token(token), now=now())
    return redirect(url_for("attendee.deleted"), 303)


@blueprint.get("/deleted")
@permission(Permission.PUBLIC)
def deleted() -> ResponseReturnValue:
    """The last page: it names nobody, because nothing is known any more."""
    return render_template("attendee/deleted.html")

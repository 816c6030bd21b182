"""Actions of a person by one button: confirm, accept, switch, withdraw, delete, own calendar."""

from flask import flash, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue

from ikone_events.domain.events.facts import Mode
from ikone_events.domain.refusals import N_, Complaint, UnfitInput
from ikone_events.domain.registering.registration import Status
from ikone_events.domain.registering.self_service import SelfServiceAction, SelfServiceFacts
from ikone_events.services.calendars.feeds import send_address, withdraw_address
from ikone_events.services.installation import now
from ikone_events.services.privacy.archiving import forget_person
from ikone_events.services.registering.changes import has_room, other_mode, switch_mode
from ikone_events.services.registering.status import (
    accept_offer,
    confirm_address,
    self_service_facts,
    withdraw,
)
from ikone_events.store.db import transaction
from ikone_events.store.registering.models import Registration
from ikone_events.web.attendee.frame import (
    Context,
    ask,
    blueprint,
    possible,
    press,
    registration_from_token,
    to_own_page,
)
from ikone_events.web.shell.access import Permission, permission
from ikone_events.web.shell.i18n import gettext as _
from ikone_events.web.shell.limits import PERSONAL, limited


@ask("confirm", SelfServiceAction.CONFIRM_ADDRESS)
def ask_confirm(_registration: Registration, _facts: SelfServiceFacts) -> Context:
    """The page of the link in the mail that asks to confirm the address."""
    return {}


@press("confirm")
def confirm(registration: Registration) -> str:
    """Confirm the e-mail address."""
    confirm_address(registration.public_id, now=now())
    return _("Thank you. Your e-mail address is confirmed.")


@ask("accept", SelfServiceAction.ACCEPT)
def ask_accept(_registration: Registration, _facts: SelfServiceFacts) -> Context:
    """The page of the link in the mail that offers a place."""
    return {}


@press("accept")
def accept(registration: Registration) -> str:
    """Take the offered place."""
    accept_offer(registration.public_id, now=now())
    return _("The place is yours. An e-mail confirms it.")


@ask("mode", SelfServiceAction.SWITCH_MODE)
def ask_mode(registration: Registration, facts: SelfServiceFacts) -> Context:
    """The button that switches, or that the other mode is full; the waiting list is open to all."""
    waits, to = registration.status == Status.WAITLISTED.value, other_mode(registration)
    return {
        "waits": waits,
        "to": to.value,
        "possible": waits or has_room(registration, to, facts.now),
    }


@press("mode")
def mode(registration: Registration) -> str:
    """Switch to the mode that was sent; raises UnfitInput."""
    wish = request.form.get("mode", "")
    if wish not in set(Mode):
        raise UnfitInput(Complaint(N_("Please choose how you take part.")))
    switch_mode(registration.public_id, Mode(wish), now=now())
    if wish == Mode.ONLINE:
        return _("You take part online now. An e-mail confirms it.")
    return _("You take part on site now. An e-mail confirms it.")


@ask("cancel", SelfServiceAction.WITHDRAW)
def ask_cancel(_registration: Registration, facts: SelfServiceFacts) -> Context:
    """The button that withdraws, and the link to the hand-over."""
    return {"may_hand_over": possible(SelfServiceAction.HAND_OVER, facts) is not None}


@blueprint.post("/r/<token>/cancel")
@permission(Permission.PERSONAL_LINK)
@limited(PERSONAL)
def cancel(token: str) -> ResponseReturnValue:
    """Withdraw; redirects to the deletion if that is what the person came for."""
    with transaction():
        withdraw(registration_from_token(token).public_id, now=now())
    flash(_("You have withdrawn. An e-mail confirms it."), "success")
    if "delete" in request.form:
        return redirect(url_for("attendee.ask_delete", token=token), 303)
    return to_own_page(token)


@blueprint.get("/r/<token>/delete")
@permission(Permission.PERSONAL_LINK)
def ask_delete(token: str) -> ResponseReturnValue:
    """The button that deletes the person's details; while they have a place, it withdraws first."""
    registration, moment = registration_from_token(token), now()
    facts = self_service_facts(registration, moment)
    return render_template(
        "attendee/delete.html",
        token=token,
        event=registration.event,
        ends_standing=registration.standing_id is not None,
        withdraws_first=facts.active and moment < facts.ends_at,
    )


@blueprint.post("/r/<token>/delete")
@permission(Permission.PERSONAL_LINK)
@limited(PERSONAL)
def delete(token: str) -> ResponseReturnValue:
    """Delete the person's details at once."""
    with transaction():
        forget_person(registration_from_token(token), now=now())
    return redirect(url_for("attendee.deleted"), 303)


@blueprint.get("/deleted")
@permission(Permission.PUBLIC)
def deleted() -> ResponseReturnValue:
    """The page after the deletion; it names nobody."""
    return render_template("attendee/deleted.html")


@blueprint.get("/r/<token>/calendar")
@permission(Permission.PERSONAL_LINK)
def own_calendar(token: str) -> ResponseReturnValue:
    """About the personal calendar feed; the same page whether there is one or not."""
    return render_template(
        "attendee/calendar.html", token=token, registration=registration_from_token(token)
    )


@press("calendar", then="attendee.own_calendar")
def send_calendar(registration: Registration) -> str:
    """Mail the address of the feed; no page ever shows it."""
    send_address(registration, now=now())
    return _(
        "The address of your calendar is on its way to %(email)s. We send it at most once an hour.",
        email=registration.email,
    )


@press("calendar/withdraw", then="attendee.own_calendar")
def withdraw_calendar(registration: Registration) -> str:
    """Close the feed; the same answer whether there was one or not."""
    withdraw_address(registration)
    return _("The address of your calendar shows nothing any more.")

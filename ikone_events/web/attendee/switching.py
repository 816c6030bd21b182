"""From on site to online and back, at events that have both, while there is room."""

from datetime import datetime

from flask import flash, render_template, request
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _

from ikone_events.domain.events.facts import Mode
from ikone_events.domain.refusals import N_, Complaint, UnfitInput
from ikone_events.domain.registering.registration import Status
from ikone_events.domain.registering.self_service import SelfServiceAction
from ikone_events.services.installation import now
from ikone_events.services.registering.changes import switch_mode
from ikone_events.services.registering.seating import mode_of
from ikone_events.services.registering.status import self_service_facts
from ikone_events.store.db import transaction
from ikone_events.store.registering.availability import get_availability
from ikone_events.store.registering.models import Registration
from ikone_events.web.attendee.frame import blueprint, choices, to_own_page
from ikone_events.web.shell.access import Permission, permission
from ikone_events.web.shell.limits import PERSONAL, limited
from ikone_events.web.shell.personal import registration_from_token


@blueprint.get("/r/<token>/mode")
@permission(Permission.PERSONAL_LINK)
def ask_mode(token: str) -> ResponseReturnValue:
    """The button that switches, or that there is no room in the other mode now."""
    registration, moment = registration_from_token(token), now()
    choice = choices(self_service_facts(registration, moment)).get(SelfServiceAction.SWITCH_MODE)
    if choice is None or choice.complaint is not None:
        return to_own_page(token)
    return render_template(
        "attendee/mode.html",
        token=token,
        event=registration.event,
        waits=registration.status == Status.WAITLISTED.value,
        to=other_mode(registration).value,
        possible=may_switch(registration, moment),
        until=choice.until,
    )


@blueprint.post("/r/<token>/mode")
@permission(Permission.PERSONAL_LINK)
@limited(PERSONAL)
def mode(token: str) -> ResponseReturnValue:
    """Take part the other way; a second press leads to the same page."""
    wish = request.form.get("mode", "")
    if wish not in set(Mode):
        raise UnfitInput(Complaint(N_("Please choose how you take part.")))
    with transaction():
        switch_mode(registration_from_token(token).public_id, Mode(wish), now=now())
    done = {
        Mode.ONLINE: _("You take part online now. An e-mail confirms it."),
        Mode.ON_SITE: _("You take part on site now. An e-mail confirms it."),
    }
    flash(done[Mode(wish)], "success")
    return to_own_page(token)


def other_mode(registration: Registration) -> Mode:
    """The mode in which this person does not take part."""
    own = mode_of(registration.event, registration)
    return Mode.ON_SITE if own is Mode.ONLINE else Mode.ONLINE


def may_switch(registration: Registration, moment: datetime) -> bool:
    """Whether pressing does something: who waits may wait for either mode."""
    waits = registration.status == Status.WAITLISTED.value
    return waits or has_room(registration, moment)


def has_room(registration: Registration, moment: datetime) -> bool:
    """Whether the other mode has a place left; a seat of one's own is given up for it."""
    availability, mode = get_availability(registration.event, moment), other_mode(registration)
    if registration.status == Status.WAITLISTED.value:
        return availability.free_for(mode) != 0
    pool = availability.pools.get(mode)
    return pool is not None and pool.free != 0

"""Asking for the address of one's private calendar, and withdrawing it."""

from flask import flash, redirect, render_template, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _

from ikone_events.services.calendars.personal_feeds import send_address, withdraw_address
from ikone_events.services.installation import now
from ikone_events.store.db import transaction
from ikone_events.web.attendee.frame import blueprint
from ikone_events.web.shell.access import Permission, permission
from ikone_events.web.shell.limits import PERSONAL, limited
from ikone_events.web.shell.personal import registration_from_token


@blueprint.get("/r/<token>/calendar")
@permission(Permission.PERSONAL_LINK)
def own_calendar(token: str) -> ResponseReturnValue:
    """What the calendar is, and the buttons; the same whether there is one or not."""
    return render_template(
        "attendee/calendar.html", token=token, registration=registration_from_token(token)
    )


@blueprint.post("/r/<token>/calendar")
@permission(Permission.PERSONAL_LINK)
@limited(PERSONAL)
def send_calendar(token: str) -> ResponseReturnValue:
    """Send the address to the mailbox; no page ever shows it."""
    with transaction():
        person = registration_from_token(token)
        send_address(person, now=now())
        email = person.email
    said = _(
        "The address of your calendar is on its way to %(email)s. We send it at most once an hour.",
        email=email,
    )
    flash(said, "success")
    return _back(token)


@blueprint.post("/r/<token>/calendar/withdraw")
@permission(Permission.PERSONAL_LINK)
@limited(PERSONAL)
def withdraw_calendar(token: str) -> ResponseReturnValue:
    """Close the address; the same words whether there was one or not."""
    with transaction():
        withdraw_address(registration_from_token(token))
    flash(_("The address of your calendar shows nothing any more."), "success")
    return _back(token)


def _back(token: str) -> ResponseReturnValue:
    return redirect(url_for("attendee.own_calendar", token=token), 303)

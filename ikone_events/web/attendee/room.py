"""The door to the video room: looking changes nothing, pressing is noted as attendance."""

from flask import Blueprint, make_response, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue
from werkzeug.urls import iri_to_uri

from ikone_events.domain.registering.registration import Attendance
from ikone_events.domain.rooms.door import Door
from ikone_events.services.installation import now
from ikone_events.services.mails.values import link_day
from ikone_events.services.registering.attendance import mark_attendance
from ikone_events.store.db import transaction
from ikone_events.store.registering.models import Registration
from ikone_events.web.attendee.door import door_of, opens_at
from ikone_events.web.shell.access import Permission, permission
from ikone_events.web.shell.limits import PERSONAL, limited
from ikone_events.web.shell.personal import registration_from_token

blueprint = Blueprint("room", __name__, url_prefix="/r/<token>/room")


@blueprint.get("")
@permission(Permission.PERSONAL_LINK)
def door(token: str) -> ResponseReturnValue:
    """What stands at the door now; behind it only for those who have pressed the button."""
    registration, moment = registration_from_token(token), now()
    state = door_of(registration, moment)
    if state is Door.OPEN and "go" in request.args and _has_pressed(registration):
        return _let_through(token, registration)
    return render_template(
        "attendee/room.html",
        token=token,
        registration=registration,
        event=registration.event,
        door=state.value,
        opens_at=opens_at(registration),
        link_day=link_day(registration.event, moment),
    )


@blueprint.post("")
@permission(Permission.PERSONAL_LINK)
@limited(PERSONAL)
def enter(token: str) -> ResponseReturnValue:
    """Note the attendance and let the person through."""
    registration, moment = registration_from_token(token), now()
    if door_of(registration, moment) is not Door.OPEN:
        return redirect(url_for("room.door", token=token), 303)
    with transaction():
        mark_attendance(registration.public_id, Attendance.ATTENDED, now=moment)
    return redirect(url_for("room.door", token=token, go=1), 303)


def _has_pressed(registration: Registration) -> bool:
    return registration.attendance == Attendance.ATTENDED.value


def _let_through(token: str, registration: Registration) -> ResponseReturnValue:
    """A page of our own that leads on: a form's redirect to another site is against the CSP."""
    address = iri_to_uri(registration.event.room_url)
    page = render_template(
        "attendee/enter.html", token=token, event=registration.event, address=address
    )
    response = make_response(page)
    response.headers["Refresh"] = f"0; url={address}"
    return response

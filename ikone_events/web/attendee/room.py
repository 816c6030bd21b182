"""The door page of the video room: GET changes nothing, POST records the attendance."""

from datetime import datetime

from flask import Blueprint, make_response, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue
from werkzeug.urls import iri_to_uri

from ikone_events.domain.registering.registration import Attendance
from ikone_events.domain.rooms.door import Door, door_at
from ikone_events.services.installation import now
from ikone_events.services.mails.values import DOORS_OPEN_BEFORE, link_day
from ikone_events.services.registering.changes import mark_attendance
from ikone_events.services.registering.seating import mode_of
from ikone_events.store.db import transaction
from ikone_events.store.registering.models import Registration
from ikone_events.web.attendee.frame import registration_from_token
from ikone_events.web.shell.access import Permission, permission
from ikone_events.web.shell.limits import PERSONAL, limited

blueprint = Blueprint("room", __name__, url_prefix="/r/<token>/room")


def door_of(registration: Registration, now: datetime) -> Door:
    """State of the door for one person at a moment."""
    event = registration.event
    return door_at(
        now,
        state=event.state,
        status=registration.status,
        mode=mode_of(event, registration),
        room_url=event.room_url,
        opens_at=event.starts_at - DOORS_OPEN_BEFORE,
        ends_at=event.ends_at,
    )


@blueprint.get("")
@permission(Permission.PERSONAL_LINK)
def door(token: str) -> ResponseReturnValue:
    """The door page; leads on to the room once the attendance is recorded."""
    registration, moment = registration_from_token(token), now()
    state = door_of(registration, moment)
    attended = registration.attendance == Attendance.ATTENDED.value
    if state is Door.OPEN and "go" in request.args and attended:
        return _let_through(token, registration)
    return render_template(
        "attendee/room.html",
        token=token,
        registration=registration,
        event=registration.event,
        door=state.value,
        opens_at=registration.event.starts_at - DOORS_OPEN_BEFORE,
        link_day=link_day(registration.event, moment),
    )


@blueprint.post("")
@permission(Permission.PERSONAL_LINK)
@limited(PERSONAL)
def enter(token: str) -> ResponseReturnValue:
    """Record the attendance and redirect to the room."""
    registration, moment = registration_from_token(token), now()
    if door_of(registration, moment) is not Door.OPEN:
        return redirect(url_for("room.door", token=token), 303)
    with transaction():
        mark_attendance(registration.public_id, Attendance.ATTENDED, now=moment)
    return redirect(url_for("room.door", token=token, go=1), 303)


def _let_through(token: str, registration: Registration) -> ResponseReturnValue:
    """A page that refreshes to the room: the CSP forbids a form's redirect to another site."""
    address = iri_to_uri(registration.event.room_url)
    page = render_template(
        "attendee/enter.html", token=token, event=registration.event, address=address
    )
    response = make_response(page)
    response.headers["Refresh"] = f"0; url={address}"
    return response

"""The door page of the video room: GET changes nothing, POST records the attendance.

Two links lead to it. That of the personal page is in mails. That of the calendar entry is seen by
delegates and teams too, so its page shows the event and the door, and nothing of the person.
"""

from datetime import datetime

from flask import Blueprint, make_response, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue
from werkzeug.urls import iri_to_uri

from ikone_events.domain.registering.registration import Attendance
from ikone_events.domain.rooms.door import Door, door_at
from ikone_events.domain.tokens import Purpose
from ikone_events.services.installation import now
from ikone_events.services.mails.values import DOORS_OPEN_BEFORE, link_day
from ikone_events.services.registering.seating import mode_of
from ikone_events.services.rooms.attendance import enter_by_door
from ikone_events.store.db import transaction
from ikone_events.store.events.models import Event
from ikone_events.store.registering.models import Registration
from ikone_events.store.rooms.attendance import attendances
from ikone_events.web.attendee.frame import registration_from_token
from ikone_events.web.shell.access import Permission, permission
from ikone_events.web.shell.limits import PERSONAL, limited

blueprint = Blueprint("room", __name__)


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


@blueprint.get("/r/<token>/room")
@permission(Permission.PERSONAL_LINK)
def door(token: str) -> ResponseReturnValue:
    """The door page behind the personal link, with the way back to the personal page."""
    registration = registration_from_token(token)
    return _show(registration, url_for("room.enter", token=token), own=token)


@blueprint.post("/r/<token>/room")
@permission(Permission.PERSONAL_LINK)
@limited(PERSONAL)
def enter(token: str) -> ResponseReturnValue:
    """Record the attendance and redirect to the room."""
    return _enter(registration_from_token(token), url_for("room.door", token=token))


@blueprint.get("/door/<token>")
@permission(Permission.PERSONAL_LINK)
def calendar_door(token: str) -> ResponseReturnValue:
    """The door page behind the link in a calendar entry."""
    registration = registration_from_token(token, Purpose.DOOR)
    return _show(registration, url_for("room.calendar_enter", token=token))


@blueprint.post("/door/<token>")
@permission(Permission.PERSONAL_LINK)
@limited(PERSONAL)
def calendar_enter(token: str) -> ResponseReturnValue:
    """The same as behind the personal link."""
    registration = registration_from_token(token, Purpose.DOOR)
    return _enter(registration, url_for("room.calendar_door", token=token))


def _show(registration: Registration, here: str, own: str = "") -> ResponseReturnValue:
    """The door, or the way into the room once the attendance is recorded.

    `own` is the token of the personal page; without it the page shows nothing of the person.
    """
    event, moment = registration.event, now()
    state = door_of(registration, moment)
    if state is Door.OPEN and "go" in request.args and _has_entered(registration, moment):
        return _let_through(event, own)
    return render_template(
        "attendee/room.html",
        here=here,
        own=own,
        status=registration.status if own else "",
        event=event,
        door=state.value,
        opens_at=event.starts_at - DOORS_OPEN_BEFORE,
        link_day=link_day(event, moment),
    )


def _has_entered(registration: Registration, moment: datetime) -> bool:
    known = attendances(registration.event, moment, [registration.id])
    return known[registration.id].attendance is Attendance.ATTENDED


def _enter(registration: Registration, here: str) -> ResponseReturnValue:
    moment = now()
    if door_of(registration, moment) is not Door.OPEN:
        return redirect(here, 303)
    with transaction():
        enter_by_door(registration.public_id, now=moment)
    return redirect(f"{here}?go=1", 303)


def _let_through(event: Event, own: str) -> ResponseReturnValue:
    """A page that refreshes to the room: the CSP forbids a form's redirect to another site."""
    address = iri_to_uri(event.room_url)
    page = render_template("attendee/enter.html", own=own, event=event, address=address)
    response = make_response(page)
    response.headers["Refresh"] = f"0; url={address}"
    return response

"""The door page of the video room: GET changes nothing, POST records the attendance.

Two links lead to it. That of the personal page is in mails. That of the calendar entry is seen by
delegates and teams too, so its page shows the event and the door, and nothing of the person: who
presses there types the name that the room is to show.
"""

from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from urllib.parse import urlencode

from flask import Blueprint, make_response, redirect, render_template, request, session, url_for
from flask.typing import ResponseReturnValue
from werkzeug.exceptions import TooManyRequests

from ikone_events.domain.rooms.door import STAYS_OPEN, Door, door_at
from ikone_events.domain.rooms.providers import RoomRole, Visitor, display_name
from ikone_events.domain.rooms.questions import may_ask
from ikone_events.domain.times import remaining_words
from ikone_events.domain.tokens import Purpose
from ikone_events.services.installation import now
from ikone_events.services.mails.values import DOORS_OPEN_BEFORE, link_day
from ikone_events.services.registering.seating import mode_for
from ikone_events.services.rooms.attendance import enter_by_door
from ikone_events.services.rooms.call_guard import RoomState
from ikone_events.services.rooms.entering import join_address, visitor_of
from ikone_events.store.db import transaction
from ikone_events.store.events.models import Event, Material
from ikone_events.store.followup.access import materials_for
from ikone_events.store.registering.models import Registration
from ikone_events.store.registering.queries import find_registration
from ikone_events.store.rooms.doors import AtDoor
from ikone_events.web.attendee.entering import (
    RoomPassage,
    after_press,
    lead_on,
    pin_of,
    request_room,
    takes_names,
)
from ikone_events.web.attendee.frame import at_door_from_token
from ikone_events.web.public.events import public_materials
from ikone_events.web.shell.access import Permission, permission
from ikone_events.web.shell.i18n import gettext as _
from ikone_events.web.shell.i18n import page_locale
from ikone_events.web.shell.limits import rate_limits

blueprint = Blueprint("room", __name__)

# Counted by person: a town hall shares one IP address, and all its people come within a minute.
PRESSES = "20 per minute"
# Without scripts the page is loaded again each minute, within the last hour, once somebody has
# asked for it by a link: nothing reloads unasked, and it can be stopped (WCAG 2.2.1, 2.2.4, F41).
RELOADS_EVERY, RELOADS_WITHIN = 60, timedelta(hours=1)
_NAME = "name_in_room"


@dataclass(frozen=True, slots=True)
class _Waiting:
    """The time until the door opens, in seconds and words; whether the page reloads itself."""

    seconds: int
    words: str
    may_reload: bool
    reloads: bool


@dataclass(frozen=True, slots=True)
class _Link:
    """The link that somebody came by; `own` is the token of the personal page, or ""."""

    person: AtDoor
    here: str
    own: str = ""

    @property
    def event(self) -> Event:
        return self.person.event

    def door(self, moment: datetime) -> Door:
        return _door(self.event, self.person.status, self.person.mode, moment)

    def back_label(self, moment: datetime) -> str:
        """The words of the way to the personal page, where people ask while the event runs."""
        event = self.event
        times = {"opens_at": event.starts_at - DOORS_OPEN_BEFORE, "ends_at": event.ends_at}
        if may_ask(moment, state=event.state, status=self.person.status, **times):
            return _("To your registration and your questions")
        return _("To your registration")


def door_of(registration: Registration, now: datetime) -> Door:
    """State of the door for one person at a moment."""
    return _door(registration.event, registration.status, registration.mode, now)


def _door(event: Event, status: str, mode: str, moment: datetime) -> Door:
    return door_at(
        moment,
        state=event.state,
        status=status,
        mode=mode_for(event, mode),
        room_url=event.room_url,
        provider=event.room_provider,
        opens_at=event.starts_at - DOORS_OPEN_BEFORE,
        ends_at=event.ends_at,
    )


@blueprint.get("/r/<token>/room")
@permission(Permission.PERSONAL_LINK)
def door(token: str) -> ResponseReturnValue:
    """The door page behind the personal link, with the way back to the personal page."""
    return _show(_personal(token))


@blueprint.post("/r/<token>/room")
@permission(Permission.PERSONAL_LINK)
def enter(token: str) -> ResponseReturnValue:
    """Record the attendance and lead on to the room."""
    return _enter(_personal(token))


@blueprint.get("/door/<token>")
@permission(Permission.PERSONAL_LINK)
def calendar_door(token: str) -> ResponseReturnValue:
    """The door page behind the link in a calendar entry."""
    return _show(_of_calendar(token))


@blueprint.post("/door/<token>")
@permission(Permission.PERSONAL_LINK)
def calendar_enter(token: str) -> ResponseReturnValue:
    """The same as behind the personal link."""
    return _enter(_of_calendar(token))


def _personal(token: str) -> _Link:
    person = at_door_from_token(token, Purpose.REGISTRATION)
    return _Link(person, url_for("room.door", token=token), token)


def _of_calendar(token: str) -> _Link:
    person = at_door_from_token(token, Purpose.DOOR)
    return _Link(person, url_for("room.calendar_door", token=token))


def _show(link: _Link) -> ResponseReturnValue:
    """The door, or the way into the room once the press is recorded."""
    moment = now()
    state = link.door(moment)
    if state is Door.OPEN and "go" in request.args and link.person.entered:
        return _lead_on(link)
    event, opens_at = link.event, link.event.starts_at - DOORS_OPEN_BEFORE
    waiting = _waiting(opens_at, moment) if state is Door.WAITING else None
    page = render_template(
        "attendee/room.html",
        here=link.here,
        own=link.own,
        back_label=link.back_label(moment),
        status=link.person.status if link.own else "",
        event=event,
        door=state.value,
        opens_at=opens_at,
        closes_at=event.ends_at + STAYS_OPEN,
        overtime=moment >= event.ends_at,
        waiting=waiting,
        takes_name=takes_names(event),
        pin=pin_of(event) if state is Door.OPEN else "",
        link_day=link_day(event, moment),
        entered=link.person.entered and bool(link.own),
        materials=_materials(link) if state is Door.OVER else (),
    )
    response = make_response(page)
    if waiting is not None and waiting.reloads:
        seconds = min(waiting.seconds, RELOADS_EVERY)
        response.headers["Refresh"] = f"{seconds}; url={link.here}?wait=1"
    return response


def _waiting(opens_at: datetime, moment: datetime) -> _Waiting:
    left = opens_at - moment
    may_reload = left <= RELOADS_WITHIN
    return _Waiting(
        seconds=int(left.total_seconds()) + 1,
        words=remaining_words(left, locale=page_locale()),
        may_reload=may_reload,
        reloads=may_reload and "wait" in request.args,
    )


def _materials(link: _Link) -> list[Material]:
    if link.own:
        return materials_for(link.event, link.person.registration_id, link.person.status, now())
    return public_materials(link.event, now())


def _enter(link: _Link) -> ResponseReturnValue:
    """Record the press first, so that it is kept whatever the provider of the room does."""
    moment = now()
    if wait := rate_limits().hit(PRESSES, "room.enter", [link.person.public_id]):
        raise TooManyRequests(retry_after=wait)
    if link.door(moment) is not Door.OPEN:
        return redirect(link.here, 303)
    with transaction():
        enter_by_door(link.person.registration_id, link.event.id, now=moment)
    led = _led(link, request_room(link.event, now=moment))
    return redirect(f"{link.here}?{urlencode(led)}", 303)


def _led(link: _Link, state: RoomState) -> dict[str, str]:
    """Where the answer leads: in the address, so that every process can say what came of it."""
    to = after_press(state)
    if link.own and request.form.get("guest"):
        return {**to, "guest": "1"}
    if not link.own and "name" in request.form:
        session[_NAME] = display_name(request.form["name"])
    return to


def _lead_on(link: _Link) -> ResponseReturnValue:
    guest = "guest" in request.args
    passage = RoomPassage(
        event=link.event,
        here=link.here,
        back=url_for("attendee.show", token=link.own) if link.own else "",
        back_label=link.back_label(now()),
        note=_("We have noted that you took part."),
        fields={"guest": "1"} if guest else {},
    )
    return lead_on(
        passage, lambda: join_address(link.event, _visitor(link, guest=guest), now=now())
    )


def _visitor(link: _Link, *, guest: bool) -> Visitor:
    """Who comes in; the link of a calendar entry gives away nobody's name."""
    registration = find_registration(link.person.public_id) if takes_names(link.event) else None
    if registration is None:
        return Visitor("", RoomRole.VIEWER, "")
    typed = None if link.own else session.get(_NAME, "")
    visitor = visitor_of(registration, name="" if guest else typed)
    return replace(visitor, name=visitor.name or _("Guest"))

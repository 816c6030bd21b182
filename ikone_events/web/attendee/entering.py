"""The pages behind the button of a door: on to the room, one moment, or no room.

Used by all doors, those of attendees and of others; they say nothing of the person.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from urllib.parse import urlencode

from flask import current_app, make_response, redirect, render_template, request
from flask.typing import ResponseReturnValue
from werkzeug.urls import iri_to_uri

from ikone_events.domain.rooms.door import Door
from ikone_events.domain.rooms.providers import RoomUnavailable
from ikone_events.services.office.alarms import note_answer_of_room
from ikone_events.services.rooms.call_guard import CallGuard, RoomState
from ikone_events.services.rooms.entering import keep_room, open_room, speaker_door_of
from ikone_events.services.rooms.registry import capabilities_of
from ikone_events.store.db import transaction
from ikone_events.store.events.models import Event

# While somebody else's press opens the room, the page looks again so often, for longer than a call
# to a provider may take. It follows from the person's own press and ends by itself, so nobody needs
# to stop it (WCAG 2.2.1).
LOOKS_EVERY, MOST_LOOKS = 2, 4

_SHOWN = ("event", "here", "back", "back_label", "note", "fields")
# In the address after a press that found the room ready.
THROUGH = "1"


@dataclass(frozen=True, slots=True, kw_only=True)
class RoomPassage:
    """What these pages need to know of the door that somebody has passed.

    `here` is the address of the door, whose POST tries again with `fields`; `back` the page that it
    belongs to, or "". `note` says what the press has done.
    """

    event: Event
    here: str
    back: str = ""
    back_label: str = ""
    note: str = ""
    fields: Mapping[str, str] = field(default_factory=dict)

    @property
    def shown(self) -> dict[str, object]:
        """The variables of the templates."""
        values = {name: getattr(self, name) for name in _SHOWN}
        return {**values, "pin": pin_of(self.event)}


def pin_of(event: Event) -> str:
    """What a room that is a plain link asks for; other providers know who comes."""
    return "" if takes_names(event) else event.room_pin


def takes_names(event: Event) -> bool:
    """Whether visitors are named to the provider of the room; a plain link is the same for all."""
    return capabilities_of(event).person_url


def request_room(event: Event, *, now: datetime) -> RoomState:
    """See to it that the room of an event exists, for somebody who has pressed at its door.

    Calls its provider, so never in a transaction or for a GET. The office is notified of a provider
    that fails, once until it works again.
    """
    if not takes_names(event):
        return RoomState.READY
    slug, key = event.slug, (event.id, event.room_provider)
    guard: CallGuard = current_app.extensions.setdefault("ikone_room_calls", CallGuard())
    answer = guard.ask(key, lambda: _make_room(event, now))
    if answer.is_news:
        with transaction():
            note_answer_of_room(slug, works=answer.state is RoomState.READY, now=now)
    return answer.state


def _make_room(event: Event, now: datetime) -> float:
    opened = open_room(event, now=now)
    if opened.made:
        with transaction():
            keep_room(event, opened, now=now)
    return opened.holds


def after_press(state: RoomState) -> dict[str, str]:
    """Where the answer to a press leads: in the address, so that every process can say it."""
    return {"go": THROUGH if state is RoomState.READY else state.value}


def press_of_moderator(event: Event, here: str, *, now: datetime) -> ResponseReturnValue:
    """Answer the press at a door for moderators, which records nothing; `here` is that door."""
    if speaker_door_of(event, now) is not Door.OPEN:
        return redirect(here, 303)
    return redirect(f"{here}?{urlencode(after_press(request_room(event, now=now)))}", 303)


def lead_on(passage: RoomPassage, address: Callable[[], str]) -> ResponseReturnValue:
    """The page after a press, by what the address of this request says of it.

    `address` builds that of the room without a call; it raises RoomUnavailable while somebody
    else's press is still making the room.
    """
    if request.args["go"] == RoomState.FAILED:
        return no_room(passage)
    try:
        return let_through(address(), passage)
    except RoomUnavailable:
        looks = request.args.get("looks", 0, type=int)
    if request.args["go"] != RoomState.OPENING or looks >= MOST_LOOKS:
        return no_room(passage)
    query = {"go": RoomState.OPENING.value, **passage.fields, "looks": str(looks + 1)}
    return one_moment(passage, f"{passage.here}?{urlencode(query)}")


def let_through(address: str, passage: RoomPassage) -> ResponseReturnValue:
    """The one page that holds the address of a room: it leads there by itself and by a link.

    A page in between, because the CSP forbids a form's redirect to another site. Its caller answers
    with `no-store` and `no-referrer`.
    """
    target = iri_to_uri(address)
    page = render_template("attendee/enter.html", address=target, **passage.shown)
    response = make_response(page)
    response.headers["Refresh"] = f"0; url={target}"
    return response


def one_moment(passage: RoomPassage, again: str) -> ResponseReturnValue:
    """The room is being opened: the page is loaded again from the address `again`."""
    page = render_template("attendee/no_room.html", opening=True, on=again, **passage.shown)
    response = make_response(page)
    response.headers["Refresh"] = f"{LOOKS_EVERY}; url={again}"
    return response


def no_room(passage: RoomPassage) -> ResponseReturnValue:
    """The provider does not answer: dial-in, PIN, contact, and a button to try again.

    Not 503: proxies put pages of their own in the place of such answers, and this one has to reach
    its reader.
    """
    page = render_template("attendee/no_room.html", opening=False, on="", **passage.shown)
    return make_response(page)

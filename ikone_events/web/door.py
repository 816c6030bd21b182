"""When the door to the video room opens, and for whom."""

from datetime import datetime
from enum import StrEnum

from ikone_events.domain.event_draft import is_web_address
from ikone_events.domain.facts import Mode
from ikone_events.domain.lifecycle import State
from ikone_events.domain.registration import Status
from ikone_events.services.letter_values import DOORS_OPEN_BEFORE
from ikone_events.services.registering.seating import mode_of
from ikone_events.store.registrations import Registration


class Door(StrEnum):
    """What somebody finds who goes to the room."""

    CALLED_OFF = "called_off"
    NOT_CONFIRMED = "not_confirmed"
    ON_SITE = "on_site"
    OVER = "over"
    LINK_COMES = "link_comes"
    WAITING = "waiting"
    OPEN = "open"


_CALLED_OFF = (State.POSTPONED.value, State.CANCELLED.value)
_DONE = (State.FOLLOWED_UP.value, State.ARCHIVED.value)


def door_of(registration: Registration, now: datetime) -> Door:
    """The door at a moment, for one person."""
    event = registration.event
    if event.state in _CALLED_OFF:
        return Door.CALLED_OFF
    if registration.status != Status.CONFIRMED.value:
        return Door.NOT_CONFIRMED
    if mode_of(event, registration) is Mode.ON_SITE:
        return Door.ON_SITE
    if now >= event.ends_at or event.state in _DONE:
        return Door.OVER
    if event.state != State.DISPATCHED.value or not is_web_address(event.room_url):
        return Door.LINK_COMES
    return Door.WAITING if now < opens_at(registration) else Door.OPEN


def opens_at(registration: Registration) -> datetime:
    """From when on people may enter."""
    return registration.event.starts_at - DOORS_OPEN_BEFORE

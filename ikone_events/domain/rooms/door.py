"""The door to the video room: for whom and when it opens, and when people are led to it."""

from datetime import datetime
from enum import StrEnum

from ikone_events.domain.events.draft import is_web_address
from ikone_events.domain.events.facts import Mode, State
from ikone_events.domain.registering.registration import Status


class Door(StrEnum):
    """What somebody finds who goes to the room."""

    CALLED_OFF = "called_off"
    NOT_CONFIRMED = "not_confirmed"
    ON_SITE = "on_site"
    OVER = "over"
    LINK_COMES = "link_comes"
    WAITING = "waiting"
    OPEN = "open"


_CALLED_OFF = (State.POSTPONED, State.CANCELLED)
_DONE = (State.FOLLOWED_UP, State.ARCHIVED)


def is_link_out(state: str) -> bool:
    """Whether people have their access links: from the dispatch until the follow-up."""
    return state == State.DISPATCHED


def has_door(state: str, room_url: str) -> bool:
    """Whether the personal links of this event lead into a room; mails and pages both ask here."""
    return is_link_out(state) and is_web_address(room_url)


def door_at(
    now: datetime,
    *,
    state: str,
    status: str,
    mode: Mode,
    room_url: str,
    opens_at: datetime,
    ends_at: datetime,
) -> Door:
    """The door at a moment for one person, by the states of the event and of the registration."""
    if state in _CALLED_OFF:
        return Door.CALLED_OFF
    if status != Status.CONFIRMED:
        return Door.NOT_CONFIRMED
    if mode is Mode.ON_SITE:
        return Door.ON_SITE
    if now >= ends_at or state in _DONE:
        return Door.OVER
    if not has_door(state, room_url):
        return Door.LINK_COMES
    return Door.WAITING if now < opens_at else Door.OPEN

"""The page before the video room: for whom and when it opens, attendees and speakers."""

from datetime import datetime, timedelta
from enum import StrEnum

from ikone_events.domain.events.draft import is_web_address
from ikone_events.domain.events.facts import (
    AFTER_FOLLOW_UP,
    CALLED_OFF,
    EventFormat,
    Mode,
    ProviderKind,
    State,
)
from ikone_events.domain.events.speakers import ENTER_BEFORE, LEAVE_AFTER
from ikone_events.domain.registering.registration import Status


class Door(StrEnum):
    """What a person sees on the page before the video room."""

    CALLED_OFF = "called_off"
    NOT_CONFIRMED = "not_confirmed"
    ON_SITE = "on_site"
    OVER = "over"
    LINK_COMES = "link_comes"
    WAITING = "waiting"
    OPEN = "open"


# Workshops run over, and whoever comes back from a lost connection then must get in again. Only the
# door stays open: the event is over at its end for everything else.
STAYS_OPEN = timedelta(minutes=30)


def is_link_out(state: str) -> bool:
    """Whether the access links have been sent: from the dispatch until the follow-up."""
    return state == State.DISPATCHED


def is_room_known(provider: str, room_url: str) -> bool:
    """Whether there is a room: a link that is typed, or a provider that makes rooms."""
    return provider != ProviderKind.LINK or is_web_address(room_url)


def has_door(state: str, room_url: str, provider: str = ProviderKind.LINK) -> bool:
    """Whether the personal links of an event lead into a room, for mails and pages."""
    return is_link_out(state) and is_room_known(provider, room_url)


def door_at(
    now: datetime,
    *,
    state: str,
    status: str,
    mode: Mode,
    room_url: str,
    provider: str = ProviderKind.LINK,
    opens_at: datetime,
    ends_at: datetime,
) -> Door:
    """What one person sees at a moment, by event and registration.

    The door closes half an hour after the planned end, or with the follow-up.
    """
    if state in CALLED_OFF:
        return Door.CALLED_OFF
    if status != Status.CONFIRMED:
        return Door.NOT_CONFIRMED
    if mode is Mode.ON_SITE:
        return Door.ON_SITE
    if now >= ends_at + STAYS_OPEN or state in AFTER_FOLLOW_UP:
        return Door.OVER
    if not has_door(state, room_url, provider):
        return Door.LINK_COMES
    return Door.WAITING if now < opens_at else Door.OPEN


def opens_to_speakers_at(starts_at: datetime) -> datetime:
    """When the room opens to them."""
    return starts_at - ENTER_BEFORE


def speaker_door_at(
    now: datetime,
    *,
    state: str,
    format: str,  # noqa: A002 - as the column is called
    has_room: bool,
    starts_at: datetime,
    ends_at: datetime,
) -> Door:
    """What a speaker sees at a moment; they need not wait until attendees have got their links."""
    if state in CALLED_OFF:
        return Door.CALLED_OFF
    if format == EventFormat.ON_SITE.value:
        return Door.ON_SITE
    if now >= ends_at + LEAVE_AFTER or state in AFTER_FOLLOW_UP:
        return Door.OVER
    if not has_room or state == State.DRAFT:
        return Door.LINK_COMES
    return Door.WAITING if now < opens_to_speakers_at(starts_at) else Door.OPEN

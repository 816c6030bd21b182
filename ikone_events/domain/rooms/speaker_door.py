"""The door of speakers and co-organisers: when they enter the room as moderators."""

from datetime import datetime

from ikone_events.domain.events.facts import CALLED_OFF, EventFormat, State
from ikone_events.domain.events.speakers import ENTER_BEFORE, LEAVE_AFTER
from ikone_events.domain.rooms.door import Door


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
    if now >= ends_at + LEAVE_AFTER or state in (State.FOLLOWED_UP, State.ARCHIVED):
        return Door.OVER
    if not has_room or state == State.DRAFT:
        return Door.LINK_COMES
    return Door.WAITING if now < opens_to_speakers_at(starts_at) else Door.OPEN

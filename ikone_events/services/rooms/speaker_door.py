"""The way of speakers, co-organisers and the office into the room, as moderators."""

from datetime import datetime

from ikone_events.domain.rooms.door import Door, is_room_known, speaker_door_at
from ikone_events.domain.rooms.providers import RoomRole, Visitor
from ikone_events.services.rooms.entering import moderator_id
from ikone_events.store.events.models import Event
from ikone_events.store.events.speakers import Speaker


def speaker_door_of(event: Event, now: datetime) -> Door:
    """State of the door for the speakers of an event at a moment."""
    return speaker_door_at(
        now,
        state=event.state,
        format=event.format,
        has_room=is_room_known(event.room_provider, event.moderator_url or event.room_url),
        starts_at=event.starts_at,
        ends_at=event.ends_at,
    )


def moderator_of(speaker: Speaker) -> Visitor:
    """A speaker on the way in; nothing is recorded, a speaker is no attendee."""
    opaque = moderator_id(speaker.event_id, speaker.public_id)
    return Visitor(speaker.name, RoomRole.MODERATOR, opaque)


def host_of(event: Event, name: str, account_id: int) -> Visitor:
    """Somebody of the office on the way in; nothing is recorded either."""
    opaque = moderator_id(event.id, f"account {account_id}")
    return Visitor(name, RoomRole.MODERATOR, opaque)

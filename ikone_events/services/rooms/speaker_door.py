"""The way of speakers and co-organisers into the room, as moderators."""

from datetime import datetime
from hashlib import blake2s

from ikone_events.domain.events.draft import is_web_address
from ikone_events.domain.rooms.door import Door
from ikone_events.domain.rooms.providers import ProviderKind, Room, RoomRole, Visitor
from ikone_events.domain.rooms.speaker_door import speaker_door_at
from ikone_events.services.rooms.providers.interface import Provider
from ikone_events.services.rooms.providers.plain_link import PlainLink
from ikone_events.store.events.models import Event
from ikone_events.store.events.speakers import Speaker

# Names in a room are short, and nobody wants to see a whole title there.
_LONGEST_NAME = 60


def speaker_door_of(event: Event, now: datetime) -> Door:
    """State of the door for the speakers of an event at a moment."""
    return speaker_door_at(
        now,
        state=event.state,
        format=event.format,
        has_room=has_room(event),
        starts_at=event.starts_at,
        ends_at=event.ends_at,
    )


def has_room(event: Event) -> bool:
    """Whether there is a room to enter, or a provider that makes one."""
    if event.room_provider != ProviderKind.LINK.value:
        return True
    return is_web_address(event.moderator_url or event.room_url)


def moderator_address(event: Event, speaker: Speaker) -> str:
    """The address that lets a speaker in; nothing is recorded: a speaker is no attendee.

    Raises RoomUnavailable. Outside of transactions only, as it may ask another server.
    """
    provider, room = _provider_of(event), _room_of(event, speaker.locale)
    visitor = Visitor(speaker.name[:_LONGEST_NAME], RoomRole.MODERATOR, _opaque_id(speaker))
    provider.ensure_room(room)
    return provider.join_url(room, visitor)


def _opaque_id(speaker: Speaker) -> str:
    """Of no registration, so that a provider's list makes nobody an attendee."""
    return "s" + blake2s(speaker.public_id.encode(), digest_size=12).hexdigest()


def _provider_of(event: Event) -> Provider:
    """Other providers come with services/rooms/providers; a link serves until then."""
    del event
    return PlainLink()


def _room_of(event: Event, locale: str) -> Room:
    return Room(
        key=event.slug,
        title=event.title_in(locale),
        starts_at=event.starts_at,
        ends_at=event.ends_at,
        locale=locale,
        url=event.room_url,
        moderator_url=event.moderator_url,
        pin=event.room_pin,
        dial_in=event.dial_in,
    )

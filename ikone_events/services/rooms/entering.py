"""The way into a video room: the room is made sure of, then each person gets an address.

Three steps, because a provider is never asked inside a transaction, nor for a GET:

    opened = open_room(event, now=now)              # may call the provider; outside a transaction
    with transaction():
        keep_room(event, opened, now=now)           # and whatever else the press records
    address = join_address(event, visitor, now=now) # calls nobody, also for a later GET
"""

from dataclasses import dataclass
from datetime import datetime

from ikone_events.domain.refusals import N_, Complaint
from ikone_events.domain.rooms.door import Door, is_room_known, speaker_door_at
from ikone_events.domain.rooms.providers import (
    ProviderKind,
    Room,
    RoomRole,
    RoomUnavailable,
    Visitor,
    opaque_id,
)
from ikone_events.services.installation import get_installation
from ikone_events.services.rooms.call_guard import READY_FOR
from ikone_events.services.rooms.registry import capabilities_of, provider_for
from ikone_events.store.db import db, is_writing
from ikone_events.store.events.models import Event
from ikone_events.store.events.speakers import Speaker
from ikone_events.store.registering.models import Registration
from ikone_events.store.rooms import sessions


@dataclass(frozen=True, slots=True)
class OpenRoom:
    """A room that people can enter. `made`: the provider was asked, and the session is news.

    `holds`: for how many seconds it need not be asked for again.
    """

    session: str
    made: bool = False
    holds: float = READY_FOR


def open_room(event: Event, *, now: datetime) -> OpenRoom:
    """Make sure that the room of an event exists; calls its provider unless that is known.

    Never inside a transaction: it ends the session's reading. How often a provider is asked is
    limited by services/rooms/call_guard.py. Raises RoomUnavailable.
    """
    if is_writing():
        raise RuntimeError("a provider is not called inside a transaction")
    kind = ProviderKind(event.room_provider)
    provider, room = provider_for(kind), room_of(event)
    if kind is ProviderKind.LINK and not room.url:
        raise RoomUnavailable(Complaint(N_("The access link to the video room is missing.")))
    if not capabilities_of(event).create:
        return OpenRoom("")
    known = sessions.find_session(event.id, kind.value)
    session, holds = (known.session, _still_known(known.known_at, now)) if known else ("", 0.0)
    db.session.rollback()  # nothing is held open while we wait for another server
    if session and holds:
        return OpenRoom(session, holds=holds)
    return OpenRoom(provider.ensure_room(room), made=True)


def keep_room(event: Event, opened: OpenRoom, *, now: datetime) -> None:
    """Store the session of a room that was just made. Needs no lock of the event."""
    if opened.made:
        sessions.note_session(
            event.id, opened.session, provider=event.room_provider, key=room_key(event), now=now
        )


def join_address(event: Event, visitor: Visitor, *, now: datetime) -> str:
    """The address by which one visitor enters; built here, never stored or logged.

    Raises RoomUnavailable: the provider is not set up, or the room has not been opened yet.
    """
    kind = ProviderKind(event.room_provider)
    found = None
    if capabilities_of(event).create:
        found = sessions.find_session(event.id, kind.value)
    room = room_of(event, found.session if found else "")
    return provider_for(kind).join_url(room, visitor, now)


def room_of(event: Event, session: str = "") -> Room:
    """What a provider gets of the room of an event."""
    return Room(
        key=room_key(event),
        title=event.title,
        starts_at=event.starts_at,
        ends_at=event.ends_at,
        url=event.room_url,
        moderator_url=event.moderator_url,
        pin=event.room_pin,
        dial_in=event.dial_in,
        session=session,
    )


def room_key(event: Event) -> str:
    """The id by which providers know the room of an event."""
    secret = get_installation().settings.secret_key
    return opaque_id(secret, "room", str(event.id), str(event.created_at.timestamp()))


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


def visitor_of(registration: Registration, *, name: str | None = None) -> Visitor:
    """A registered person on the way in; `name` replaces theirs, "" leaves them a guest."""
    own = f"{registration.first_name} {registration.last_name}".strip()
    opaque = attendee_id(registration.event_id, registration.public_id)
    return Visitor(own if name is None else name, RoomRole.VIEWER, opaque)


def attendee_id(event_id: int, public_id: str) -> str:
    """The id by which a provider knows a registered person."""
    return opaque_id(get_installation().settings.secret_key, "person", str(event_id), public_id)


def moderator_id(event_id: int, public_id: str) -> str:
    """The id of a speaker or helper, whom nobody counts as an attendee."""
    return opaque_id(get_installation().settings.secret_key, "moderator", str(event_id), public_id)


def moderator_of(speaker: Speaker) -> Visitor:
    """A speaker on the way in; nothing is recorded, a speaker is no attendee."""
    opaque = moderator_id(speaker.event_id, speaker.public_id)
    return Visitor(speaker.name, RoomRole.MODERATOR, opaque)


def host_of(event: Event, name: str, account_id: int) -> Visitor:
    """Somebody of the office on the way in; nothing is recorded either."""
    opaque = moderator_id(event.id, f"account {account_id}")
    return Visitor(name, RoomRole.MODERATOR, opaque)


def _still_known(known_at: datetime | None, now: datetime) -> float:
    """For how many seconds a meeting that was there at a moment is taken as there.

    Not longer than the guard keeps an answer, and not anew with each answer: it may have been ended
    by mistake, and then nobody gets in until it is asked for again.
    """
    return max(0.0, READY_FOR - abs((now - known_at).total_seconds())) if known_at else 0.0

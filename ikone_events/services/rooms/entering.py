"""The way into a video room. Stands in for the branch `bbb`: take that file."""

from dataclasses import dataclass
from datetime import datetime
from urllib.error import URLError
from urllib.parse import urlencode
from urllib.request import urlopen

from ikone_events.domain.refusals import N_, Complaint
from ikone_events.domain.rooms.providers import ProviderKind, RoomRole, RoomUnavailable, Visitor
from ikone_events.services.installation import get_installation
from ikone_events.store.events.models import Event
from ikone_events.store.registering.models import Registration


@dataclass(frozen=True, slots=True)
class OpenRoom:
    """A room that people can enter. `made`: the provider was asked, and the session is news."""

    session: str
    made: bool = False


def open_room(event: Event, *, now: datetime) -> OpenRoom:
    """Make sure that the room of an event exists; raises RoomUnavailable."""
    del now
    if event.room_provider == ProviderKind.LINK.value:
        return OpenRoom("")
    address = f"{get_installation().settings.bbb_url}api/create?meetingID={event.slug}"
    try:
        with urlopen(address, timeout=5) as answer:  # noqa: S310 - of the settings
            return OpenRoom(answer.read(64_000).decode(), made=True)
    except (URLError, OSError) as fault:
        raise RoomUnavailable(Complaint(N_("The video server does not answer."))) from fault


def keep_room(event: Event, opened: OpenRoom, *, now: datetime) -> None:
    """Store the session of a room that was just made."""
    del event, opened, now


def join_address(event: Event, visitor: Visitor, *, now: datetime) -> str:
    """The address by which one visitor enters; raises RoomUnavailable."""
    del now
    if event.room_provider == ProviderKind.LINK.value:
        return event.room_url
    if event.room_provider != ProviderKind.BIGBLUEBUTTON.value:
        raise RoomUnavailable(Complaint(N_("The video server does not answer.")))
    query = urlencode({"fullName": visitor.name, "userID": visitor.opaque_id})
    return f"{get_installation().settings.bbb_url}api/join?{query}"


def visitor_of(registration: Registration, *, name: str | None = None) -> Visitor:
    """A registered person on the way in; `name` replaces theirs, "" leaves them a guest."""
    own = f"{registration.first_name} {registration.last_name}".strip()
    opaque = registration.public_id[::-1]
    return Visitor(own if name is None else name, RoomRole.VIEWER, opaque)

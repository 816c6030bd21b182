"""A link of any video service, typed by the office."""

from collections.abc import Sequence
from datetime import datetime

from ikone_events.domain.refusals import Complaint
from ikone_events.domain.rooms.providers import Capabilities, Presence, Room, RoomRole, Visitor


class PlainLink:
    """The same link for everybody, or another one for moderators; nothing is called."""

    capabilities = Capabilities()

    def ensure_room(self, room: Room) -> str:
        """Nothing to make: the link is there or not."""
        del room
        return ""

    def join_url(self, room: Room, visitor: Visitor, now: datetime) -> str:
        """The link of the event; moderators get theirs if there is one."""
        del now
        if visitor.role is RoomRole.MODERATOR and room.moderator_url:
            return room.moderator_url
        return room.url

    def attendance(self, room: Room) -> Sequence[Presence]:
        """Unknown: a link cannot be asked."""
        del room
        return ()

    def end(self, room: Room) -> None:
        """Nothing to close."""

    def check(self) -> Sequence[Complaint]:
        """Nothing to set up."""
        return ()

"""The interface of a provider of video rooms."""

from collections.abc import Sequence
from datetime import datetime
from typing import Protocol

from ikone_events.domain.refusals import Complaint
from ikone_events.domain.rooms.providers import Capabilities, Presence, Room, Visitor


class Provider(Protocol):
    """A video service. Only `ensure_room`, `attendance`, `end` and `check` call it.

    They raise RoomUnavailable, never run inside a transaction, and never for a GET request.
    """

    capabilities: Capabilities

    def ensure_room(self, room: Room) -> str:
        """Make the room unless it exists; returns its session, to be kept with the event."""

    def join_url(self, room: Room, visitor: Visitor, now: datetime) -> str:
        """The address that lets one visitor in. Built here, without a call; never stored."""

    def attendance(self, room: Room) -> Sequence[Presence]:
        """Who is in the room now; empty where the provider can't tell."""

    def end(self, room: Room) -> None:
        """Close the room for everybody, if the provider can; it may take a moment."""

    def check(self) -> Sequence[Complaint]:
        """What is wrong with the settings or the service, in words for an administrator."""

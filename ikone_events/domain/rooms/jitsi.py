"""Jitsi Meet: the claims of the token that lets one visitor into one room."""

from collections.abc import Mapping
from datetime import datetime, timedelta
from typing import Any
from urllib.parse import urlsplit

from ikone_events.domain.rooms.providers import Room, RoomRole, Visitor, display_name

# Clocks differ: with a token that is not valid yet people hang on a white page.
_EARLIER, _LATER = timedelta(seconds=60), timedelta(hours=2)
AUDIENCE = "jitsi"


def token_claims(
    server: str, app_id: str, room: Room, visitor: Visitor, now: datetime
) -> dict[str, Any]:
    """The claims of a token, for this room alone; everything about the person is text.

    `sub` is the tenant, which is the path of the server's address, else its domain.
    """
    parts = urlsplit(server)
    moderates = visitor.role is RoomRole.MODERATOR
    user: Mapping[str, str] = {
        "id": visitor.opaque_id,
        "name": display_name(visitor.name, otherwise="Gast"),
        "moderator": "true" if moderates else "false",
        "affiliation": "owner" if moderates else "member",
    }
    return {
        "aud": AUDIENCE,
        "iss": app_id,
        "sub": (parts.path.strip("/") or parts.hostname or "").lower(),
        "room": room.key,
        "nbf": int((now - _EARLIER).timestamp()),
        "exp": int((max(room.ends_at, now) + _LATER).timestamp()),
        "context": {"user": dict(user)},
    }


def room_address(server: str, room: Room, token: str) -> str:
    """The address of the room with a visitor's token."""
    return f"{server.rstrip('/')}/{room.key}?jwt={token}"

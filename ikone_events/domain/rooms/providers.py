"""Providers of video rooms: what each can do, and what it gets of a room and of a visitor.

A provider gets a name, a role and an opaque id of a person, never an address (data protection).
"""

import hashlib
import hmac
import unicodedata
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from itertools import pairwise

from ikone_events.domain.events.facts import ProviderKind
from ikone_events.domain.refusals import N_, Refusal

__all__ = [
    "PROVIDER_LABELS",
    "Capabilities",
    "Presence",
    "ProviderKind",  # lies with the facts of events, which know it too
    "Room",
    "RoomRole",
    "RoomUnavailable",
    "Visitor",
]

PROVIDER_LABELS: Mapping[ProviderKind, str] = {
    ProviderKind.LINK: N_("A link to any video service"),
    ProviderKind.BIGBLUEBUTTON: "BigBlueButton",
    ProviderKind.JITSI: "Jitsi Meet",
}


class RoomRole(StrEnum):
    """What a visitor may do in the room."""

    VIEWER = "viewer"
    MODERATOR = "moderator"


@dataclass(frozen=True, slots=True)
class Capabilities:
    """What a provider can do.

    `create`: a call makes the room before somebody enters. `person_url`: each person gets an
    address of their own, with a name. `attendance`: it reports who is in the room.
    """

    create: bool = False
    person_url: bool = False
    attendance: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Room:
    """What a provider needs to know of an event's room. `key` is the event's opaque id.

    `url`, `moderator_url`, `pin` and `dial_in` are those of a plain link. `session` is what the
    provider answered when it made the room, needed to build links to it; "" before.
    """

    key: str
    title: str
    starts_at: datetime
    ends_at: datetime
    locale: str = "de"
    url: str = ""
    moderator_url: str = ""
    pin: str = ""
    dial_in: str = ""
    session: str = ""


@dataclass(frozen=True, slots=True)
class Visitor:
    """A person on the way into a room; `opaque_id` says nothing to the provider."""

    name: str
    role: RoomRole
    opaque_id: str


@dataclass(frozen=True, slots=True)
class Presence:
    """A visitor who is in the room now, as the provider reports it."""

    opaque_id: str
    name: str = ""
    role: RoomRole = RoomRole.VIEWER


class RoomUnavailable(Refusal):
    """A provider does not answer, or not as it must: nothing was changed; try again or dial in."""


# Hexadecimal digits: BigBlueButton takes 2 to 256 characters, Jitsi lower-case names only.
_DIGITS = 40


def opaque_id(secret: str, *parts: str) -> str:
    """The same id each time for the same parts; nobody without the secret finds the parts."""
    text = "\x1f".join(("ikone-events.rooms", *parts))
    return hmac.new(secret.encode(), text.encode(), hashlib.sha256).hexdigest()[:_DIGITS]


# What BigBlueButton takes as the name of a room.
LONGEST = 64
_JOINER = "\u200d"
_FLAGS = range(0x1F1E6, 0x1F200)
_SKIN = range(0x1F3FB, 0x1F400)


def display_name(text: str, *, most: int = LONGEST, otherwise: str = "") -> str:
    """The text in one line of at most so many characters; `otherwise` where nothing is left.

    An emoji of several characters (a family, a flag, a hand in a colour) is kept or left out as a
    whole.
    """
    line = " ".join("".join(c if c.isprintable() or c == _JOINER else " " for c in text).split())
    if len(line) > most:
        line = line[: _last_cut(line, most - 1)].rstrip() + "…"
    return line or otherwise


def _last_cut(line: str, most: int) -> int:
    """The last place up to `most` at which no character is torn from what it belongs to."""
    flags, cuts = 0, [0]
    for place, (before, after) in enumerate(pairwise(line[: most + 1]), 1):
        flags = flags + 1 if ord(before) in _FLAGS else 0
        half_flag = flags % 2 == 1 and ord(after) in _FLAGS
        if not (_hangs_on(after) or before == _JOINER or half_flag):
            cuts.append(place)
    return cuts[-1]


def _hangs_on(character: str) -> bool:
    belongs = unicodedata.category(character) in ("Mn", "Me", "Mc")
    return belongs or character == _JOINER or ord(character) in _SKIN

"""BigBlueButton: signed calls, what its answers say, and the report after a meeting.

Its answers are untrusted: a size is a matter of the client, a form is a matter of the parser
(domain/rooms/provider_xml.py), and no time of its clock is ever read.
"""

import hashlib
import json
import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any
from urllib.parse import urlencode

from ikone_events.domain.rooms.provider_xml import XmlElement, read_xml
from ikone_events.domain.rooms.providers import (
    Presence,
    Room,
    RoomRole,
    Visitor,
    display_name,
    opaque_id,
)

# A `createTime`, which ties a link to one meeting: a number to hand back, whatever clock made it.
_SESSION = re.compile(r"[0-9]{1,20}")
_REPORTED = re.compile(r"[0-9a-f]{1,64}-([0-9]{1,20})")
_ROLES = {RoomRole.VIEWER: "VIEWER", RoomRole.MODERATOR: "MODERATOR"}
# Minutes that an empty room is kept: before anybody has come, and after the last one has left.
_KEPT_AT_FIRST, _KEPT_EMPTY = "30", "10"
_PATH = "/api"
_ENDLESS = 10**9


def checksum(call: str, query: str, secret: str) -> str:
    """SHA-256 over call, query and secret; the query exactly as it is sent."""
    return hashlib.sha256(f"{call}{query}{secret}".encode()).hexdigest()


def signed_address(server: str, call: str, parameters: Mapping[str, str], secret: str) -> str:
    """The address of a call. `server` is what `bbb-conf --secret` prints, with or without /api."""
    query = urlencode(parameters)
    mark = checksum(call, query, secret)
    joined = f"{query}&checksum={mark}" if query else f"checksum={mark}"
    return f"{server.rstrip('/').removesuffix(_PATH)}{_PATH}/{call}?{joined}"


def create_parameters(room: Room, *, secret: str, report_url: str) -> dict[str, str]:
    """The parameters that make a room; the same ones again change nothing.

    Passwords are of no use for anybody, because we let people in by role; but servers recognise by
    them that a repeated call is about the same room.
    """
    name = display_name(room.title)
    return {
        "name": name if len(name) > 1 else "Videoraum",  # at least two characters
        "meetingID": room.key,
        "attendeePW": opaque_id(secret, "attendee", room.key),
        "moderatorPW": opaque_id(secret, "moderator", room.key),
        "record": "false",
        "allowStartStopRecording": "false",
        "meetingExpireIfNoUserJoinedInMinutes": _KEPT_AT_FIRST,
        "meetingExpireWhenLastUserLeftInMinutes": _KEPT_EMPTY,
        "meetingKeepEvents": "true",
        "meta_analytics-callback-url": report_url,
    }


def join_parameters(room: Room, visitor: Visitor) -> dict[str, str]:
    """The parameters that let one visitor into the meeting of the room's session."""
    return {
        "fullName": display_name(visitor.name, otherwise="Gast"),
        "meetingID": room.key,
        "role": _ROLES[visitor.role],
        "createTime": room.session,
        "userID": visitor.opaque_id,
        "redirect": "true",
        "userdata-bbb_override_default_locale": room.locale,
    }


@dataclass(frozen=True, slots=True)
class BbbAnswer:
    """An answer: a success with its content, or a failure with a reason such as checksumError."""

    succeeded: bool
    reason: str
    content: XmlElement

    @property
    def session(self) -> str:
        """The session of the meeting, or "" if there is none that can be handed back."""
        found = self.content.text_of("createTime").strip()
        return found if _SESSION.fullmatch(found) else ""

    @property
    def presences(self) -> Sequence[Presence]:
        """Who is in the meeting; empty until the first person's page is loaded."""
        return tuple(self._presences())

    def _presences(self) -> Iterator[Presence]:
        for attendee in self.content.children_of("attendees", "attendee"):
            if opaque := attendee.text_of("userID").strip():
                moderates = attendee.text_of("role").strip() == _ROLES[RoomRole.MODERATOR]
                role = RoomRole.MODERATOR if moderates else RoomRole.VIEWER
                yield Presence(opaque, attendee.text_of("fullName"), role)


def read_answer(body: bytes) -> BbbAnswer:
    """What an answer says. Raises ValueError if it is none of BigBlueButton."""
    content = read_xml(body)
    code = content.text_of("returncode").strip()
    if content.name != "response" or code not in ("SUCCESS", "FAILED"):
        raise ValueError("no answer of BigBlueButton")
    return BbbAnswer(code == "SUCCESS", content.text_of("messageKey").strip(), content)


@dataclass(frozen=True, slots=True)
class MeetingReport:
    """What a server reports after a meeting: its room and session, and each person's seconds."""

    key: str
    session: str
    seconds: Mapping[str, int]


def read_report(body: bytes) -> MeetingReport:
    """The report of a meeting; entries that make no sense are left out. Raises ValueError."""
    try:
        report = json.loads(body)
        meeting = _REPORTED.fullmatch(report["internal_meeting_id"])
        attendees, key = report["data"]["attendees"], report["meeting_id"]
    except (TypeError, KeyError, IndexError, RecursionError) as fault:
        raise ValueError("no report of a meeting") from fault
    if meeting is None or not isinstance(key, str) or not isinstance(attendees, list):
        raise ValueError("no report of a meeting")
    seconds: dict[str, int] = {}
    for opaque, stay in (_stay(each) for each in attendees):
        if opaque and stay is not None:
            seconds[opaque] = max(stay, seconds.get(opaque, 0))
    return MeetingReport(key, meeting[1], seconds)


def _stay(attendee: Any) -> tuple[str, int | None]:
    """The id and the seconds of one entry; "" or None where they are not fit."""
    if not isinstance(attendee, dict):
        return "", None
    opaque, seconds = attendee.get("ext_user_id"), attendee.get("duration")
    if isinstance(seconds, bool) or not isinstance(seconds, int | float):
        return "", None
    fits = 0 <= seconds < _ENDLESS  # neither is NaN
    return (opaque if isinstance(opaque, str) else ""), (int(seconds) if fits else None)

"""Jitsi Meet with tokens: a room is made by whoever enters it, and nobody knows who is in it."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime
from http import HTTPStatus

from ikone_events.domain.refusals import N_, Complaint
from ikone_events.domain.rooms.jitsi import room_address, token_claims
from ikone_events.domain.rooms.providers import (
    Capabilities,
    Presence,
    Room,
    RoomUnavailable,
    Visitor,
)
from ikone_events.services.rooms.outgoing import call

_ALGORITHM = "HS256"
_SHORTEST_SECRET = 32  # RFC 7518, 3.2: as long as the hash
_LOBBY = N_(
    "If the lobby of Jitsi is switched on, moderators wait in it too, unless the server has a"
    " plugin for that (token_lobby_bypass). Leave the lobby off: only people with a link from us"
    " get in."
)
_NO_ATTENDANCE = N_(
    "Jitsi does not report who was in the room. Only who entered it through our page is known."
)
_SHORT_SECRET = N_("The secret should have at least %(number)d characters.")


@dataclass(frozen=True, slots=True)
class JitsiMeet:
    """A server of Jitsi that lets nobody in without a token (token authentication)."""

    server: str
    app_id: str
    secret: str = field(repr=False)

    capabilities = Capabilities(person_url=True)

    def ensure_room(self, room: Room) -> str:
        """Nothing to make."""
        del room
        return ""

    def join_url(self, room: Room, visitor: Visitor, now: datetime) -> str:
        """The address with a token for this visitor and this room, for two hours after the end."""
        from joserfc import jwt  # noqa: PLC0415 - 3 MB with cryptography, for a door alone
        from joserfc.jwk import OctKey  # noqa: PLC0415

        claims = token_claims(self.server, self.app_id, room, visitor, now)
        key = OctKey.import_key(self.secret.encode())
        header = {"alg": _ALGORITHM, "typ": "JWT"}
        return room_address(self.server, room, jwt.encode(header, claims, key))

    def attendance(self, room: Room) -> Sequence[Presence]:
        """Unknown: Jitsi cannot be asked."""
        del room
        return ()

    def end(self, room: Room) -> None:
        """Nothing to end: the last one who leaves closes the room."""

    def check(self) -> Sequence[Complaint]:
        """Whether the server answers; its secret can't be tried without a browser."""
        try:
            answer = call(self.server.rstrip("/") + "/")
        except RoomUnavailable as refusal:
            return refusal.complaints
        if answer.status >= HTTPStatus.BAD_REQUEST:
            text = N_("The video server answers with an error (%(status)d).")
            return (Complaint(text, {"status": answer.status}),)
        return ()

    def advice(self) -> Sequence[Complaint]:
        """What to know before Jitsi is used, in words for an administrator."""
        known = [Complaint(_LOBBY), Complaint(_NO_ATTENDANCE)]
        if len(self.secret) < _SHORTEST_SECRET:
            known.append(Complaint(_SHORT_SECRET, {"number": _SHORTEST_SECRET}))
        return known

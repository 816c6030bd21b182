"""Signed personal links: no secrets in the database; raising the epoch revokes them."""

import hashlib
from dataclasses import dataclass
from enum import StrEnum
from typing import Any

from itsdangerous import BadSignature, Serializer, Signer, URLSafeSerializer
from itsdangerous.encoding import base64_encode, want_bytes

from ikone_events.domain.refusals import N_, Complaint, LinkRefused


class Purpose(StrEnum):
    """The purpose of a personal link; a link is valid for one purpose only.

    DOOR opens the video room and shows nothing of the person: it is in calendar entries, which
    are shared with delegates and teams. OBJECTION names an address (as a hash) and no record, so
    that it also works when the contact was deleted or entered again. CHECK_IN is the code of a
    ticket: it only lets a helper who is signed in check its holder in. SPEAKER is a speaker's own
    page with the moderator's door, SPEAKER_DOOR that door alone, for calendar entries, and UPLOAD
    only takes slides of a speaker. MATERIALS opens what registered people see of one event, to
    somebody who asked for it. STANDING confirms and ends a standing sign-up to a series.
    """

    REGISTRATION = "registration"
    DOOR = "door"
    CHECK_IN = "check_in"
    SPEAKER = "speaker"
    SPEAKER_DOOR = "speaker_door"
    UPLOAD = "upload"
    MATERIALS = "materials"
    SUBSCRIPTION = "subscription"
    STANDING = "standing"
    OBJECTION = "objection"
    CALENDAR = "calendar"
    OFFICE_CALENDAR = "office_calendar"
    PASSWORD = "password"  # noqa: S105 - no password


# What comes before the token in the address of a personal link: such pages are kept by nobody,
# found by no search engine, and named in no log. Codes of tickets come in capitals too.
PERSONAL_PATHS = (
    *("r", "door", "c", "C", "speaker", "speaker-door", "upload", "materials"),
    *("standing", "subscribe", "unsubscribe", "feeds/office", "feeds", "login/reset"),
)


# Bytes of a claim with the public id of a registration, and more.
_SHORT = 48


@dataclass(frozen=True, slots=True)
class LinkClaim:
    """The record that a link refers to, and the epoch in which it is valid.

    `expires`: Unix seconds from which it is not valid any more, 0 for never; readers check it.
    """

    public_id: str
    epoch: int
    expires: int = 0


class OneSigner(Serializer[str]):
    """A serializer that makes its signer once, with its key derived: not for each token."""

    _made: Signer | None = None

    def make_signer(self, salt: str | bytes | None = None) -> Signer:
        """The signer, always the same."""
        if self._made is None:
            made = super().make_signer(salt)
            made.secret_keys, made.key_derivation = [made.derive_key()], "none"
            self._made = made
        return self._made


class _Links(OneSigner, URLSafeSerializer):
    """The serializer of links; what compression would make longer is not compressed."""

    def dump_payload(self, obj: Any) -> bytes:
        """The claim as it stands in a token."""
        plain = want_bytes(self.serializer.dumps(obj))
        return base64_encode(plain) if len(plain) <= _SHORT else super().dump_payload(obj)


class LinkSigner:
    """Signs and reads personal links with the installation's secret key (HMAC-SHA256)."""

    def __init__(self, secret_key: str) -> None:
        self._serializers = {
            purpose: _Links(
                secret_key,
                salt=f"ikone-events.{purpose}",
                signer_kwargs={"key_derivation": "hmac", "digest_method": hashlib.sha256},
            )
            for purpose in Purpose
        }

    def sign(self, purpose: Purpose, claim: LinkClaim) -> str:
        """The token for a link, the same each time."""
        ends = [claim.expires] if claim.expires else []
        token = self._serializers[purpose].dumps([claim.public_id, claim.epoch, *ends])
        return token if isinstance(token, str) else token.decode("ascii")

    def read(self, purpose: Purpose, token: str) -> LinkClaim:
        """The claim of a token; raises LinkRefused for an invalid signature."""
        try:
            public_id, epoch, *ends = self._serializers[purpose].loads(token)
        except (BadSignature, ValueError, TypeError) as fault:
            raise LinkRefused(Complaint(N_("This link is not valid."))) from fault
        return LinkClaim(str(public_id), int(epoch), *map(int, ends))

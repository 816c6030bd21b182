"""Certificates of attendance: for whom there is one, and the code by which anybody can check it."""

import hashlib
import hmac
import re
import unicodedata
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum

from ikone_events.domain.events.facts import CALLED_OFF
from ikone_events.domain.registering.registration import Attendance, Status

# Crockford's base 32: no letter that is taken for a digit.
_ALPHABET = "0123456789ABCDEFGHJKMNPQRSTVWXYZ"
_MEANT = str.maketrans("OIL", "011")
_CHARACTERS, _GROUP = 20, 4
_NUMBER_BITS, _MAC_BITS = 36, 64
_PURPOSE = b"ikone-events.certificate.v1"


class Certificate(StrEnum):
    """What a person sees on the page of the certificate."""

    CALLED_OFF = "called_off"
    NO_PLACE = "no_place"
    EARLY = "early"
    UNKNOWN = "unknown"
    MISSED = "missed"
    VALID = "valid"


def certificate_at(
    now: datetime, *, state: str, status: str, ends_at: datetime, attendance: Attendance | None
) -> Certificate:
    """What one person sees at a moment; only those who are known to have attended get one."""
    if state in CALLED_OFF:
        return Certificate.CALLED_OFF
    if status != Status.CONFIRMED:
        return Certificate.NO_PLACE
    if now < ends_at:
        return Certificate.EARLY
    if attendance is None:
        return Certificate.UNKNOWN
    return Certificate.VALID if attendance is Attendance.ATTENDED else Certificate.MISSED


def hours_words(duration: timedelta, locale: str) -> str:
    """A duration in hours: "2" or "1,5" where it has whole quarters of an hour, else "1:50"."""
    minutes = int(duration.total_seconds()) // 60
    if minutes % 15:
        return f"{minutes // 60}:{minutes % 60:02}"
    number = f"{minutes / 60:g}"
    return number.replace(".", ",") if locale == "de" else number


def initials_of(first_name: str, last_name: str) -> str:
    """The first letters of both names in capitals; fewer where a name has no letter."""
    return "".join(_first_letter(name) for name in (first_name, last_name))


def _first_letter(name: str) -> str:
    letters = (char for char in unicodedata.normalize("NFC", name) if char.isalpha())
    return next(letters, "").upper()[:1]


@dataclass(frozen=True, slots=True)
class CertificateCodes:
    """Makes and reads the codes of certificates with the installation's secret key.

    A code holds the number of a registration and the person's initials and is proved by 64 bits of
    HMAC-SHA256. So nothing about certificates is stored, a code stays good after the person's
    details are deleted, and the page that checks it can show the initials without knowing a name.
    The number is masked by the proof, as in a synthetic initialisation vector (RFC 5297): it shows
    nobody how many registrations there are.
    """

    secret_key: str

    def code(self, number: int, initials: str) -> str:
        """The code, as "AL-XXXX-XXXX-XXXX-XXXX-XXXX"; raises ValueError beyond 2 ** 36 rows."""
        if not 0 <= number < 1 << _NUMBER_BITS:
            raise ValueError(number)
        proof = self._proof(number, initials)
        left = (proof << _NUMBER_BITS) | (number ^ self._mask(proof))
        characters = ""
        for _ in range(_CHARACTERS):
            left, place = divmod(left, len(_ALPHABET))
            characters = _ALPHABET[place] + characters
        groups = [characters[at : at + _GROUP] for at in range(0, _CHARACTERS, _GROUP)]
        return "-".join(filter(None, [initials, *groups]))

    def read(self, typed: str) -> tuple[int, str] | None:
        """The number and the initials of a code as people type it; None if it was never given."""
        text = unicodedata.normalize("NFC", re.sub(r"[\s\-‐-―]", "", typed[:200])).upper()
        initials, characters = text[:-_CHARACTERS], text[-_CHARACTERS:].translate(_MEANT)
        if len(characters) < _CHARACTERS or not set(characters) <= set(_ALPHABET):
            return None
        value = 0
        for character in characters:
            value = value * len(_ALPHABET) + _ALPHABET.index(character)
        proof, masked = value >> _NUMBER_BITS, value & ((1 << _NUMBER_BITS) - 1)
        number = masked ^ self._mask(proof)
        right = self._proof(number, initials).to_bytes(_MAC_BITS // 8, "big")
        given = proof.to_bytes(_MAC_BITS // 8, "big")
        return (number, initials) if hmac.compare_digest(right, given) else None

    def _proof(self, number: int, initials: str) -> int:
        return self._bits(f"proof {number} {initials}", _MAC_BITS)

    def _mask(self, proof: int) -> int:
        return self._bits(f"mask {proof}", _NUMBER_BITS)

    def _bits(self, text: str, bits: int) -> int:
        key = hmac.digest(self.secret_key.encode(), _PURPOSE, hashlib.sha256)
        found = hmac.digest(key, text.encode("utf-8", "replace"), hashlib.sha256)
        return int.from_bytes(found, "big") >> (len(found) * 8 - bits)

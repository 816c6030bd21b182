"""What becomes of a mail at the mail server, read from the first digit of its answer.

4 tries again, 5 is final. What the server says about ourselves (greeting, TLS, password) or does
not say at all never rejects a mail.
"""

import smtplib
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import timedelta
from zlib import crc32

from ikone_events.domain.header_text import one_line

LONGEST_WORDS = 500
GOING_AWAY = 421
_REFUSED_FOR_GOOD = 500
_TOO_LARGE = 552
# RFC 4954: the server wants a (better) login; that is about us, not about the mail.
_LOGIN_WANTED = {530, 534, 535, 538}
# Mails that were put off together come back one after another, never before their pause is over.
_SPREAD = 0.2


@dataclass(frozen=True, slots=True)
class Delivered:
    """The server took the mail; its words often hold its queue number."""

    words: str = ""


@dataclass(frozen=True, slots=True)
class Deferred:
    """Try again later; `server_down` says that no other mail would fare better now.

    `about_us` says that it can't have been this mail's fault: it loses none of its tries.
    """

    words: str
    server_down: bool = False
    about_us: bool = False


@dataclass(frozen=True, slots=True)
class Rejected:
    """The server refuses this mail for good."""

    words: str


DeliveryOutcome = Delivered | Deferred | Rejected


class SmtpRefusal(Exception):
    """What the server answered instead of going on."""

    def __init__(self, code: int, words: bytes | str, *, of_sender: bool = False) -> None:
        super().__init__(code)
        self.code = code
        self.line = line_of(code, words)
        self._of_sender = of_sender

    @property
    def outcome(self) -> DeliveryOutcome:
        """What the answer means for the mail."""
        final = self.code >= _REFUSED_FOR_GOOD
        if self._of_sender and self.code != _TOO_LARGE and (final or self.code == GOING_AWAY):
            return about_us(self.line)
        if self.code in _LOGIN_WANTED:
            return about_us(self.line)
        return (
            Rejected(self.line)
            if final
            else Deferred(self.line, server_down=self.code == GOING_AWAY)
        )


def expect(digit: int, code: int, words: bytes | str, *, of_sender: bool = False) -> None:
    """Go on when the answer begins with the hoped for digit; raise Refusal otherwise.

    `of_sender` says that we have not named the mail's recipient yet.
    """
    if code // 100 != digit:
        raise SmtpRefusal(code, words, of_sender=of_sender)


def about_us(words: str) -> Deferred:
    """No mail is taken now, whichever it is."""
    return Deferred(words, server_down=True, about_us=True)


def line_of(code: int, words: bytes | str) -> str:
    """A server's answer as one clean line."""
    text = words.decode("utf-8", "replace") if isinstance(words, bytes) else words
    return one_line(f"{code} {text}")[:LONGEST_WORDS]


def words_of(error: Exception) -> str:
    """The server's words when it said some, else what the system says about the connection."""
    if isinstance(error, smtplib.SMTPResponseException):
        return line_of(error.smtp_code, error.smtp_error)
    return one_line(f"{type(error).__name__}: {error}")[:LONGEST_WORDS]


def pause_after(tries: int, pauses: Sequence[int], *, seed: str) -> timedelta | None:
    """The pause after so many vain tries; None when the last one is over.

    `seed` decides how much longer than asked for it is, up to a fifth: the same for the same seed.
    """
    if tries > len(pauses):
        return None
    share = crc32(seed.encode()) / 2**32
    return timedelta(seconds=round(pauses[max(tries, 1) - 1] * (1 + _SPREAD * share)))

"""Outcomes of a delivery, from the first digit of the server's answer.

4 means try again, 5 is final. Answers about the client (greeting, TLS, password) and lost
connections never reject a mail.
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
# RFC 4954: the server wants a (better) login; the mail is not to blame.
_LOGIN_WANTED = {530, 534, 535, 538}
# Mails that were deferred together are tried again one after another, none before its pause ends.
_SPREAD = 0.2
# A mail server that is back gets the waiting mails at the latest after so many seconds.
LONGEST_SERVER_PAUSE = 900


@dataclass(frozen=True, slots=True)
class Delivered:
    """The server accepted the mail; its answer often contains its queue number."""

    words: str = ""


@dataclass(frozen=True, slots=True)
class Deferred:
    """Try again later.

    With `server_down` no other mail would be accepted now. With `about_us` the mail is not to
    blame, so this try does not count.
    """

    words: str
    server_down: bool = False
    about_us: bool = False


@dataclass(frozen=True, slots=True)
class Rejected:
    """The server refuses this mail permanently."""

    words: str


class UnreadableMail(Rejected):
    """Our own row is damaged; the server has not been asked."""


DeliveryOutcome = Delivered | Deferred | Rejected


class SmtpRefusal(Exception):
    """An answer of the server that ends the delivery."""

    def __init__(self, code: int, words: bytes | str, *, of_sender: bool = False) -> None:
        super().__init__(code)
        self.code = code
        self.line = line_of(code, words)
        self._of_sender = of_sender

    @property
    def outcome(self) -> DeliveryOutcome:
        """What the answer means for the mail."""
        final, going = self.code >= _REFUSED_FOR_GOOD, self.code == GOING_AWAY
        of_sender = self._of_sender and self.code != _TOO_LARGE and (final or going)
        if of_sender or self.code in _LOGIN_WANTED:
            return about_us(self.line)
        return Rejected(self.line) if final else Deferred(self.line, server_down=going)


def expect(digit: int, code: int, words: bytes | str, *, of_sender: bool = False) -> None:
    """Raise SmtpRefusal unless the answer begins with this digit.

    `of_sender` means that the recipient has not been sent yet.
    """
    if code // 100 != digit:
        raise SmtpRefusal(code, words, of_sender=of_sender)


def about_us(words: str) -> Deferred:
    """The server accepts no mail now."""
    return Deferred(words, server_down=True, about_us=True)


def line_of(code: int, words: bytes | str) -> str:
    """A server's answer as one clean line."""
    text = words.decode("utf-8", "replace") if isinstance(words, bytes) else words
    return one_line(f"{code} {text}")[:LONGEST_WORDS]


def words_of(error: Exception) -> str:
    """The server's answer, or else the system's error of the connection."""
    if isinstance(error, smtplib.SMTPResponseException):
        return line_of(error.smtp_code, error.smtp_error)
    if isinstance(error, OSError) and error.strerror:  # without the class and the number
        return one_line(error.strerror)[:LONGEST_WORDS]
    return one_line(f"{type(error).__name__}: {error}")[:LONGEST_WORDS]


def pause_after(tries: int, pauses: Sequence[int], *, seed: str) -> timedelta | None:
    """The pause after so many failed tries; None after the last one.

    It is up to a fifth longer than configured, always the same for the same `seed`.
    """
    return None if tries > len(pauses) else _spread(pauses[max(tries, 1) - 1], seed)


def server_pause(refusals: int, pauses: Sequence[int], *, seed: str) -> timedelta:
    """The pause after so many attempts in a row at a server that can't be reached.

    It grows as the pauses of a mail do, up to LONGEST_SERVER_PAUSE, and has no end.
    """
    pause = pauses[min(max(refusals, 1), len(pauses)) - 1]
    return _spread(min(pause, LONGEST_SERVER_PAUSE), seed)


def _spread(seconds: int, seed: str) -> timedelta:
    share = crc32(seed.encode()) / 2**32
    return timedelta(seconds=round(seconds * (1 + _SPREAD * share)))

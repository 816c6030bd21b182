"""smtplib with a timeout for each answer and a deadline for everything together.

smtplib's own timeout starts again with each received byte, so a server that sends single bytes
would never time out.
"""

import io
import math
import smtplib
import socket
import ssl
import time
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from ikone_events.mail.sending.outcomes import GOING_AWAY

_ACCEPTED = range(200, 300)
# Applies to each address of a host name.
_CONNECT_SECONDS = 10.0


class TimedSMTP(smtplib.SMTP):
    """Reads and sends until the deadline; waits for each answer at most `timeout` seconds."""

    def __init__(self, host: str, port: int, timeout: float, seconds: float) -> None:
        self._limit = timeout
        self.allow(seconds)
        super().__init__(host, port, timeout=min(timeout, _CONNECT_SECONDS))

    def allow(self, seconds: float) -> None:
        """Set the deadline, in seconds from now."""
        self._deadline = time.monotonic() + seconds

    @contextmanager
    def patience(self) -> Iterator[None]:
        """Wait until the deadline: hanging up after the content would send the mail twice."""
        limit, self._limit = self._limit, math.inf
        try:
            yield
        finally:
            self._limit = limit

    def seconds_left(self) -> float:
        """Seconds for the next answer; raises TimeoutError at the deadline."""
        left = min(self._limit, self._deadline - time.monotonic())
        if left <= 0:
            raise TimeoutError("timed out")
        return left

    def send(self, s: Any) -> None:
        """Send before the deadline, or raise as smtplib does."""
        if self.sock is not None:
            self.sock.settimeout(self.seconds_left())
        super().send(s)

    def ehlo_or_helo_if_needed(self) -> None:
        """Send EHLO, else HELO, once; after 421 the answer to HELO would hide the reason."""
        if self.helo_resp is not None or self.ehlo_resp is not None:
            return
        code, words = self.ehlo()
        if code not in (*_ACCEPTED, GOING_AWAY):
            code, words = self.helo()
        if code not in _ACCEPTED:
            raise smtplib.SMTPHeloError(code, words)

    def getreply(self) -> tuple[int, bytes]:
        """Read an answer before the deadline."""
        if self.file is None:
            self.file = io.BufferedReader(_Stream(self))
        return super().getreply()


class _Stream(io.RawIOBase):
    """The server's answers, readable until the deadline."""

    def __init__(self, host: TimedSMTP) -> None:
        self._host = host

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: Any) -> int:
        sock = self._host.sock
        if sock is None:
            return 0
        sock.settimeout(self._host.seconds_left())
        return sock.recv_into(buffer)


class TimedSMTPOverTLS(TimedSMTP):
    """A connection that begins with TLS; the other one is without, or with STARTTLS."""

    def _get_socket(self, host: str, port: int, timeout: float) -> ssl.SSLSocket:
        plain = socket.create_connection((host, port), timeout)
        return ssl.create_default_context().wrap_socket(plain, server_hostname=host)


def is_time_out(error: Exception) -> bool:
    """Whether it was a timeout, which smtplib reports as a lost connection."""
    return isinstance(error, TimeoutError) or isinstance(error.__context__, TimeoutError)

"""smtplib with an end: every answer has a time limit, and so has everything together.

smtplib's own limit is renewed by each byte that arrives, so a server that drips would never end.
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
# Where a name has several addresses, each may take so long.
_CONNECT_SECONDS = 10.0


class _Timed(smtplib.SMTP):
    """Reads and sends only until the deadline, and waits for no answer longer than `timeout`."""

    def __init__(self, host: str, port: int, timeout: float, seconds: float) -> None:
        self._limit = timeout
        self.allow(seconds)
        super().__init__(host, port, timeout=min(timeout, _CONNECT_SECONDS))

    def allow(self, seconds: float) -> None:
        """From now on everything together may take so long."""
        self._deadline = time.monotonic() + seconds

    @contextmanager
    def patience(self) -> Iterator[None]:
        """Wait for an answer until the deadline: who hangs up after the content doubles mails."""
        limit, self._limit = self._limit, math.inf
        try:
            yield
        finally:
            self._limit = limit

    def seconds_left(self) -> float:
        """How long the next answer may take; raises TimeoutError at the deadline."""
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
        """Greet once; a server that says 421 hangs up, and its words would be lost with HELO."""
        if self.helo_resp is not None or self.ehlo_resp is not None:
            return
        code, words = self.ehlo()
        if code not in (*_ACCEPTED, GOING_AWAY):
            code, words = self.helo()
        if code not in _ACCEPTED:
            raise smtplib.SMTPHeloError(code, words)

    def getreply(self) -> tuple[int, bytes]:
        """An answer that is complete before the deadline."""
        if self.file is None:
            self.file = io.BufferedReader(_Stream(self))
        return super().getreply()


class _Stream(io.RawIOBase):
    """What the server says, byte by byte at most until the deadline."""

    def __init__(self, host: _Timed) -> None:
        self._host = host

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: Any) -> int:
        sock = self._host.sock
        if sock is None:
            return 0
        sock.settimeout(self._host.seconds_left())
        return sock.recv_into(buffer)


class SMTPWithTimeouts(_Timed):
    """A connection in the clear, or one that starts TLS later."""


class SMTPOverTLSWithTimeouts(_Timed):
    """A connection that begins with TLS."""

    def _get_socket(self, host: str, port: int, timeout: float) -> ssl.SSLSocket:
        plain = socket.create_connection((host, port), timeout)
        return open_context().wrap_socket(plain, server_hostname=host)


def open_context() -> ssl.SSLContext:
    """TLS that looks at certificates."""
    return ssl.create_default_context()


def is_time_out(error: Exception) -> bool:
    """Whether the server was silent; smtplib tells it as a lost connection."""
    return isinstance(error, TimeoutError) or isinstance(error.__context__, TimeoutError)

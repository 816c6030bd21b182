"""Waitress's parser of requests with a limit of the body per route, and strict framing.

Waitress has one limit for all routes and buffers each body before the application is called. A
body that is too large is not read here: the application gets the request without it, with a
Content-Length above its own limit, and answers with its error page.
"""

import re
import socket
import sys
import time
from collections.abc import Callable
from functools import partial
from typing import Any

from waitress.channel import HTTPChannel
from waitress.parser import HTTPRequestParser, ParsingError

# The base class's own limit, replaced by ours.
NO_LIMIT = sys.maxsize
# After a response to a request that was not read to its end, incoming bytes are discarded for so
# many seconds: a connection that is closed at once is reset, and the client never sees the
# response (RFC 9112, 9.6).
LINGER_SECONDS = 30.0
_FOLDED = re.compile(rb"\r\n[ \t]")
_ENCODING = re.compile(rb"\r\ntransfer-encoding:[ \t]*([^\r]*)", re.IGNORECASE)
# Chunk sizes, extensions and trailers count towards this multiple of the limit.
_FRAMING = 2


class RequestParser(HTTPRequestParser):  # type: ignore[misc]  # waitress has no types
    """One request of a channel."""

    body_rcv: Any  # what receives the body, or None without one

    def __init__(self, channel: "Channel", adjustments: Any) -> None:
        super().__init__(adjustments)
        self._channel = channel
        self._limit = 0

    def received(self, data: bytes) -> int:
        """Take bytes of a request; returns how many belong to it."""
        consumed: int = super().received(data)
        if self._is_too_long():
            self._refuse_body(max(len(self.body_rcv), self._limit + 1))
        if self.completed:
            self.expect_continue = False  # the answer comes now, with or without a body
        if self.error or self._channel.is_unread:
            # What follows is of unknown length, so no request can begin in it.
            self._channel.is_unread = True
            return len(data)
        return consumed

    def parse_header(self, header_plus: bytes) -> None:
        """Read the head. Raises waitress's ParsingError, which is answered with 400."""
        encodings = _ENCODING.findall(header_plus)
        if _FOLDED.search(header_plus):
            raise ParsingError("Folded header lines are not accepted")  # RFC 9112, 5.2
        try:
            super().parse_header(header_plus)
        except ValueError as fault:  # Python converts at most 4300 digits
            raise ParsingError("Content-Length is invalid") from fault
        if encodings:
            self._check_encoding(encodings)
        if self.chunked or self.content_length:
            self._limit = self._limit_of_route()
        if self.content_length > self._limit:
            self._refuse_body(self.content_length)

    def _check_encoding(self, encodings: list[bytes]) -> None:
        """Refuse what two programs may read as requests of different length (RFC 9112, 6.1)."""
        if not self.chunked or [each.strip().lower() for each in encodings] != [b"chunked"]:
            raise ParsingError("Transfer-Encoding is not plain chunked")
        if "CONTENT_LENGTH" in self.headers:
            raise ParsingError("Both Transfer-Encoding and Content-Length")

    def _limit_of_route(self) -> int:
        limit: Callable[[str, str, str], int]
        limit = self._channel.server.application.extensions["ikone_body_limit"]
        path = self.path.encode("latin-1").decode("utf-8", "replace")
        return limit(self.command, path, self.headers.get("COOKIE", ""))

    def _is_too_long(self) -> bool:
        """Whether a chunked body has grown beyond the limit."""
        if not self.chunked or self.error or self.body_rcv is None:
            return False
        total: int = self.body_bytes_received
        return len(self.body_rcv) > self._limit or total > self._limit * _FRAMING

    def _refuse_body(self, length: int) -> None:
        self.close()  # deletes what was buffered
        self.body_rcv, self.chunked, self.content_length = None, False, 0
        self.headers["CONTENT_LENGTH"] = str(length)
        self.headers["CONNECTION"] = "close"
        self.connection_close = self.completed = True
        self._channel.is_unread = True


class Channel(HTTPChannel):  # type: ignore[misc]
    """One connection; after a request that was not read to its end, it lingers."""

    is_unread = False
    queued_at = 0.0  # by the monotonic clock
    _lingers_until = 0.0

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.parser_class = partial(RequestParser, self)

    def handle_close(self) -> None:
        """Close the connection, or first only its outgoing half."""
        if self.is_unread and not self._lingers_until and self.connected and self._close_half():
            self._lingers_until = time.monotonic() + LINGER_SECONDS
            self.will_close = self.close_when_flushed = False
            return
        super().handle_close()

    def _close_half(self) -> bool:
        try:
            self.socket.shutdown(socket.SHUT_WR)
        except OSError:
            return False
        return True

    def handle_read(self) -> None:
        """Read, or discard while lingering."""
        if not self._lingers_until:
            super().handle_read()
            return
        try:
            more = self.recv(self.adj.recv_bytes)  # closes at the end of the stream
        except OSError:
            more = b""
        if self.connected and (not more or time.monotonic() > self._lingers_until):
            self.handle_close()

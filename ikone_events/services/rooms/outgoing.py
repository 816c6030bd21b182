"""The one client for calls to other servers.

A name is resolved once, and only what was checked is connected to: a name that leads elsewhere a
moment later changes nothing. No redirect is followed, no proxy of the environment used, no cookie
kept, nothing unpacked. Logs name the host, never path, query, headers or body.
"""

import logging
import os
import socket
import ssl
import threading
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from functools import lru_cache
from http.client import HTTPException
from ipaddress import ip_address
from typing import TYPE_CHECKING, cast

from flask import current_app

from ikone_events.domain.outgoing import (
    CallTarget,
    IpAddress,
    inside_complaint,
    may_connect,
    target_of,
)
from ikone_events.domain.refusals import N_, Complaint, UnfitInput
from ikone_events.domain.rooms.providers import RoomUnavailable
from ikone_events.services.installation import get_installation
from ikone_events.store.db import is_writing

if TYPE_CHECKING:
    from urllib3.connection import HTTPConnection
    from urllib3.response import BaseHTTPResponse

# In all, from the name to the last byte.
SECONDS = 5.0
MOST_BYTES = 64 * 1024
# What a test puts in place of the system's names and of its trusted certificates.
RESOLVER, CERTIFICATES = "ikone_resolver", "ikone_certificates"

Resolver = Callable[[str], Sequence[IpAddress]]
log = logging.getLogger(__name__)
# A strange answer makes it log whole addresses.
logging.getLogger("urllib3").setLevel(logging.CRITICAL)

_UNKNOWN = N_("There is no server of the name “%(host)s”, or it can’t be found at the moment.")
_SILENT = N_("“%(host)s” did not answer within %(seconds)d seconds.")
_UNREACHABLE = N_("“%(host)s” can’t be reached.")
_UNTRUSTED = N_(
    "The certificate of “%(host)s” is not valid for this name, has expired, or is unknown."
)
_BROKEN = N_("“%(host)s” broke off, or its answer is no proper one.")
_TOO_LONG = N_("The answer of “%(host)s” is too long.")


@dataclass(frozen=True, slots=True)
class OutgoingAnswer:
    """What a server said; `body` is whole, at most 64 kB unless the call allowed more."""

    status: int
    headers: Mapping[str, str]
    body: bytes


@dataclass(frozen=True, slots=True, kw_only=True)
class OutgoingRequest:
    """What is sent; the length and the rest of the headers are made from it."""

    method: str = "GET"
    body: bytes | None = None
    headers: Mapping[str, str] = field(default_factory=dict)
    most_bytes: int = MOST_BYTES


def call(
    address: str,
    *,
    method: str = "GET",
    body: bytes | None = None,
    headers: Mapping[str, str] | None = None,
    most_bytes: int = MOST_BYTES,
) -> OutgoingAnswer:
    """Ask another server, without following redirects, for at most 5 seconds.

    Raises RoomUnavailable: the address may not be called, or nothing usable came back.
    """
    if is_writing():
        raise RuntimeError("a call would keep the database locked until a server has answered")
    try:
        target = target_of(address, get_installation().settings.outgoing_hosts)
    except UnfitInput as refusal:
        raise RoomUnavailable(refusal.complaints) from None
    wanted = OutgoingRequest(method=method, body=body, headers=headers or {}, most_bytes=most_bytes)
    try:
        return _Call(target, time.monotonic() + SECONDS).answer(wanted)
    except RoomUnavailable as refusal:
        log.warning("call of %s failed: %s", target.host, refusal)
        raise


def resolves_inside(target: CallTarget) -> Complaint | None:
    """Why a host may not be called for what its name resolves to now; None if it has no address."""
    try:
        found = _addresses_of(target, time.monotonic() + SECONDS)
    except RoomUnavailable:
        return None
    return None if may_connect(target, found) else inside_complaint(target.host)


def _system_resolver(host: str) -> list[IpAddress]:
    found = socket.getaddrinfo(host, None, type=socket.SOCK_STREAM)
    return list(dict.fromkeys(ip_address(str(entry[4][0])) for entry in found))


def _addresses_of(target: CallTarget, deadline: float) -> Sequence[IpAddress]:
    """What a host resolves to; the system's resolver has no time-out of its own."""
    with suppress(ValueError):
        return [ip_address(target.host)]
    resolve: Resolver = current_app.extensions.get(RESOLVER, _system_resolver)
    found: list[IpAddress] = []

    def look_up() -> None:
        with suppress(OSError, ValueError):
            found.extend(resolve(target.host))

    thread = threading.Thread(target=look_up, daemon=True)
    thread.start()
    thread.join(max(0.0, deadline - time.monotonic()))
    if not found:
        raise RoomUnavailable(Complaint(_UNKNOWN, {"host": target.host}))
    return tuple(found)


@lru_cache(maxsize=8)
def _trust(certificates: str | None) -> ssl.SSLContext:
    """The system's certificates, or those of a file; reading them takes tens of milliseconds."""
    return ssl.create_default_context(cafile=certificates)


def _is_no_tls(fault: Exception) -> bool:
    """Whether the handshake failed for another reason than the certificate."""
    is_of_tls = isinstance(fault, ssl.SSLError)
    return is_of_tls and not isinstance(fault, ssl.SSLCertVerificationError)


class _Call:
    """One call, until its deadline by the monotonic clock."""

    def __init__(self, target: CallTarget, deadline: float) -> None:
        self._target, self._deadline = target, deadline

    def answer(self, wanted: OutgoingRequest) -> OutgoingAnswer:
        """Connect, send and read. Raises RoomUnavailable."""
        from urllib3 import exceptions  # noqa: PLC0415 - as in `_connection`

        connection = self._connected()
        try:
            with self._cut_off(connection):
                return self._exchange(connection, wanted)
        except (TimeoutError, exceptions.TimeoutError):
            raise self._unavailable(_SILENT) from None
        except (exceptions.HTTPError, HTTPException, OSError, ValueError):
            late = time.monotonic() >= self._deadline
            raise self._unavailable(_SILENT if late else _BROKEN) from None
        finally:
            connection.close()

    def _connected(self) -> "HTTPConnection":
        """A connection to the first address that takes one, its certificate checked."""
        from urllib3 import exceptions  # noqa: PLC0415

        addresses = _addresses_of(self._target, self._deadline)
        if not may_connect(self._target, addresses):
            raise RoomUnavailable(inside_complaint(self._target.host))
        reason = _UNREACHABLE
        for left, address in zip(range(len(addresses), 0, -1), addresses, strict=True):
            if not self._left():
                break
            # A share for each address, half of it for TLS.
            connection = self._connection(address, max(0.01, self._left() / left / 2))
            try:
                connection.connect()
            except (exceptions.SSLError, ssl.SSLError, ValueError) as fault:  # another name
                connection.close()
                raise self._unavailable(_BROKEN if _is_no_tls(fault) else _UNTRUSTED) from None
            except (exceptions.HTTPError, OSError) as fault:
                late = isinstance(fault, exceptions.TimeoutError | TimeoutError)
                refused = isinstance(fault, exceptions.NewConnectionError)  # a TimeoutError, too
                reason = _SILENT if late and not refused else _UNREACHABLE
            else:
                return connection
            connection.close()
        raise self._unavailable(reason)

    def _connection(self, address: IpAddress, seconds: float) -> "HTTPConnection":
        # Imported at the first call: most installations call nobody.
        from urllib3.connection import HTTPConnection, HTTPSConnection  # noqa: PLC0415

        if not self._target.https:
            return HTTPConnection(str(address), self._target.port, timeout=seconds)
        return HTTPSConnection(
            str(address),
            self._target.port,
            timeout=seconds,
            ssl_context=_trust(current_app.extensions.get(CERTIFICATES)),
            cert_reqs="CERT_REQUIRED",
            server_hostname=self._target.host,
            assert_hostname=self._target.host,
        )

    @contextmanager
    def _cut_off(self, connection: "HTTPConnection") -> Iterator[None]:
        """End a connection at the deadline: a socket's time-out begins anew with each byte."""
        plain = cast(socket.socket, connection.sock)
        connection.timeout = max(0.01, self._left())  # of each step from now on
        # Not the connection's own: a TLS socket must not be touched by two threads.
        twin = socket.socket(fileno=os.dup(plain.fileno()))

        def end() -> None:
            with suppress(OSError):
                twin.shutdown(socket.SHUT_RDWR)

        timer = threading.Timer(self._left(), end)
        timer.daemon = True
        timer.start()
        try:
            yield
        finally:
            timer.cancel()
            timer.join()
            twin.close()

    def _exchange(self, connection: "HTTPConnection", wanted: OutgoingRequest) -> OutgoingAnswer:
        sent = {
            "Host": self._target.origin_host,
            "User-Agent": "Ikone-Events",
            "Accept-Encoding": "identity",
            "Connection": "close",
            **wanted.headers,
        }
        connection.request(
            wanted.method,
            self._target.path,
            body=wanted.body,
            headers=sent,
            preload_content=False,
            decode_content=False,
        )
        with connection.getresponse() as response:
            if response.headers.get("Content-Encoding", "identity").lower() != "identity":
                raise self._unavailable(_BROKEN)  # a small packet may be huge once unpacked
            body = self._body(response, wanted.most_bytes)
            return OutgoingAnswer(response.status, dict(response.headers), body)

    def _body(self, response: "BaseHTTPResponse", most_bytes: int) -> bytes:
        body = bytearray()
        while len(body) <= most_bytes:
            chunk = response.read(most_bytes + 1 - len(body), decode_content=False)
            if not chunk:
                break
            body += chunk
        # What was cut off at the deadline may look like an end.
        if time.monotonic() >= self._deadline:
            raise self._unavailable(_SILENT)
        if len(body) > most_bytes:
            raise self._unavailable(_TOO_LONG)
        return bytes(body)

    def _left(self) -> float:
        return max(0.0, self._deadline - time.monotonic())

    def _unavailable(self, text: str) -> RoomUnavailable:
        values = {"host": self._target.host, "seconds": int(SECONDS)}
        return RoomUnavailable(Complaint(text, values))

"""A Jitsi Meet on loopback: its pages open for whoever has a token that is valid for the room.

The token is verified by the standard library, from RFC 7519 and the documentation of the token
plugin (lib-jitsi-meet/doc/tokens.md): signature, `aud`, `iss`, `sub`, `room`, `nbf`, `exp`, and
that everything about the user is text.
"""

import base64
import hashlib
import hmac
import json
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import datetime
from http.server import BaseHTTPRequestHandler
from typing import Any
from urllib.parse import parse_qs, urlsplit

from tests.rooms.bbb_server import running

APP_ID, SECRET = "ikone-events", "hQ8vN2mZ9pL4tR8wJ3bC6yX1kF5dG0sA"


@dataclass
class JitsiServer:
    """The server's settings; `status` is what its first page answers."""

    port: int = 0
    status: int = 200
    calls: list[str] = field(default_factory=list)

    @property
    def address(self) -> str:
        """What an administrator enters."""
        return f"http://localhost:{self.port}/"

    def enter(self, address: str, now: datetime) -> dict[str, Any]:
        """What the server does with a person's address; returns the user that others see.

        Raises ValueError if the token does not let them in.
        """
        parts = urlsplit(address)
        [token] = parse_qs(parts.query)["jwt"]
        claims = read_token(token, SECRET)
        room, moment = parts.path.strip("/"), now.timestamp()
        faults = {
            "room": claims["room"] != room or "*" in claims["room"] or room != room.lower(),
            "aud": claims["aud"] != "jitsi",
            "iss": claims["iss"] != APP_ID,
            "sub": claims["sub"] != "localhost",
            "time": not claims["nbf"] <= moment < claims["exp"],
            "user": not all(isinstance(v, str) for v in claims["context"]["user"].values()),
        }
        if wrong := [name for name, fault in faults.items() if fault]:
            raise ValueError(wrong)
        user: dict[str, Any] = claims["context"]["user"]
        return user


def read_token(token: str, secret: str | bytes, *, algorithm: str = "HS256") -> dict[str, Any]:
    """The claims of a token with a right signature; raises ValueError."""
    head, body, mark = token.split(".")
    digest = {"HS256": hashlib.sha256, "HS512": hashlib.sha512}[algorithm]
    key = secret.encode() if isinstance(secret, str) else secret
    right = hmac.new(key, f"{head}.{body}".encode(), digest).digest()
    if json.loads(_decoded(head))["alg"] != algorithm or not hmac.compare_digest(
        _decoded(mark), right
    ):
        raise ValueError("signature")
    claims: dict[str, Any] = json.loads(_decoded(body))
    return claims


def made_token(claims: object, secret: str, *, algorithm: str = "HS512") -> str:
    """A token as another server signs it."""
    digest = {"HS256": hashlib.sha256, "HS512": hashlib.sha512}
    parts = [_encoded(json.dumps(each).encode()) for each in ({"alg": algorithm}, claims)]
    if algorithm not in digest:
        return ".".join((*parts, ""))
    mark = hmac.new(secret.encode(), ".".join(parts).encode(), digest[algorithm]).digest()
    return ".".join((*parts, _encoded(mark)))


def _decoded(text: str) -> bytes:
    return base64.urlsafe_b64decode(text + "=" * (-len(text) % 4))


def _encoded(content: bytes) -> str:
    return base64.urlsafe_b64encode(content).rstrip(b"=").decode()


@contextmanager
def jitsi_server(**state: Any) -> Iterator[JitsiServer]:
    """A running server."""
    server = JitsiServer(**state)

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            server.calls.append(self.path)
            self.send_response(server.status)
            self.send_header("Content-Length", "0")
            self.end_headers()

        def log_message(self, *_what: object) -> None:
            """Write nothing."""

    with running(Handler) as port:
        server.port = port
        yield server

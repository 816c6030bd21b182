"""Compressed responses, whose size reveals no secret.

Who sees the sizes of encrypted responses, and can make a browser ask for a page with chosen text
beside a secret, learns the secret from how well both compress together (BREACH). Therefore:

- Nothing that may belong to one person is compressed if another site caused the request.
- Public pages are compressed once for everybody, their CSRF token is not compressed at all.

On private pages, which have a token in each row, tokens are compressed: Flask-WTF signs the second
in which a token was made, so each second has another signature to guess.
"""

import hashlib
import threading
import zlib
from collections import OrderedDict
from functools import lru_cache

from flask import Flask, Response, current_app, g, request
from werkzeug.datastructures import Accept
from werkzeug.http import parse_accept_header

from ikone_events.web.shell.headers import is_personal

_BEST = ("br", "gzip")
# Shorter responses fit into one packet anyway.
SHORTEST = 600
MOST_PARTS = 256
_LEVEL = 6
# For what is compressed once and thrown away.
_FAST = 3
_TYPES = frozenset(
    {
        *("text/html", "text/plain", "text/calendar", "text/csv", "image/svg+xml"),
        *("application/json", "application/atom+xml", "application/xml"),
    }
)
# RFC 1952: gzip, deflate, no flags, no time, no extra flags, unknown system.
_HEADER = b"\x1f\x8b\x08\x00\x00\x00\x00\x00\x00\xff"
_LAST_BLOCK = b"\x03\x00"


def init_app(app: Flask) -> None:
    """Compress responses; to be the first `after_request`, which Flask runs last."""
    parts = PartCache()

    @app.after_request
    def compress(response: Response) -> Response:
        if not _is_compressible(response):
            return response
        present = response.headers.get("Vary")
        response.headers["Vary"] = f"{present}, Accept-Encoding" if present else "Accept-Encoding"
        accepted = request.headers.get("Accept-Encoding", "")
        if response.status_code in (206, 304) or not chosen_coding(accepted, ("", "gzip")):
            return response
        private = _is_private()
        body = response.get_data()
        if len(body) < SHORTEST or (private and _caused_by_other_site()):
            return response
        keep = not private and request.method in ("GET", "HEAD") and response.status == "200 OK"
        token = b"" if private else g.get("csrf_token", "").encode()
        response.set_data(gzipped(body, token, parts if keep else None))
        response.headers["Content-Encoding"] = "gzip"
        return response


@lru_cache(maxsize=256)  # browsers send few different headers
def chosen_coding(accepted: str, offered: tuple[str, ...]) -> str:
    """The best of the offered codings for this Accept-Encoding; "" is none (RFC 9110, 12.5.3)."""
    accept = parse_accept_header(accepted, Accept)
    named = {name.lower() for name in accept.values()}
    plain = accept.quality("identity") if "identity" in named else 0.0
    fit = [name for name in _BEST if name in offered and accept.quality(name) > 0]
    best = max(fit, key=accept.quality, default="")
    return best if best and accept.quality(best) >= plain else ""


def _is_compressible(response: Response) -> bool:
    return (
        response.status_code != 303  # noqa: PLR2004 - nobody reads the text of a redirect
        and response.mimetype in _TYPES
        and not response.is_streamed
        and not response.direct_passthrough
        and request.endpoint != "static"
    )


def _is_private() -> bool:
    """Whether the response may show what belongs to one person."""
    return current_app.config["SESSION_COOKIE_NAME"] in request.cookies or is_personal(request.path)


def _caused_by_other_site() -> bool:
    """Whether a page of another site caused the request, says the browser (it can't be forged).

    Programs and browsers before 2023 don't say; browsers don't on unencrypted connections.
    """
    return request.headers.get("Sec-Fetch-Site") in ("cross-site", "same-site")


class PartCache:
    """Compressed parts of public pages by the hash of their content."""

    def __init__(self) -> None:
        self._parts: OrderedDict[bytes, bytes] = OrderedDict()
        self._lock = threading.Lock()

    def deflated(self, part: bytes) -> bytes:
        """The part, compressed when it was asked for first."""
        key = hashlib.sha256(part).digest()
        with self._lock:
            found = self._parts.get(key)
            if found is not None:
                self._parts.move_to_end(key)
                return found
        made = _deflated(part, _LEVEL)
        with self._lock:
            self._parts[key] = made
            while len(self._parts) > MOST_PARTS:
                self._parts.popitem(last=False)
        return made


def gzipped(body: bytes, secret: bytes = b"", parts: PartCache | None = None) -> bytes:
    """The body as gzip; the secret stands in blocks of its own, uncompressed.

    No part refers to what stands before it, so the size does not depend on the secret's content.
    """
    pieces = body.split(secret) if secret else [body]
    packed = [parts.deflated(piece) if parts else _deflated(piece, _FAST) for piece in pieces]
    size = len(secret).to_bytes(2, "little")
    stored = b"\x00" + size + bytes(byte ^ 0xFF for byte in size) + secret
    trailer = zlib.crc32(body).to_bytes(4, "little") + (len(body) % 2**32).to_bytes(4, "little")
    return b"".join((_HEADER, stored.join(packed), _LAST_BLOCK, trailer))


def _deflated(part: bytes, level: int) -> bytes:
    """Blocks that end at a whole byte and are not the last."""
    compressor = zlib.compressobj(level, zlib.DEFLATED, -zlib.MAX_WBITS)
    return compressor.compress(part) + compressor.flush(zlib.Z_FULL_FLUSH)

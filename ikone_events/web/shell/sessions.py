"""The session cookie: signed, unreadable in the browser, and never too large for one."""

import hashlib
import json
import secrets
import zlib
from typing import Any

from flask import Flask, Request, Response
from flask.json.tag import TaggedJSONSerializer
from flask.sessions import SecureCookieSession, SecureCookieSessionInterface, SessionMixin
from itsdangerous import URLSafeTimedSerializer
from itsdangerous.encoding import base64_decode, base64_encode, want_bytes

from ikone_events.domain.tokens import OneSigner

# Browsers drop a cookie of more than 4096 bytes, and with it the login.
MOST_BYTES = 3900
# Parts of the session that a page shows once. Texts in their lists may be cut.
SHOWN = ("_flashes", "registered")
# Lengths to which these texts are cut, one after the other, until the cookie fits.
_CUTS = (200, 80, 30)
_MOST_FLASHES = 5
# JSON writes a character with six at most.
_ESCAPED = 6
_NONCE = 16
_ENCODER = json.JSONEncoder(separators=(",", ":"), default=str)
# Bytes that are not compressed: clearing zlib's tables costs more than all else of a cookie.
_SHORT = 500


class SealedSerializer(OneSigner, URLSafeTimedSerializer):
    """Flask's signed cookie, whose content is encrypted before it is signed.

    It names people: whom a form has registered, whom a message is about. The key stream is
    SHAKE-256 over key and nonce (FIPS 202); the signature is checked before anything is read.
    """

    def dump_payload(self, obj: Any) -> bytes:
        """Compressed if it is long, encrypted and encoded."""
        plain = want_bytes(self.serializer.dumps(obj))
        packed = zlib.compress(plain) if len(plain) > _SHORT else plain
        nonce = secrets.token_bytes(_NONCE)
        return base64_encode(nonce + self._masked(packed, nonce))

    def load_payload(self, payload: bytes, *_args: Any, **_more: Any) -> Any:
        """The content of a payload whose signature is valid."""
        sealed = base64_decode(payload)
        packed = self._masked(sealed[_NONCE:], sealed[:_NONCE])
        plain = packed if packed.startswith(b"{") else zlib.decompress(packed)
        return self.serializer.loads(plain.decode())

    def _masked(self, data: bytes, nonce: bytes) -> bytes:
        key = hashlib.sha256(b"ikone-events.session:" + self.secret_key).digest()
        stream = hashlib.shake_256(key + nonce).digest(len(data))
        mixed = int.from_bytes(data, "big") ^ int.from_bytes(stream, "big")
        return mixed.to_bytes(len(data), "big")


class _Contents(TaggedJSONSerializer):
    """The contents of a session: numbers, texts and lists, so no value needs Flask's tags."""

    def dumps(self, value: Any) -> str:
        """JSON; tuples become lists, translated texts become texts."""
        return _ENCODER.encode(value)

    def loads(self, value: str) -> Any:
        """The contents, with Flask's tags of older cookies."""
        return self._untag_scan(json.loads(value))


class Sessions(SecureCookieSessionInterface):
    """Flask's sessions in sealed cookies; without a cookie no key is derived to read it."""

    serializer = _Contents()
    salt = "ikone-events.session"  # another than Flask's: cookies of older versions are refused
    digest_method = staticmethod(hashlib.sha256)

    def __init__(self) -> None:
        self._serializers: dict[object, URLSafeTimedSerializer] = {}

    def get_signing_serializer(self, app: Flask) -> URLSafeTimedSerializer | None:
        """The serializer of an application; None without a secret key."""
        if not app.secret_key:
            return None
        if (known := self._serializers.get(app.secret_key)) is not None:
            return known
        options = {"key_derivation": self.key_derivation, "digest_method": self.digest_method}
        made = self._serializers[app.secret_key] = SealedSerializer(
            app.secret_key, salt=self.salt, serializer=self.serializer, signer_kwargs=options
        )
        return made

    def open_session(self, app: Flask, request: Request) -> SecureCookieSession | None:
        """The session of the cookie, or an empty one."""
        if self.get_cookie_name(app) not in request.cookies:
            return self.session_class()
        return super().open_session(app, request)

    def save_session(self, app: Flask, session: SessionMixin, response: Response) -> None:
        """Write the cookie, with texts cut if it would be too large."""
        serializer = self.get_signing_serializer(app)
        if not (session and session.modified) or serializer is None:
            super().save_session(app, session, response)
            return
        for length in _CUTS:
            if _fits(session, serializer):
                break
            _cut(session, length)
        response.set_cookie(
            self.get_cookie_name(app),
            serializer.dumps(dict(session)),
            secure=self.get_cookie_secure(app),
            httponly=self.get_cookie_httponly(app),
            samesite=self.get_cookie_samesite(app),
        )
        vary = response.headers.get("Vary")
        response.headers["Vary"] = f"{vary}, Cookie" if vary else "Cookie"


def _fits(session: SessionMixin, serializer: URLSafeTimedSerializer) -> bool:
    """Whether the cookie fits; sealing makes no short content long, so it is seldom tried."""
    contents = dict(session)
    if len(repr(contents)) * _ESCAPED <= MOST_BYTES // 2:
        return True
    plain = len(serializer.serializer.dumps(contents))
    return plain <= MOST_BYTES // 2 or len(serializer.dumps(contents)) <= MOST_BYTES


def _cut(session: SessionMixin, length: int) -> None:
    if "_flashes" in session:
        session["_flashes"] = session["_flashes"][-_MOST_FLASHES:]
    for name in SHOWN:
        if name in session:
            session[name] = _shortened(session[name], length)


def _shortened(value: Any, length: int, *, listed: bool = False) -> Any:
    """A copy with the texts in lists cut; texts outside lists name things and stay whole."""
    if isinstance(value, dict):
        return {key: _shortened(each, length) for key, each in value.items()}
    if isinstance(value, list | tuple):
        return [_shortened(each, length, listed=True) for each in value]
    if listed and isinstance(value, str) and len(value) > length:
        return value[: length - 1] + "…"
    return value

"""Wrong passwords: who may try again at once, and who has to wait.

Nobody can lock somebody else out. Beyond the limit of an address everybody waits DELAY_SECONDS
before each attempt, each network for itself, so no stranger can use up the turn of another network.
A browser in which the account has logged in before has attempts of its own.
"""

import hashlib
import secrets
from typing import NamedTuple

from flask import Response, current_app, request
from flask_babel import gettext as _
from itsdangerous import BadData, URLSafeTimedSerializer
from werkzeug.exceptions import TooManyRequests

from ikone_events.domain.address import email_key
from ikone_events.store.accounts.models import Organiser
from ikone_events.store.accounts.queries import find_account
from ikone_events.web.shell.limits import digest, network, rate_limits

# Failures only; 30 seconds, so that somebody who waits does not wait for long.
OF_NETWORK = "10 per 30 seconds; 60 per hour"
OF_ADDRESS = "10 per 15 minutes"
OF_BROWSER = "10 per 15 minutes"
DELAY_SECONDS = 30
_TURN = f"1 per {DELAY_SECONDS} seconds"
_ASKED = "1 per 15 minutes"

A_YEAR = 365 * 24 * 3600
_MOST_ACCOUNTS = 5  # of one browser, for the shared computer of an office


def refuse_too_many() -> None:
    """Answer 429 if this attempt comes too early; it need not be from the account's owner."""
    if wait := _seconds_to_wait(email_key(_typed_address())):
        text = _(
            "There were many wrong passwords for this address, or from your connection. The account"
            " is not locked."
        )
        raise TooManyRequests(text, retry_after=wait)


def _seconds_to_wait(address: str) -> int:
    limits, browser = rate_limits(), _known_browser(address)
    if browser and not limits.look(OF_BROWSER, "login browser", [browser]):
        return 0
    if wait := limits.look(OF_NETWORK, "login network", [network()]):
        return wait
    if not limits.look(OF_ADDRESS, "login address", [address]):
        return 0
    asking = [f"{network()} {address}"]
    if not limits.look(_ASKED, "login asked", asking):
        limits.hit(_ASKED, "login asked", asking)
        limits.hit(_TURN, "login turn", asking)
        return DELAY_SECONDS
    return limits.hit(_TURN, "login turn", asking)


def count_failure() -> None:
    """Count a wrong password for the browser if it is known, else for network and address."""
    address = email_key(_typed_address())
    limits, browser = rate_limits(), _known_browser(address)
    if browser and not limits.hit(OF_BROWSER, "login browser", [browser]):
        return
    limits.hit(OF_NETWORK, "login network", [network()])
    limits.hit(OF_ADDRESS, "login address", [address])


def _typed_address() -> str:
    return request.form.get("email", "")[:254].strip()


class _Known(NamedTuple):
    """An account that has logged in here: digests of its address and password hash."""

    address: str
    password: str
    browser: str  # random; whose attempts are counted


def _known_browser(address: str) -> str | None:
    """What to count this browser by, if the account has logged in here with this password."""
    wanted = _short_digest("address", address)
    for known in _read():
        if known.address == wanted:
            account = find_account(_typed_address())
            current = account is not None and known.password == _password_digest(account)
            return known.browser if current else None
    return None


def remember_browser(response: Response, account: Organiser) -> None:
    """Let the browser keep a cookie by which later attempts on this account are its own.

    It gives access to nothing. A new password ends it.
    """
    address = _short_digest("address", email_key(account.email))
    here = _Known(address, _password_digest(account), secrets.token_hex(16))
    others = [known for known in _read() if known.address != address]
    secure = bool(current_app.config["SESSION_COOKIE_SECURE"])
    response.set_cookie(
        _cookie_name(),
        str(_serializer().dumps([here, *others][:_MOST_ACCOUNTS])),
        max_age=A_YEAR,
        secure=secure,
        httponly=True,
        samesite="Lax",
    )


def _read() -> list[_Known]:
    cookie = request.cookies.get(_cookie_name(), "")
    if not cookie:
        return []
    try:
        return [_Known(*each) for each in _serializer().loads(cookie, max_age=A_YEAR)]
    except (BadData, TypeError):
        return []


def _cookie_name() -> str:
    return "__Host-known" if current_app.config["SESSION_COOKIE_SECURE"] else "known"


def _serializer() -> URLSafeTimedSerializer:
    options = {"digest_method": hashlib.sha256}
    key = str(current_app.secret_key)
    return URLSafeTimedSerializer(key, salt="ikone-events.known-browser", signer_kwargs=options)


def _password_digest(account: Organiser) -> str:
    return _short_digest("password", account.password or "")


def _short_digest(purpose: str, text: str) -> str:
    return digest(f"known browser {purpose} {text}")[:32]

"""Brakes on what strangers may send: so many POSTs a minute and an hour for each network.

A form that must not be lost asks `brake` itself and shows what was typed; other views wear
`@limiter.limit` and answer with the page of the error.
"""

import hashlib
import hmac
import time
from collections.abc import Iterable
from functools import cache
from ipaddress import IPv6Address, ip_address, ip_network
from math import ceil

from flask import Flask, current_app, request
from flask_limiter import Limiter
from limits import RateLimitItem, parse_many

from ikone_events.domain.address import email_key

# A town hall sits behind one address, and a mailing makes all of it sign up at once.
SIGN_UP = "60 per minute; 600 per hour"
# Each of them may write a letter to somebody who asked for none.
SIGN_UP_OF_ADDRESS = "10 per hour"
PERSONAL = "60 per minute"
# A mail provider presses for all its people from a few addresses of its own.
UNSUBSCRIBE = "600 per minute"
LOGIN = "10 per minute; 60 per hour"


def network() -> str:
    """The client's address; of IPv6 the /64, because a client owns all of it."""
    address = request.remote_addr or "unknown"
    try:
        parsed = ip_address(address)
    except ValueError:
        return address
    if isinstance(parsed, IPv6Address) and parsed.ipv4_mapped is None:
        return str(ip_network((parsed, 64), strict=False))
    return str(parsed)


limiter = Limiter(key_func=network, storage_uri="memory://", strategy="moving-window")


def init_app(app: Flask, *, enabled: bool) -> None:
    """Count in this process's memory; only views that name a limit have one."""
    app.config["RATELIMIT_ENABLED"] = enabled
    limiter.enabled = enabled
    limiter.init_app(app)


def brake_network(limits: str, room: str) -> int:
    """Count one request of this network in a room of its own; the seconds to wait, or 0."""
    return _brake(limits, room, [network()])


def brake_addresses(limits: str, room: str, emails: Iterable[str]) -> int:
    """Count one request for each address, known here or not; the seconds to wait, or 0."""
    return _brake(limits, room, [_hashed(email) for email in emails])


def _brake(limits: str, room: str, keys: Iterable[str]) -> int:
    if not limiter.enabled:
        return 0
    return max((_hit(item, room, key) for item in _parsed(limits) for key in keys), default=0)


def _hit(item: RateLimitItem, room: str, key: str) -> int:
    if limiter.limiter.hit(item, room, key):
        return 0
    free_again = limiter.limiter.get_window_stats(item, room, key).reset_time
    return max(ceil(free_again - time.time()), 1)


@cache
def _parsed(limits: str) -> tuple[RateLimitItem, ...]:
    return tuple(parse_many(limits))


def _hashed(email: str) -> str:
    """No address stays in memory longer than its request."""
    secret = str(current_app.secret_key).encode()
    return hmac.new(secret, email_key(email).encode(), hashlib.sha256).hexdigest()

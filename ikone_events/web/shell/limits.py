"""Brakes on what strangers may send: so many POSTs a minute and an hour for each network.

A form that must not be lost asks `brake` itself and shows what was typed; other views wear
`@limited` and answer with the page of the error.
"""

import hashlib
import hmac
import time
from collections.abc import Callable, Collection, Iterable
from functools import cache, wraps
from ipaddress import IPv6Address, ip_address, ip_network
from math import ceil
from typing import Any

from flask import Flask, Response, current_app, request
from limits import RateLimitItem, parse_many
from limits.storage import MemoryStorage
from limits.strategies import MovingWindowRateLimiter
from werkzeug.exceptions import TooManyRequests

from ikone_events.domain.address import email_key

# A town hall sits behind one address, and a mailing makes all of it sign up at once.
SIGN_UP = "60 per minute; 600 per hour"
# Each of them may write a mail to somebody who asked for none.
SIGN_UP_OF_ADDRESS = "10 per hour"
PERSONAL = "60 per minute"
# A mail provider presses for all its people from a few addresses of its own.
UNSUBSCRIBE = "600 per minute"
LOGIN = "10 per minute; 60 per hour"

View = Callable[..., Any]


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


class RateLimits:
    """What one application counts, in the memory of its process."""

    def __init__(self, *, enabled: bool) -> None:
        self.enabled = enabled
        self._window = MovingWindowRateLimiter(MemoryStorage())

    def hit(self, item: RateLimitItem, room: str, key: str) -> int:
        """Count one request; the seconds to wait, or 0."""
        return 0 if self._window.hit(item, room, key) else self._wait(item, room, key)

    def look(self, item: RateLimitItem, room: str, key: str) -> int:
        """The seconds to wait, or 0; nothing is counted."""
        return 0 if self._window.test(item, room, key) else self._wait(item, room, key)

    def _wait(self, item: RateLimitItem, room: str, key: str) -> int:
        free_again = self._window.get_window_stats(item, room, key).reset_time
        return max(ceil(free_again - time.time()), 1)


def init_app(app: Flask, *, enabled: bool) -> None:
    """Give the application limits of its own; only views that name a limit have one."""
    app.extensions["ikone_limits"] = RateLimits(enabled=enabled)


def _limits() -> RateLimits:
    limits: RateLimits = current_app.extensions["ikone_limits"]
    return limits


def limited(
    limits: str,
    *,
    key_func: Callable[[], str] = network,
    methods: Collection[str] | None = None,
    deduct_when: Callable[[Response], bool] | None = None,
) -> Callable[[View], View]:
    """Answer a view's requests with 429 beyond these limits, counted for the view and the key.

    `methods` are those that count, all when left out. With `deduct_when` only requests count
    whose response it says yes to, or which ended in an error.
    """

    def decorate(view: View) -> View:
        @wraps(view)
        def within(*args: Any, **kwargs: Any) -> Any:
            counts = _limits().enabled and (methods is None or request.method in methods)
            if not counts:
                return view(*args, **kwargs)
            room, key = request.endpoint or "", key_func()
            if deduct_when is None:
                _refuse_beyond(_limits().hit, limits, room, key)
                return view(*args, **kwargs)
            _refuse_beyond(_limits().look, limits, room, key)
            deducts = True
            try:
                response = view(*args, **kwargs)
                deducts = deduct_when(response)
                return response
            finally:
                if deducts:
                    _rate_limit(limits, room, [key])

        return within

    return decorate


def _refuse_beyond(
    ask: Callable[[RateLimitItem, str, str], int], limits: str, room: str, key: str
) -> None:
    for item in _parsed(limits):
        if wait := ask(item, room, key):
            raise TooManyRequests(retry_after=wait)


def rate_limit_by_ip(limits: str, room: str) -> int:
    """Count one request of this network in a room of its own; the seconds to wait, or 0."""
    return _rate_limit(limits, room, [network()])


def rate_limit_by_address(limits: str, room: str, emails: Iterable[str]) -> int:
    """Count one request for each address, known here or not; the seconds to wait, or 0."""
    return _rate_limit(limits, room, [_hashed(email) for email in emails])


def _rate_limit(limits: str, room: str, keys: Iterable[str]) -> int:
    counted = _limits()
    if not counted.enabled:
        return 0
    return max(
        (counted.hit(item, room, key) for item in _parsed(limits) for key in keys), default=0
    )


@cache
def _parsed(limits: str) -> tuple[RateLimitItem, ...]:
    return tuple(parse_many(limits))


def _hashed(email: str) -> str:
    """No address stays in memory longer than its request."""
    secret = str(current_app.secret_key).encode()
    return hmac.new(secret, email_key(email).encode(), hashlib.sha256).hexdigest()

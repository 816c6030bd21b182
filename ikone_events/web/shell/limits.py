"""Rate limits on requests of the public, per network or e-mail address.

Views are decorated with `@limited` and answer 429 with the error page. A view that must keep what
was typed calls `rate_limit_by_ip` or `rate_limit_by_address` itself.
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

# A town hall shares one IP address, and after a mailing many of its people sign up at once.
SIGN_UP = "60 per minute; 600 per hour"
# Each registration may send a mail to somebody who did not ask for it.
SIGN_UP_OF_ADDRESS = "10 per hour"
PERSONAL = "60 per minute"
# Mail providers unsubscribe for all their users from a few IP addresses.
UNSUBSCRIBE = "600 per minute"
LOGIN = "10 per minute; 60 per hour"

View = Callable[..., Any]


def network() -> str:
    """The client's IPv4 address or IPv6 /64, because a client owns all of the latter."""
    address = request.remote_addr or "unknown"
    try:
        parsed = ip_address(address)
    except ValueError:
        return address
    if isinstance(parsed, IPv6Address) and parsed.ipv4_mapped is None:
        return str(ip_network((parsed, 64), strict=False))
    return str(parsed)


class RateLimits:
    """Counters of one application, in the memory of its process."""

    def __init__(self, *, enabled: bool) -> None:
        self.enabled = enabled
        self._window = MovingWindowRateLimiter(MemoryStorage())

    def hit(self, item: RateLimitItem, scope: str, key: str) -> int:
        """Count one request; returns the seconds to wait, or 0."""
        return 0 if self._window.hit(item, scope, key) else self._wait(item, scope, key)

    def look(self, item: RateLimitItem, scope: str, key: str) -> int:
        """Like hit, without counting."""
        return 0 if self._window.test(item, scope, key) else self._wait(item, scope, key)

    def _wait(self, item: RateLimitItem, scope: str, key: str) -> int:
        free_again = self._window.get_window_stats(item, scope, key).reset_time
        return max(ceil(free_again - time.time()), 1)


def init_app(app: Flask, *, enabled: bool) -> None:
    """Give the application counters of its own."""
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
    """Answer 429 beyond these limits, counted per view and key.

    `methods`: which requests count, all by default. With `deduct_when` only those requests count
    for whose response it is true, or which raise.
    """

    def decorate(view: View) -> View:
        @wraps(view)
        def within(*args: Any, **kwargs: Any) -> Any:
            counts = _limits().enabled and (methods is None or request.method in methods)
            if not counts:
                return view(*args, **kwargs)
            scope, key = request.endpoint or "", key_func()
            if deduct_when is None:
                _refuse_beyond(_limits().hit, limits, scope, key)
                return view(*args, **kwargs)
            _refuse_beyond(_limits().look, limits, scope, key)
            deducts = True
            try:
                response = view(*args, **kwargs)
                deducts = deduct_when(response)
                return response
            finally:
                if deducts:
                    _rate_limit(limits, scope, [key])

        return within

    return decorate


def _refuse_beyond(
    ask: Callable[[RateLimitItem, str, str], int], limits: str, scope: str, key: str
) -> None:
    for item in _parsed(limits):
        if wait := ask(item, scope, key):
            raise TooManyRequests(retry_after=wait)


def rate_limit_by_ip(limits: str, scope: str) -> int:
    """Count one request of this network in a scope; returns the seconds to wait, or 0."""
    return _rate_limit(limits, scope, [network()])


def rate_limit_by_address(limits: str, scope: str, emails: Iterable[str]) -> int:
    """Count one request for each address; returns the seconds to wait, or 0."""
    return _rate_limit(limits, scope, [_hashed(email) for email in emails])


def _rate_limit(limits: str, scope: str, keys: Iterable[str]) -> int:
    counted = _limits()
    if not counted.enabled:
        return 0
    return max(
        (counted.hit(item, scope, key) for item in _parsed(limits) for key in keys), default=0
    )


@cache
def _parsed(limits: str) -> tuple[RateLimitItem, ...]:
    return tuple(parse_many(limits))


def _hashed(email: str) -> str:
    """Digest of an address: the counters hold no personal data."""
    secret = str(current_app.secret_key).encode()
    return hmac.new(secret, email_key(email).encode(), hashlib.sha256).hexdigest()

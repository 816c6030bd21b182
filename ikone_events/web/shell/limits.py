"""Rate limits on requests of the public, per network or e-mail address.

Views are decorated with `@limited` and answer 429 with the error page. A view that must keep what
was typed calls `rate_limit_by_ip` or `rate_limit_by_address` itself.
"""

import hashlib
import hmac
from collections.abc import Callable, Collection, Iterable
from functools import cache, lru_cache, wraps
from ipaddress import IPv6Address, ip_address, ip_network
from typing import Any

from flask import Flask, current_app, request
from limits import RateLimitItem, parse_many
from werkzeug.exceptions import TooManyRequests

from ikone_events.config import Settings
from ikone_events.domain.address import email_key
from ikone_events.store.running import running_app
from ikone_events.web.shell.limit_counters import Counters, Wanted, WindowCounters, counters_for
from ikone_events.web.shell.present import this_request

# A town hall shares one IP address, and after a mailing many of its people sign up at once.
SIGN_UP = "60 per minute; 600 per hour"
# Each registration may send a mail to somebody who did not ask for it.
SIGN_UP_OF_ADDRESS = "10 per hour"
PERSONAL = "60 per minute"
# Mail providers unsubscribe for all their users from a few IP addresses.
UNSUBSCRIBE = "600 per minute"

View = Callable[..., Any]


def network() -> str:
    """The client's IPv4 address or IPv6 /64, because a client owns all of the latter."""
    return _network_of(this_request().remote_addr or "unknown")


@lru_cache(maxsize=1000)
def _network_of(address: str) -> str:
    try:
        parsed = ip_address(address)
    except ValueError:
        return address
    if isinstance(parsed, IPv6Address) and parsed.ipv4_mapped is None:
        return str(ip_network((parsed, 64), strict=False))
    return str(parsed)


class RateLimits:
    """The rate limits of one application and what counts for them."""

    def __init__(self, *, enabled: bool, counters: Counters | None = None) -> None:
        self.enabled = enabled
        self._counters = counters or WindowCounters()

    def hit(self, limits: str, scope: str, keys: Iterable[str]) -> int:
        """Count one request for each key; returns the seconds to wait, or 0."""
        return self._counters.hit(self._wanted(limits, scope, keys)) if self.enabled else 0

    def look(self, limits: str, scope: str, keys: Iterable[str]) -> int:
        """Like hit, without counting."""
        return self._counters.look(self._wanted(limits, scope, keys)) if self.enabled else 0

    def _wanted(self, limits: str, scope: str, keys: Iterable[str]) -> Wanted:
        return [
            (item, digest(f"{scope} {item.key_for()} {key}"))
            for item in _parsed(limits)
            for key in keys
        ]


def init_app(app: Flask, settings: Settings) -> None:
    """Give the application counters of its own."""
    app.extensions["ikone_limits"] = RateLimits(
        enabled=settings.rate_limits, counters=counters_for(settings)
    )


def rate_limits() -> RateLimits:
    """The rate limits of the current application."""
    limits: RateLimits = running_app().extensions["ikone_limits"]
    return limits


def limited(
    limits: str,
    *,
    key_func: Callable[[], str] = network,
    methods: Collection[str] | None = None,
) -> Callable[[View], View]:
    """Answer 429 beyond these limits, counted per view and key.

    `methods`: which requests count, all by default.
    """

    def decorate(view: View) -> View:
        @wraps(view)
        def within(*args: Any, **kwargs: Any) -> Any:
            counts = methods is None or request.method in methods
            if counts and (wait := rate_limits().hit(limits, request.endpoint or "", [key_func()])):
                raise TooManyRequests(retry_after=wait)
            return view(*args, **kwargs)

        return within

    return decorate


def rate_limit_by_ip(limits: str, scope: str) -> int:
    """Count one request of this network in a scope; returns the seconds to wait, or 0."""
    return rate_limits().hit(limits, scope, [network()])


def rate_limit_by_address(limits: str, scope: str, emails: Iterable[str]) -> int:
    """Count one request for each address; returns the seconds to wait, or 0."""
    return rate_limits().hit(limits, scope, {email_key(email) for email in emails})


@cache
def _parsed(limits: str) -> tuple[RateLimitItem, ...]:
    return tuple(parse_many(limits))


def digest(text: str) -> str:
    """Keyed digest: counters and cookies hold no personal data."""
    secret = str(current_app.secret_key).encode()
    return hmac.new(secret, text.encode("utf-8", "replace"), hashlib.sha256).hexdigest()

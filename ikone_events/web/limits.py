"""Brakes on what strangers may send: a number of POSTs a minute and an hour for each network."""

from ipaddress import IPv6Address, ip_address, ip_network

from flask import Flask, request
from flask_limiter import Limiter

# A town hall sits behind one address, and a mailing makes all of it sign up at once.
SIGN_UP = "60 per minute; 600 per hour"
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

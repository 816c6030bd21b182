"""Ids by which a provider knows rooms and people: they say nothing and can't be guessed."""

import hashlib
import hmac

# Hexadecimal digits: BigBlueButton takes 2 to 256 characters, Jitsi lower-case names only.
_DIGITS = 40


def opaque_id(secret: str, *parts: str) -> str:
    """The same id each time for the same parts; nobody without the secret finds the parts."""
    text = "\x1f".join(("ikone-events.rooms", *parts))
    return hmac.new(secret.encode(), text.encode(), hashlib.sha256).hexdigest()[:_DIGITS]

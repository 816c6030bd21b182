"""Mail addresses as identities: who is the same person."""

import re
from contextlib import suppress

_SHAPE = re.compile(
    r"[^\s\x00-\x1f\x7f@<>,;:\"()\[\]\\]+@[^\s\x00-\x1f\x7f@<>,;:\"()\[\]\\]+\.[^\s\x00-\x1f\x7f@<>,;:\"()\[\]\\]+"
)


LONGEST = 254


def looks_like_address(text: str) -> bool:
    """Whether the text has the shape of one bare address; forms check the full grammar."""
    return len(text) <= LONGEST and _SHAPE.fullmatch(text) is not None


def email_key(address: str) -> str:
    """The form under which an address is compared: case folded, the domain as A-label.

    Strictly the local part is case-sensitive (RFC 5321 section 2.4); no mail system that people
    use treats it so, and two registrations of one person would be the price.
    """
    local, _, domain = address.strip().rpartition("@")
    with suppress(UnicodeError):
        domain = domain.encode("idna").decode("ascii")
    return f"{local.casefold()}@{domain.casefold()}"

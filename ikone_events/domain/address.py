"""Mail addresses as identities of people."""

import re
from contextlib import suppress

_SHAPE = re.compile(
    r"[^\s\x00-\x1f\x7f@<>,;:\"()\[\]\\]+@[^\s\x00-\x1f\x7f@<>,;:\"()\[\]\\]+\.[^\s\x00-\x1f\x7f@<>,;:\"()\[\]\\]+"
)

LONGEST = 254


def looks_like_address(text: str) -> bool:
    """Whether the text looks like one bare address; forms check the full grammar."""
    return len(text) <= LONGEST and _SHAPE.fullmatch(text) is not None


def email_key(address: str) -> str:
    """The normalised address for comparisons: case folded, the domain as A-label.

    The local part may be case-sensitive (RFC 5321 section 2.4), but is not in practice.
    """
    local, _, domain = address.strip().rpartition("@")
    if not domain.isascii():
        with suppress(UnicodeError):
            domain = domain.encode("idna").decode("ascii")
    return f"{local.casefold()}@{domain.casefold()}"

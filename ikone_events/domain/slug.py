"""The short name of an event in its address."""

import re
import unicodedata

LONGEST = 100
# Names that organisers' pages have taken below the same address.
RESERVED = frozenset({"new"})

_GERMAN = str.maketrans({"ä": "ae", "ö": "oe", "ü": "ue", "ß": "ss"})


def slug_of(title: str) -> str:
    """Lower case letters, digits and hyphens from a title; "event" when nothing is left."""
    text = unicodedata.normalize("NFKC", title).lower().translate(_GERMAN)
    plain = unicodedata.normalize("NFKD", text).encode("ascii", "ignore").decode("ascii")
    return re.sub(r"[^a-z0-9]+", "-", plain).strip("-")[:60].rstrip("-") or "event"


def is_slug(text: str) -> bool:
    """Whether the text can stand in an address as an event's short name."""
    return re.fullmatch(r"[a-z0-9]+(?:-[a-z0-9]+)*", text) is not None and (
        len(text) <= LONGEST and text not in RESERVED
    )

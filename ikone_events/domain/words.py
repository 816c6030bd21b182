"""Languages, slugs of events and series, ASCII forms of texts, and words for yes and no."""

import hashlib
import re
import unicodedata

# The first is the language of whoever wishes none.
LOCALES = ("de", "en")
LONGEST = 100
_SHORT = 60
# Slugs that are taken by pages of organisers.
RESERVED = frozenset({"new"})

# Cells of lists that mean yes or no, in lower case.
YES_WORDS = frozenset({"ja", "j", "yes", "y", "x", "1", "wahr", "true"})
NO_WORDS = frozenset({"nein", "n", "no", "0", "falsch", "false"})

UMLAUTS = str.maketrans({"ä": "ae", "ö": "oe", "ü": "ue", "ß": "ss"})


def slug_of(title: str) -> str:
    """Lower case letters, digits and hyphens from a title; "event" when nothing is left."""
    return plain_words(title, "-")[:_SHORT].rstrip("-") or "event"


def series_slug(name: str) -> str:
    """The slug of a series; spellings that differ in case or punctuation share it.

    Long names, and names without letters, get a hash: "…, part 1" and "…, part 2" stay two series.
    """
    whole = plain_words(name, "-")
    if whole and len(whole) <= _SHORT:
        return whole
    mark = hashlib.sha256((whole or " ".join(name.split())).encode()).hexdigest()[:8]
    return f"{whole[:_SHORT].rstrip('-') or 'series'}-{mark}"


def plain_words(text: str, between: str) -> str:
    """The words of a text in a-z and 0-9, joined by `between`."""
    german = unicodedata.normalize("NFKC", text).lower().translate(UMLAUTS)
    plain = unicodedata.normalize("NFKD", german).encode("ascii", "ignore").decode("ascii")
    return re.sub(r"[^a-z0-9]+", between, plain).strip(between)


def is_slug(text: str) -> bool:
    """Whether a text is a valid slug of an event."""
    return re.fullmatch(r"[a-z0-9]+(?:-[a-z0-9]+)*", text) is not None and (
        len(text) <= LONGEST and text not in RESERVED
    )

"""Names of administrations as people type them: one key for all spellings of one name."""

import re
import unicodedata

_PARTS = re.compile(r"[^a-z0-9]+")
_UMLAUTS = str.maketrans({"ä": "ae", "ö": "oe", "ü": "ue", "ß": "ss"})
LONGEST = 200


def key_of(text: str) -> str:
    """The form under which a typed name is compared; empty when nothing is left of it."""
    folded = unicodedata.normalize("NFC", text).casefold().translate(_UMLAUTS)
    plain = unicodedata.normalize("NFKD", folded).encode("ascii", "ignore").decode("ascii")
    return " ".join(_PARTS.split(plain)).strip()[:LONGEST]

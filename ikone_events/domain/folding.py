"""Texts folded for searching and sorting, as Germans expect it.

Case, accents and apostrophes do not matter; "ß" is "ss". A search for "Muller" or "Mueller" finds
"Müller", one for "Müller" finds "Mueller". In order, "ä" is "a" (DIN 5007-1).
"""

import re
import unicodedata
from itertools import filterfalse

MOST_WORDS = 8
# Of the longest names, address and office, with the umlauts in two spellings.
LONGEST_SEARCH_KEY, LONGEST_SORT_KEY = 2000, 1000

# Letters that have no decomposition.
_LETTERS = str.maketrans({"ø": "o", "ł": "l", "đ": "d", "ð": "d", "þ": "th", "æ": "ae", "œ": "oe"})
_UMLAUTS = str.maketrans({"ä": "ae", "ö": "oe", "ü": "ue", "ø": "oe", "å": "aa"})
_APOSTROPHES = re.compile("['’‘‛`´ʼʹ′＇]")
# Between the words of a search; a name with a hyphen is found by its parts.
_BETWEEN = re.compile(r"[\s,;\-‐‑–]+")
# Before a first name, lower than a space: "Bach, Zoe" comes before "Bach Meier, Ada".
_LAST = "\t"


def search_key(*texts: str) -> str:
    """What a search looks in: all words folded, those with umlauts in both spellings."""
    words = _plain(" ".join(texts)).split()
    more = ((_base(w), _base(w.translate(_UMLAUTS))) for w in words if not w.isascii())
    differing = [two for one, two in more if one != two]
    return " ".join([*map(_base, words), *differing])[:LONGEST_SEARCH_KEY]


def search_words(query: str) -> list[tuple[str, ...]]:
    """The words of a query; a key contains one of the spellings of each, in any order."""
    words = split_words(query)[:MOST_WORDS]
    spellings = ((_base(word), _base(word.translate(_UMLAUTS))) for word in words)
    return [tuple(dict.fromkeys(both)) for both in spellings if all(both)]


def split_words(query: str) -> list[str]:
    """All words of a query, also those beyond the most that are searched."""
    return [word for word in _BETWEEN.split(_plain(query)) if word]


def sort_key(*texts: str) -> str:
    """The key of names in alphabetical order, the most important one first."""
    folded = (" ".join(_BETWEEN.sub(" ", _base(_plain(text))).split()) for text in texts)
    return _LAST.join(folded).strip(_LAST)[:LONGEST_SORT_KEY]


def _plain(text: str) -> str:
    return _APOSTROPHES.sub("", unicodedata.normalize("NFC", text).casefold())


def _base(text: str) -> str:
    """The letters without accents."""
    if text.isascii():
        return text
    decomposed = unicodedata.normalize("NFKD", text.translate(_LETTERS))
    return "".join(filterfalse(unicodedata.combining, decomposed))

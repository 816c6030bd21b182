"""Values of settings: secret keys that are easy to guess, and origins of web sites (RFC 6454)."""

import re
from itertools import pairwise
from urllib.parse import urlsplit

HOST = re.compile(r"[a-z0-9](?:[a-z0-9.-]*[a-z0-9])?")


def read_origins(text: str) -> tuple[str, ...]:
    """Origins between commas, as browsers write them, each once; raises ValueError."""
    parts = [part.strip().lower() for part in text.split(",")]
    return tuple(dict.fromkeys(_read_origin(part) for part in parts))


def _read_origin(text: str) -> str:
    """One origin, only https, but for pages of one's own machine."""
    try:
        parts = urlsplit(text)
        host, port = parts.hostname or "", parts.port
    except ValueError:  # brackets, or a port that is no number
        parts, host, port = urlsplit(""), "", None
    origin = f"{parts.scheme}://{host}" + (f":{port}" if port else "")
    fit = parts.scheme == "https" or (parts.scheme, host) == ("http", "localhost")
    if not fit or not HOST.fullmatch(host) or text not in (origin, f"{origin}/"):
        raise ValueError(
            f"“{text}” is not an origin such as https://www.example.org: https and a plain host"
            " name (foreign ones as xn--…), no path, user or “*”, commas between several."
        )
    return origin


_FEWEST_CHARACTERS = 10
_RUN = 8  # as many characters that occur twice in a key are no chance: once in a million keys
# Compared without case and punctuation: “change-me” and “Change_Me” are one word.
_WEAK_WORDS = (
    *("secret", "change", "replace", "insert", "default", "password", "passwort", "geheim"),
    *("ikone", "example", "beispiel", "sample", "dummy", "testtest", "development", "insecure"),
    *("schluessel", "schlüssel", "qwert", "asdfg", "lorem"),
)
# The documentation of Flask prints it.
_PUBLISHED_KEY = "192b9bdd22ab9ed4d12e236c78afcb9a393ec15f71bbf5dc987d54727823bcbf"


def is_guessable(key: str) -> bool:
    """Whether somebody typed the key, or it was published; a random one passes."""
    letters = "".join(c for c in key.lower() if c.isalnum())
    if key == _PUBLISHED_KEY or any(word in letters for word in _WEAK_WORDS):
        return True
    steps = [ord(after) - ord(before) for before, after in pairwise(letters)]
    in_order = sum(step in (-1, 0, 1) for step in steps)  # abcd, 9876, aaaa
    runs = [letters[at : at + _RUN] for at in range(len(letters) - _RUN + 1)]
    repeats = len(set(runs)) < len(runs)
    return len(set(key)) < _FEWEST_CHARACTERS or repeats or in_order > len(steps) * 0.6

"""Which secret keys are too easy to guess."""

from itertools import pairwise

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

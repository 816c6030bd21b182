"""Names of rooms and people as providers show them: of limited length, cut between characters."""

import unicodedata
from itertools import pairwise

# What BigBlueButton takes as the name of a room.
LONGEST = 64
_JOINER = "\u200d"
_FLAGS = range(0x1F1E6, 0x1F200)
_SKIN = range(0x1F3FB, 0x1F400)


def display_name(text: str, *, most: int = LONGEST, otherwise: str = "") -> str:
    """The text in one line of at most so many characters; `otherwise` where nothing is left.

    An emoji of several characters (a family, a flag, a hand in a colour) is kept or left out as a
    whole.
    """
    line = " ".join("".join(c if c.isprintable() or c == _JOINER else " " for c in text).split())
    if len(line) > most:
        line = line[: _last_seam(line, most - 1)].rstrip() + "…"
    return line or otherwise


def _last_seam(line: str, most: int) -> int:
    """The last place up to `most` at which no character is torn from what it belongs to."""
    flags, seams = 0, [0]
    for place, (before, after) in enumerate(pairwise(line[: most + 1]), 1):
        flags = flags + 1 if ord(before) in _FLAGS else 0
        half_flag = flags % 2 == 1 and ord(after) in _FLAGS
        if not (_hangs_on(after) or before == _JOINER or half_flag):
            seams.append(place)
    return seams[-1]


def _hangs_on(character: str) -> bool:
    belongs = unicodedata.category(character) in ("Mn", "Me", "Mc")
    return belongs or character == _JOINER or ord(character) in _SKIN

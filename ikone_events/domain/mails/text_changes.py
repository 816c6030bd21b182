"""What has changed between two texts, line by line and inside a line word by word."""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from difflib import SequenceMatcher
from enum import StrEnum

# The share of words and spaces that must be the same.
ALIKE = 0.6
_WORDS = re.compile(r"\s+|\S+")


class ChangeKind(StrEnum):
    """What happened to a piece of a text."""

    SAME = "same"
    GONE = "gone"
    NEW = "new"


@dataclass(frozen=True, slots=True)
class TextPiece:
    """A piece of a text; all pieces that are not new make the old text, not gone the new one."""

    kind: ChangeKind
    text: str


def text_changes(before: str, after: str) -> list[TextPiece]:
    """The pieces of both texts in order."""
    lines = before.splitlines(keepends=True), after.splitlines(keepends=True)
    found: list[TextPiece] = []
    for _tag, i, j, k, m in SequenceMatcher(None, *lines).get_opcodes():
        found += _of_lines("".join(lines[0][i:j]), "".join(lines[1][k:m]))
    return found


def _of_lines(old: str, new: str) -> Iterator[TextPiece]:
    """Word by word where enough is alike; else nobody could read it."""
    words = _WORDS.findall(old), _WORDS.findall(new)
    matcher = SequenceMatcher(None, *words)
    if matcher.ratio() < ALIKE:
        yield from _pieces(old, new)
        return
    for _tag, i, j, k, m in matcher.get_opcodes():
        yield from _pieces("".join(words[0][i:j]), "".join(words[1][k:m]))


def _pieces(gone: str, come: str) -> Iterator[TextPiece]:
    if gone == come:
        yield TextPiece(ChangeKind.SAME, gone)
        return
    if gone:
        yield TextPiece(ChangeKind.GONE, gone)
    if come:
        yield TextPiece(ChangeKind.NEW, come)

"""Suggests names of the directory for a text that matches none of them."""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from difflib import SequenceMatcher

from ikone_events.domain.directory.administrations import CLASSES, key_of, place_of

MOST = 3
_LEAST = 0.62
_SAME_KIND = 0.15
_OTHER_KIND = -0.1
_WITHIN = 0.85  # one place contains the other: "Landstuhl, Bauamt"


@dataclass(frozen=True, slots=True)
class SimilarName:
    """One name of a body; `pairs` are the adjacent letters of its place."""

    body: int
    key: str
    place: str
    pairs: frozenset[str]


def candidates_of(names: Iterable[tuple[int, str]]) -> list[SimilarName]:
    """The names of the directory, prepared for many comparisons."""
    found: list[SimilarName] = []
    for body, key in names:
        place = " ".join(word for word in key.split() if word not in CLASSES)
        found.append(SimilarName(body, key, place, _pairs(place)))
    return found


def similar(text: str, candidates: Sequence[SimilarName]) -> list[int]:
    """At most three bodies with the most similar names, the best first."""
    best: dict[int, float] = {}
    for body, score in _scored(text, candidates):
        best[body] = max(score, best.get(body, 0.0))
    return sorted(best, key=lambda body: (-best[body], body))[:MOST]


def _scored(text: str, candidates: Sequence[SimilarName]) -> Iterator[tuple[int, float]]:
    place = place_of(text)
    kinds = _kinds(key_of(text))
    pairs = _pairs(place)
    matcher = SequenceMatcher(autojunk=False)
    matcher.set_seq2(place)
    for candidate in candidates:
        # Comparing sets is a hundred times faster and excludes most candidates.
        if 3 * len(pairs & candidate.pairs) < min(len(pairs), len(candidate.pairs)):
            continue
        likeness = _likeness(matcher, place, candidate.place)
        if likeness >= _LEAST:
            yield candidate.body, likeness + _bonus(kinds, _kinds(candidate.key))


def _likeness(matcher: SequenceMatcher[str], place: str, other: str) -> float:
    if not place or not other:
        return 0.0
    if f" {other} " in f" {place} " or f" {place} " in f" {other} ":
        return 1.0 if place == other else _WITHIN
    matcher.set_seq1(other)
    return matcher.ratio() if matcher.real_quick_ratio() >= _LEAST else 0.0


def _pairs(place: str) -> frozenset[str]:
    return frozenset(place[at : at + 2] for at in range(len(place) - 1))


def _kinds(key: str) -> set[str]:
    return {word for word in key.split() if word in CLASSES}


def _bonus(asked: set[str], offered: set[str]) -> float:
    if not asked or not offered:
        return 0.0
    return _SAME_KIND if asked == offered else _OTHER_KIND

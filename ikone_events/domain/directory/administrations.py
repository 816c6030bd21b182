"""Normalised names of administrations: one key for all spellings of a name.

A key is the kind of body, if the name contains it, and the place: "VG Landstuhl", "Verbandsgemeinde
Landstuhl" and "Landstuhl, Verbandsgemeindeverwaltung" are all "vg landstuhl". A kind is never
guessed: "Stadt Landstuhl" is another body than the Verbandsgemeinde around it.
"""

import re
import unicodedata
from collections.abc import Collection, Iterable, Iterator
from dataclasses import dataclass
from enum import StrEnum
from functools import lru_cache

from ikone_events.domain.refusals import N_
from ikone_events.domain.words import UMLAUTS

LONGEST = 200
_LONGEST_WORD = 100  # whole words only: a cut one could end in the name of a kind
_LONGEST_KNOWN = 40
_PARTS = re.compile(r"[\W_]+")
_BRACKETS = re.compile(r"\([^)]*\)")

CLASSES = {
    "vg": "vg verbandsgemeinde verbandsgemeindeverwaltung vgv vgem vgverwaltung verbandsgem",
    "stadt": "stadt stadtverwaltung sv stv stadtverw landeshauptstadt kreisstadt",
    "kreis": "kreis landkreis kreisverwaltung kreisverw landkreisverwaltung kv lk lkr landratsamt",
    "gemeinde": "gemeinde gemeindeverwaltung gv gem gmde gemeindeverw",
    "og": "og ortsgemeinde ortsgemeindeverwaltung",
}
_CLASS_OF = {word: name for name, words in CLASSES.items() for word in words.split()}
# Words that do not distinguish bodies.
_EMPTY = frozenset(
    (
        *("verwaltung", "am", "an", "auf", "bei", "das", "dem", "den", "der", "des", "die", "im"),
        *("in", "ob", "und", "von", "vom", "zu", "zum", "zur", "a", "d", "i", "v", "grosse"),
        *("grossen", "kreisfreie", "kreisfreien", "verbandsfreie", "verbandsfreien"),
        *("kreisangehoerige", "kreisangehoerigen"),
    )
)
_WRITTEN_OUT = {"rh": "rhein", "st": "sankt", "wstr": "weinstrasse"}
# The part that distinguishes places of the same name: Ludwigshafen am Rhein.
_TAIL = re.compile(r"\s(?:am|an|auf|bei|im|in|ob|a\.|i\.)\s?(?=\w|\s).*$", re.IGNORECASE)


class AdministrationKind(StrEnum):
    """The kind of a body; values are the usual headings of official lists."""

    CITY = "kreisfreie_stadt"
    DISTRICT = "landkreis"
    MUNICIPAL_ASSOCIATION = "verbandsgemeinde"
    TOWN = "verbandsfreie_stadt"
    MUNICIPALITY = "verbandsfreie_gemeinde"
    LOCAL_MUNICIPALITY = "ortsgemeinde"
    SPECIAL_ASSOCIATION = "zweckverband"
    STATE = "land"
    RESEARCH = "forschung"
    OTHER = "sonstige"


KIND_LABELS = {
    AdministrationKind.CITY: N_("City without a district"),
    AdministrationKind.DISTRICT: N_("District"),
    AdministrationKind.MUNICIPAL_ASSOCIATION: N_("Municipal association"),
    AdministrationKind.TOWN: N_("Independent town"),
    AdministrationKind.MUNICIPALITY: N_("Independent municipality"),
    AdministrationKind.LOCAL_MUNICIPALITY: N_("Local municipality"),
    AdministrationKind.SPECIAL_ASSOCIATION: N_("Special-purpose association"),
    AdministrationKind.STATE: N_("State authority"),
    AdministrationKind.RESEARCH: N_("University or research"),
    AdministrationKind.OTHER: N_("Other body"),
}
_CLASSES_OF_KIND = {
    AdministrationKind.CITY: ("stadt",),
    AdministrationKind.DISTRICT: ("kreis",),
    AdministrationKind.MUNICIPAL_ASSOCIATION: ("vg",),
    AdministrationKind.TOWN: ("stadt",),
    AdministrationKind.MUNICIPALITY: ("gemeinde",),
    AdministrationKind.LOCAL_MUNICIPALITY: ("og", "gemeinde"),
}
_KIND_OF_CLASS = {
    "vg": AdministrationKind.MUNICIPAL_ASSOCIATION,
    "stadt": AdministrationKind.TOWN,
    "kreis": AdministrationKind.DISTRICT,
    "gemeinde": AdministrationKind.MUNICIPALITY,
    "og": AdministrationKind.LOCAL_MUNICIPALITY,
}


class NameSource(StrEnum):
    """The source of a name, the strongest first.

    CUT is a name without brackets and river. PART is one half of a double name: it finds no body,
    but makes an equal CUT name ambiguous.
    """

    NAME = "name"
    SHORT = "short"
    ALIAS = "alias"
    CUT = "cut"
    PART = "part"


@dataclass(frozen=True, slots=True)
class Name:
    """One name of a body and its key."""

    text: str
    key: str
    source: NameSource


def label_of_kind(kind: str) -> str:
    """The label of a kind (message id); one of another version stands for itself."""
    return KIND_LABELS[AdministrationKind(kind)] if kind in set(AdministrationKind) else kind


@lru_cache(maxsize=1024)
def key_of(text: str) -> str:
    """The normalised form of a name; empty without letters and digits."""
    classes, place = _analyse(text)
    return _joined([*classes, *place])


def place_of(text: str) -> str:
    """The key without the kind."""
    return _joined(_analyse(text)[1])


def likely_kind(text: str) -> AdministrationKind:
    """The kind in a name; a town counts as one within a district."""
    classes = _analyse(text)[0]
    return _KIND_OF_CLASS[classes[0]] if len(classes) == 1 else AdministrationKind.OTHER


def names_of(name: str, short_name: str, kind: str, aliases: Iterable[str]) -> list[Name]:
    """All names of a body, each key once, the strongest first."""
    found: dict[str, Name] = {}
    typed = [
        (name, NameSource.NAME),
        (short_name, NameSource.SHORT),
        *((a, NameSource.ALIAS) for a in aliases),
    ]
    for text, source in typed:
        _add(found, text, key_of(text), source)
    for text, source in typed:
        for key in _of_kind(text, kind):
            _add(found, text, key, source)
    for text, source in typed[:2]:
        _add(found, text, place_of(text), source)
    for text, _source in typed[:2]:
        if (cut := _cut(text)) != text:
            for key in (key_of(cut), place_of(cut), *_of_kind(cut, kind)):
                _add(found, cut, key, NameSource.CUT)
    for part in (part for text, _source in typed[:2] for part in _halves(text)):
        _add(found, part, key_of(part), NameSource.PART)
    return list(found.values())


def pick(found: Collection[tuple[int, str]]) -> int | None:
    """The one body among (body, source) with the same key; None if none or ambiguous.

    Whole names go before cut ones: "Bitburg" is the town, not Bitburg-Prüm.
    """
    whole = {body for body, source in found if source not in (NameSource.CUT, NameSource.PART)}
    sure = whole or {body for body, _source in found}
    if len(sure) != 1:
        return None
    return None if all(source == NameSource.PART for _body, source in found) else sure.pop()


def _add(found: dict[str, Name], text: str, key: str, source: NameSource) -> None:
    if key and key not in CLASSES:
        found.setdefault(key, Name(text, key, source))


def _of_kind(text: str, kind: str) -> Iterator[str]:
    """Keys of a name without a kind, with the kind of the directory added."""
    classes, place = _analyse(text)
    if classes or not place or kind not in _CLASSES_OF_KIND:
        return
    for name in _CLASSES_OF_KIND[AdministrationKind(kind)]:
        yield _joined([name, *place])


def _cut(text: str) -> str:
    return _TAIL.sub("", _BRACKETS.sub(" ", text)).strip()


def _halves(text: str) -> Iterator[str]:
    """ "Altenkirchen" and "Flammersfeld", or "Trier" of "Trier-Land"."""
    for word in text.split():
        if "-" in word:
            yield from (half for half in word.split("-") if half and not _analyse(half)[0])


def _analyse(text: str) -> tuple[list[str], list[str]]:
    """The kinds in a name, and the other words in their order."""
    words = [word[:_LONGEST_WORD] for word in _PARTS.split(_plain(text)) if word]
    classes: set[str] = set()
    place = [rest for word in words if (rest := _place_part(word, classes))]
    if not classes and not place:
        return [], words
    return sorted(classes), place


def _place_part(word: str, classes: set[str]) -> str:
    """The part of a word that names the place; a kind in it is added to `classes`."""
    if len(word) > _LONGEST_KNOWN:
        return word
    if word.endswith("kreises"):
        word = word.removesuffix("es")
    if word in _CLASS_OF:
        classes.add(_CLASS_OF[word])
        return ""
    if word.endswith("kreis"):
        classes.add("kreis")
        return _place_part(word.removesuffix("kreis"), classes)
    if word.endswith("str") and word not in _WRITTEN_OUT:
        return f"{word}asse"
    return "" if word in _EMPTY else _WRITTEN_OUT.get(word, word)


def _plain(text: str) -> str:
    """Lower case without accents, umlauts written out."""
    folded = unicodedata.normalize("NFC", text).casefold().translate(UMLAUTS)
    spread = unicodedata.normalize("NFKD", folded).casefold()
    decomposed = unicodedata.normalize("NFKD", spread)
    return "".join(c for c in decomposed if not unicodedata.combining(c))


def _joined(words: list[str]) -> str:
    """The words as one key of at most LONGEST characters, cut between words."""
    key = ""
    for word in words:
        longer = f"{key} {word}" if key else word
        if len(longer) > LONGEST:
            break
        key = longer
    return key

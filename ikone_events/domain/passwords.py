"""Passwords that are accepted: long enough, none of the common ones, nothing about the person.

NIST SP 800-63B section 3.1.1.2 and OWASP ASVS 6.2: length and a list, no kinds of characters.
"""

import re
import unicodedata
from collections.abc import Iterable
from functools import cache
from importlib.resources import files

from ikone_events.domain.refusals import N_, Complaint

MIN_LENGTH = 12
MAX_LENGTH = 200  # as much as the page of the login takes
_PRODUCT = ("ikone", "events")
# Names and parts of addresses that are shorter stand in many words.
_SHORTEST_PART = 4
_FEWEST_CHARACTERS = 5
_SHORTEST_RUN = 3
# What offices use, and the English list does not have.
_OF_OFFICES = frozenset(
    {
        *("kennwort", "startkennwort", "startpasswort", "neuespasswort", "meinpasswort"),
        *("administrator", "administration", "verwaltung", "stadtverwaltung", "gemeinde"),
        *("kreisverwaltung", "gemeindeverwaltung", "verbandsgemeinde", "landkreis", "rathaus"),
        *("veranstaltung", "veranstaltungen", "organisation", "koordination", "sekretariat"),
        *("fruhling", "fruehling", "herbst", "winter", "januar", "februar", "oktober", "november"),
        *("dezember", "september", "willkommen", "herzlichwillkommen", "gutentag", "hallowelt"),
    }
)
_DISGUISES = str.maketrans("0134578@$!", "oleastbasi")
_KEYS = (
    *("abcdefghijklmnopqrstuvwxyz", "01234567890123456789", "qwertyuiop", "qwertzuiop"),
    *("asdfghjkl", "zxcvbnm", "yxcvbnm", "qazwsxedcrfvtgbyhnujmikolp"),
)
_REPEATED = re.compile(r"(.+?)\1+")


def in_normal_form(password: str) -> str:
    """The password in NFKD, as the login compares it, whichever keyboard typed it."""
    return unicodedata.normalize("NFKD", password)


def password_complaint(password: str, about_person: Iterable[str] = ()) -> Complaint | None:
    """Why the password is not accepted, or None. `about_person`: the address, the name."""
    if len(unicodedata.normalize("NFKC", password)) < MIN_LENGTH:
        text = N_("The password needs at least %(length)d characters.")
        return Complaint(text, {"length": MIN_LENGTH}, "password")
    if len(password) > MAX_LENGTH:
        text = N_("Please use at most %(max)d characters.")
        return Complaint(text, {"max": MAX_LENGTH}, "password")
    if _is_common(password.casefold()):
        text = N_("Many people use this password or a similar one. Several words are safer.")
        return Complaint(text, about="password")
    if _contains_part_of(password, about_person):
        text = N_("The password must not contain your name, your address or the name “Ikone”.")
        return Complaint(text, about="password")
    return None


def _is_common(password: str) -> bool:
    plain = _letters(password), _letters(password.translate(_DISGUISES))
    return (
        password in _common()
        or len(set(password)) < _FEWEST_CHARACTERS
        or _is_key_sequence(password)
        or any(_once(letters) in _common() for letters in plain)
    )


def _letters(text: str) -> str:
    """The letters alone, without accents: what people put around a word changes little."""
    return "".join(filter(str.isalpha, in_normal_form(text)))


def _once(text: str) -> str:
    """The word that the text repeats, or the text."""
    found = _REPEATED.fullmatch(text)
    return found[1] if found else text


def _is_key_sequence(password: str) -> bool:
    """Whether the password only follows rows of keys, the alphabet or the digits."""
    rest = password
    while rest:
        step = max((_run(rest, row) for keys in _KEYS for row in (keys, keys[::-1])), default=0)
        if step < _SHORTEST_RUN:
            return False
        rest = rest[step:]
    return True


def _run(text: str, row: str) -> int:
    """How many characters at the beginning of the text follow each other in the row."""
    length = 0
    while length < len(text) and text[: length + 1] in row:
        length += 1
    return length


def _contains_part_of(password: str, about_person: Iterable[str]) -> bool:
    shown = _letters(password.casefold())
    parts = [part for text in about_person for part in re.split(r"[\W\d_]+", text.casefold())]
    known = {_letters(part) for part in (*parts, *_PRODUCT)}
    return any(len(part) >= _SHORTEST_PART and part in shown for part in known)


@cache
def _common() -> frozenset[str]:
    lines = files("ikone_events.domain").joinpath("common_passwords.txt").read_text("ascii")
    return _OF_OFFICES | {line for line in lines.splitlines() if not line.startswith("#")}

"""Texts that people type: one normal form before all checks, and the checks.

Every way in (forms, lists, files for `load`, commands, mails) passes `normal_line` or `normal_text`
first: an invisible character must not hide anything from a check, and a checked value never changes
again on its way into a mail. Python 3.11.7 turns the encoded word `=?utf-8?q?Hi=0D=0ABcc:_x@y?=`
into a second header, so `=?` is refused like a line break.
"""

import re
import unicodedata
from collections.abc import Collection, Iterator
from dataclasses import fields
from functools import cache, lru_cache
from typing import Any

from ikone_events.domain.refusals import N_, Complaint, UnfitInput

MOST_CHARACTERS = 200
MOST_ADDRESS_CHARACTERS = 254
MOST_REASON = 2000
# Of what is typed about a person, by the name of the field.
PERSON_LENGTHS = {
    "title": 50,
    "first_name": 100,
    "last_name": 100,
    "email": 254,
    "organisation": 200,
    "position": 200,
}

_CONTROLS = re.compile("[\x00-\x1f\x7f-\x9f\u2028\u2029]")
_TEXT_CONTROLS = re.compile("[\x00-\x08\x0b\x0c\x0e-\x1f\x7f-\x9f]")
# Surrogates and noncharacters, which XML and some databases can't carry.
_DAMAGED = re.compile("[\ud800-\udfff\ufdd0-\ufdef\ufffe\uffff]")
# The Unicode category Cf without U+200D. Variation selectors (Mn) belong to what they follow.
_FORMAT = re.compile(
    "[\xad\u0600-\u0605\u061c\u06dd\u070f\u0890\u0891\u08e2\u180e\u200b\u200c\u200e\u200f"
    "\u202a-\u202e\u2060-\u2064\u2066-\u206f\ufeff\ufff9-\ufffb\U000110bd\U000110cd"
    "\U00013430-\U0001343f\U0001bca0-\U0001bca3\U0001d173-\U0001d17a"
    "\U000e0001\U000e0020-\U000e007f]"
)
_JOINER = re.compile("\u200d")
_AFTER_EMOJI = frozenset("\ufe0f\U0001f3fb\U0001f3fc\U0001f3fd\U0001f3fe\U0001f3ff")
# Spaces of all widths, but no line breaks and tabs, which are refused.
_SPACES = re.compile("[^\\S\x00-\x1f\x7f-\x9f\u2028\u2029]+")
# Marks that change the direction of a text, and the byte order mark.
_BIDI = re.compile("[\u061c\u200e\u200f\u202a-\u202e\u2066-\u2069\ufeff]")
_BREAKS = re.compile("\r\n|[\r\u2028\u2029]")

# What programs take for a dot or a slash beside those that NFKC knows.
_LOOKALIKES = str.maketrans("\u3002\u2044\u2215\u29f8", ".///")
# "M.de Vries" and "Kommunalnetz.io GmbH" are names, "evil.tk/login" and "evil.tk:80/" are not.
_WEB_ADDRESS = re.compile(
    r"://|www\.|[^\W_]\.(?:[^\W\d_]{2,63}|xn--[\w-]{1,59})\.?(?::\d*)?/", re.IGNORECASE
)

# The dot-atom of RFC 5321 at labels: no quotes, no comments, nothing that ends an SMTP command.
_ADDRESS = re.compile(
    r"[A-Za-z0-9!#$%&'*+/=?^_`{|}~-]+(\.[A-Za-z0-9!#$%&'*+/=?^_`{|}~-]+)*"
    r"@[A-Za-z0-9]([A-Za-z0-9-]{0,61}[A-Za-z0-9])?(\.[A-Za-z0-9]([A-Za-z0-9-]{0,61}[A-Za-z0-9])?)*"
)


def normal_line(value: str) -> str:
    """A text of one line in NFC, with single spaces and without format characters.

    U+200D stays between emojis. Line breaks and control characters stay too, to be refused.
    """
    if not value.isascii():
        value = unicodedata.normalize("NFC", _FORMAT.sub("", value))
        if "\u200d" in value:
            value = unicodedata.normalize("NFC", _JOINER.sub(_joined, value))
    if "  " in value or not value.isprintable():  # all spaces but U+0020 are not printable
        value = _SPACES.sub(" ", value)
    return value.strip(" \t")


def normal_text(value: str) -> str:
    """A text of several lines in NFC, with \\n as line breaks and without marks of direction."""
    if not value.isascii():
        value = unicodedata.normalize("NFC", _BIDI.sub("", value))
    return _BREAKS.sub("\n", value)


def normalise(draft: object, lines: Collection[str]) -> None:
    """Normalise the texts of a frozen dataclass, in its __post_init__; `lines` have one line."""
    kind: Any = type(draft)
    for name in _names_of(kind):
        value = getattr(draft, name)
        if value and type(value) is str:
            normal = normal_line(value) if name in lines else normal_text(value)
            if normal != value:
                object.__setattr__(draft, name, normal)


@cache
def _names_of(kind: Any) -> tuple[str, ...]:
    return tuple(field.name for field in fields(kind))


def _joined(match: re.Match[str]) -> str:
    """The joiner between two emojis, else nothing."""
    text, place = match.string, match.start()
    before, after = text[max(place - 1, 0) : place], text[place + 1 : place + 2]
    joins = _is_emoji(after) and (before in _AFTER_EMOJI or _is_emoji(before))
    return match[0] if joins else ""


def _is_emoji(char: str) -> bool:
    return bool(char) and unicodedata.category(char) == "So"


def header_complaint(value: str, about: str | None = None) -> Complaint | None:
    """Why a text can't be a title, a name or a subject, or None."""
    printable = value.isprintable()  # then it has none of these characters
    if not printable and _CONTROLS.search(value):
        return Complaint(N_("Please remove line breaks and control characters."), about=about)
    if not printable and _DAMAGED.search(value):
        return Complaint(N_("Please remove the damaged characters."), about=about)
    if "=" in value and "=?" in normal_line(value):
        return Complaint(N_("The characters “=?” can't be used here."), about=about)
    if len(value) > MOST_CHARACTERS:
        text = N_("Please use at most %(most)d characters.")
        return Complaint(text, {"most": MOST_CHARACTERS}, about)
    return None


def name_complaint(value: str, about: str | None = None) -> Complaint | None:
    """Why a text can't be the name of a person or an office, or None.

    Names stand in mails to addresses that anybody may enter; web addresses in them invite spam.
    """
    folded = unicodedata.normalize("NFKC", normal_line(value)).translate(_LOOKALIKES)
    if ("." in folded or "/" in folded) and _WEB_ADDRESS.search(folded):
        text = N_("Please enter no web address here. If it is none, put a space after the dot.")
        return Complaint(text, about=about)
    return header_complaint(value, about)


def text_complaint(value: str, about: str | None = None) -> Complaint | None:
    """Why a text of several lines can't be stored or sent, or None."""
    if _TEXT_CONTROLS.search(value):
        return Complaint(N_("Please remove the control characters."), about=about)
    if _DAMAGED.search(value):
        return Complaint(N_("Please remove the damaged characters."), about=about)
    return None


def stored_text_complaints(
    value: str, most: int, about: str, *, header: bool = False
) -> Iterator[Complaint]:
    """The complaints about a text of at most `most` characters; `header`: used in a header."""
    if len(value) > most:
        yield Complaint(N_("At most %(limit)d characters, please."), {"limit": most}, about)
    if found := header_complaint(value, about) if header else text_complaint(value, about):
        yield found


def checked_text(value: str, most: int, about: str) -> str:
    """The normal form of a text of several lines; raises UnfitInput."""
    text = normal_text(value).strip()
    if len(text) > most:
        complaint = Complaint(N_("Please use at most %(most)d characters."), {"most": most}, about)
        raise UnfitInput(complaint)
    if unfit := text_complaint(text, about):
        raise UnfitInput(unfit)
    return text


def clean_text(value: str) -> str:
    """The normal form of a long text that nobody can be asked to correct: nothing unfit is left."""
    return normal_text(_TEXT_CONTROLS.sub("", _DAMAGED.sub("", value)))


def one_line(value: str) -> str:
    """The normal form of a line that nobody can be asked to correct: controls become spaces."""
    return normal_line(_CONTROLS.sub(" ", _DAMAGED.sub("", value)))


# Characters that IDNA 2003 of the standard library maps to others, and so to another domain; forms
# encode them with IDNA 2008 first.
_DEVIATIONS = frozenset("ßς\u200c\u200d")


@lru_cache(maxsize=16)  # one mail asks for the same ones again and again
def ascii_address(value: str) -> str:
    """The mail address with its domain in ASCII (xn--…); raises UnfitInput."""
    local, _, domain = value.rpartition("@")
    if _DEVIATIONS & set(domain):
        domain = ""
    try:
        address = value if value.isascii() else f"{local}@{domain.encode('idna').decode('ascii')}"
    except UnicodeError:
        address = ""
    if len(address) > MOST_ADDRESS_CHARACTERS or not _ADDRESS.fullmatch(address):
        raise UnfitInput(Complaint(N_("This is no e-mail address we can write to.")))
    return address

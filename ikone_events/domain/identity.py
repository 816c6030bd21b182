"""How an installation presents itself: name, colour, address, contact for data protection, logo.

A variable that is set wins, then what administrators have entered in the browser, then a default.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass

from ikone_events.domain.colours import ACCENT, is_colour, is_readable, nearest_readable
from ikone_events.domain.header_text import header_complaint, name_complaint
from ikone_events.domain.refusals import N_, Complaint

DEFAULT_NAME = "IKONE DS"
# What administrators can enter, by the name of the setting, with the most characters of each.
MOST_CHARACTERS: Mapping[str, int] = {
    "organisation": 100,
    "accent": 7,
    "address": 200,
    "privacy_contact": 200,
}


@dataclass(frozen=True, slots=True)
class Logo:
    """A stored logo: the hash of its file, and its size in pixels."""

    digest: str
    width: int
    height: int


@dataclass(frozen=True, slots=True, kw_only=True)
class StoredIdentity:
    """What administrators have entered; empty where they have not."""

    organisation: str = ""
    accent: str = ""
    address: str = ""
    privacy_contact: str = ""
    logo: Logo | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Identity:
    """The values in effect; `accent` is empty for an installation without its own colour."""

    organisation: str
    accent: str
    address: str
    privacy_contact: str
    logo: Logo | None

    @property
    def mail_accent(self) -> str:
        """The colour of links and buttons in mails."""
        return self.accent or ACCENT


def identity_in_effect(variables: Mapping[str, str], stored: StoredIdentity) -> Identity:
    """The values in effect; `variables` are those of MOST_CHARACTERS, empty if they are not set."""
    found = {name: variables[name] or getattr(stored, name) for name in MOST_CHARACTERS}
    return Identity(
        organisation=found["organisation"] or DEFAULT_NAME,
        accent=found["accent"] if is_colour(found["accent"]) else "",  # a restored row may hold any
        address=found["address"],
        privacy_contact=found["privacy_contact"],
        logo=stored.logo,
    )


def identity_complaints(values: Mapping[str, str]) -> Iterator[Complaint]:
    """Why these values can't be stored; each complaint is about the field of its name."""
    for name, value in values.items():
        most = MOST_CHARACTERS[name]
        if name == "accent":
            yield from _accent_complaints(value)
        elif len(value) > most:
            yield Complaint(N_("Please use at most %(most)d characters."), {"most": most}, name)
        elif found := _line_complaint(name, value):
            yield found


def _line_complaint(name: str, value: str) -> Complaint | None:
    check = name_complaint if name == "organisation" else header_complaint
    return check(value, name)


def _accent_complaints(value: str) -> Iterator[Complaint]:
    if not value:
        return
    if not is_colour(value):
        text = N_(
            "This is not a colour. Please enter # and six digits or letters a–f, for example "
            "%(like)s."
        )
        yield Complaint(text, {"like": ACCENT}, "accent")
    elif not is_readable(value):
        text = N_(
            "Text in %(colour)s is hard to read on a light background: its contrast is below "
            "4.5 to 1. The nearest readable colour is %(offer)s."
        )
        values = {"colour": value, "offer": nearest_readable(value)}
        yield Complaint(text, values, "accent")


def read_colour(text: str) -> str:
    """A typed colour as #rrggbb if it is one, also from #rgb or without #; else as it is."""
    digits = text.lower().removeprefix("#")
    if len(digits) == len("rgb"):
        digits = "".join(digit * 2 for digit in digits)
    colour = f"#{digits}"
    return colour if is_colour(colour) else text

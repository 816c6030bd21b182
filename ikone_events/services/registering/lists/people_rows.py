"""One row of a list of people: checked like a form, turned into what a form brings."""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from types import MappingProxyType

from email_validator import EmailNotValidError, validate_email

from ikone_events.domain.events.draft import can_be_written_to
from ikone_events.domain.events.facts import Mode
from ikone_events.domain.header_text import ascii_address, header_complaint, text_complaint
from ikone_events.domain.refusals import N_, Complaint, UnfitInput
from ikone_events.domain.registering.form_fields import OwnField, kept_answers
from ikone_events.domain.registering.list_columns import Columns
from ikone_events.domain.registering.own_values import values_from
from ikone_events.domain.salutation import full_name
from ikone_events.services.registering.registrations import Applicant

_LENGTHS: Mapping[str, int] = MappingProxyType(
    {
        "title": 50,
        "first_name": 100,
        "last_name": 100,
        "email": 254,
        "organisation": 200,
        "position": 200,
        "question": 2000,
    }
)
_SALUTATIONS: Mapping[str, str] = MappingProxyType(
    {
        **dict.fromkeys(("", "-", "–", "keine angabe", "not stated"), ""),
        **dict.fromkeys(("frau", "fr", "fr.", "ms", "ms.", "mrs", "mrs.", "w"), "frau"),
        **dict.fromkeys(("herr", "hr", "hr.", "mr", "mr.", "m"), "herr"),
        **dict.fromkeys(("divers", "diverse", "d"), "divers"),
    }
)
_MODES: Mapping[str, str] = MappingProxyType(
    {
        "": "",
        **dict.fromkeys(("online", "digital", "video"), Mode.ONLINE.value),
        **dict.fromkeys(
            ("vor ort", "on site", "on_site", "präsenz", "praesenz", "in person"),
            Mode.ON_SITE.value,
        ),
    }
)
_LOCALES: Mapping[str, str] = MappingProxyType(
    {"": "de", "de": "de", "deutsch": "de", "german": "de", "en": "en", "englisch": "en"}
    | {"english": "en"}
)
_WORDS: Mapping[str, tuple[Mapping[str, str], str]] = MappingProxyType(
    {
        "salutation": (_SALUTATIONS, N_("“%(value)s” is no form of address that we know.")),
        "mode": (_MODES, N_("“%(value)s” is neither “online” nor “on site”.")),
        "locale": (_LOCALES, N_("“%(value)s” is neither “de” nor “en”.")),
    }
)
_MISSING: Mapping[str, str] = MappingProxyType(
    {
        "first_name": N_("The first name is missing."),
        "last_name": N_("The last name is missing."),
        "email": N_("The e-mail address is missing."),
    }
)
_ONE_LINE = ("title", "first_name", "last_name", "organisation", "position")
_LINK = re.compile(r"://|www\.", re.IGNORECASE)


@dataclass(frozen=True, slots=True)
class ReadRow:
    """What stands in one row: the person, or what is wrong; `name` is how the report calls them."""

    line: int
    name: str
    applicant: Applicant | None
    complaints: tuple[Complaint, ...] = ()


def read_row(
    line: int, cells: Sequence[str], columns: Columns, fields: Sequence[OwnField]
) -> ReadRow:
    """Check one row; all that is wrong with it is told at once."""
    typed = {name: _at(cells, place) for name, place in columns.places.items()}
    found: list[Complaint] = []
    values = {name: _known(name, typed.get(name, ""), found) for name in _WORDS}
    texts = {name: typed.get(name, "") for name in _LENGTHS}
    for name in _ONE_LINE:
        texts[name] = " ".join(texts[name].split())
    found.extend(_text_complaints(texts))
    texts["email"] = _address(texts["email"], found)
    answers = _answers(cells, columns, fields, found)
    person = full_name(texts["title"], texts["first_name"], texts["last_name"])
    name = person[:100] or typed.get("email", "")[:100]
    if found:
        return ReadRow(line, name, None, tuple(found))
    return ReadRow(line, name, Applicant(**texts, **values, answers=answers))


def _at(cells: Sequence[str], place: int) -> str:
    return cells[place].strip() if place < len(cells) else ""


def _known(name: str, typed: str, found: list[Complaint]) -> str:
    words, complaint = _WORDS[name]
    value = words.get(" ".join(typed.casefold().split()))
    if value is None:
        found.append(Complaint(complaint, {"value": typed[:80]}, name))
    return value or ""


def _text_complaints(texts: Mapping[str, str]) -> list[Complaint]:
    found = [Complaint(text, about=name) for name, text in _MISSING.items() if not texts[name]]
    for name, most in _LENGTHS.items():
        text = texts[name]
        unfit = header_complaint(text) if name in _ONE_LINE else text_complaint(text)
        if len(text) > most:
            found.append(Complaint(N_("Please use at most %(most)d characters."), {"most": most}))
        elif unfit is not None:
            found.append(unfit)
        elif name in _ONE_LINE and _LINK.search(text):
            found.append(Complaint(N_("Names and titles can't hold web addresses."), about=name))
    together = full_name(texts["title"], texts["first_name"], texts["last_name"])
    if not found and (unfit := header_complaint(together)):
        found.append(unfit)
    return found


def _address(typed: str, found: list[Complaint]) -> str:
    """The address as it travels: foreign domains by the newer IDNA, as the form stores them."""
    if not typed:
        return ""
    try:
        checked = validate_email(typed, check_deliverability=False)
        address = ascii_address(f"{checked.local_part}@{checked.ascii_domain}")
    except (EmailNotValidError, UnfitInput, ValueError):
        address = ""
    if not address or not can_be_written_to(address):
        text = N_("“%(value)s” is no e-mail address that we can write to.")
        found.append(Complaint(text, {"value": typed[:80]}, "email"))
    return address


def _answers(
    cells: Sequence[str],
    columns: Columns,
    fields: Sequence[OwnField],
    found: list[Complaint],
) -> dict[str, list[str]]:
    given: dict[str, list[str]] = {}
    for own in fields:
        if own.key in columns.own:
            try:
                given[own.key] = values_from(own, _at(cells, columns.own[own.key]))
            except UnfitInput as refusal:
                found.extend(refusal.complaints)
    return kept_answers(fields, given)

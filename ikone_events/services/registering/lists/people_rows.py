"""Rows of a list of people: read from a file, checked like a form, and stored until entered.

A stored list is one line on the rows that are done, then one line for each waiting row, so that
taking out the first few costs the same however many wait behind them.
"""

import json
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import asdict, dataclass, field, replace
from typing import Any

from email_validator import EmailNotValidError, validate_email

from ikone_events.domain.events.draft import can_be_written_to
from ikone_events.domain.events.facts import Mode
from ikone_events.domain.header_text import (
    PERSON_LENGTHS,
    ascii_address,
    header_complaint,
    name_complaint,
    normal_line,
    normal_text,
    text_complaint,
)
from ikone_events.domain.refusals import N_, Complaint, UnfitInput
from ikone_events.domain.registering.form_fields import OwnField, kept_answers
from ikone_events.domain.registering.list_columns import NAMED, Columns
from ikone_events.domain.registering.own_values import values_from
from ikone_events.domain.salutation import full_name
from ikone_events.services.registering.new_registrations import Applicant

_LENGTHS: Mapping[str, int] = {**PERSON_LENGTHS, "question": 2000}
_SALUTATIONS: Mapping[str, str] = {
    **dict.fromkeys(("", "-", "–", "keine angabe", "not stated"), ""),
    **dict.fromkeys(("frau", "fr", "fr.", "ms", "ms.", "mrs", "mrs.", "w"), "frau"),
    **dict.fromkeys(("herr", "hr", "hr.", "mr", "mr.", "m"), "herr"),
    **dict.fromkeys(("divers", "diverse", "d"), "divers"),
}
_MODES: Mapping[str, str] = {
    "": "",
    **dict.fromkeys(("online", "digital", "video"), Mode.ONLINE.value),
    **dict.fromkeys(
        ("vor ort", "on site", "on_site", "präsenz", "praesenz", "in person"),
        Mode.ON_SITE.value,
    ),
}
_LOCALES: Mapping[str, str] = {
    **dict.fromkeys(("", "de", "deutsch", "german"), "de"),
    **dict.fromkeys(("en", "englisch", "english"), "en"),
}
_WORDS: Mapping[str, tuple[Mapping[str, str], str]] = {
    "salutation": (_SALUTATIONS, N_("“%(value)s” is no form of address that we know.")),
    "mode": (_MODES, N_("“%(value)s” is neither “online” nor “on site”.")),
    "locale": (_LOCALES, N_("“%(value)s” is neither “de” nor “en”.")),
}
_MISSING: Mapping[str, str] = {
    "first_name": N_("The first name is missing."),
    "last_name": N_("The last name is missing."),
    "email": N_("The e-mail address is missing."),
}
# What Excel and LibreOffice show in cells whose formula fails, in English and German.
_ERRORS = frozenset(
    (
        *("#N/A", "#VALUE!", "#REF!", "#NAME?", "#NUM!", "#DIV/0!", "#NULL!", "#SPILL!", "#CALC!"),
        *("#NV", "#WERT!", "#BEZUG!", "#ZAHL!", "#ÜBERLAUF!", "#KALK!"),
    )
)
_ONE_LINE = ("title", "first_name", "last_name", "organisation", "position")


@dataclass(frozen=True, slots=True)
class WaitingRow:
    """A valid row; `name` is how the report calls the person."""

    line: int
    name: str
    applicant: Applicant


@dataclass(frozen=True, slots=True)
class Refused:
    """An invalid row; with the address it is found when the person is to be forgotten."""

    line: int
    name: str
    complaints: tuple[Complaint, ...]
    email: str = ""


ReadRow = WaitingRow | Refused


@dataclass(slots=True)
class Through:
    """The rows that are done; `begun` says that entering has started.

    `left_out` are unknown columns, `remarks` say what the file hides.
    Of entered people only line and registration are stored: their details are there.
    """

    left_out: list[str] = field(default_factory=list)
    remarks: list[Complaint] = field(default_factory=list)
    refused: list[Refused] = field(default_factory=list)
    entered: list[tuple[int, str]] = field(default_factory=list)
    begun: bool = False


def pack(through: Through, people: Iterable[WaitingRow]) -> str:
    """A list in its stored form."""
    return "\n".join([_written(through), *(_line(person) for person in people)])


def count_waiting(rows: str) -> int:
    """How many rows wait."""
    return rows.count("\n")


def read_through(rows: str) -> Through:
    """The rows that are done."""
    data = json.loads(rows.partition("\n")[0])
    refused = [
        Refused(line, name, read_complaints(complaints), email)
        for line, name, complaints, email in data["refused"]
    ]
    entered = [(line, public_id) for line, public_id in data["entered"]]
    remarks = list(read_complaints(data.get("remarks", ())))  # lists of earlier versions have none
    return Through(data["left_out"], remarks, refused, entered, data["begun"])


def read_complaints(stored: Iterable[Any]) -> tuple[Complaint, ...]:
    """Complaints from their stored form."""
    return tuple(Complaint(*each) for each in stored)


def stored_complaints(complaints: Iterable[Complaint]) -> list[list[Any]]:
    """Complaints as they are stored in JSON."""
    return [[each.text, dict(each.values), each.about] for each in complaints]


def read_waiting(rows: str, most: int = -1) -> list[WaitingRow]:
    """The waiting rows, or the first `most` of them."""
    lines = rows.split("\n", most + 1 if most >= 0 else -1)[1:]
    return [_person(json.loads(line)) for line in (lines[:most] if most >= 0 else lines)]


def without_first(rows: str, number: int, through: Through) -> str:
    """The list without its first waiting rows and with an updated first line."""
    return "\n".join([_written(through), *rows.split("\n", number + 1)[number + 1 :]])


def _written(through: Through) -> str:
    refused = [[r.line, r.name, stored_complaints(r.complaints), r.email] for r in through.refused]
    kept = {name: getattr(through, name) for name in ("left_out", "entered", "begun")}
    more = {"refused": refused, "remarks": stored_complaints(through.remarks)}
    return json.dumps({**kept, **more}, ensure_ascii=False)


def _line(person: WaitingRow) -> str:
    answers = {key: list(values) for key, values in person.applicant.answers.items()}
    applicant = asdict(replace(person.applicant, answers={})) | {"answers": answers}
    kept = {"line": person.line, "name": person.name, "applicant": applicant}
    return json.dumps(kept, ensure_ascii=False)


def _person(data: dict[str, Any]) -> WaitingRow:
    return WaitingRow(data["line"], data["name"], Applicant(**data["applicant"]))


def read_row(
    line: int,
    cells: Sequence[str],
    columns: Columns,
    fields: Sequence[OwnField] = (),
    *,
    needed: Collection[str] = NAMED,
) -> ReadRow:
    """Check one row, in which the `needed` cells must not be empty; reports all complaints."""
    typed = {name: cell_at(cells, place) for name, place in columns.places.items()}
    found = _error_complaints(cells, columns)
    values = {name: _known(name, typed.get(name, ""), found) for name in _WORDS}
    texts = {name: typed.get(name, "") for name in _LENGTHS}
    for name in _ONE_LINE:
        texts[name] = normal_line(" ".join(texts[name].split()))
    texts["email"] = normal_line(texts["email"])
    found.extend(_text_complaints(texts, needed))
    texts["email"] = _address(texts["email"], found)
    answers = _answers(cells, columns, fields, found)
    person = full_name(texts["title"], texts["first_name"], texts["last_name"])
    name = person[:100] or typed.get("email", "")[:100]
    if found:
        return Refused(line, name, tuple(found))
    return WaitingRow(line, name, Applicant(**texts, **values, answers=answers))


def _error_complaints(cells: Sequence[str], columns: Columns) -> list[Complaint]:
    """Complaints about cells that show an error of the spreadsheet instead of a value."""
    places = [*columns.places.values(), *columns.own.values()]
    text = N_("“%(value)s” is an error message of the spreadsheet, not an entry.")
    return [
        Complaint(text, {"value": cell})
        for cell in (cell_at(cells, place) for place in sorted(places))
        if cell.upper() in _ERRORS
    ]


def cell_at(cells: Sequence[str], place: int) -> str:
    """The text of a cell; empty behind the end of a row."""
    return normal_text(cells[place]).strip() if place < len(cells) else ""


def _known(name: str, typed: str, found: list[Complaint]) -> str:
    words, complaint = _WORDS[name]
    value = words.get(" ".join(typed.casefold().split()))
    if value is None:
        found.append(Complaint(complaint, {"value": typed[:80]}, name))
    return value or ""


def _text_complaints(texts: Mapping[str, str], needed: Collection[str]) -> list[Complaint]:
    empty = (name for name in _MISSING if name in needed and not texts[name])
    found = [Complaint(_MISSING[name], about=name) for name in empty]
    for name, most in _LENGTHS.items():
        text = texts[name]
        unfit = name_complaint(text, name) if name in _ONE_LINE else text_complaint(text)
        if len(text) > most:
            found.append(Complaint(N_("Please use at most %(most)d characters."), {"most": most}))
        elif unfit is not None:
            found.append(unfit)
    together = full_name(texts["title"], texts["first_name"], texts["last_name"])
    if not found and (unfit := header_complaint(together)):
        found.append(unfit)
    return found


def _address(typed: str, found: list[Complaint]) -> str:
    """The address in its stored form, with the domain in IDNA 2008."""
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
                given[own.key] = values_from(own, cell_at(cells, columns.own[own.key]))
            except UnfitInput as refusal:
                found.extend(refusal.complaints)
    return kept_answers(fields, given)

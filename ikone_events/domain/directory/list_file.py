"""Reads and checks a list of administrations in CSV; faults name their lines.

Missing columns and empty cells leave stored values unchanged. Aliases are added to existing ones.
"""

import csv
import io
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import date
from typing import Any

from ikone_events.domain.directory.draft import AdministrationDraft, check_administration
from ikone_events.domain.refusals import N_, Complaint, UnfitInput
from ikone_events.domain.times import read_day
from ikone_events.domain.words import NO_WORDS, YES_WORDS

COLUMNS = {
    "schluessel": "official_key",
    "name": "name",
    "kurzname": "short_name",
    "art": "kind",
    "landkreis": "district",
    "aliase": "aliases",
    "mitglied": "member",
    "mitglied_von": "member_since",
    "mitglied_bis": "member_until",
}
MOST_ROWS = 20_000
MOST_BYTES = 5_000_000
FAULTS_SHOWN = 100


@dataclass(frozen=True, slots=True)
class ListRow:
    """One line of a list; `values` are named as in AdministrationDraft."""

    line: int
    values: Mapping[str, Any]

    @property
    def official_key(self) -> str:
        """The official key, or an empty text."""
        return str(self.values.get("official_key", ""))

    @property
    def name(self) -> str:
        """The name, given in every line."""
        return str(self.values.get("name", ""))


def read_list(content: bytes) -> list[ListRow]:
    """The lines of a file; raises UnfitInput with at most FAULTS_SHOWN faults."""
    if len(content) > MOST_BYTES:
        raise UnfitInput(Complaint(N_("This file is too large for a list of public bodies.")))
    table = _table(_decoded(content))
    header = _header(table)
    faults: list[Complaint] = []
    rows: list[ListRow] = []
    for line, cells in table[1:]:
        try:
            rows.append(_row(line, header, cells))
        except UnfitInput as refusal:
            faults.extend(at_line(line, complaint) for complaint in refusal.complaints)
    faults.extend(_repeats(rows))
    if not rows and not faults:
        faults.append(Complaint(N_("The list is empty.")))
    if faults:
        by_line = sorted(faults, key=lambda complaint: int(complaint.about or 0))
        raise UnfitInput(by_line[:FAULTS_SHOWN])
    return rows


def at_line(line: int, complaint: Complaint) -> Complaint:
    """The complaint with the number of its line in `about`."""
    return Complaint(complaint.text, complaint.values, str(line))


def _decoded(content: bytes) -> str:
    """UTF-8 with or without a byte order mark, else Windows-1252 (Excel)."""
    if content.startswith((b"\xff\xfe", b"\xfe\xff")):
        raise UnfitInput(Complaint(N_("Please save the list as CSV in UTF-8.")))
    try:
        text = content.decode("utf-8-sig")
    except UnicodeDecodeError:
        text = content.decode("cp1252", errors="replace")
    if "\0" in text:
        raise UnfitInput(Complaint(N_("This is no CSV file.")))
    return text


def _table(text: str) -> list[tuple[int, list[str]]]:
    """The lines that are not empty with their numbers; the first is the header."""
    first = text.lstrip("\r\n").partition("\n")[0]
    delimiter = max(";,\t", key=first.count)
    reader = csv.reader(io.StringIO(text, newline=""), delimiter=delimiter, strict=True)
    table: list[tuple[int, list[str]]] = []
    line = 1
    try:
        for cells in reader:
            if any(cell.strip() for cell in cells):
                table.append((line, [" ".join(cell.split()) for cell in cells]))
            line = reader.line_num + 1
            if len(table) > MOST_ROWS:
                text = N_("A list has at most %(number)d lines.")
                raise UnfitInput(Complaint(text, {"number": MOST_ROWS}))
    except csv.Error as fault:
        raise UnfitInput(
            at_line(line, Complaint(N_("This line can't be read: is a quotation mark missing?")))
        ) from fault
    return table


def _header(table: list[tuple[int, list[str]]]) -> list[str | None]:
    if not table:
        raise UnfitInput(Complaint(N_("The list is empty.")))
    names = [cell.casefold() for cell in table[0][1]]
    if "name" not in names:
        text = N_("The first line must name the columns, at least “name”. Known ones: %(columns)s.")
        raise UnfitInput(Complaint(text, {"columns": ", ".join(COLUMNS)}))
    known = [name for name in names if name in COLUMNS]
    if len(set(known)) < len(known):
        raise UnfitInput(Complaint(N_("Two columns have the same name.")))
    return [COLUMNS.get(name) for name in names]


def _row(line: int, header: list[str | None], cells: list[str]) -> ListRow:
    if len(cells) > len(header) and any(cells[len(header) :]):
        raise UnfitInput(Complaint(N_("This line has more cells than the first one.")))
    typed = {name: cell for name, cell in zip(header, cells, strict=False) if name and cell}
    days = [name for name in ("member_since", "member_until") if name in typed]
    values: dict[str, Any] = {**typed, **{name: _day(typed[name]) for name in days}}
    if "aliases" in typed:
        values["aliases"] = tuple(a.strip() for a in typed["aliases"].split("|") if a.strip())
    if "member" in typed:
        values["member"] = _yes_or_no(typed["member"])
    elif days:
        values["member"] = True
    check_administration(AdministrationDraft(**{"name": "", **values}))
    return ListRow(line, values)


def _day(text: str) -> date:
    try:
        return read_day(text)
    except ValueError as fault:
        words = N_("“%(text)s” is not a day; please write it like 31.01.2026.")
        raise UnfitInput(Complaint(words, {"text": text})) from fault


def _yes_or_no(text: str) -> bool:
    if text.casefold() in YES_WORDS | NO_WORDS:
        return text.casefold() in YES_WORDS
    raise UnfitInput(Complaint(N_("Member is “ja” or “nein”, not “%(text)s”."), {"text": text}))


def _repeats(rows: list[ListRow]) -> Iterator[Complaint]:
    """Complaints about a repeated key, or a repeated name without different keys."""
    keys: dict[str, int] = {}
    names: dict[str, ListRow] = {}
    for row in rows:
        first = keys.setdefault(row.official_key, row.line) if row.official_key else row.line
        namesake = names.setdefault(row.name.casefold(), row)
        if first != row.line:
            text = N_("The key “%(value)s” stands in line %(line)d already.")
            yield at_line(row.line, Complaint(text, {"value": row.official_key, "line": first}))
        elif namesake is not row and not (row.official_key and namesake.official_key):
            text = N_("The name “%(value)s” stands in line %(line)d already.")
            values = {"value": row.name, "line": namesake.line}
            yield at_line(row.line, Complaint(text, values))

"""Reading workbooks (XLSX) as they look: hidden sheets, rows and columns are left out and named."""

import io
import struct
import zipfile
import zlib
from dataclasses import dataclass, field
from datetime import date, datetime, time
from typing import Any
from xml.etree.ElementTree import iterparse

from openpyxl import load_workbook
from openpyxl.utils.cell import range_boundaries
from openpyxl.utils.exceptions import InvalidFileException

from ikone_events.domain.refusals import N_, Complaint, UploadRefused

Line = tuple[int, tuple[str, ...]]
# A table of two thousand people unpacks to a few megabytes; an archive bomb to gigabytes.
_MOST_UNPACKED = 20 * 1024 * 1024
_MOST_PARTS = 300
# Empty rows are skipped up to here: a sheet may claim to be a million rows long.
_LAST_ROW = 20_000
_MOST_MERGED = 2_000
# How many hidden lines a remark names.
_NAMED = 20
_DECLARATIONS = (b"<!DOCTYPE", b"<!ENTITY")
# What the libraries raise for broken files; found by changing bytes of valid ones.
_BROKEN = (
    *(zipfile.BadZipFile, InvalidFileException, zlib.error, struct.error, SyntaxError),
    *(LookupError, ValueError, TypeError, AttributeError, OSError, EOFError),
    *(RuntimeError, ArithmeticError, AssertionError),
)


@dataclass(slots=True)
class _Layout:
    """What a sheet hides (numbers from one), and its merged cells: columns and rows."""

    rows: set[int] = field(default_factory=set)
    columns: set[int] = field(default_factory=set)
    merged: list[tuple[int, int, int]] = field(default_factory=list)


def workbook_lines(content: bytes, most_columns: int) -> tuple[list[Line], list[Complaint]]:
    """The rows of the first visible sheet, and remarks on what of the file was left out."""
    try:
        _check_archive(content)
        return _sheet(content, most_columns)
    except _BROKEN as fault:
        raise _refused(N_("The file can't be read as a list.")) from fault


def _check_archive(content: bytes) -> None:
    """Raise UploadRefused for archives that unpack too large or define entities."""
    with zipfile.ZipFile(io.BytesIO(content)) as archive:
        parts = archive.infolist()
        # An archive yields no more bytes than its directory says, so the sum is a limit.
        if len(parts) > _MOST_PARTS or sum(part.file_size for part in parts) > _MOST_UNPACKED:
            raise _refused(N_("The file unpacks to more than we take."))
        for part in parts:
            plain = archive.read(part).replace(b"\0", b"")
            if any(declaration in plain for declaration in _DECLARATIONS):
                raise _refused(N_("The file can't be read as a list."))


def _sheet(content: bytes, most_columns: int) -> tuple[list[Line], list[Complaint]]:
    book: Any = load_workbook(io.BytesIO(content), read_only=True, data_only=True)
    try:
        visible = [sheet for sheet in book.worksheets if sheet.sheet_state == "visible"]
        sheet = (visible or book.worksheets)[0]
        # openpyxl reads rows one by one or the layout, not both.
        with book._archive.open(sheet._worksheet_path) as source:  # noqa: SLF001
            layout = _layout_of(source)
        rows = sheet.iter_rows(max_row=_LAST_ROW, max_col=most_columns, values_only=True)
        lines = [
            (number, [_cell_text(value) for value in cells])
            for number, cells in enumerate(rows, start=1)
        ]
        others = [other.title for other in book.worksheets if other is not sheet and _filled(other)]
    finally:
        book.close()
    _spread(lines, layout)
    filled = [(number, cells) for number, cells in lines if any(cells)]
    return _shown(filled, layout), _remarks(filled, layout, sheet.title, others)


def _filled(sheet: Any) -> bool:
    """Whether a sheet has two rows or more; an empty one is created along with a new workbook."""
    rows = sheet.iter_rows(max_row=2, max_col=2, values_only=True)
    return sum(any(value is not None for value in cells) for cells in rows) > 1


def _layout_of(source: Any) -> _Layout:
    found = _Layout()
    for _event, element in iterparse(source):  # noqa: S314 - entities have been refused
        match element.tag.rpartition("}")[2]:
            case "row" if _is_set(element.get("hidden")):
                found.rows.add(int(element.get("r", "0")))
            case "col" if _is_set(element.get("hidden")):
                first, last = int(element.get("min", "0")), int(element.get("max", "0"))
                found.columns.update(range(first, min(last, first + 100) + 1))
            case "mergeCell" if len(found.merged) < _MOST_MERGED:
                column, top, _last, bottom = range_boundaries(element.get("ref", ""))
                found.merged.append((int(column or 0), int(top or 0), int(bottom or 0)))
            case "c" | "row":
                pass
            case _:
                continue
        element.clear()
    return found


def _is_set(value: str | None) -> bool:
    return value in ("1", "true")


def _spread(lines: list[tuple[int, list[str]]], layout: _Layout) -> None:
    """Repeat the text of cells that are merged with those below them."""
    for column, top, bottom in layout.merged:
        if not 0 < top < bottom or top > len(lines):
            continue
        for _number, cells in lines[top : min(bottom, len(lines))]:
            if column <= len(cells) and column <= len(lines[top - 1][1]):
                cells[column - 1] = lines[top - 1][1][column - 1]


def _shown(lines: list[tuple[int, list[str]]], layout: _Layout) -> list[Line]:
    return [
        (number, tuple(cell for place, cell in enumerate(cells, 1) if place not in layout.columns))
        for number, cells in lines
        if number not in layout.rows
    ]


def _remarks(
    lines: list[tuple[int, list[str]]], layout: _Layout, title: str, others: list[str]
) -> list[Complaint]:
    found: list[Complaint] = []
    if others:
        text = N_("Only the sheet “%(sheet)s” was read, not these: %(others)s.")
        found.append(_remark(text, sheet=title, others=", ".join(others)[:500]))
    if hidden := [number for number, _cells in lines if number in layout.rows]:
        text = N_("Lines that the file hides were left out (%(number)d): %(lines)s.")
        names = ", ".join(map(str, hidden[:_NAMED])) + ("…" if len(hidden) > _NAMED else "")
        found.append(_remark(text, number=len(hidden), lines=names))
    headings = lines[0][1] if lines else []
    columns = [text for place, text in enumerate(headings, 1) if place in layout.columns and text]
    if columns:
        text = N_("Columns that the file hides were left out: %(columns)s.")
        found.append(_remark(text, columns=", ".join(columns)[:500]))
    if any(0 < top < bottom for _column, top, bottom in layout.merged):
        found.append(_remark(N_("The text of merged cells was read for each of their lines.")))
    return found


def _remark(text: str, **values: object) -> Complaint:
    return Complaint(text, values, "file")


def _cell_text(value: object) -> str:
    """The text a cell shows: whole numbers without a point, dates without midnight."""
    if value is None:
        return ""
    if isinstance(value, bool):
        return "yes" if value else "no"
    if isinstance(value, float) and value.is_integer():
        return str(int(value))
    if isinstance(value, datetime):
        return value.date().isoformat() if value.time() == time() else value.isoformat(" ")
    if isinstance(value, date | time):
        return value.isoformat()
    return str(value).strip()


def _refused(text: str) -> UploadRefused:
    return UploadRefused(Complaint(text, about="file"))

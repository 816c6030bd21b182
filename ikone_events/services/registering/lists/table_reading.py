"""Reading uploaded tables (CSV, XLSX) as texts; too big or broken ones are refused."""

import csv
import io
import struct
import zipfile
import zlib
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import date, datetime, time
from typing import Any

from openpyxl import load_workbook
from openpyxl.utils.exceptions import InvalidFileException

from ikone_events.domain.refusals import N_, Complaint, FileTooLarge, UploadRefused
from ikone_events.services.spreadsheets import safe_cell

MOST_ROWS = 2_000
_MOST_MB = 2
MOST_BYTES = _MOST_MB * 1024 * 1024
_MOST_COLUMNS = 60
# A table of two thousand people unpacks to a few megabytes; an archive bomb to gigabytes.
_MOST_UNPACKED = 20 * 1024 * 1024
_MOST_PARTS = 300
# Empty rows are skipped up to here: a sheet may claim to be a million rows long.
_LAST_ROW = 20_000
_DELIMITERS = ";,\t"
_ZIP = b"PK\x03\x04"
_UTF_16 = (b"\xff\xfe", b"\xfe\xff")
_DECLARATIONS = (b"<!DOCTYPE", b"<!ENTITY")
# What the libraries raise for broken files; found by changing bytes of valid ones.
_BROKEN = (
    *(zipfile.BadZipFile, InvalidFileException, zlib.error, struct.error, SyntaxError),
    *(LookupError, ValueError, TypeError, AttributeError, OSError, EOFError),
    *(RuntimeError, ArithmeticError, AssertionError),
)


@dataclass(frozen=True, slots=True)
class TypedTable:
    """The headings and the rows, each with its line in the file, from one."""

    headings: tuple[str, ...]
    rows: tuple[tuple[int, tuple[str, ...]], ...]


def read_table(content: bytes) -> TypedTable:
    """The first table of a file; its name does not matter. Raises UploadRefused."""
    if len(content) > MOST_BYTES:
        raise FileTooLarge(_MOST_MB)
    lines = _xlsx_lines(content) if content.startswith(_ZIP) else _csv_lines(content)
    return _table(_filled(lines))


def _table(lines: Iterator[tuple[int, tuple[str, ...]]]) -> TypedTable:
    first = next(lines, None)
    if first is None:
        raise _refused(N_("The file is empty."))
    rows: list[tuple[int, tuple[str, ...]]] = []
    for row in lines:
        if len(rows) == MOST_ROWS:
            text = N_("The list has more than %(most)d people. Please split it.")
            raise UploadRefused(Complaint(text, {"most": MOST_ROWS}, "file"))
        rows.append(row)
    if not rows:
        raise _refused(N_("The list has headings, but nobody below them."))
    return TypedTable(first[1], tuple(rows))


def _filled(lines: Iterable[tuple[int, tuple[str, ...]]]) -> Iterator[tuple[int, tuple[str, ...]]]:
    """The rows that are not empty, without trailing empty cells."""
    for number, cells in lines:
        last = max((place for place, cell in enumerate(cells, start=1) if cell), default=0)
        if last:
            yield number, cells[:last]


def _csv_lines(content: bytes) -> Iterator[tuple[int, tuple[str, ...]]]:
    text = _decoded(content)
    if "\0" in text:
        raise _refused(N_("This is neither a CSV file nor an Excel file (XLSX)."))
    shift = int(text.lower().startswith("sep="))  # a line that Excel writes before the headings
    if shift:
        text = text.partition("\n")[2]
    reader = csv.reader(io.StringIO(text, newline=""), delimiter=_delimiter(text))
    return _numbered(reader, shift)


def _numbered(reader: Any, shift: int) -> Iterator[tuple[int, tuple[str, ...]]]:
    """Each row with the line on which it begins; cells may contain line breaks."""
    line = 1 + shift
    try:
        for cells in reader:
            yield line, tuple(_undefused(cell.strip()) for cell in cells[:_MOST_COLUMNS])
            line = reader.line_num + 1 + shift
    except csv.Error as fault:
        raise _refused(N_("The file can't be read as a list.")) from fault


def _undefused(cell: str) -> str:
    """Remove the `'` that our own exports put before possible formulas."""
    return cell[1:] if cell.startswith("'") and safe_cell(cell[1:]) == cell else cell


def _decoded(content: bytes) -> str:
    """UTF-8 with or without BOM, UTF-16 as Excel writes it, or Windows-1252."""
    encodings = ("utf-16",) if content[:2] in _UTF_16 else ("utf-8-sig", "cp1252")
    for encoding in encodings:
        try:
            return content.decode(encoding)
        except UnicodeDecodeError:
            continue
    raise _refused(N_("The file can't be read as a list."))


def _delimiter(text: str) -> str:
    """The most frequent delimiter of the headings; a semicolon for a single column."""
    head = next((line for line in text.splitlines() if line.strip()), "")
    return max(_DELIMITERS, key=head.count)


def _xlsx_lines(content: bytes) -> Iterator[tuple[int, tuple[str, ...]]]:
    try:
        _check_archive(content)
        return iter(_sheet(content))
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


def _sheet(content: bytes) -> list[tuple[int, tuple[str, ...]]]:
    book = load_workbook(io.BytesIO(content), read_only=True, data_only=True)
    try:
        rows = book.worksheets[0].iter_rows(
            max_row=_LAST_ROW, max_col=_MOST_COLUMNS, values_only=True
        )
        return [
            (number, tuple(_cell_text(value) for value in cells))
            for number, cells in enumerate(rows, start=1)
            if any(value is not None for value in cells)
        ]
    finally:
        book.close()


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

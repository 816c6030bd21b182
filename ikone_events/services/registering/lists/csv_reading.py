"""Reading CSV: encoding and delimiter are found, quotation marks that swallow lines are refused."""

import csv
import io
from collections.abc import Iterator

from ikone_events.domain.refusals import N_, Complaint, UploadRefused
from ikone_events.services.documents.spreadsheets import safe_cell

Line = tuple[int, tuple[str, ...]]
_DELIMITERS = ";,\t"
_UTF_16 = (b"\xff\xfe", b"\xfe\xff")
# Rows that decide on the delimiter.
_SAMPLE = 50
# A row after the last one: it is missing when a quotation mark is still open at the end.
_END = "\x1f"


def csv_lines(content: bytes, most_columns: int) -> Iterator[Line]:
    """The rows with the lines on which they begin; cells may contain line breaks."""
    text = _decoded(content)
    if "\0" in text:
        text = N_("This is neither a CSV file nor a spreadsheet (XLSX, XLS or ODS).")
        raise UploadRefused(Complaint(text, about="file"))
    shift = int(text.lower().startswith("sep="))  # a line that Excel writes before the headings
    if shift:
        text = text.partition("\n")[2]
    delimiter = _delimiter(text)
    for line, cells in _numbered(text, delimiter, 1 + shift):
        if any(_has_swallowed(cell, delimiter) for cell in cells):
            raise _unclosed(line)
        yield line, tuple(_undefused(cell.strip()) for cell in cells[:most_columns])


def _numbered(text: str, delimiter: str, line: int) -> Iterator[tuple[int, list[str]]]:
    reader = csv.reader(io.StringIO(f"{text}\n{_END}\n", newline=""), delimiter=delimiter)
    first, ahead = line, None
    try:
        for cells in reader:
            if ahead is not None:
                yield ahead
            ahead, line = (line, cells), first + reader.line_num
    except csv.Error as fault:
        raise _unclosed(line) from fault
    if ahead is None or ahead[1] != [_END]:
        raise _unclosed(ahead[0] if ahead else first)


def _has_swallowed(cell: str, delimiter: str) -> bool:
    """Whether a cell of several lines contains what looks like further rows."""
    return "\n" in cell and any(part.count(delimiter) > 1 for part in cell.split("\n"))


def _unclosed(line: int) -> UploadRefused:
    text = N_("Line %(line)d can't be read: a quotation mark in it is opened and not closed.")
    return UploadRefused(Complaint(text, {"line": line}, "file"))


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
    raise UploadRefused(Complaint(N_("The file can't be read as a list."), about="file"))


def _delimiter(text: str) -> str:
    """The delimiter by which most rows have as many cells as the headings."""
    return max(_DELIMITERS, key=lambda delimiter: _fit(text, delimiter))


def _fit(text: str, delimiter: str) -> tuple[int, int]:
    """How many rows have the width of the headings, and this width; nothing for one column."""
    widths: list[int] = []
    try:
        for cells in csv.reader(io.StringIO(text, newline=""), delimiter=delimiter):
            widths += [len(cells)] if any(cell.strip() for cell in cells) else []
            if len(widths) > _SAMPLE:
                break
    except csv.Error:
        pass
    width = widths[0] if widths else 1
    return (widths.count(width), width) if width > 1 else (0, 0)

"""Tables as files for spreadsheets and programs; no cell of them can become a formula."""

import csv
import re
import unicodedata
from collections.abc import Iterable, Mapping
from typing import TYPE_CHECKING, BinaryIO, TextIO

if TYPE_CHECKING:  # openpyxl is imported for a workbook alone: 6 MB
    from openpyxl.worksheet._write_only import WriteOnlyWorksheet

Row = Mapping[str, str | int | None]

# What a spreadsheet takes for the start of a formula or of a cell's end (security guide, R26).
_DANGEROUS = frozenset("=+-@\t\r\n|%")
_QUOTES = frozenset("'\"‘’“”„`")
# What XML 1.0 can't carry; everything else survives in a cell.
_NOT_IN_XML = re.compile("[\x00-\x08\x0b\x0c\x0e-\x1f\ud800-\udfff\ufffe\uffff]")
_LONGEST_CELL = 32_767
_LONGEST_SHEET_NAME = 31


def write_csv(
    stream: TextIO, columns: Iterable[str], rows: Iterable[Row], *, excel: bool = False
) -> int:
    """Write rows under their columns; returns how many.

    `excel` writes what a German Excel opens by a double click: a byte order mark and semicolons.
    Without it the file is plain CSV for programs.
    """
    if excel:
        stream.write("\ufeff")
    names = list(columns)
    writer = csv.writer(stream, delimiter=";" if excel else ",", lineterminator="\r\n")
    writer.writerow(names)
    number = 0
    for number, row in enumerate(rows, start=1):  # noqa: B007 - the count is the answer
        writer.writerow([safe_cell(row[name]) for name in names])
    return number


def safe_cell(value: str | int | None) -> str:
    """A cell that a spreadsheet shows and never runs: what looks like a formula gets a `'`."""
    if value is None:
        return ""
    if isinstance(value, int):
        return str(value)
    text = value.replace("\0", "")
    first = next((char for char in text if char in _DANGEROUS or not _passes_unseen(char)), "")
    folded = unicodedata.normalize("NFKC", first) or " "
    return f"'{text}" if folded[0] in _DANGEROUS or folded[0] == "\u2212" else text


def _passes_unseen(char: str) -> bool:
    """Whether a character may precede a formula unseen: quotes, spaces, control characters."""
    return char in _QUOTES or unicodedata.category(char)[0] in "CZ"


def write_xlsx(stream: BinaryIO, columns: Iterable[str], rows: Iterable[Row], *, title: str) -> int:
    """Write rows under their columns into the one sheet of a workbook; returns how many.

    Every text is typed as text, so it stays what it is: no `'` is needed. Rows go out one by one.
    """
    from openpyxl import Workbook  # noqa: PLC0415 - see above

    book = Workbook(write_only=True)
    sheet: WriteOnlyWorksheet = book.create_sheet(_sheet_name(title))
    names = list(columns)
    sheet.freeze_panes = "A2"
    sheet.append([_cell(sheet, name) for name in names])
    number = 0
    for number, row in enumerate(rows, start=1):  # noqa: B007 - the count is the answer
        sheet.append([_cell(sheet, row[name]) for name in names])
    book.save(stream)
    return number


def _sheet_name(title: str) -> str:
    kept = re.sub(r"[\\/*?:\[\]'\x00-\x1f]", " ", title).strip()
    return kept[:_LONGEST_SHEET_NAME].strip() or "1"


def _cell(sheet: "WriteOnlyWorksheet", value: str | int | None) -> object:
    """A number, or a cell typed as text whatever it looks like."""
    if value is None or isinstance(value, int):
        return value
    from openpyxl.cell import WriteOnlyCell  # noqa: PLC0415 - see above

    cell = WriteOnlyCell(sheet, value=xml_text(value)[:_LONGEST_CELL])
    cell.data_type = "s"
    return cell


def xml_text(text: str) -> str:
    """A text as a workbook can store it: uniform line ends, no control characters."""
    return _NOT_IN_XML.sub("", text.replace("\r\n", "\n").replace("\r", "\n"))

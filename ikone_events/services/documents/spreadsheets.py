"""Tables as files for spreadsheets and programs; no cell of them can become a formula."""

import csv
import unicodedata
from collections.abc import Iterable, Mapping
from typing import BinaryIO, TextIO

from ikone_events.services.documents.opendocument import write_ods
from ikone_events.services.documents.workbooks import Book, Column, Sheet, write_xlsx

Row = Mapping[str, str | int | None]

# What a spreadsheet takes for the start of a formula or of a cell's end (security guide, R26).
_DANGEROUS = frozenset("=+-@\t\r\n|%")
_QUOTES = frozenset("'\"‘’“”„`")
# How workbooks are written, by the ending of their file.
WORKBOOKS = {"xlsx": write_xlsx, "ods": write_ods}


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


def write_workbook(
    stream: BinaryIO, columns: Iterable[str], rows: Iterable[Row], kind: str, *, title: str
) -> int:
    """Write rows under their columns into the one sheet of a workbook; returns how many.

    `kind` is one of WORKBOOKS. Every text is typed as text, so it stays what it is: no `'` is
    needed. Rows go out one by one.
    """
    names = list(columns)
    cells = ([row[name] for name in names] for row in rows)
    sheet = Sheet(title, [Column(name) for name in names], cells)
    return WORKBOOKS[kind](stream, Book([sheet]))

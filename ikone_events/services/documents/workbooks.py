"""Workbooks: what they contain, and writing them as XLSX; every cell is typed by its value."""

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING, Any, BinaryIO

if TYPE_CHECKING:  # imported for a workbook alone
    from xlsxwriter import Workbook
    from xlsxwriter.worksheet import Worksheet

# What XML 1.0 can't carry; everything else survives in a cell.
_NOT_IN_XML = re.compile("[\x00-\x08\x0b\x0c\x0e-\x1f\ud800-\udfff\ufffe\uffff]")
_NOT_IN_NAMES = re.compile(r"[\\/*?:\[\]'\x00-\x1f]")
_LONGEST_CELL = 32_767
_LONGEST_SHEET_NAME = 31
_A4 = 9
# Texts are typed by the call that writes them; nothing that looks like something else becomes it.
_OPTIONS = {
    "constant_memory": True,
    "strings_to_formulas": False,
    "strings_to_urls": False,
    "strings_to_numbers": False,
}


class Share(float):
    """A part of a whole, from 0 to 1; shown in percent."""


Cell = str | int | float | date | None


@dataclass(frozen=True, slots=True)
class Column:
    """A column: its width in characters, and whether it is one of numbers."""

    heading: str
    width: int = 0
    is_number: bool = False


@dataclass(frozen=True, slots=True)
class Sheet:
    """A table below its headings; `sums` are the last rows, in bold."""

    name: str
    columns: Sequence[Column]
    rows: Iterable[Sequence[Cell]]
    sums: Sequence[Sequence[Cell]] = ()


@dataclass(frozen=True, slots=True)
class Book:
    """A workbook, whose title, author and language are stored in it."""

    sheets: Sequence[Sheet]
    title: str = ""
    author: str = ""
    language: str = "de"


def write_xlsx(stream: BinaryIO, book: Book) -> int:
    """Write a workbook; returns the number of its rows without headings and sums.

    XlsxWriter keeps the rows in files on the disk, which it leaves behind when a row fails: they
    have a folder of their own, which goes in any case.
    """
    from xlsxwriter import Workbook  # noqa: PLC0415 - see above

    with TemporaryDirectory(prefix="ikone-") as folder:
        file = Workbook(stream, {**_OPTIONS, "tmpdir": folder})
        try:
            return _fill(file, book)
        finally:
            file.close()


def _fill(file: "Workbook", book: Book) -> int:
    file.set_properties({"title": xml_text(book.title), "author": xml_text(book.author)})
    looks: dict[tuple[str, bool], Any] = {}
    for bold in (False, True):
        kinds = {"": "General", "date": _date_pattern(book), "share": "0 %", "wrapped": "General"}
        for kind, pattern in kinds.items():
            look = {"num_format": pattern, "bold": bold, "valign": "top"}
            looks[kind, bold] = file.add_format({**look, "text_wrap": kind == "wrapped"})
    number = 0
    for sheet in book.sheets:
        page = file.add_worksheet(sheet_name(sheet.name))
        _set_up(page, sheet)
        _write_row(page, 0, [column.heading for column in sheet.columns], sheet, looks, bold=True)
        row = 0
        for row, cells in enumerate(sheet.rows, start=1):
            _write_row(page, row, cells, sheet, looks, bold=False)
        for place, cells in enumerate(sheet.sums, start=row + 1):
            _write_row(page, place, cells, sheet, looks, bold=True)
        number += row
    return number


def _set_up(page: "Worksheet", sheet: Sheet) -> None:
    """Headings that stay in sight, on the screen and on each printed page; A4 across."""
    page.freeze_panes(1, 0)
    page.repeat_rows(0)
    page.set_landscape()
    page.set_paper(_A4)
    page.fit_to_pages(1, 0)
    page.set_footer("&L&A&R&P/&N")
    page.ignore_errors({"number_stored_as_text": "A1:XFD1048576"})
    for place, column in enumerate(sheet.columns):
        if column.width:
            page.set_column(place, place, column.width)


def _write_row(
    page: "Worksheet",
    row: int,
    cells: Sequence[Cell],
    sheet: Sheet,
    looks: dict[tuple[str, bool], Any],
    *,
    bold: bool,
) -> None:
    for place, value in enumerate(cells):
        column = sheet.columns[place]
        match value:
            case None:
                pass
            case str():
                look = looks["wrapped" if column.width else "", bold]
                page.write_string(row, place, xml_text(value)[:_LONGEST_CELL], look)
            case date():
                page.write_datetime(row, place, value, looks["date", bold])
            case _:
                kind = "share" if isinstance(value, Share) else ""
                page.write_number(row, place, value, looks[kind, bold])


def _date_pattern(book: Book) -> str:
    return "dd.mm.yyyy" if book.language == "de" else "dd/mm/yyyy"


def sheet_name(title: str) -> str:
    """A name for a sheet that every spreadsheet program accepts."""
    kept = _NOT_IN_NAMES.sub(" ", xml_text(title)).strip()
    return kept[:_LONGEST_SHEET_NAME].strip() or "1"


def xml_text(text: str) -> str:
    """A text as a workbook can store it: uniform line ends, no control characters."""
    return _NOT_IN_XML.sub("", text.replace("\r\n", "\n").replace("\r", "\n"))

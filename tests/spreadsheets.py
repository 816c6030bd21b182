"""Spreadsheets of tests: written by XlsxWriter, read by calamine, which writes none."""

import io
import zipfile
from collections.abc import Callable, Sequence
from typing import Any

from python_calamine import CalamineWorkbook
from xlsxwriter import Workbook


def made(*rows: Sequence[object], change: Callable[[Workbook, Any], None] | None = None) -> bytes:
    """A workbook as a spreadsheet program writes it; `change` gets it and its first sheet."""
    stream = io.BytesIO()
    book = Workbook(stream, {"in_memory": True, "default_date_format": "yyyy-mm-dd hh:mm"})
    sheet = book.add_worksheet()
    for number, row in enumerate(rows):
        for place, value in enumerate(row):
            if isinstance(value, str) and value.startswith("#"):
                # Errors are results of formulas there.
                sheet.write_formula(number, place, "=NA()", None, value)
            else:
                sheet.write(number, place, value)
    if change is not None:
        change(book, sheet)
    book.close()
    return stream.getvalue()


def cells_of(content: bytes, place: int = 0) -> list[list[Any]]:
    """The rows of a sheet; an empty cell is an empty text, and a number a float."""
    book = CalamineWorkbook.from_filelike(io.BytesIO(content))
    return book.get_sheet_by_index(place).to_python(skip_empty_area=False)


def parts_of(content: bytes) -> dict[str, str]:
    """The parts of a workbook that are XML, by name."""
    with zipfile.ZipFile(io.BytesIO(content)) as archive:
        names = [name for name in archive.namelist() if name.endswith(".xml")]
        return {name: archive.read(name).decode() for name in names}


def has_formula(content: bytes) -> bool:
    """Whether some cell would be calculated."""
    return any("<f>" in part or "table:formula" in part for part in parts_of(content).values())

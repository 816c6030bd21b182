"""A program that reads a spreadsheet from standard input and writes its first sheet as JSON.

calamine takes memory for every cell between the first and the last one, and a failed request for
memory ends its whole process: a file of five kilobytes would end the server. So each file is read
in a process of its own, with limits. It imports nothing else of the package, to start at once.
"""

import io
import json
import re
import resource
import sys
import zipfile
from collections.abc import Iterator
from datetime import date, datetime, time
from xml.etree.ElementTree import Element, iterparse

from python_calamine import CalamineWorkbook, SheetTypeEnum, SheetVisibleEnum

MOST_MEMORY = 512 * 1024 * 1024
MOST_SECONDS = 15
# Empty rows are skipped up to here: a sheet may claim to be a million rows long.
_LAST_ROW = 20_000
_MOST_MERGED = 2_000
_MOST_HIDDEN_COLUMNS = 100
_ZIP = b"PK"
_REFERENCE = re.compile(r"([A-Z]{1,3})([0-9]{1,7})")
_HIDDEN = ("collapse", "filter")
# What only parts with a layout of their own contain. Parsing them takes ten times as long as all
# else, and most lists have none.
_MARKS = (
    *(b"hidden", b"mergeCell", b'"e"', b"'e'"),
    *(b"visibility", b"rows-spanned", b'"error"', b"'error'"),
)
# Row and column, from one.
Place = tuple[int, int]


class Layout:
    """What a sheet hides (numbers from one), its merged cells, and cells that show an error."""

    def __init__(self) -> None:
        self.rows: set[int] = set()
        self.columns: set[int] = set()
        self.merged: list[tuple[int, int, int]] = []  # column, first and last row
        self.errors: dict[Place, str] = {}


def first_sheet(content: bytes, most_columns: int) -> dict[str, object]:
    """Return the cells of the first visible sheet as texts, and what the file hides."""
    book = CalamineWorkbook.from_filelike(io.BytesIO(content))
    kinds = [
        (place, each)
        for place, each in enumerate(book.sheets_metadata)
        if each.typ is SheetTypeEnum.WorkSheet
    ]
    visible = [pair for pair in kinds if pair[1].visible is SheetVisibleEnum.Visible]
    place, chosen = (visible or kinds)[0]
    rows = book.get_sheet_by_index(place).to_python(skip_empty_area=False, nrows=_LAST_ROW)
    cells = [[cell_text(value) for value in row[:most_columns]] for row in rows]
    layout = _layout(content, place, chosen.name)
    for (row, column), error in layout.errors.items():
        if row <= len(cells) and column <= len(cells[row - 1]):
            cells[row - 1][column - 1] = error
    return {
        "name": chosen.name,
        "rows": cells,
        "hidden_rows": sorted(layout.rows),
        "hidden_columns": sorted(layout.columns),
        "merged": layout.merged,
        "others": [each.name for at, each in kinds if at != place and _is_filled(book, at)],
        "has_layout": content.startswith(_ZIP),
    }


def _is_filled(book: CalamineWorkbook, place: int) -> bool:
    """Whether a sheet has two rows or more; an empty one is created along with a new workbook."""
    rows = book.get_sheet_by_index(place).to_python(nrows=2)
    return sum(any(value != "" for value in row) for row in rows) > 1


def cell_text(value: object) -> str:
    """The text a cell shows: whole numbers without a point, dates without midnight."""
    if isinstance(value, bool):
        return "yes" if value else "no"
    if isinstance(value, float) and value.is_integer():
        return str(int(value))
    if isinstance(value, datetime):
        return value.date().isoformat() if value.time() == time() else value.isoformat(" ")
    if isinstance(value, date | time):
        return value.isoformat()
    return str(value).strip()


def _layout(content: bytes, place: int, name: str) -> Layout:
    if not content.startswith(_ZIP):
        return Layout()
    with zipfile.ZipFile(io.BytesIO(content)) as archive:
        is_ods = "content.xml" in archive.namelist()
        part = archive.read("content.xml" if is_ods else _part_of(archive, name))
    plain = part.replace(b"\0", b"")
    if not any(mark in plain for mark in _MARKS):
        return Layout()
    return _layout_of_ods(part, place) if is_ods else _layout_of_xlsx(part)


def _part_of(archive: zipfile.ZipFile, name: str) -> str:
    """The part of an XLSX file that holds the sheet of this name."""
    sheets = _elements(archive, "xl/workbook.xml", "sheet")
    number = next(_of(sheet, "id") for sheet in sheets if sheet.get("name") == name)
    links = _elements(archive, "xl/_rels/workbook.xml.rels", "Relationship")
    target = next(link.get("Target", "") for link in links if link.get("Id") == number)
    return target.lstrip("/") if target.startswith("/") else f"xl/{target}"


def _elements(archive: zipfile.ZipFile, part: str, tag: str) -> Iterator[Element]:
    with archive.open(part) as source:
        for _event, element in iterparse(source):  # noqa: S314 - entities have been refused
            if _plain(element.tag) == tag:
                yield element


def _plain(tag: str) -> str:
    return tag.rpartition("}")[2]


def _of(element: Element, attribute: str) -> str | None:
    """The value of an attribute that stands in some namespace."""
    return next((value for key, value in element.items() if key.endswith(f"}}{attribute}")), None)


def _layout_of_xlsx(part: bytes) -> Layout:
    found = Layout()
    for _event, element in iterparse(io.BytesIO(part)):  # noqa: S314 - entities have been refused
        match _plain(element.tag):
            case "row" if _is_set(element.get("hidden")):
                found.rows.add(int(element.get("r", "0")))
            case "col" if _is_set(element.get("hidden")):
                first, last = int(element.get("min", "0")), int(element.get("max", "0"))
                last = min(last, first + _MOST_HIDDEN_COLUMNS)
                found.columns.update(range(first, last + 1))
            case "mergeCell" if len(found.merged) < _MOST_MERGED:
                first_cell, _, last_cell = element.get("ref", "").partition(":")
                top, column = _place(first_cell)
                found.merged.append((column, top, _place(last_cell or first_cell)[0]))
            case "c" if element.get("t") == "e":
                text = next((each.text for each in element if _plain(each.tag) == "v"), None)
                found.errors[_place(element.get("r", ""))] = text or "#N/A"
            case "c" | "row":
                pass
            case _:
                continue
        element.clear()
    return found


def _is_set(value: str | None) -> bool:
    return value in ("1", "true")


def _place(reference: str) -> Place:
    """Row and column, from one, of a reference like B7."""
    found = _REFERENCE.fullmatch(reference.replace("$", ""))
    if found is None:
        raise ValueError(reference)
    column = 0
    for letter in found[1]:
        column = column * 26 + ord(letter) - ord("A") + 1
    return int(found[2]), column


def _layout_of_ods(part: bytes, place: int) -> Layout:
    """The layout of the table at this place; repeated elements count as often as they say."""
    found, table, row, column = Layout(), -1, 0, 0
    for event, element in iterparse(io.BytesIO(part), ("start", "end")):  # noqa: S314 - as above
        tag = _plain(element.tag)
        if event == "start" and tag == "table":
            table, row, column = table + 1, 0, 0
        if table != place:
            continue
        if event == "start" and tag == "table-row":
            column, times = 0, _times(element, "number-rows-repeated")
            if _of(element, "visibility") in _HIDDEN:
                found.rows.update(range(row + 1, min(row + times, _LAST_ROW) + 1))
            row += times
        elif event == "start" and tag == "table-column":
            times = _times(element, "number-columns-repeated")
            if _of(element, "visibility") in _HIDDEN:
                last = column + min(times, _MOST_HIDDEN_COLUMNS)
                found.columns.update(range(column + 1, last + 1))
            column += times
        elif event == "end" and tag in ("table-cell", "covered-table-cell"):
            _note_cell(found, element, row, column + 1)
            column += _times(element, "number-columns-repeated")
            element.clear()
    return found


def _note_cell(found: Layout, cell: Element, row: int, column: int) -> None:
    spanned = _times(cell, "number-rows-spanned")
    if spanned > 1 and len(found.merged) < _MOST_MERGED:
        found.merged.append((column, row, row + spanned - 1))
    if any(key.endswith("}value-type") and value == "error" for key, value in cell.items()):
        found.errors[row, column] = "".join(cell.itertext()).strip() or "#N/A"


def _times(element: Element, attribute: str) -> int:
    return max(1, int(_of(element, attribute) or "1"))


def main() -> None:
    """Read and write within limits; any error ends the process, and its status is the reason."""
    resource.setrlimit(resource.RLIMIT_AS, (MOST_MEMORY, MOST_MEMORY))
    resource.setrlimit(resource.RLIMIT_CPU, (MOST_SECONDS, MOST_SECONDS))
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    sys.stdout.write(json.dumps(first_sheet(sys.stdin.buffer.read(), int(sys.argv[1]))))


if __name__ == "__main__":
    main()

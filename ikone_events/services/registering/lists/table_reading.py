"""Reading uploaded tables (CSV, XLSX, XLS, ODS) as texts; too big or broken ones are refused."""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass

from ikone_events.domain.refusals import N_, Complaint, FileTooLarge, UploadRefused
from ikone_events.services.registering.lists.csv_reading import Line, csv_lines
from ikone_events.services.registering.lists.workbook_reading import OLE, ZIP, workbook_lines

MOST_ROWS = 2_000
_MOST_MB = 2
MOST_BYTES = _MOST_MB * 1024 * 1024
_MOST_COLUMNS = 60


@dataclass(frozen=True, slots=True)
class TypedTable:
    """The headings and the rows, each with its line in the file, from one.

    `remarks` say what of the file was left out.
    """

    headings: tuple[str, ...]
    rows: tuple[Line, ...]
    remarks: tuple[Complaint, ...] = ()


def read_table(content: bytes) -> TypedTable:
    """The first table of a file; its name does not matter. Raises UploadRefused."""
    if len(content) > MOST_BYTES:
        raise FileTooLarge(_MOST_MB)
    if not content.startswith((ZIP, OLE)):
        return _table(_filled(csv_lines(content, _MOST_COLUMNS)))
    lines, remarks = workbook_lines(content, _MOST_COLUMNS)
    try:
        return _table(_filled(lines), tuple(remarks))
    except UploadRefused as refusal:
        raise UploadRefused([*refusal.complaints, *remarks]) from refusal


def _table(lines: Iterator[Line], remarks: tuple[Complaint, ...] = ()) -> TypedTable:
    first = next(lines, None)
    if first is None:
        raise _refused(N_("The file is empty."))
    rows: list[Line] = []
    for row in lines:
        if len(rows) == MOST_ROWS:
            text = N_("The list has more than %(most)d people. Please split it.")
            raise UploadRefused(Complaint(text, {"most": MOST_ROWS}, "file"))
        rows.append(row)
    if not rows:
        raise _refused(N_("The list has headings, but nobody below them."))
    return TypedTable(first[1], tuple(rows), remarks)


def _filled(lines: Iterable[Line]) -> Iterator[Line]:
    """The rows that are not empty, without trailing empty cells."""
    for number, cells in lines:
        last = max((place for place, cell in enumerate(cells, start=1) if cell), default=0)
        if last:
            yield number, cells[:last]


def _refused(text: str) -> UploadRefused:
    return UploadRefused(Complaint(text, about="file"))

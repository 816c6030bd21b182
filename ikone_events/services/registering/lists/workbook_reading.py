"""Reading spreadsheets (XLSX, XLS, ODS) as they look.

Hidden sheets, rows and columns are left out and named. The file itself is opened by
`sheet_program.py` in a process of its own.
"""

import io
import json
import subprocess
import sys
import zipfile
import zlib
from pathlib import Path
from typing import TypedDict

from ikone_events.domain.refusals import N_, Complaint, UploadRefused

Line = tuple[int, tuple[str, ...]]
# How files begin that are archives (XLSX, ODS), or old Excel files and those with a password.
ZIP, OLE = b"PK\x03\x04", b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1"
# The name of what such a file with a password contains.
_ENCRYPTED = "EncryptedPackage".encode("utf-16-le")
# A table of two thousand people unpacks to a few megabytes; an archive bomb to gigabytes.
_MOST_UNPACKED = 20 * 1024 * 1024
_MOST_PARTS = 300
_SECONDS = 30
# How many hidden lines a remark names.
_NAMED = 20
_DECLARATIONS = (b"<!DOCTYPE", b"<!ENTITY")
_BROKEN = (zipfile.BadZipFile, zlib.error, LookupError, ValueError, OSError, EOFError, RuntimeError)
# What the program ends with after an error of Python: the file is damaged, not too large.
_DAMAGED = 1


class _Sheet(TypedDict):
    """What the program returns of the sheet; rows and columns are counted from one."""

    name: str
    rows: list[list[str]]
    hidden_rows: list[int]
    hidden_columns: list[int]
    merged: list[tuple[int, int, int]]
    others: list[str]
    has_layout: bool


def workbook_lines(content: bytes, most_columns: int) -> tuple[list[Line], list[Complaint]]:
    """The rows of the first visible sheet, and remarks on what of the file was left out."""
    if content.startswith(ZIP):
        try:
            _check_archive(content)
        except _BROKEN as fault:
            raise _refused(N_("The file can't be read as a list.")) from fault
    elif _ENCRYPTED in content:
        raise _refused(N_("The file is protected by a password. Please save it without one."))
    sheet = _read(content, most_columns)
    lines = list(enumerate(sheet["rows"], start=1))
    _spread(lines, sheet["merged"])
    filled = [(number, cells) for number, cells in lines if any(cells)]
    return _shown(filled, sheet), _remarks(filled, sheet)


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


def _read(content: bytes, most_columns: int) -> _Sheet:
    program = Path(__file__).with_name("sheet_program.py")
    try:
        done = subprocess.run(  # noqa: S603 - nothing in the command comes from outside
            [sys.executable, "-I", program, str(most_columns)],
            input=content,
            capture_output=True,
            check=True,
            timeout=_SECONDS,
        )
    except subprocess.CalledProcessError as fault:
        if fault.returncode == _DAMAGED and b"MemoryError" not in fault.stderr:
            raise _refused(N_("The file can't be read as a list.")) from fault
        raise _too_large() from fault
    except subprocess.TimeoutExpired as fault:
        raise _too_large() from fault
    found: _Sheet = json.loads(done.stdout)
    return found


def _too_large() -> UploadRefused:
    text = N_(
        "The file takes too much memory to be read. Perhaps cells far below or beside the list"
        " are filled: please copy the list into a new file."
    )
    return _refused(text)


def _spread(lines: list[tuple[int, list[str]]], merged: list[tuple[int, int, int]]) -> None:
    """Repeat the text of cells that are merged with those below them."""
    for column, top, bottom in merged:
        if not 0 < top < bottom or top > len(lines):
            continue
        for _number, cells in lines[top : min(bottom, len(lines))]:
            if column <= len(cells) and column <= len(lines[top - 1][1]):
                cells[column - 1] = lines[top - 1][1][column - 1]


def _shown(lines: list[tuple[int, list[str]]], sheet: _Sheet) -> list[Line]:
    rows, columns = set(sheet["hidden_rows"]), set(sheet["hidden_columns"])
    return [
        (number, tuple(cell for place, cell in enumerate(cells, 1) if place not in columns))
        for number, cells in lines
        if number not in rows
    ]


def _remarks(lines: list[tuple[int, list[str]]], sheet: _Sheet) -> list[Complaint]:
    found: list[Complaint] = []
    if sheet["others"]:
        text = N_("Only the sheet “%(sheet)s” was read, not these: %(others)s.")
        found.append(_remark(text, sheet=sheet["name"], others=", ".join(sheet["others"])[:500]))
    hidden_rows = set(sheet["hidden_rows"])
    if hidden := [number for number, _cells in lines if number in hidden_rows]:
        text = N_("Lines that the file hides were left out (%(number)d): %(lines)s.")
        names = ", ".join(map(str, hidden[:_NAMED])) + ("…" if len(hidden) > _NAMED else "")
        found.append(_remark(text, number=len(hidden), lines=names))
    headings = lines[0][1] if lines else []
    left_out = set(sheet["hidden_columns"])
    columns = [text for place, text in enumerate(headings, 1) if place in left_out and text]
    if columns:
        text = N_("Columns that the file hides were left out: %(columns)s.")
        found.append(_remark(text, columns=", ".join(columns)[:500]))
    if any(0 < top < bottom for _column, top, bottom in sheet["merged"]):
        found.append(_remark(N_("The text of merged cells was read for each of their lines.")))
    if not sheet["has_layout"]:
        text = N_(
            "In files of this old kind (.xls) we can't see which lines are hidden and which cells"
            " show an error: please compare the list."
        )
        found.append(_remark(text))
    return found


def _remark(text: str, **values: object) -> Complaint:
    return Complaint(text, values, "file")


def _refused(text: str) -> UploadRefused:
    return UploadRefused(Complaint(text, about="file"))

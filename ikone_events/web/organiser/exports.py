"""Lists as files to save: CSV that a German Excel opens, or a workbook (XLSX, ODS)."""

import io
from collections.abc import Iterable

from flask import Response

from ikone_events.services.accounts.security_log import SecurityEvent
from ikone_events.services.documents.spreadsheets import WORKBOOKS, Row, write_csv, write_workbook
from ikone_events.store.events.models import Event
from ikone_events.web.organiser.frame import download
from ikone_events.web.shell.access import organiser
from ikone_events.web.shell.limits import limited
from ikone_events.web.shell.security_events import record

MIME_TYPES = {
    "xlsx": "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet",
    "ods": "application/vnd.oasis.opendocument.spreadsheet",
}
limit_exports = limited("60 per hour", key_func=lambda: f"export:{organiser().id}")


def export_table(
    what: str,
    columns: Iterable[str],
    rows: Iterable[Row],
    file_name: str,
    *,
    title: str = "",
    event: Event | None = None,
) -> Response:
    """Return the rows as a file of the kind in its name; the security log notes the export.

    `title` is that of the sheet of a workbook.
    """
    file, number = table_file(columns, rows, file_name, title=title)
    more = {} if event is None else {"of_event": event.id}
    record(SecurityEvent.EXPORTED, what=what, **more, rows=number)
    return file


def table_file(
    columns: Iterable[str], rows: Iterable[Row], file_name: str, *, title: str = ""
) -> tuple[Response, int]:
    """Return the rows as a file, and how many they are."""
    kind = file_name.rpartition(".")[2]
    if kind in WORKBOOKS:
        binary = io.BytesIO()
        number = write_workbook(binary, columns, rows, kind, title=title)
        return download(binary.getvalue(), MIME_TYPES[kind], file_name), number
    stream = io.StringIO(newline="")
    number = write_csv(stream, columns, rows, excel=True)
    return download(stream.getvalue(), "text/csv", file_name), number

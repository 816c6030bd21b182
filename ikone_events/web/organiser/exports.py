"""Lists as files to save: CSV that a German Excel opens, or a workbook."""

import io
from collections.abc import Iterable

from flask import Response

from ikone_events.services.spreadsheets import Row, write_csv, write_xlsx
from ikone_events.web.organiser.frame import download

_XLSX = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"


def table_file(
    columns: Iterable[str], rows: Iterable[Row], file_name: str, *, title: str = ""
) -> tuple[Response, int]:
    """Return the rows as the kind of file that its name says, and how many they are.

    `title` is that of the sheet of a workbook.
    """
    if file_name.endswith(".xlsx"):
        binary = io.BytesIO()
        number = write_xlsx(binary, columns, rows, title=title)
        return download(binary.getvalue(), _XLSX, file_name), number
    stream = io.StringIO(newline="")
    number = write_csv(stream, columns, rows, excel=True)
    return download(stream.getvalue(), "text/csv", file_name), number

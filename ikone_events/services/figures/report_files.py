"""The report as a file: XLSX, ODS, PDF or JSON."""

import io
import json

from ikone_events.domain.figures.report import FunderReport
from ikone_events.services.documents.pdf import make_large_pdf
from ikone_events.services.documents.spreadsheets import WORKBOOKS
from ikone_events.services.documents.workbooks import Book
from ikone_events.services.figures.report_tables import ReportWords, report_book
from ikone_events.services.installation import get_identity

REPORT_KINDS = (*WORKBOOKS, "pdf", "json")


def report_file(report: FunderReport, kind: str, *, locale: str, zone: str) -> bytes:
    """The content of a file of one of REPORT_KINDS; a PDF needs typst."""
    if kind == "json":
        return json.dumps(report.as_dict(), ensure_ascii=False, indent=1).encode()
    book = report_book(report, locale=locale, zone=zone)
    if kind == "pdf":
        return make_large_pdf("report", _values(book, ReportWords(locale, zone)))
    stream = io.BytesIO()
    WORKBOOKS[kind](stream, book)
    return stream.getvalue()


def _values(book: Book, words: ReportWords) -> dict[str, object]:
    return {
        "title": book.title,
        "lang": book.language,
        "organisation": book.author,
        "accent": get_identity().mail_accent,
        "tables": [
            {
                "name": sheet.name,
                "columns": [
                    {"heading": column.heading, "width": column.width, "number": column.is_number}
                    for column in sheet.columns
                ],
                "rows": [[words.cell(value) for value in row] for row in sheet.rows],
                "sums": [[words.cell(value) for value in row] for row in sheet.sums],
            }
            for sheet in book.sheets
        ],
    }

"""The report as tables and as a file: page, XLSX, ODS, PDF and JSON show the same."""

import io
import json
from collections.abc import Iterable, Sequence
from datetime import date

from ikone_events.domain.directory.administrations import label_of_kind
from ikone_events.domain.events.facts import FORMAT_LABELS, EventFormat
from ikone_events.domain.figures.event_figures import COUNTED_KINDS
from ikone_events.domain.figures.report import (
    FunderReport,
    Number,
    Numbers,
    ReportPart,
    event_numbers,
)
from ikone_events.domain.refusals import N_
from ikone_events.domain.times import date_numeric, moment_page
from ikone_events.mail.writing.translating import translated
from ikone_events.services.documents.pdf import make_large_pdf
from ikone_events.services.documents.spreadsheets import WORKBOOKS
from ikone_events.services.documents.workbooks import Book, Cell, Column, Share, Sheet
from ikone_events.services.installation import get_identity

_LABELS = {
    "registered": N_("Registered"),
    "with_place": N_("With a place"),
    "attended": N_("Attended"),
    "share": N_("Attendance"),
    "administrations": N_("Public bodies"),
    **{kind: label_of_kind(kind) for kind in COUNTED_KINDS},
    "members": N_("Members of the network"),
    "non_members": N_("Non-members"),
    "other_bodies": N_("Other bodies"),
    "first_timers": N_("For the first time"),
    "materials_requested": N_("Materials requested"),
    "feedback": N_("Feedback"),
}
_NUMBER_WIDTH = 15


class ReportWords:
    """The texts of a report in its language."""

    def __init__(self, locale: str, zone: str) -> None:
        self.locale = locale
        self.zone = zone

    def __call__(self, text: str, **values: object) -> str:
        """A message id with its values in the language of the report."""
        words = translated(text, self.locale)
        return words % values if values else words

    def number(self, name: str, value: Number) -> Cell:
        """A number typed for its cell; what nobody recorded is said and never 0."""
        if value is None:
            return self(N_("not recorded"))
        return Share(value) if name == "share" else value

    def numbers(self, values: Numbers) -> list[Cell]:
        """All numbers of a row, in the order of the columns."""
        return [self.number(name, values[name]) for name in _LABELS]

    def cell(self, value: Cell) -> str:
        """A cell in words, for pages and PDFs."""
        match value:
            case None:
                return ""
            case Share():
                return self(N_("%(number)d %%"), number=round(value * 100))
            case date():
                return date_numeric(value, locale=self.locale)
            case _:
                return str(value)


def report_book(report: FunderReport, *, locale: str, zone: str) -> Book:
    """The tables of a report in a language; the moment of its making in a time zone."""
    words = ReportWords(locale, zone)
    sheets = [
        Sheet(
            words(N_("Overview")),
            [Column(words(N_("Entry")), 34), Column(words(N_("Value")), 90)],
            _overview(report, words),
        ),
        _events(report, words),
        _quarters(report, words),
        _bodies(report, words),
    ]
    return Book(
        sheets, title=_report_title(report, words), author=report.organisation, language=locale
    )


def _report_title(report: FunderReport, words: ReportWords) -> str:
    """ "Report on events, 01.01.2021 to 31.12.2021"."""
    first, last = (date_numeric(day, locale=words.locale) for day in (report.first, report.last))
    return words(N_("Report on events, %(first)s to %(last)s"), first=first, last=last)


def _overview(report: FunderReport, words: ReportWords) -> list[Sequence[Cell]]:
    whole = report.whole.whole
    limited = words(N_("Only the events that this account may see"))
    numbers = report.whole.numbers if report.whole.events else {}
    rows: list[tuple[str, Cell]] = [
        (N_("Organisation"), report.organisation),
        (N_("First day"), report.first),
        (N_("Last day"), report.last),
        *([(N_("Series"), report.series)] if report.series else []),
        *([(N_("Extent"), limited)] if report.is_partial else []),
        (N_("Created on"), moment_page(report.made_at, locale=words.locale, zone=words.zone)),
        (N_("Events held"), whole.events),
        (N_("of these without recorded attendance"), whole.events_without_attendance),
        (N_("Events left out (cancelled, or not over)"), report.left_out),
        *((_LABELS[name], words.number(name, value)) for name, value in numbers.items()),
        (N_("How sums are counted"), _sums_note(report.whole, words)),
    ]
    for version, texts in sorted(report.rules.items()):
        label = words(N_("Rules of counting, version %(number)d"), number=version)
        unknown = words(N_("These figures were stored without their rules."))
        rows.append((label, texts.get(words.locale) or unknown))
    return [[words(label), value] for label, value in rows]


def _sums_note(part: ReportPart, words: ReportWords) -> str:
    once = words(N_("Bodies are counted once in all events of a period together."))
    if not part.whole.events_without_attendance:
        return once
    missing = words(
        N_(
            "Sums of attendance are without the events whose attendance nobody recorded:"
            " %(number)d of %(all)d."
        ),
        number=part.whole.events_without_attendance,
        all=part.whole.events,
    )
    return f"{once} {missing}"


def _number_columns(words: ReportWords) -> list[Column]:
    return [Column(words(label), _NUMBER_WIDTH, is_number=True) for label in _LABELS.values()]


def _events(report: FunderReport, words: ReportWords) -> Sheet:
    columns = [
        Column(words(N_("Date")), 18),
        Column(words(N_("Event")), 44),
        Column(words(N_("Format")), 18),
        *_number_columns(words),
    ]
    rows = (
        [
            each.day,
            each.title,
            words(FORMAT_LABELS[EventFormat(each.format)]),
            *words.numbers(event_numbers(each.figures)),
        ]
        for each in report.whole.events
    )
    return Sheet(words(N_("Events")), columns, list(rows), _sums(report, words, ["", ""]))


def _sums(
    report: FunderReport, words: ReportWords, between: Iterable[Cell]
) -> list[Sequence[Cell]]:
    if not report.whole.events:
        return []
    return [[words(N_("Sum")), *between, *words.numbers(report.whole.numbers)]]


def _quarters(report: FunderReport, words: ReportWords) -> Sheet:
    columns = [
        Column(words(N_("Quarter")), 18),
        Column(words(N_("Events")), _NUMBER_WIDTH, is_number=True),
        *_number_columns(words),
    ]
    rows = [
        [
            words(N_("Quarter %(number)d, %(year)d"), number=quarter, year=year),
            len(part.events),
            *words.numbers(part.numbers),
        ]
        for (year, quarter), part in report.quarters.items()
    ]
    whole = _sums(report, words, [len(report.whole.events)])
    return Sheet(words(N_("Quarters")), columns, rows, whole)


def _bodies(report: FunderReport, words: ReportWords) -> Sheet:
    yes, no = words(N_("yes")), words(N_("no"))
    columns = [
        Column(words(N_("Public body or other body")), 50),
        Column(words(N_("Kind")), 26),
        Column(words(N_("Official key")), 16),
        Column(words(N_("Counted as a public body")), 18),
        Column(words(N_("Events attended")), _NUMBER_WIDTH, is_number=True),
        Column(words(N_("Member of the network")), 16),
        Column(words(N_("Member since")), 16),
    ]
    rows = [
        [
            body.name or words(N_("no longer in the directory")),
            words(label_of_kind(body.kind)),
            body.official_key or None,
            yes if body.counts else no,
            body.events,
            yes if body.member else no,
            body.member_since,
        ]
        for body in report.bodies
    ]
    return Sheet(words(N_("Public bodies")), columns, rows)


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

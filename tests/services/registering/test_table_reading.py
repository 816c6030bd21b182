"""Tables that people hand in: every usual spelling is read, what is too big or broken refused."""

import contextlib
import io
import random
import zipfile
from collections.abc import Callable
from datetime import date, datetime
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from xlsxwriter import Workbook

from ikone_events.domain.refusals import UploadRefused
from ikone_events.services.documents.spreadsheets import WORKBOOKS, write_csv, write_workbook
from ikone_events.services.registering.lists.table_reading import (
    MOST_BYTES,
    MOST_ROWS,
    TypedTable,
    read_table,
)
from ikone_events.services.registering.lists.workbook_reading import OLE
from tests.effort import by_night
from tests.spreadsheets import made

TEXT = "Vorname;Nachname;E-Mail\r\nJörg;Groß;j@example.org\r\n"
MAIN = '"http://schemas.openxmlformats.org/spreadsheetml/2006/main"'
EXPECTED = TypedTable(("Vorname", "Nachname", "E-Mail"), ((2, ("Jörg", "Groß", "j@example.org")),))


def repacked(content: bytes, **changes: bytes) -> bytes:
    """A workbook with parts replaced or added; dots of the names as two underscores."""
    stream, named = io.BytesIO(), {k.replace("__", "."): v for k, v in changes.items()}
    with zipfile.ZipFile(io.BytesIO(content)) as old, zipfile.ZipFile(stream, "w", 8) as new:
        for part in old.infolist():
            base = part.filename.rpartition("/")[2]
            new.writestr(part.filename, named.pop(base, None) or old.read(part))
        for name, data in named.items():
            new.writestr(f"xl/{name}", data)
    return stream.getvalue()


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "cp1252", "utf-16"])
@pytest.mark.parametrize("sign", [";", ",", "\t"])
@pytest.mark.parametrize("end", ["\n", "\r\n"])
def test_csv_is_read_as_people_save_it(encoding: str, sign: str, end: str) -> None:
    text = TEXT.replace(";", sign).replace("\r\n", end)
    assert read_table(text.encode(encoding)) == EXPECTED


def test_line_numbers_are_those_of_the_file() -> None:
    text = 'sep=;\nName;Frage\n\nAnna;"zwei\nZeilen"\nBert;\n;;\nCem;x\n'
    table = read_table(text.encode())
    assert [line for line, _ in table.rows] == [4, 6, 8]
    assert table.rows[0][1] == ("Anna", "zwei\nZeilen")


def test_our_own_export_comes_back_as_it_was() -> None:
    rows = [{"name": "=SUMME(A1)", "email": "a@example.org"}, {"name": "'s", "email": "x"}]
    for excel in (True, False):
        stream = io.StringIO(newline="")
        write_csv(stream, ["name", "email"], rows, excel=excel)
        table = read_table(stream.getvalue().encode())
        assert [cells[0] for _, cells in table.rows] == ["=SUMME(A1)", "'s"]
    for kind in WORKBOOKS:
        binary = io.BytesIO()
        write_workbook(binary, ["name", "email"], rows, kind, title="Liste")
        read = read_table(binary.getvalue())
        assert [cells[0] for _, cells in read.rows] == ["=SUMME(A1)", "'s"]


def test_workbook_is_read_as_it_looks() -> None:
    day, moment = date(2026, 3, 2), datetime(2026, 3, 2, 9, 30)  # noqa: DTZ001 - cells have no zone
    content = made(list("ABCDEF"), [], [7, 7.5, True, day, moment, "07312000"], [None] * 5)
    assert read_table(content).rows == (
        (3, ("7", "7.5", "yes", "2026-03-02", "2026-03-02 09:30:00", "07312000")),
    )


@given(moment=st.datetimes(datetime(1999, 1, 1), datetime(2040, 1, 1)))  # noqa: DTZ001 - as above
@settings(max_examples=by_night(60, 5))
def test_minute_of_a_workbook_is_the_one_that_was_typed(moment: datetime) -> None:
    typed = moment.replace(second=0, microsecond=0)
    [(_line, (_name, cell))] = read_table(made(["A", "B"], ["x", typed])).rows
    assert datetime.fromisoformat(cell) == typed


def test_last_result_of_a_formula_is_read() -> None:
    content = made(
        ["A", "B"], ["x"], change=lambda _book, sheet: sheet.write_formula("B2", "=1+1", None, 2)
    )
    assert read_table(content).rows == ((2, ("x", "2")),)


def test_error_of_a_workbook_is_no_empty_cell() -> None:
    table = read_table(made(["Name", "Amt"], ["Erna", "#N/A"], ["#REF!", "Bauamt"]))
    assert [cells for _line, cells in table.rows] == [("Erna", "#N/A"), ("#REF!", "Bauamt")]


def opendocument(table: str) -> bytes:
    """A list as LibreOffice saves it, which repeats empty rows to the end of the sheet."""
    names = " ".join(
        f'xmlns:{name}="urn:oasis:names:tc:opendocument:xmlns:{name}:1.0"'
        for name in ("office", "table", "text", "calcext")
    )
    whole = (
        f'<office:document-content {names} office:version="1.3"><office:body><office:spreadsheet>'
        f'<table:table table:name="Liste">{table}<table:table-row table:number-rows-repeated='
        '"1048500"><table:table-cell table:number-columns-repeated="16384"/></table:table-row>'
        "</table:table></office:spreadsheet></office:body></office:document-content>"
    )
    stream = io.BytesIO()
    with zipfile.ZipFile(stream, "w") as archive:
        archive.writestr("mimetype", "application/vnd.oasis.opendocument.spreadsheet")
        archive.writestr("META-INF/manifest.xml", "<manifest/>")
        archive.writestr("content.xml", whole)
    return stream.getvalue()


def cell(text: str, more: str = 'office:value-type="string"') -> str:
    return f"<table:table-cell {more}><text:p>{text}</text:p></table:table-cell>"


def row(*cells: str, more: str = "") -> str:
    return f"<table:table-row {more}>{''.join(cells)}</table:table-row>"


def test_opendocument_is_read_as_it_looks() -> None:
    error = 'office:value-type="string" office:string-value="" calcext:value-type="error"'
    table = read_table(
        opendocument(
            '<table:table-column table:number-columns-repeated="2"/>'
            '<table:table-column table:visibility="collapse"/><table:table-column/>'
            + row(cell("Name"), cell("Amt"), cell("Geheim"), cell("Tag"), cell("Zahl"))
            + row(
                cell("Ada"),
                cell("Bauamt", 'office:value-type="string" table:number-rows-spanned="2"'),
                cell("x"),
                cell("2.3.26", 'office:value-type="date" office:date-value="2026-03-02"'),
                cell("7,5", 'office:value-type="float" office:value="7.5"'),
            )
            + row(cell("Bea"), "<table:covered-table-cell/>", cell("x"))
            + row(more='table:number-rows-repeated="3"')
            + row(cell("Cia"), more='table:visibility="filter" table:number-rows-repeated="2"')
            + row(cell("Dea"), cell("#N/A", error))
        )
    )
    assert table.headings == ("Name", "Amt", "Tag", "Zahl")
    assert table.rows == (
        (2, ("Ada", "Bauamt", "2026-03-02", "7.5")),
        (3, ("Bea", "Bauamt")),
        (9, ("Dea", "#N/A")),
    )
    assert [dict(each.values) for each in table.remarks] == [
        {"number": 2, "lines": "7, 8"},
        {"columns": "Geheim"},
        {},
    ]


def test_opendocument_that_repeats_a_cell_without_end_is_refused() -> None:
    more = 'office:value-type="string" table:number-columns-repeated="16384"'
    bomb = opendocument(row(cell("x" * 1_000, more), more='table:number-rows-repeated="1048576"'))
    with pytest.raises(UploadRefused):
        read_table(bomb)


def test_workbook_with_a_password_is_refused_by_that_name() -> None:
    with pytest.raises(UploadRefused, match="password"):
        read_table(OLE + bytes(500) + "EncryptedPackage".encode("utf-16-le"))


def test_old_excel_file_is_read_and_states_what_can_not_be_seen() -> None:
    table = read_table(Path(__file__).with_name("list.xls").read_bytes())
    assert table.headings == ("Name", "Amt", "Tag", "Zahl")
    assert table.rows == (
        (2, ("Ada Ä.", "07312000", "2026-03-02", "7.5")),
        (4, ("Bea", "Bauamt", "", "7")),
    )
    assert [".xls" in each.text or "not these" in each.text for each in table.remarks] == [True] * 2


def test_damaged_old_excel_file_is_read_or_refused() -> None:
    good, chance = Path(__file__).with_name("list.xls").read_bytes(), random.Random(7)
    for _ in range(by_night(100, 8)):
        content = bytearray(good)
        for _ in range(chance.randint(1, 40)):
            content[chance.randrange(8, len(content))] = chance.randrange(256)
        with contextlib.suppress(UploadRefused):
            read_table(bytes(content))


@pytest.mark.parametrize(
    "content",
    [
        b"",
        b"\r\n;;\r\n",
        b"Vorname;Nachname\r\n",
        b"a;b\r\nx\0y;z",
        b"\xff\xfe\x00",
        b"\x81\x8d;b\nc;d",
        b"PK\x03\x04 no archive",
        b"a;b\n" + b"x;y\n" * (MOST_ROWS + 1),
        b"x" * (MOST_BYTES + 1),
        b'a;b\n"' + b"x" * 200_000 + b'";y',
    ],
)
def test_what_is_no_list_or_too_long_is_refused(content: bytes) -> None:
    with pytest.raises(UploadRefused) as refused:
        read_table(content)
    assert refused.value.complaints[0].about == "file"


def test_as_many_rows_as_promised_are_read() -> None:
    assert len(read_table(b"a;b\n" + b"x;y\n" * MOST_ROWS).rows) == MOST_ROWS


def test_archive_that_unpacks_without_end_is_refused() -> None:
    bomb = repacked(made(["a"], ["b"]), bomb__xml=b"0" * 25_000_000)
    assert len(bomb) < 100_000
    with pytest.raises(UploadRefused, match="unpacks"):
        read_table(bomb)


@pytest.mark.parametrize("encoding", ["utf-8", "utf-16"])
def test_entities_are_refused(encoding: str) -> None:
    sheet = (
        f'<?xml version="1.0" encoding="{encoding}"?><!DOCTYPE x [<!ENTITY a "aaaa">]>'
        '<worksheet xmlns="http://schemas.openxmlformats.org/spreadsheetml/2006/main">'
        '<sheetData><row r="1"><c r="A1" t="inlineStr"><is><t>&a;</t></is></c></row></sheetData>'
        "</worksheet>"
    )
    content = repacked(made(["a"], ["b"]), sheet1__xml=sheet.encode(encoding))
    with pytest.raises(UploadRefused):
        read_table(content)


def test_sheet_that_claims_all_rows_and_columns_ends_the_reading_alone() -> None:
    """calamine would take 400 GB for it, and ends its process; ours lives on."""
    sheet = (
        '<worksheet xmlns="http://schemas.openxmlformats.org/spreadsheetml/2006/main"><sheetData>'
        '<row r="1"><c r="A1" t="inlineStr"><is><t>a</t></is></c></row>'
        '<row r="2"><c r="XFD2" t="inlineStr"><is><t>far</t></is></c>'
        '<c r="A2" t="inlineStr"><is><t>b</t></is></c></row>'
        '<row r="1048576"><c r="A1048576" t="inlineStr"><is><t>c</t></is></c></row>'
        "</sheetData></worksheet>"
    )
    content = repacked(made(["a"]), sheet1__xml=sheet.encode())
    with pytest.raises(UploadRefused, match="memory"):
        read_table(content)


def test_text_that_thousands_of_cells_share_is_refused() -> None:
    """A reader that copies it for each cell needs gigabytes."""
    cells = "".join(
        f'<row r="{row}"><c r="A{row}" t="s"><v>0</v></c></row>' for row in range(1, 1_000)
    )
    shared = f"<sst xmlns={MAIN}><si><t>{'x' * 5_000_000}</t></si></sst>"
    sheet = f"<worksheet xmlns={MAIN}><sheetData>{cells}</sheetData></worksheet>"
    parts = {"sheet1__xml": sheet.encode(), "sharedStrings__xml": shared.encode()}
    with pytest.raises(UploadRefused, match="memory"):
        read_table(repacked(made(["a"], ["b"]), **parts))


def test_stray_cell_far_below_does_no_harm() -> None:
    def far(_book: Workbook, sheet: Any) -> None:
        sheet.write_string(1_000_000, 2, "stray")
        sheet.write_blank(5, 16_000, None, _book.add_format({"bold": True}))

    assert looks(far).rows[-1] == (4, ("Cia", "", "3"))


def test_delimiter_is_the_one_that_makes_rows_as_wide_as_the_headings() -> None:
    text = "Vorname;Nachname;Essen (vegan, mit Fleisch, nur Suppe, nichts)\nAda;Eins;vegan\n"
    assert read_table(text.encode()).headings[0] == "Vorname"
    text = 'Vorname,Nachname,"Essen (a; b; c; d; e)"\nAda,Eins,"a; b"\n'
    assert read_table(text.encode()).rows == ((2, ("Ada", "Eins", "a; b")),)
    one = read_table(b"Name, Vorname\nEins\nZwei\n")
    assert [cells for _line, cells in one.rows] == [("Eins",), ("Zwei",)]


HEAD = "Vorname;Nachname;E-Mail;Frage\n"
SWALLOWED = [
    ('Ada;Eins;a@x.de;"Wann?\nBea;Zwei;b@x.de;\nCia;Drei;c@x.de;\n', 2),
    ('Ada;Eins;a@x.de;\nBea;Zwei;b@x.de;"Wann?\n', 3),
    ('Ada;Eins;a@x.de;"Wann?\nBea;Zwei;b@x.de;\nCia;Drei;c@x.de;"ja"\n', 2),
    ('Ada;Eins;a@x.de;"Wann?', 2),
    ('"Ada;Eins;a@x.de;Wann?\n', 2),
]


def test_quotation_mark_that_swallows_lines_is_refused_with_its_line() -> None:
    found = []
    for rows, _line in SWALLOWED:
        with pytest.raises(UploadRefused) as refused:
            read_table((HEAD + rows).encode())
        found.append(refused.value.complaints[0].values["line"])
    assert found == [line for _rows, line in SWALLOWED]
    kept = read_table((HEAD + 'Ada;Eins;a@x.de;"Wann; und\nwo?"\nBea;6"" x;b@x.de;\n').encode())
    assert [cells[3:] for _line, cells in kept.rows] == [("Wann; und\nwo?",), ()]


def looks(change: Callable[[Workbook, Any], None]) -> TypedTable:
    """A list of three people, changed as somebody does it in the program."""
    rows = (["Name", "Amt", "Notiz"], ["Ada", "Bauamt", 1], ["Bea", None, 2], ["Cia", "", 3])
    return read_table(made(*rows, change=change))


def remarks(table: TypedTable) -> list[dict[str, object]]:
    return [dict(each.values) for each in table.remarks]


def test_hidden_rows_and_columns_are_left_out_and_named() -> None:
    def hide(_book: Workbook, sheet: Any) -> None:
        sheet.set_row(2, options={"hidden": True})
        sheet.set_column("B:B", options={"hidden": True})

    table = looks(hide)
    assert table.headings == ("Name", "Notiz")
    assert table.rows == ((2, ("Ada", "1")), (4, ("Cia", "3")))
    assert remarks(table) == [{"number": 1, "lines": "3"}, {"columns": "Amt"}]


def test_first_visible_sheet_is_read_and_the_others_are_named() -> None:
    def hide(book: Workbook, first: Any) -> None:
        more = book.add_worksheet("Liste")
        more.activate()
        first.hide()
        more.write_column("A1", ["Name", "Dea"])
        book.add_worksheet("Leer")
        chart = book.add_chart({"type": "bar"})
        chart.add_series({"values": "=Liste!$A$1:$A$2"})
        book.add_chartsheet("Bild").set_chart(chart)

    table = looks(hide)
    assert table.rows == ((2, ("Dea",)),)
    assert remarks(table) == [{"sheet": "Liste", "others": "Sheet1"}]


def test_merged_cells_are_read_for_each_line() -> None:
    table = looks(lambda _book, sheet: sheet.merge_range("B2:B4", "Bauamt"))
    assert [cells[1] for _line, cells in table.rows] == ["Bauamt", "Bauamt", "Bauamt"]
    assert len(table.remarks) == 1


GOOD = made(["Vorname", "Nachname"], ["Anna", "Beispiel"], ["Bert", 7])


@settings(max_examples=by_night(60, 20))
@given(st.integers(0, 2**32))
def test_damaged_workbook_is_read_or_refused(seed: int) -> None:
    chance, stream = random.Random(seed), io.BytesIO()
    with zipfile.ZipFile(io.BytesIO(GOOD)) as old, zipfile.ZipFile(stream, "w") as new:
        for part in old.infolist():
            data = bytearray(old.read(part))
            if chance.random() < 0.3:
                for _ in range(chance.randint(1, 6)):
                    place = chance.randrange(len(data))
                    data[place : place + chance.randint(0, 8)] = chance.randbytes(2)
            new.writestr(part.filename, bytes(data))
    content = bytearray(stream.getvalue())
    if chance.random() < 0.3:
        content[chance.randrange(4, len(content))] ^= 1 << chance.randrange(8)
    with contextlib.suppress(UploadRefused):
        read_table(bytes(content))


@given(st.binary(max_size=300))
def test_any_bytes_are_read_or_refused(content: bytes) -> None:
    with contextlib.suppress(UploadRefused):
        read_table(content)

"""Tables that people hand in: every usual spelling is read, what is too big or broken refused."""

import contextlib
import io
import random
import zipfile
from collections.abc import Callable
from datetime import date, datetime

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from openpyxl import Workbook

from ikone_events.domain.refusals import UploadRefused
from ikone_events.services.registering.lists.table_reading import (
    MOST_BYTES,
    MOST_ROWS,
    TypedTable,
    read_table,
)
from ikone_events.services.spreadsheets import write_csv, write_xlsx
from tests.effort import by_night

TEXT = "Vorname;Nachname;E-Mail\r\nJörg;Groß;j@example.org\r\n"
EXPECTED = TypedTable(("Vorname", "Nachname", "E-Mail"), ((2, ("Jörg", "Groß", "j@example.org")),))


def workbook(*rows: list[object]) -> bytes:
    """A workbook as a spreadsheet program writes it."""
    book = Workbook()
    sheet = book.worksheets[0]
    for row in rows:
        sheet.append(row)
    stream = io.BytesIO()
    book.save(stream)
    return stream.getvalue()


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
    binary = io.BytesIO()
    write_xlsx(binary, ["name", "email"], rows, title="Liste")
    assert [cells[0] for _, cells in read_table(binary.getvalue()).rows] == ["=SUMME(A1)", "'s"]


def test_workbook_is_read_as_it_looks() -> None:
    day, moment = date(2026, 3, 2), datetime(2026, 3, 2, 9, 30)  # noqa: DTZ001 - cells have no zone
    content = workbook(["A", "B", "C", "D", "E"], [], [7, 7.5, True, day, moment], [None] * 5)
    assert read_table(content).rows == (
        (3, ("7", "7.5", "yes", "2026-03-02", "2026-03-02 09:30:00")),
    )


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
    bomb = repacked(workbook(["a"], ["b"]), bomb__xml=b"0" * 25_000_000)
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
    content = repacked(workbook(["a"], ["b"]), sheet1__xml=sheet.encode(encoding))
    with pytest.raises(UploadRefused):
        read_table(content)


def test_sheet_that_claims_a_million_rows_is_read_quickly() -> None:
    sheet = (
        '<worksheet xmlns="http://schemas.openxmlformats.org/spreadsheetml/2006/main"><sheetData>'
        '<row r="1"><c r="A1" t="inlineStr"><is><t>a</t></is></c></row>'
        '<row r="2"><c r="XFD2" t="inlineStr"><is><t>far</t></is></c>'
        '<c r="A2" t="inlineStr"><is><t>b</t></is></c></row>'
        '<row r="1048576"><c r="A1048576" t="inlineStr"><is><t>c</t></is></c></row>'
        "</sheetData></worksheet>"
    )
    content = repacked(workbook(["a"]), sheet1__xml=sheet.encode())
    assert len(read_table(content).rows) <= 1


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


def looks(change: Callable[[Workbook], None]) -> TypedTable:
    """A list of three people, changed as somebody does it in the program."""
    book = Workbook()
    sheet = book.worksheets[0]
    for row in (["Name", "Amt", "Notiz"], ["Ada", "Bauamt", 1], ["Bea", None, 2], ["Cia", "", 3]):
        sheet.append(row)
    change(book)
    stream = io.BytesIO()
    book.save(stream)
    return read_table(stream.getvalue())


def remarks(table: TypedTable) -> list[dict[str, object]]:
    return [dict(each.values) for each in table.remarks]


def test_hidden_rows_and_columns_are_left_out_and_named() -> None:
    def hide(book: Workbook) -> None:
        book.worksheets[0].row_dimensions[3].hidden = True
        book.worksheets[0].column_dimensions["B"].hidden = True

    table = looks(hide)
    assert table.headings == ("Name", "Notiz")
    assert table.rows == ((2, ("Ada", "1")), (4, ("Cia", "3")))
    assert remarks(table) == [{"number": 1, "lines": "3"}, {"columns": "Amt"}]


def test_first_visible_sheet_is_read_and_the_others_are_named() -> None:
    def hide(book: Workbook) -> None:
        first, more = book.worksheets[0], book.create_sheet("Liste")
        first.title, first.sheet_state = "Alt", "hidden"
        more.append(["Name"])
        more.append(["Dea"])
        book.create_sheet("Leer")
        book.active = 1

    table = looks(hide)
    assert table.rows == ((2, ("Dea",)),)
    assert remarks(table) == [{"sheet": "Liste", "others": "Alt"}]


def test_merged_cells_are_read_for_each_line() -> None:
    table = looks(lambda book: book.worksheets[0].merge_cells("B2:B4"))
    assert [cells[1] for _line, cells in table.rows] == ["Bauamt", "Bauamt", "Bauamt"]
    assert len(table.remarks) == 1


GOOD = workbook(["Vorname", "Nachname"], ["Anna", "Beispiel"], ["Bert", 7])


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

"""Tables as files: whatever people type, a cell stays the text it is."""

import csv
import io
import tempfile
import tracemalloc
from collections.abc import Iterator
from dataclasses import replace
from datetime import date
from pathlib import Path
from xml.etree.ElementTree import fromstring

import pytest
from hypothesis import example, given
from hypothesis import strategies as st
from python_calamine import CalamineWorkbook

from ikone_events.services.documents.spreadsheets import (
    WORKBOOKS,
    Row,
    safe_cell,
    write_csv,
    write_workbook,
)
from ikone_events.services.documents.workbooks import Book, Column, Share, Sheet, xml_text
from tests.spreadsheets import cells_of, has_formula, parts_of

both_kinds = pytest.mark.parametrize("kind", list(WORKBOOKS))


def written(kind: str, *rows: Row, title: str = "Liste") -> bytes:
    stream = io.BytesIO()
    columns = list(rows[0]) if rows else ["name"]
    assert write_workbook(stream, columns, rows, kind, title=title) == len(rows)
    return stream.getvalue()


ANYTHING = st.text(max_size=60)
FORMULAS = st.builds(
    lambda before, sign, after: before + sign + after,
    st.sampled_from(["", " ", "'", '"', "\t", "\ufeff", "\u00a0", "\u200b", "„"]),
    st.sampled_from(["=", "+", "-", "@", "＝", "−", "|", "%", "\r", "\n", "#N/A", "TRUE", "1"]),
    ANYTHING,
)
CELL = st.one_of(ANYTHING, FORMULAS)


@both_kinds
@given(text=CELL)
@example("=1+1")
@example("#REF!")
@example("2026-01-01")
@example("_x0041_")
@example("  vorn und hinten  ")
def test_cell_of_a_workbook_is_the_text_that_was_typed(kind: str, text: str) -> None:
    content = written(kind, {"name": text, "end": "x"})
    # calamine passes over <text:tab/>, which other readers know.
    expected = xml_text(text).replace("\t", "" if kind == "ods" else "\t")
    assert cells_of(content) == [["name", "end"], [expected, "x"]]
    assert not has_formula(content)


@given(CELL.filter(lambda text: not any("\ud800" <= char <= "\udfff" for char in text)))
@example('"=1+1"')
@example("a;b\r\nc")
def test_cell_of_csv_is_the_text_or_has_an_apostrophe_before_it(text: str) -> None:
    for excel in (False, True):
        stream = io.StringIO(newline="")
        write_csv(stream, ["name", "more"], [{"name": text, "more": "x"}], excel=excel)
        whole = stream.getvalue().removeprefix("\ufeff")
        [_, row] = csv.reader(io.StringIO(whole, newline=""), delimiter=";" if excel else ",")
        plain = text.replace("\0", "")
        assert row in ([plain, "x"], [f"'{plain}", "x"])
        assert row[0].lstrip(" ")[:1] not in ("=", "+", "-", "@", "\t", "\r")


@pytest.mark.parametrize(
    "text",
    [
        "=1+1",
        "+49 631",
        "-1",
        "@SUM(A1)",
        "\t=1",
        "\r=1",
        "\n=1",
        '"=1+1"',
        "'=1",
        "  =1",
        "\u00a0=1",
        "\u200b=1",
        "\ufeff=1",
        "\u3000=1",
        "\u00ad=1",
        "\u2060\u202e=1",
        "\x0b=1",
        "＝1",
        "＋1",
        "－1",
        "＠x",
        "−1",
        "„=1“",
    ],
)
def test_formula_is_defused(text: str) -> None:
    assert safe_cell(text) == f"'{text}"


@pytest.mark.parametrize("text", ["", "Anna", "a=b", "O'Neil", "1+1", "Straße 5-7", "x@y.de"])
def test_plain_text_stays_as_it_is(text: str) -> None:
    assert safe_cell(text) == text


@both_kinds
@pytest.mark.parametrize("title", ["", "a/b:c*?[x]", "'", "x" * 200])
def test_sheet_has_a_name_that_spreadsheets_accept(kind: str, title: str) -> None:
    book = CalamineWorkbook.from_filelike(io.BytesIO(written(kind, title=title)))
    [name] = book.sheet_names
    assert 0 < len(name) <= 31


@both_kinds
def test_numbers_stay_numbers_and_nothing_stays_empty(kind: str) -> None:
    [_heads, row] = cells_of(written(kind, {"a": 7, "b": None, "c": "07312000"}))
    assert (row, type(row[0])) == ([7.0, "", "07312000"], float)


@both_kinds
def test_workbook_states_what_each_cell_is_and_how_it_is_printed(kind: str) -> None:
    sheet = Sheet("Zahlen", [Column("Tag", 12), Column("Anteil", 9)], [])
    sheets = [
        replace(sheet, rows=[[date(2026, 3, 2), Share(0.75)]], sums=[["nicht erfasst", None]])
    ]
    stream = io.BytesIO()
    book = Book(sheets, title="Bericht <&>", author="Netzwerk", language="de")
    assert WORKBOOKS[kind](stream, book) == 1
    content = stream.getvalue()
    assert cells_of(content)[1:] == [[date(2026, 3, 2), 0.75], ["nicht erfasst", ""]]
    whole = "".join(parts_of(content).values())
    said = {
        "xlsx": ['orientation="landscape"', "Print_Titles", 'state="frozen"', "dd.mm.yyyy"],
        "ods": ["landscape", "table-header-rows", "VerticalSplitPosition", "percentage-style"],
    }
    assert [each for each in [*said[kind], "Bericht &lt;&amp;&gt;"] if each not in whole] == []
    for part in parts_of(content).values():
        fromstring(part)  # noqa: S314 - made by ourselves


@pytest.mark.slow
def test_rows_of_a_workbook_go_out_one_by_one(tmp_path: Path) -> None:
    def rows() -> Iterator[Row]:
        for number in range(30_000):
            yield {"name": f"Name {number}", "more": "x" * 50}

    for kind in WORKBOOKS:
        tracemalloc.start()
        with (tmp_path / kind).open("wb") as stream:
            write_workbook(stream, ["name", "more"], rows(), kind, title="Liste")
        _now, most = tracemalloc.get_traced_memory()
        tracemalloc.stop()
        assert most < 8_000_000, kind


def _people_then_a_fault() -> Iterator[Row]:
    yield {"name": "Zwetschgine Quittenbaum"}
    raise OSError("the database went away")


@both_kinds
def test_broken_export_leaves_no_names_in_the_folder_of_temporary_files(
    kind: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path))
    with pytest.raises(OSError, match="went away"):
        write_workbook(io.BytesIO(), ["name"], _people_then_a_fault(), kind, title="Liste")
    assert list(tmp_path.iterdir()) == []
    assert written(kind, {"name": "Zwetschgine"})
    assert list(tmp_path.iterdir()) == []

"""Tables as files: whatever people type, a cell stays the text it is."""

import csv
import io

import pytest
from hypothesis import example, given
from hypothesis import strategies as st
from openpyxl import load_workbook

from ikone_events.services.spreadsheets import safe_cell, write_csv, write_xlsx, xml_text

ANYTHING = st.text(max_size=60)
FORMULAS = st.builds(
    lambda before, sign, after: before + sign + after,
    st.sampled_from(["", " ", "'", '"', "\t", "\ufeff", "\u00a0", "\u200b", "„"]),
    st.sampled_from(["=", "+", "-", "@", "＝", "−", "|", "%", "\r", "\n", "#N/A", "TRUE", "1"]),
    ANYTHING,
)
CELL = st.one_of(ANYTHING, FORMULAS)


@given(CELL)
@example("=1+1")
@example("#REF!")
@example("2026-01-01")
@example("_x0041_")
@example("  vorn und hinten  ")
def test_cell_of_a_workbook_is_the_text_that_was_typed(text: str) -> None:
    stream = io.BytesIO()
    assert write_xlsx(stream, ["name"], [{"name": text}], title="Liste") == 1
    cell = load_workbook(stream).worksheets[0]["A2"]
    assert cell.data_type in ("s", "n", "inlineStr")
    assert (cell.value or "") == xml_text(text)
    if cell.value:
        assert isinstance(cell.value, str)


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


@pytest.mark.parametrize("title", ["", "a/b:c*?[x]", "'", "x" * 200])
def test_sheet_has_a_name_that_spreadsheets_accept(title: str) -> None:
    stream = io.BytesIO()
    write_xlsx(stream, ["name"], [], title=title)
    [name] = load_workbook(stream).sheetnames
    assert 0 < len(name) <= 31


def test_numbers_stay_numbers_and_nothing_stays_empty() -> None:
    stream = io.BytesIO()
    write_xlsx(stream, ["a", "b"], [{"a": 7, "b": None}], title="Liste")
    assert [cell.value for cell in load_workbook(stream).worksheets[0][2]] == [7, None]

"""The report for the funder from the shell."""

import json
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pikepdf
import pytest
from flask import Flask

from tests.factories import make_event
from tests.services.operating.installations import call
from tests.spreadsheets import cells_of

YEAR = ("report", "--from", "2026-01-01", "--to", "31.12.2026", "--output")


@pytest.fixture(autouse=True)
def event(app: Flask) -> None:
    start = datetime(2026, 1, 12, 9, tzinfo=UTC)
    times = {"starts_at": start, "ends_at": start + timedelta(hours=2), "state": "followed_up"}
    make_event(app, title="Glasfaser", title_en="Fibre", series="Runder Tisch", **times)


def test_report_is_written_as_the_kind_that_the_name_says(app: Flask, tmp_path: Path) -> None:
    for kind in ("xlsx", "ods", "pdf", "json"):
        file = tmp_path / f"Bericht.{kind}"
        done = call(app, *YEAR, str(file))
        assert (done.exit_code, done.output) == (0, f"{file}: 1 events, 0 left out.\n")
    assert cells_of((tmp_path / "Bericht.ods").read_bytes(), 1)[1][1] == "Glasfaser"
    assert pikepdf.open(tmp_path / "Bericht.pdf").Root.Lang == "de"
    assert json.loads((tmp_path / "Bericht.json").read_bytes())["events"][0]["title"] == "Glasfaser"


def test_report_is_written_in_english_and_for_a_series(app: Flask, tmp_path: Path) -> None:
    file = tmp_path / "report.xlsx"
    wanted = ("--language", "en", "--series", "Runder Tisch")
    assert call(app, *YEAR, str(file), *wanted).exit_code == 0
    assert [row[1] for row in cells_of(file.read_bytes(), 1)] == ["Event", "Fibre", ""]


@pytest.mark.parametrize(
    ("asked", "words"),
    [
        (("--from", "2026-02-01", "--to", "2026-01-01"), "ends before it begins"),
        (("--series", "Gibt es nicht"), "There is no series"),
        (("--output", "bericht.docx"), "must end in one of"),
        (("--output", "/nowhere/at/all/bericht.xlsx"), "No report was written"),
        (("--output", "/dev/full/bericht.json"), "No report was written"),
    ],
)
def test_what_can_not_be_reported_is_one_line(
    app: Flask, tmp_path: Path, asked: tuple[str, ...], words: str
) -> None:
    done = call(app, *YEAR, str(tmp_path / "x.xlsx"), *asked)
    assert done.exit_code == 1
    assert words in done.output
    assert list(tmp_path.iterdir()) == []

"""The bench runs, and gives the figures that are read by their keys."""

from dataclasses import replace
from pathlib import Path

import pytest

from tests.bench import (
    beside,
    doors,
    figures,
    growth,
    postgresql,
    probing,
    rush,
    search,
    whole,
    year,
)
from tests.bench.__main__ import PARTS
from tests.bench.installation import sink
from tests.effort import by_night

KEYS = {
    "whole": {"whole_cpu_ms", "post_ratio", "page_ratio", "resident_mb", "first_200_s"},
    "rush": {"rush_p99_s", "rush_page_p95_s", "overview_s"},
    "doors": {"doors_p95_s", "doors_way_p95_s", "doors_board_s"},
    "postgresql": {"post_ratio_postgresql", "whole_ratio_postgresql"},
    "beside": {"rush_mails_per_s", "rush_mail_lag_p95_s", "lone_mail_ms"},
    "growth": {"growth"},
    "search": {"search_ms", "search_ms_postgresql"},
    "board": {"board_same_ms", "board_news_ms", "board_page_ms"},
    "figures": {"year_figures_ms", "year_figures_ms_postgresql", "year_figures_ratio"},
    "upload": {"upload_pdf_mb", "upload_pptx_mb"},
    "probing": {"known"},
}
# The one part that starts no server.
BY_DAY = ["probing"]


@pytest.fixture
def short(monkeypatch: pytest.MonkeyPatch) -> None:
    for module in (whole, postgresql):
        monkeypatch.setattr(module, "ROUNDS", 1)
        monkeypatch.setattr(module, "SECONDS", 0.1)
        monkeypatch.setattr(module, "WARM_UP", 0.1)
    monkeypatch.setattr(rush, "PEOPLE", 60)
    monkeypatch.setattr(doors, "PEOPLE", 20)
    monkeypatch.setattr(doors, "SECONDS", 2.0)
    small = {name: replace(case, sizes=(0, 10)) for name, case in growth.CASES.items()}
    monkeypatch.setattr(growth, "CASES", small)
    monkeypatch.setattr(search, "PEOPLE", 100)
    monkeypatch.setattr(year, "PEOPLE", 100)
    monkeypatch.setattr(year, "EVENTS", 10)
    monkeypatch.setattr(beside, "PEOPLE", 16)
    monkeypatch.setattr(beside, "LONE", 1)
    for module in (growth, probing):
        monkeypatch.setattr(module, "ROUNDS", 2)
        monkeypatch.setattr(module, "WARM_UP", 1)
    monkeypatch.setattr(probing, "BEFORE", 2)


@pytest.mark.slow
@pytest.mark.postgres
@pytest.mark.usefixtures("short")
@pytest.mark.parametrize("part", by_night([*KEYS], BY_DAY))
def test_part_of_the_bench_gives_its_figures(part: str, tmp_path: Path) -> None:
    before = figures.keys()
    with sink() as smtp_port:
        rows = PARTS[part](tmp_path, smtp_port)
    assert figures.keys() - before == KEYS[part]
    assert all(name for name, _figure, _aim in rows)

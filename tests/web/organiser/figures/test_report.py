"""The report for the funder: the same numbers on the page and in each kind of file."""

import json
import logging
import re
import sys
from collections.abc import Callable
from datetime import UTC, date, datetime, timedelta
from html import unescape
from io import BytesIO
from typing import Any

import pikepdf
import pytest
from flask import Flask

from ikone_events.store.events.models import Event
from tests.factories import make_event, make_organisation, make_registration
from tests.pdf_text import drawn_text, plain
from tests.spreadsheets import cells_of, has_formula
from tests.web.organiser.conftest import Browser, Person
from tests.web.organiser.registering.test_people import queries

HOSTILE = '=cmd|"x"!A1 #strong[*Akte*] $x$ @ref <b>'
LONG = "Sehr " * 39 + "lang."
PAGE = "/organise/figures/report?from=2025-01-01&to=2025-12-31&lang=de"
SHEETS = ("Überblick", "Veranstaltungen", "Quartale", "Verwaltungen")


def held(app: Flask, month: int, day: int = 3, **values: Any) -> Event:
    """An event of the year before NOW."""
    start = datetime(2025, month, day, 9, tzinfo=UTC)
    more = {"starts_at": start, "ends_at": start + timedelta(hours=2), "state": "followed_up"}
    return make_event(app, **{**more, **values})


def comes(app: Flask, event: Event, body: int | None, said: str | None = "attended") -> None:
    """Somebody with a place, and what was recorded of them."""
    make_registration(app, event, organisation_id=body, attendance=said, last_name="Geheimnis")


@pytest.fixture
def year(app: Flask) -> list[Event]:
    """Two events with one administration in common, and one of which nobody recorded who came."""
    since = date(2020, 5, 1)
    landau = make_organisation(
        app, "Stadt Landau", kind="kreisfreie_stadt", official_key="07313000", member_since=since
    )
    worms = make_organisation(app, "Stadt Worms", kind="kreisfreie_stadt", member=False)
    land = make_organisation(app, "Ministerium", kind="land", member=False)
    first, second = held(app, 1, title=HOSTILE), held(app, 2, title=LONG, format="hybrid")
    unknown = held(app, 2, 9, title="Ohne Liste")
    for body in (landau.id, worms.id, land.id):
        comes(app, first, body)
    comes(app, first, worms.id, "missed")
    comes(app, second, landau.id)
    comes(app, unknown, landau.id, None)
    make_event(app, title="Abgesagt", state="cancelled", starts_at=first.starts_at)
    make_event(app, title="Entwurf", state="draft", starts_at=first.starts_at)
    return [first, second, unknown]


def words(value: Any, label: str) -> str:
    """A cell of a workbook as pages and PDFs show it; `label` is that of its column or row."""
    if isinstance(value, float):
        return f"{round(value * 100)} %" if label == "Anwesenheit" else str(int(value))
    return f"{value:%d.%m.%Y}" if isinstance(value, date) else str(value)


def shown(rows: list[list[Any]]) -> list[list[str]]:
    """The cells of a sheet in words."""
    heads = rows[0]
    of_rows = len(heads) == 2
    return [
        [words(cell, row[0] if of_rows else heads[n]) for n, cell in enumerate(row)] for row in rows
    ]


def tables_of(page: str) -> list[list[list[str]]]:
    """The cells of all tables of a page."""
    rows = [
        re.findall(r"<tr.*?</tr>", table, re.DOTALL)
        for table in re.findall(r"<table.*?</table>", page, re.DOTALL)
    ]
    return [
        [
            [_cell(cell) for cell in re.findall(r"<t[hd].*?</t[hd]>", row, re.DOTALL)]
            for row in table
        ]
        for table in rows
    ]


def _cell(text: str) -> str:
    return unescape(re.sub(r"<[^>]+>", "", text)).strip()


def test_numbers_are_the_same_in_page_workbooks_pdf_and_json(
    app: Flask, team: Browser, year: list[Event]
) -> None:
    def file(kind: str) -> bytes:
        answer = team.get(PAGE.replace("report?", f"report.{kind}?"))
        assert answer.status_code == 200, kind
        return answer.data

    page, xlsx, ods, pdf = team.get(PAGE).text, file("xlsx"), file("ods"), file("pdf")
    tables = [shown(cells_of(xlsx, number)) for number in range(len(SHEETS))]
    assert tables_of(page) == tables
    for number in range(4):
        assert cells_of(ods, number) == cells_of(xlsx, number)
    drawn, at = drawn_text(pdf), 0
    for table in tables:
        for cell in (cell for row in table[1:] for cell in row):
            at = drawn.index(plain(cell), at) + len(plain(cell))
    found = json.loads(file("json"))
    numbers = [list(row.values())[4:] for row in found["events"]] + [list(found["sums"].values())]
    assert [row[3:] for row in tables[1][1:]] == [
        ["nicht erfasst" if number is None else words(float(number), head) for head, number in each]
        for each in (list(zip(tables[1][0][3:], row, strict=True)) for row in numbers)
    ]
    assert tables[3][1:] == [
        [
            body["name"],
            {"land": "Landesbehörde", "kreisfreie_stadt": "Kreisfreie Stadt"}[body["kind"]],
            body["official_key"] or "",
            "ja" if body["counts"] else "nein",
            str(body["events"]),
            "ja" if body["member"] else "nein",
            "01.05.2020" if body["member_since"] else "",
        ]
        for body in found["bodies"]
    ]
    assert (has_formula(xlsx), has_formula(ods)) == (False, False)
    assert "Geheimnis" not in page + drawn + json.dumps(found) + str(tables)


def test_sums_count_everybody_once_and_show_what_is_not_recorded(
    team: Browser, year: list[Event]
) -> None:
    found = json.loads(team.get(PAGE.replace("report?", "report.json?")).text)
    counted = [(row["administrations"], row["attended"]) for row in found["events"]]
    assert counted == [(2, 3), (1, 1), (None, None)]
    sums = found["sums"]
    assert (sums["administrations"], sums["other_bodies"], sums["attended"]) == (2, 1, 4)
    assert (sums["with_place"], sums["share"]) == (6, 4 / 5)
    held_, unknown, left = ("events_held", "events_without_attendance", "events_left_out")
    assert (found[held_], found[unknown], found[left]) == (3, 1, 1)
    assert [(row["quarter"], row["events"]) for row in found["quarters"]] == [(1, 3)]
    page = team.get(PAGE).text
    assert "deren Anwesenheit nicht erfasst ist: 1 von 3." in page
    assert "Entwurf" not in page
    assert [body["events"] for body in found["bodies"]] == [2, 1, 1]


def test_pdf_is_accessible_and_states_its_title_and_language(
    team: Browser, year: list[Event]
) -> None:
    for lang, title in (("de", "Bericht über Veranstaltungen"), ("en", "Report on events")):
        path = PAGE.replace("report?", "report.pdf?").replace("lang=de", f"lang={lang}")
        pdf = pikepdf.open(BytesIO(team.get(path).data))
        with pdf.open_metadata() as said:
            assert (said["pdfuaid:part"], said["pdfaid:conformance"]) == ("1", "A")
            assert said["dc:title"].startswith(title)
        assert str(pdf.Root.Lang)[:2] == lang
        tags = [each for each in pdf.objects if isinstance(each, pikepdf.Dictionary)]
        kinds = [str(each.S) for each in tags if isinstance(each.get("/S"), pikepdf.Name)]
        assert {"/H1", "/H2", "/Table", "/THead", "/TH", "/TD"} <= set(kinds)
        assert kinds.count("/Table") == len(SHEETS)
        assert pdf.pages[0].MediaBox[2] > pdf.pages[0].MediaBox[3]


def test_title_that_no_font_can_draw_still_gets_a_report(app: Flask, team: Browser) -> None:
    held(app, 3, title="Fest 🎉 王")
    pdf = team.get(PAGE.replace("report?", "report.pdf?"))
    assert (pdf.status_code, pdf.mimetype) == (200, "application/pdf")
    for kind in ("xlsx", "ods"):
        rows = cells_of(team.get(PAGE.replace("report?", f"report.{kind}?")).data, 1)
        assert rows[1][1] == "Fest 🎉 王"


def test_without_typst_the_page_explains_it_and_workbooks_work(
    team: Browser, year: list[Event], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(sys.modules, "typst", None)
    assert "report.pdf" not in team.get(PAGE).text
    answer = team.get(PAGE.replace("report?", "report.pdf?"), follow_redirects=True)
    assert "weil typst nicht installiert ist" in answer.text
    assert 'value="2025-01-01"' in answer.text
    assert team.get(PAGE.replace("report?", "report.xlsx?")).status_code == 200


@pytest.mark.parametrize("more", ["_scheme=javascript&_external=1", "_method=POST", "endpoint=x"])
def test_without_typst_the_address_leads_nowhere_else(
    team: Browser, monkeypatch: pytest.MonkeyPatch, more: str
) -> None:
    monkeypatch.setitem(sys.modules, "typst", None)
    answer = team.get(f"{PAGE}&{more}".replace("report?", "report.pdf?"))
    assert answer.status_code == 303
    assert answer.location == "/organise/figures/report?from=2025-01-01&to=2025-12-31"


@pytest.mark.parametrize("kind", ["", ".xlsx"])
@pytest.mark.parametrize(
    "asked",
    ["from=gestern&to=2025-01-01", "from=2025-02-01&to=2025-01-01", "series=Unbekannt", "to=\0"],
)
def test_wrong_period_is_shown_at_its_field_again(team: Browser, kind: str, asked: str) -> None:
    answer = team.get(f"/organise/figures/report{kind}?{asked}")
    assert answer.status_code == 422
    assert 'id="error-summary"' in answer.text


def test_accounts_get_the_report_on_the_events_that_they_see(
    app: Flask,
    year: list[Event],
    make_person: Callable[..., Person],
    browser_of: Callable[[Person], Browser],
) -> None:
    viewer = browser_of(make_person("v@example.org", role="viewer"))
    assert len(json.loads(viewer.get("/organise/figures/report.json?from=2025-01-01").text)) > 1
    limited = browser_of(make_person("l@example.org", only=[year[1].slug]))
    found = json.loads(limited.get(PAGE.replace("report?", "report.json?")).text)
    assert ([row["title"] for row in found["events"]], found["partial"]) == ([LONG], True)
    assert "Nur die Veranstaltungen, die dieses Konto sehen darf" in limited.get(PAGE).text
    door = browser_of(make_person("d@example.org", role="door"))
    assert door.get(PAGE).status_code == 403


def test_report_of_a_series_has_its_events_alone(app: Flask, team: Browser) -> None:
    held(app, 4, title="Eins", series="Runder Tisch")
    held(app, 4, title="Zwei")
    path = f"{PAGE}&series=Runder+Tisch".replace("report?", "report.json?")
    found = json.loads(team.get(path).text)
    titles = [row["title"] for row in found["events"]]
    assert (titles, found["series"]) == (["Eins"], "Runder Tisch")


def test_export_is_logged_and_needs_no_more_queries_for_more_events(
    app: Flask, team: Browser, year: list[Event], caplog: pytest.LogCaptureFixture
) -> None:
    before = queries(app, team, PAGE)
    for month in range(3, 9):
        comes(app, held(app, month), None)
    assert queries(app, team, PAGE) == before
    with caplog.at_level(logging.INFO):
        team.get(PAGE.replace("report?", "report.ods?"))
    [line] = [r.getMessage() for r in caplog.records if "exported" in r.getMessage()]
    assert (json.loads(line)["what"], json.loads(line)["rows"]) == ("report.ods", 9)


def test_period_without_events_is_stated(team: Browser) -> None:
    page = team.get("/organise/figures/report?from=1990-01-01&to=1990-12-31").text
    assert "hat keine Veranstaltung stattgefunden" in page
    found = cells_of(team.get("/organise/figures/report.xlsx?from=1990-01-01&to=1990-12-31").data)
    assert "nicht erfasst" not in str(found)


def test_pages_of_years_and_series_lead_to_the_report(app: Flask, team: Browser) -> None:
    held(app, 4, series="Runder Tisch")
    for path in ("/organise/figures/2025", "/organise/figures/series/runder-tisch"):
        [link] = set(re.findall(r'href="(/organise/figures/report\?[^"]+)"', team.get(path).text))
        answer = team.get(link.replace("&amp;", "&"))
        assert answer.status_code == 200
        assert "Durchgeführte Veranstaltungen" in answer.text

"""The pages with figures: numbers, the sentence, what is not known, who may see what."""

import re
from collections.abc import Callable
from datetime import UTC, datetime, timedelta

import pytest
from flask import Flask

from ikone_events.domain.figures.event_figures import EventFigures
from ikone_events.services.privacy.archiving import archive_persons
from ikone_events.store.db import db, transaction
from ikone_events.store.events.models import Event
from tests.factories import NOW, PAST, make_event, make_organisation, make_registration
from tests.web.organiser.conftest import Browser, Person
from tests.web.visitor import Queries

AGO = {"starts_at": datetime(2025, 6, 1, 8, tzinfo=UTC)}
LAST_YEAR = {**AGO, "ends_at": AGO["starts_at"] + timedelta(hours=2)}
STORED = EventFigures(took_place=True, bodies=()).as_json()


def fill(app: Flask, event: Event, members: int, others: int, **more: object) -> None:
    for number in range(members + others):
        body = make_organisation(app, f"VG Nummer{number}", member=number < members)
        values = {"attendance": "attended", "organisation_id": body.id, **more}
        make_registration(app, event, **values)


def words(page: str) -> str:
    """The text of a page on one line."""
    return re.sub(r"\s+", " ", re.sub(r"<[^>]+>", " ", page)).replace("\xa0", " ")


def test_page_of_an_event_shows_numbers_and_the_sentence(app: Flask, team: Browser) -> None:
    event = make_event(app, slug="e", **PAST, state="dispatched")
    fill(app, event, 13, 30, via="newsletter")
    page = team.get("/organise/events/e/figures?lang=de").text
    assert (
        "Über 40 Verwaltungen nahmen am 27. Februar 2026 online teil,"
        " davon 13 Mitglieder und 30 Nicht-Mitglieder.</textarea>" in page
    )
    shown = words(page)
    assert "Genau: Verwaltungen 43 (Mitglieder 13, Nicht-Mitglieder 30)" in shown
    assert "43 Verwaltungen davon 43 anwesend" in shown
    assert "Newsletter 43" in shown
    assert "23. Feb.–1. März" in shown
    assert "More than 40 public bodies took part online on 27 February 2026" in page
    with app.app_context(), transaction():
        archive_persons(db.session.get_one(Event, event.id), now=NOW)
    assert words(team.get("/organise/events/e/figures?lang=de").text) == shown


@pytest.mark.parametrize(
    ("values", "attendance", "why"),
    [
        (PAST, None, "Es ist nicht erfasst, wer teilgenommen hat."),
        ({}, None, "Die Veranstaltung hat bisher nicht stattgefunden."),
        ({**PAST, "state": "cancelled"}, None, "Die Veranstaltung hat bisher nicht stattgefunden."),
    ],
)
def test_page_shows_why_there_is_no_sentence(
    app: Flask, team: Browser, values: dict[str, object], attendance: str | None, why: str
) -> None:
    event = make_event(app, slug="e", **values)
    make_registration(app, event, attendance=attendance)
    page = team.get("/organise/events/e/figures?lang=de").text
    assert "<textarea" not in page
    assert why in words(page)
    assert "nicht bekannt Anwesende" in words(page)


def test_incomplete_attendance_is_stated(app: Flask, team: Browser) -> None:
    event = make_event(app, slug="e", **PAST, attendance_incomplete=True)
    fill(app, event, 1, 0)
    make_registration(app, event)
    page = words(team.get("/organise/events/e/figures?lang=de").text)
    assert "Bei einer Person ist nicht bekannt, ob sie teilgenommen hat." in page


def test_year_stands_beside_the_year_before(app: Flask, team: Browser) -> None:
    fill(app, make_event(app, **LAST_YEAR, state="followed_up"), 2, 1)
    now = make_event(app, slug="e", **PAST, state="followed_up", series="Runder Tisch")
    fill(app, now, 1, 1)
    make_event(app, slug="coming")
    page = team.get("/organise/figures/2026?lang=de").text
    shown = words(page)
    assert "1 Veranstaltungen 2025: 1 2 Teilnahmen 2025: 3 2 Verwaltungen 2025: 3" in shown
    assert "1. Quartal 2" in shown
    assert (
        "2026 richtete IKONE DS 1 Veranstaltung aus. 2 Teilnahmen wurden gezählt;"
        " vertreten waren 2 Verwaltungen, darunter 1 der 3 Mitglieder.</textarea>" in page
    )
    assert 'href="/organise/events/e/figures"' in page
    assert "hat bisher nicht stattgefunden" in shown
    assert 'href="/organise/figures/series/runder-tisch"' in page
    assert 'href="/organise/figures/2025"' in page


def test_figures_lead_to_the_newest_year_that_has_begun(app: Flask, team: Browser) -> None:
    assert team.get("/organise/figures").location == "/organise/figures/2026"
    make_event(app, **LAST_YEAR)
    assert team.get("/organise/figures").location == "/organise/figures/2025"
    make_event(app, starts_at=NOW + timedelta(days=365), ends_at=NOW + timedelta(days=366))
    assert team.get("/organise/figures").location == "/organise/figures/2025"


def test_year_without_events_shows_it(app: Flask, team: Browser) -> None:
    page = team.get("/organise/figures/2019?lang=de")
    assert page.status_code == 200
    assert "2019 gibt es keine Veranstaltung" in words(page.text)
    for path in ("99999", "1", "x", "-1"):
        assert team.get(f"/organise/figures/{path}").status_code == 404


def test_series_has_its_figures(app: Flask, team: Browser) -> None:
    for values in (LAST_YEAR, PAST):
        fill(app, make_event(app, **values, series="Runder Tisch"), 1, 1)
    page = words(team.get("/organise/figures/series/runder-tisch?lang=de").text)
    assert "2 Veranstaltungen 4 Teilnahmen 4 Verwaltungen 2 Mitglieder dabei" in page
    assert team.get("/organise/figures/series/andere").status_code == 404


def test_viewers_see_figures_and_others_only_those_of_their_events(
    app: Flask,
    make_person: Callable[..., Person],
    browser_of: Callable[[Person], Browser],
) -> None:
    make_event(app, slug="mine", **PAST, title="Meine", series="Reihe")
    make_event(app, slug="other", **PAST, title="Fremde", series="Andere")
    viewer = browser_of(make_person("viewer@example.org", role="viewer"))
    limited = browser_of(make_person("only@example.org", only=("mine",)))
    for path in ("events/mine/figures", "figures/2026", "figures/series/reihe"):
        assert viewer.get(f"/organise/{path}").status_code == 200
        assert limited.get(f"/organise/{path}").status_code == 200
    assert limited.get("/organise/events/other/figures").status_code == 404
    assert limited.get("/organise/figures/series/andere").status_code == 404
    assert "Fremde" not in limited.get("/organise/figures/2026").text
    door = browser_of(make_person("door@example.org", role="door"))
    assert door.get("/organise/figures/2026").status_code == 403


def test_pages_are_linked_where_one_looks(app: Flask, team: Browser) -> None:
    make_event(app, slug="e", **PAST)
    make_event(app, slug="soon")
    assert 'href="/organise/events/e/figures"' in team.get("/organise/events/e").text
    assert 'href="/organise/figures/2026"' in team.get("/organise/events?view=past").text
    assert 'href="/organise/figures"' in team.get("/organise/events").text
    share = team.get("/organise/events/soon").text
    assert 'value="http://localhost/events/soon?via=newsletter"' in share
    assert 'value="http://localhost/events/soon?via=linkedin"' in share


def test_number_of_queries_does_not_grow_with_the_year(app: Flask, team: Browser) -> None:
    numbers = []
    for size in (2, 6):
        for _ in range(size):
            fill(app, make_event(app, **PAST, series="Reihe"), 1, 1)
            fill(app, make_event(app, **LAST_YEAR, state="archived", figures=STORED), 1, 0)
        team.get("/organise/figures/2026")
        with Queries(app) as queries:
            assert team.get("/organise/figures/2026").status_code == 200
        numbers.append(len(queries))
    assert numbers[0] == numbers[1] < 20

"""Name badges: for whom there are some, as pages and as PDFs, and who may take them away."""

import io
import json
import logging
import re
import sys
from typing import Any

import pikepdf
import pytest
from flask import Flask

from ikone_events.domain.registering.registration import Attendance
from ikone_events.services.documents.pdf import make_large_pdf
from ikone_events.services.rooms.attendance import enter_by_door, state_attendance
from ikone_events.store.db import transaction
from ikone_events.store.events.models import Event
from ikone_events.store.registering.models import Registration
from ikone_events.web.organiser.registering.badges import MOST, badges_of
from tests.factories import make_event, make_registration
from tests.web.organiser.conftest import Browser

MM = 72 / 25.4


@pytest.fixture
def event(app: Flask) -> Event:
    """A hybrid event."""
    return make_event(app, format="hybrid", place="Rathaus", title="Digitale Akte")


def path_of(event: Event, part: str = "") -> str:
    return f"/organise/events/{event.slug}/registrations/badges{part}"


def person(app: Flask, event: Event, last_name: str, **values: Any) -> Registration:
    return make_registration(app, event, last_name=last_name, **{"mode": "on_site", **values})


def pdf_of(browser: Browser, path: str) -> pikepdf.Pdf:
    found = browser.get(path)
    assert (found.status_code, found.mimetype) == (200, "application/pdf"), found.text[:500]
    return pikepdf.open(io.BytesIO(found.data))


def size_of(pdf: pikepdf.Pdf) -> tuple[int, int]:
    """Width and height of the first page in mm."""
    _, _, width, height = map(float, pdf.pages[0].MediaBox)
    return round(width / MM), round(height / MM)


def test_confirmed_people_on_site_have_badges_by_name(
    app: Flask, team: Browser, event: Event
) -> None:
    person(app, event, "Zander", title="Dr.")
    person(app, event, "Öder")
    person(app, event, "Fern", mode="online")
    person(app, event, "Wartet", status="waitlisted")
    page = team.get(path_of(event, "?lang=en")).text
    assert re.findall(r"<b>Maria (\w+)</b>", page) == ["Öder", "Zander"]
    assert "<small>Dr.</small>" in page
    assert "2 badges" in page
    assert f'href="{path_of(event, ".pdf")}"' in page
    assert "2 Namensschilder" in team.get(path_of(event, "?lang=de")).text


def test_sheet_and_single_label_have_their_sizes_and_tags(
    app: Flask, team: Browser, event: Event, caplog: pytest.LogCaptureFixture
) -> None:
    people = [person(app, event, f"Muster{number}") for number in range(11)]
    with caplog.at_level(logging.INFO):
        sheet = pdf_of(team, path_of(event, ".pdf?lang=de"))
    assert (size_of(sheet), len(sheet.pages)) == ((210, 297), 2)
    assert str(sheet.Root.Lang) == "de"
    assert str(sheet.docinfo["/Title"]) == "Namensschilder: Digitale Akte"
    assert sheet.open_metadata()["pdfuaid:part"] == "1"
    [line] = [r.getMessage() for r in caplog.records if "exported" in r.getMessage()]
    assert (json.loads(line)["what"], json.loads(line)["rows"]) == ("badges", 11)
    label = pdf_of(team, path_of(event, f".pdf?one={people[3].public_id}"))
    assert (size_of(label), len(label.pages)) == ((90, 54), 1)


def test_more_people_than_a_file_holds_come_in_parts(
    app: Flask, team: Browser, event: Event
) -> None:
    people = [Registration(last_name=str(number)) for number in range(2 * MOST + 1)]
    parts = [badges_of(people, part) for part in (1, 2, 3, 4, 0)]
    assert [len(each.people) for each in parts] == [MOST, MOST, 1, 1, MOST]
    assert [(each.part, each.parts) for each in parts] == [(1, 3), (2, 3), (3, 3), (3, 3), (1, 3)]
    assert parts[2].people == people[-1:]
    assert badges_of([], 7) == ([], 1, 1)
    person(app, event, "Hier")
    assert "Maria Hier" in team.get(path_of(event, "?part=zwei")).text


@pytest.mark.slow
def test_long_and_odd_names_stay_on_their_label() -> None:
    """One page for ten labels: what overflowed would begin another."""
    names = ("X" * 200, "W w " * 50, "محمد بن عبد الله", '#x $y$ "z" \\ [b] *c*', "Ada 🎉 王", "")
    people = [{"title": "Prof. " * 9, "name": name, "body": name * 2} for name in names]
    values: dict[str, object] = {
        "title": "Namensschilder",
        "lang": "de",
        "organisation": "IKONE",
        "accent": "#123456",
        "event": "Lang " * 40,
        "people": people,
        "words": {"scale": ""},
    }
    sheet = pikepdf.open(io.BytesIO(make_large_pdf("badges", {**values, "single": False})))
    assert len(sheet.pages) == 1
    labels = pikepdf.open(io.BytesIO(make_large_pdf("badges", {**values, "single": True})))
    assert len(labels.pages) == len(names)


def test_badges_are_for_those_who_take_lists_away(
    app: Flask, viewer: Browser, team: Browser, stranger: Browser, event: Event
) -> None:
    there = person(app, event, "Hier")
    for path in (
        path_of(event),
        path_of(event, ".pdf"),
        path_of(event, f".pdf?one={there.public_id}"),
    ):
        assert viewer.get(path).status_code == 403
        assert stranger.get(path).status_code == 404
        assert app.test_client().get(path).status_code == 303
        assert team.get(path).status_code == 200
        assert team.get(path.replace(event.slug, "gibt-es-nicht")).status_code == 404


def test_one_person_must_be_of_this_event_and_come_on_site(
    app: Flask, team: Browser, event: Event
) -> None:
    other = make_event(app, format="on_site", place="Amt")
    for stray in (person(app, other, "Anders"), person(app, event, "Fern", mode="online")):
        assert team.get(path_of(event, f"?one={stray.public_id}")).status_code == 404
        assert team.get(path_of(event, f".pdf?one={stray.public_id}")).status_code == 404


def test_links_to_badges_stand_where_people_come_on_site(
    app: Flask, team: Browser, event: Event
) -> None:
    there, online = person(app, event, "Hier"), make_event(app)
    make_registration(app, online)
    root = f"/organise/events/{event.slug}/registrations"
    assert path_of(event) in team.get(f"{root}/door").text
    other = f"{root}/door".replace(event.slug, online.slug)
    assert path_of(online) not in team.get(other).text
    assert path_of(event, f"?one={there.public_id}") in team.get(f"{root}/{there.public_id}").text
    assert "Noch keine Namensschilder" in team.get(path_of(online, "?lang=de")).text
    assert team.get(path_of(online, ".pdf")).status_code == 303


def test_without_typst_the_browser_prints(
    app: Flask, team: Browser, event: Event, monkeypatch: pytest.MonkeyPatch
) -> None:
    person(app, event, "Hier")
    monkeypatch.setitem(sys.modules, "typst", None)
    page = team.get(path_of(event)).text
    assert ("badges.pdf" in page, "data-print" in page) == (False, True)
    answer = team.get(path_of(event, ".pdf"), follow_redirects=True)
    assert "Maria Hier" in answer.text


@pytest.mark.parametrize("odd", ["\ue000", "\uf8ff", "\U000f0000", "\u3164", "A" + "\u0300" * 90])
def test_no_name_keeps_the_badges_of_others_from_being_made(
    app: Flask, team: Browser, event: Event, odd: str
) -> None:
    """PDF/A forbids characters for private use, and anybody may register with one."""
    person(app, event, odd)
    assert len(pdf_of(team, path_of(event, ".pdf")).pages) == 1


def test_list_for_the_door_shows_who_is_there(app: Flask, team: Browser, event: Event) -> None:
    there, gone = person(app, event, "Da"), person(app, event, "Irrtum")
    person(app, event, "Fehlt")
    with app.app_context(), transaction():
        state_attendance(there.public_id, Attendance.ATTENDED, now=event.starts_at, by="Wilma")
        enter_by_door(gone.id, event.id, now=event.starts_at)
        state_attendance(gone.public_id, Attendance.MISSED, now=event.starts_at, by="Wilma")
    page = team.get(f"/organise/events/{event.slug}/registrations/door?lang=de").text
    assert re.findall(r'<th scope="row">(\w+), Maria(?:<br>|</th>)', page) == [
        "Da",
        "Fehlt",
        "Irrtum",
    ]
    assert re.findall(r"(\w+), Maria<br>.*?da seit ([\d:]+)", page) == [("Da", "10:00")]
    assert "eine davon ist da" in page

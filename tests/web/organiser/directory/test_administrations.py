"""The pages of the directory: who may do what, and what each press says."""

import io
import re
from typing import Any

import pytest
from flask import Flask
from sqlalchemy import select
from werkzeug.test import TestResponse

from ikone_events.store.db import db
from ikone_events.store.directory.models import LeftText, Organisation
from ikone_events.store.registering.models import Registration
from tests.administrations import FILE, ROWS
from tests.factories import make_event, make_organisation, make_registration
from tests.rows import count
from tests.web.organiser.conftest import Browser

LIST = "/organise/contacts/administrations"
UNMATCHED = "/organise/contacts/unmatched"
FORM = {
    "name": "Verbandsgemeindeverwaltung Landburg",
    "short_name": "Landburg",
    "kind": "verbandsgemeinde",
    "official_key": "991315001",
    "district": "Lautersheim",
    "aliases": "Rathaus Landburg\r\n\r\n  VG  Landburg \r\nLandburger Amt",
    "member": "y",
    "member_since": "2020-01-01",
    "member_until": "",
    "edit_version": "0",
}


def upload(browser: Browser, content: bytes, **more: Any) -> TestResponse:
    data = {"file": (io.BytesIO(content), "liste.csv"), **more}
    return browser.post(f"{LIST}/import", data, content_type="multipart/form-data")


def stored(app: Flask) -> Organisation:
    with app.app_context():
        body = db.session.scalars(select(Organisation)).one()
        assert body.names
        return body


def test_added_body_stands_in_the_list_and_matches_who_waited(app: Flask, team: Browser) -> None:
    waits = make_registration(app, make_event(app), organisation_text="Landburger Amt")
    answer = team.post(f"{LIST}/new", FORM)
    assert answer.status_code == 303
    body = stored(app)
    assert body.aliases == ["Rathaus Landburg", "Landburger Amt"]
    assert body.member_since is not None
    page = team.get(LIST).text
    assert "Verbandsgemeindeverwaltung Landburg" in page
    assert "Mitglied" in page
    assert f'href="{LIST}" aria-current="page"' in page
    with app.app_context():
        assert db.session.get_one(Registration, waits.id).organisation_id == body.id


def test_form_holds_what_is_stored_and_saves_it_once(app: Flask, team: Browser) -> None:
    team.post(f"{LIST}/new", FORM)
    path = f"{LIST}/{stored(app).id}"
    page = team.get(path).text
    for text in ("Rathaus Landburg\nLandburger Amt", 'value="2020-01-01"', 'value="991315001"'):
        assert text in page.replace("\r", "")
    assert team.post(path, {**FORM, "name": "VG Neu", "edit_version": "1"}).status_code == 303
    answer = team.post(path, {**FORM, "name": "VG Anders", "edit_version": "1"})
    assert answer.status_code == 409
    assert 'value="VG Anders"' in answer.text
    assert stored(app).name == "VG Neu"
    again = re.search(r'name="edit_version"[^>]*value="(\d+)"', answer.text)
    assert again is not None
    answer = team.post(path, {**FORM, "name": "VG Anders", "edit_version": again[1]})
    assert answer.status_code == 303


@pytest.mark.parametrize(
    ("change", "words"),
    [
        ({"name": ""}, "Namen"),
        ({"kind": "grafschaft"}, "Kind|Art|Choice|Auswahl"),
        ({"member_since": "31.02.2020"}, "Datum"),
        ({"member": "", "member_since": "2020-01-01"}, "Mitgliedern"),
        ({"member_until": "2019-01-01"}, "endet"),
        ({"aliases": "VG Bestehend"}, "VG Bestehend"),
        ({"official_key": "42"}, "VG Bestehend"),
    ],
)
def test_refused_form_keeps_everything(
    app: Flask, team: Browser, change: dict[str, str], words: str
) -> None:
    make_organisation(app, "VG Bestehend", official_key="42")
    answer = team.post(f"{LIST}/new", {**FORM, **change})
    assert answer.status_code == 422
    assert re.search(words, answer.text)
    assert 'value="Lautersheim"' in answer.text
    assert count(app, Organisation) == 1


def test_list_is_searched_filtered_and_paged(app: Flask, team: Browser) -> None:
    upload(team, FILE.read_bytes())
    for query, names in {
        "q=landburg": ["Verbandsgemeindeverwaltung Landburg"],
        "q=süh": ["Kreisverwaltung Südliche Hügelstraße"],
        "q=99111000": ["Stadtverwaltung Lautersheim"],
        "q=%25": [],
        "kind=ortsgemeinde": ["Ortsgemeinde Zornfeld"],
        "kind=verbandsfreie_gemeinde&members=1": ["Gemeindeverwaltung Haßfeld"],
        # A membership that ended in 2022 is none today.
        "kind=kreisfreie_stadt&members=1": ["Stadtverwaltung Lautersheim"],
    }.items():
        page = team.get(f"{LIST}?{query}").text
        found = re.findall(r'<th scope="row"><a [^>]*>([^<]*)</a>', page)
        assert found == names, query
    assert "Bis 31.12.2022" in team.get(f"{LIST}?q=Neuburg").text
    for number in range(40):
        make_organisation(app, f"VG Ort {number:02}", key=f"ort-{number}")
    assert team.get(LIST).text.count('<th scope="row">') == 50
    assert team.get(f"{LIST}?page=2").text.count('<th scope="row">') == len(ROWS) + 40 - 50


def test_body_is_deleted_after_a_question_unless_somebody_belongs_to_it(
    app: Flask, team: Browser
) -> None:
    free, used = make_organisation(app, "VG Frei"), make_organisation(app, "VG Belegt")
    make_registration(app, make_event(app), organisation_id=used.id)
    assert "VG Frei" in team.get(f"{LIST}/{free.id}/delete").text
    assert count(app, Organisation) == 2
    assert team.post(f"{LIST}/{free.id}/delete").status_code == 303
    assert team.post(f"{LIST}/{used.id}/delete").status_code == 409
    assert "/delete" not in team.get(f"{LIST}/{used.id}").text
    assert stored(app).id == used.id


def test_list_is_checked_then_imported(app: Flask, team: Browser) -> None:
    make_registration(app, make_event(app), organisation_text="VG Landburg")
    answer = upload(team, FILE.read_bytes(), do="check")
    assert answer.status_code == 200
    assert f"{len(ROWS)} wären neu" in answer.text
    assert count(app, Organisation) == 0
    answer = upload(team, FILE.read_bytes())
    assert answer.status_code == 303
    page = team.get(answer.location).text
    assert f"{len(ROWS)} neu, 0 geändert, 0 wie bisher. 1 Anmeldung hat" in page
    assert count(app, Organisation) == len(ROWS)


def test_refused_list_names_lines_and_reasons(app: Flask, team: Browser) -> None:
    answer = upload(team, b"name;art\nKreis Gut;landkreis\nKreis Schlecht;grafschaft\n;landkreis\n")
    assert answer.status_code == 422
    assert re.findall(r'<th scope="row">(\d+)</th>', answer.text) == ["3", "4"]
    assert "grafschaft" in answer.text
    assert count(app, Organisation) == 0
    assert upload(team, b"").status_code == 422
    assert team.post(f"{LIST}/import").status_code == 422


def test_one_press_shows_who_is_meant(app: Flask, team: Browser) -> None:
    body = make_organisation(app, "Verbandsgemeindeverwaltung Landburg")
    make_registration(app, make_event(app), organisation_text="Rathaus Landburg")
    assert UNMATCHED in team.get(LIST).text
    page = team.get(UNMATCHED).text
    assert "Das ist: Verbandsgemeindeverwaltung Landburg" in page
    answer = team.post(f"{UNMATCHED}/decide", {"key": "rathaus landburg", "body": body.id})
    assert (answer.status_code, answer.location) == (303, UNMATCHED)
    page = team.get(UNMATCHED).text
    assert "1 Anmeldung gehört jetzt zu" in page
    assert "ab jetzt erkannt" in page
    assert "Alle sind zugeordnet" in page
    again = team.post(f"{UNMATCHED}/decide", {"key": "rathaus landburg", "body": body.id})
    assert again.status_code == 404


def test_shared_name_is_decided_person_by_person(app: Flask, team: Browser) -> None:
    city = make_organisation(app, "Stadtverwaltung Lautersheim", kind="kreisfreie_stadt")
    make_organisation(app, "Kreisverwaltung Lautersheim", kind="landkreis")
    event = make_event(app)
    people = [make_registration(app, event, organisation_text="Lautersheim") for _n in range(2)]
    page = team.get(UNMATCHED).text
    assert "Das ist:" not in page
    path = f"{UNMATCHED}/people?key=lautersheim"
    assert path in page
    assert all(person.email in team.get(path).text for person in people)
    form = {"key": "lautersheim", "choose": "1", "people": [people[0].public_id]}
    assert team.post(f"{UNMATCHED}/decide", {**form, "name": "Lautersheim"}).status_code == 422
    assert team.post(f"{UNMATCHED}/decide", {**form, "name": ""}).status_code == 422
    nobody = {**form, "people": [], "body": city.id}
    assert team.post(f"{UNMATCHED}/decide", nobody).status_code == 422
    answer = team.post(f"{UNMATCHED}/decide", {**form, "name": "Stadt Lautersheim"})
    assert answer.status_code == 303
    with app.app_context():
        owners = [db.session.get_one(Registration, p.id).organisation_id for p in people]
    assert owners == [city.id, None]


def test_name_is_set_aside_and_taken_up_again(app: Flask, team: Browser) -> None:
    make_registration(app, make_event(app), organisation_text="Privatperson")
    assert f"{LIST}/new?name=Privatperson" in team.get(UNMATCHED).text
    assert team.post(f"{UNMATCHED}/leave", {"key": "privatperson"}).status_code == 303
    assert count(app, LeftText) == 1
    assert "<h2>Privatperson</h2>" not in team.get(UNMATCHED).text
    assert "<h2>Privatperson</h2>" in team.get(f"{UNMATCHED}?left=1").text
    assert team.post(f"{UNMATCHED}/take-up", {"key": "privatperson"}).status_code == 303
    assert "<h2>Privatperson</h2>" in team.get(UNMATCHED).text
    assert 'value="Privatperson"' in team.get(f"{LIST}/new?name=Privatperson").text


def test_new_body_begins_with_the_kind_that_its_name_says(team: Browser) -> None:
    for name, kind in (("VG Neu", "verbandsgemeinde"), ("Amt Neu", "sonstige")):
        page = team.get(f"{LIST}/new?name={name}").text
        assert f'<option selected value="{kind}">' in page, name


def test_names_of_foreign_events_are_not_to_be_found(app: Flask, stranger: Browser) -> None:
    body = make_organisation(app, "VG Landburg")
    make_registration(app, make_event(app), organisation_text="Geheimamt")
    assert "Geheimamt" not in stranger.get(UNMATCHED).text
    assert stranger.get(f"{UNMATCHED}/people?key=geheimamt").status_code == 403
    form = {"key": "geheimamt", "body": body.id}
    assert stranger.post(f"{UNMATCHED}/decide", form).status_code == 403
    assert stranger.post(f"{UNMATCHED}/leave", form).status_code == 403


def test_viewer_looks_and_changes_nothing(app: Flask, viewer: Browser) -> None:
    body = make_organisation(app, "VG Landburg")
    page = viewer.get(LIST)
    assert page.status_code == 200
    assert "VG Landburg" in page.text
    assert f"{LIST}/" not in page.text
    pages = [f"{LIST}{path}" for path in ("/new", "/import", f"/{body.id}", f"/{body.id}/delete")]
    for path in (*pages, UNMATCHED):
        assert viewer.get(path).status_code == 403, path
    for path in (*pages, f"{UNMATCHED}/decide", f"{UNMATCHED}/leave"):
        assert viewer.post(path).status_code == 403, path
    assert count(app, Organisation) == 1


def test_missing_body_answers_404(app: Flask, team: Browser) -> None:
    far = "9" * 20  # more than a database counts
    for path in ("/4711", "/4711/delete", f"/{far}", f"/{far}/delete"):
        assert team.get(f"{LIST}{path}").status_code == 404
        assert team.post(f"{LIST}{path}").status_code in (404, 405)
    make_registration(app, make_event(app), organisation_text="Verein")
    answer = team.post(f"{UNMATCHED}/decide", {"key": "verein", "body": far})
    assert answer.status_code == 422

"""`figures` as other programs read it."""

import csv
import io
import json

from flask import Flask

from tests.factories import PAST, make_event, make_organisation, make_registration


def filled(app: Flask) -> None:
    event = make_event(app, slug="e", **PAST, title="=Titel", state="followed_up")
    body = make_organisation(app, "Kreis Kusel", kind="landkreis")
    make_registration(app, event, organisation_id=body.id, attendance="attended")
    make_registration(app, event, status="waitlisted")
    make_registration(app, make_event(app, slug="unknown", **PAST))


def run(app: Flask, *words: str) -> str:
    result = app.test_cli_runner().invoke(args=["figures", *words])
    assert result.exit_code == 0, result.output
    return result.output


def test_figures_of_an_event_are_json_with_both_sentences(app: Flask) -> None:
    filled(app)
    found = json.loads(run(app, "e", "--format", "json"))
    expected = {"registrations": 2, "confirmed": 1, "waitlist": 1, "administrations_attended": 1}
    assert {name: found[name] for name in expected} == expected
    assert found["press_sentence"] == {
        "de": "1 Verwaltung nahm am 27. Februar 2026 online teil, ein Mitglied.",
        "en": "1 public body took part online on 27 February 2026, a member.",
    }
    unknown = json.loads(run(app, "unknown"))
    assert (unknown["attended_people"], unknown["press_sentence"]["de"]) == (None, "")
    assert unknown["no_press_sentence"] == "Nobody has recorded who attended."


def test_figures_of_a_year_hold_those_of_its_events(app: Flask) -> None:
    filled(app)
    found = json.loads(run(app, "--year", "2026"))
    assert (found["events_held"], found["events_without_attendance"]) == (2, 1)
    assert {one["slug"] for one in found["events"]} == {"e", "unknown"}
    assert found["sentence"]["de"].startswith("2026 richtete IKONE DS 2 Veranstaltungen aus.")
    assert json.loads(run(app, "--year", "2019"))["events"] == []


def test_table_has_one_line_per_event_and_runs_nothing(app: Flask) -> None:
    filled(app)
    lines = list(csv.DictReader(io.StringIO(run(app, "--format", "csv"))))
    first, second = sorted(lines, key=lambda line: line["slug"])
    assert (first["slug"], first["title"], first["attended_people"]) == ("e", "'=Titel", "1")
    assert (first["administrations_attended_landkreis"], second["attended_people"]) == ("1", "")


def test_figures_refuse_what_they_do_not_know(app: Flask) -> None:
    runner = app.test_cli_runner()
    assert runner.invoke(args=["figures", "nothing"]).exit_code == 1
    filled(app)
    assert runner.invoke(args=["figures", "e", "--year", "2026"]).exit_code == 2

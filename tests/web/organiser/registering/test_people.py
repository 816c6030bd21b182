"""The list of people: found, counted, noted, withdrawn, taken away as a file."""

import csv
import io
import json
import logging
from datetime import timedelta

import pytest
from flask import Flask

from ikone_events.services.documents.spreadsheets import write_csv
from ikone_events.services.registering.lists.exports import OUTBOX_COLUMNS, outbox_rows
from tests.attending import attendance_of_person
from tests.factories import (
    NOW,
    FixedClock,
    make_event,
    make_heartbeat,
    make_mail,
    make_organisation,
    make_registration,
)
from tests.web.organiser.conftest import Browser
from tests.web.visitor import Queries


def queries(app: Flask, browser: Browser, path: str) -> int:
    """How many statements a page needs."""
    browser.get(path)
    with Queries(app) as said:
        assert browser.get(path).status_code == 200
    return len(said)


def test_number_of_queries_does_not_grow_with_the_people(app: Flask, team: Browser) -> None:
    event = make_event(app, capacity=None)
    paths = [
        f"/organise/events/{event.slug}{part}"
        for part in ("/registrations", "/mail/sent", "", "/registrations.csv")
    ]

    def fill(number: int) -> None:
        for _ in range(number):
            body = make_organisation(app, "Stadt")
            make_mail(app, make_registration(app, event, organisation_id=body.id))

    fill(10)
    few = [queries(app, team, path) for path in paths]
    fill(190)
    assert [queries(app, team, path) for path in paths] == few
    assert max(few) < 21


def test_number_of_queries_does_not_grow_with_the_events(app: Flask, team: Browser) -> None:
    paths = ["/organise/", "/organise/events"]

    def fill(number: int) -> None:
        for _ in range(number):
            make_registration(app, make_event(app))

    fill(5)
    few = [queries(app, team, path) for path in paths]
    fill(45)
    assert [queries(app, team, path) for path in paths] == few
    assert max(few) <= 20


def test_people_are_found_by_name_and_status_fifty_at_a_time(app: Flask, team: Browser) -> None:
    event = make_event(app, capacity=None)
    for number in range(55):
        make_registration(app, event, last_name=f"Alle{number:02d}")
    make_registration(app, event, last_name="Wartend", status="waitlisted")
    base = f"/organise/events/{event.slug}/registrations"
    first = team.get(base).text
    assert first.count('id="p-') == 50
    assert 'aria-current="page"><span class="kern-sr-only">' in first
    assert team.get(f"{base}?page=2").text.count('id="p-') == 6
    assert team.get(f"{base}?page=99").text.count('id="p-') == 6
    for nonsense in ("x", "-1", "0"):
        assert team.get(f"{base}?page={nonsense}").text.count('id="p-') == 50
    assert team.get(f"{base}?q=alle07").text.count('id="p-') == 1
    assert team.get(f"{base}?q=%25").text.count('id="p-') == 0
    waiting = team.get(f"{base}?status=waitlisted&lang=en").text
    assert waiting.count('id="p-') == 1
    assert "Position 1" in waiting
    assert team.get(f"{base}?status=erfunden").text.count('id="p-') == 50


def test_attendance_can_be_noted_once_the_event_has_begun(app: Flask, team: Browser) -> None:
    for starts_at in (NOW + timedelta(minutes=1), NOW):
        event = make_event(app, starts_at=starts_at, ends_at=NOW + timedelta(hours=2))
        make_registration(app, event)
        page = team.get(f"/organise/events/{event.slug}/registrations").text
        assert ("/attendance" in page) is (starts_at == NOW)


def test_attendance_is_noted_and_taken_back(app: Flask, team: Browser) -> None:
    event = make_event(app, starts_at=NOW, ends_at=NOW + timedelta(hours=2))
    person = make_registration(app, event)
    base = f"/organise/events/{event.slug}/registrations"
    path = f"{base}/{person.public_id}/attendance"
    answer = team.post(path, {"attendance": "attended", "q": "Muster", "page": "1"})
    assert answer.location == f"{base}?q=Muster&page=1#p-{person.public_id}"
    assert attendance_of_person(app, person) == "attended"
    team.post(path, {"attendance": "missed"})
    assert attendance_of_person(app, person) == "missed"
    team.post(path, {"attendance": ""})
    assert attendance_of_person(app, person) is None
    assert team.post(path, {"attendance": "vielleicht"}).status_code == 422


def test_names_are_shown_not_run(app: Flask, team: Browser) -> None:
    event = make_event(app, title="<script>alert(1)</script>")
    make_registration(app, event, last_name="<img src=x onerror=alert(1)>", title="\"'")
    for path in ("", "/registrations", "/mail/sent", "/edit", "/history"):
        page = team.get(f"/organise/events/{event.slug}{path}").text
        assert "<script>alert" not in page
        assert "<img src=x" not in page
    assert "<script>alert" not in team.get("/organise/").text


def test_export_opens_in_a_german_excel_and_is_logged(
    app: Flask, team: Browser, caplog: pytest.LogCaptureFixture
) -> None:
    event = make_event(app)
    body = make_organisation(app, "Stadtverwaltung Worms")
    make_registration(app, event, organisation_id=body.id, last_name="Ößwald; jun.")
    waits = make_registration(app, event, status="waitlisted", first_name="=cmd|' /C calc'!A0")
    make_registration(app, make_event(app), last_name="Fremd")
    with caplog.at_level(logging.INFO):
        answer = team.get(f"/organise/events/{event.slug}/registrations.csv")
    assert answer.data.startswith(b"\xef\xbb\xbfid;email;first_name;last_name;organisation;")
    assert answer.mimetype == "text/csv"
    assert answer.headers["Content-Disposition"] == f'attachment; filename="{event.slug}.csv"'
    rows = list(csv.DictReader(io.StringIO(answer.data.decode("utf-8-sig")), delimiter=";"))
    assert [row["last_name"] for row in rows] == ["Ößwald; jun.", waits.last_name]
    assert (rows[0]["organisation"], rows[0]["network_member"]) == ("Stadtverwaltung Worms", "1")
    assert (rows[1]["status"], rows[1]["waitlist_position"]) == ("waitlisted", "1")
    assert rows[1]["first_name"] == "'=cmd|' /C calc'!A0"
    assert rows[0]["registered_at"] == "2026-03-01T10:00:00+01:00"
    [line] = [r.getMessage() for r in caplog.records if "exported" in r.getMessage()]
    logged = json.loads(line)
    assert (logged["event"], logged["of_event"], logged["rows"]) == ("exported", event.id, 2)
    assert (logged["account"], logged["network"]) == (1, "127.0.0.1")
    assert "@" not in line
    assert waits.last_name not in line


def test_csv_for_programs_has_commas_and_no_mark(app: Flask) -> None:
    event = make_event(app)
    person = make_registration(app, event)
    mail = make_mail(app, person, sent_at=NOW, state="sent", tries=1)
    stream = io.StringIO()
    with app.app_context():
        assert write_csv(stream, OUTBOX_COLUMNS, outbox_rows()) == 1
    [row] = csv.DictReader(io.StringIO(stream.getvalue()))
    assert row["recipient"] == person.email
    assert (row["state"], row["tries"]) == ("sent", "1")
    assert row["message_id"] == mail.message_id
    assert row["event"] == event.slug


def test_overview_names_what_is_to_do(app: Flask, team: Browser) -> None:
    make_heartbeat(app)
    make_organisation(app, "Stadt Worms")
    calm = team.get("/organise/?lang=en").text
    assert "Nothing is waiting for you." in calm
    event = make_event(
        app, starts_at=NOW + timedelta(hours=20), ends_at=NOW + timedelta(hours=21), room_url=""
    )
    make_mail(app, make_registration(app, event), state="failed")
    busy = team.get("/organise/").text
    assert f"/organise/events/{event.slug}#room" in busy
    assert f"/organise/events/{event.slug}/mail/sent" in busy
    assert "has no access link yet" in busy


def test_overview_shows_when_the_worker_stands_still(
    app: Flask, team: Browser, clock: FixedClock
) -> None:
    assert "Sending is not running" in team.get("/organise/?lang=en").text
    make_heartbeat(app)
    assert "worker" not in team.get("/organise/").text
    clock.move(minutes=7)
    assert "stood still for 7 minutes" in team.get("/organise/").text

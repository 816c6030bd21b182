"""On the day every page of the office is one press away: the board, the entrance, the list."""

import re
from datetime import timedelta

from flask import Flask

from ikone_events.domain.registering.registration import Attendance
from ikone_events.services.rooms.attendance import state_attendance
from ikone_events.store.db import transaction
from ikone_events.store.registering.models import Registration
from tests.factories import NOW, TODAY, make_event, make_registration
from tests.web.organiser.conftest import Browser

TODAY_PAGE = "/organise/"


def running(app: Flask) -> Registration:
    begun = NOW - timedelta(minutes=10)
    event = make_event(
        app, slug="running", state="dispatched", starts_at=begun, ends_at=NOW + timedelta(hours=1)
    )
    return make_registration(app, event)


def test_today_shows_what_is_running_and_leads_to_the_entrance(app: Flask, team: Browser) -> None:
    running(app)
    make_event(app, slug="on-site", title="Vor Ort", **TODAY)

    page = team.get(TODAY_PAGE).text

    assert "Läuft gerade" in page
    assert "Nächste Veranstaltung</span>" not in page
    assert 'href="/organise/events/running/live"' in page
    assert 'href="/organise/events/running/check-in"' not in page
    assert 'href="/organise/events/on-site/check-in"' in page


def test_today_leads_to_the_entrance_of_the_next_event(app: Flask, team: Browser) -> None:
    make_event(app, slug="on-site", **TODAY)

    page = team.get(TODAY_PAGE).text

    assert "Läuft gerade" not in page
    assert 'href="/organise/events/on-site/check-in"' in page


def test_board_and_entrance_lead_to_each_other(app: Flask, team: Browser) -> None:
    running(app)
    make_registration(app, make_event(app, slug="on-site", **TODAY))

    assert "/on-site/check-in" in team.get("/organise/events/on-site/live").text
    assert "/running/check-in" not in team.get("/organise/events/running/live").text
    entrance = team.get("/organise/events/on-site/check-in").text
    assert 'href="/organise/events/on-site/live"' in entrance
    assert 'href="/organise/events/on-site/registrations/door"' in entrance
    assert 'href="/organise/events/on-site/registrations/add"' in entrance


def test_board_has_the_number_for_callers_and_leads_to_the_room(
    app: Flask, team: Browser, viewer: Browser
) -> None:
    begun = NOW - timedelta(minutes=10)
    times = {"starts_at": begun, "ends_at": NOW + timedelta(hours=1), "state": "dispatched"}
    make_registration(app, make_event(app, slug="running", dial_in="0631 4711, PIN 22", **times))
    make_event(app, slug="on-site", **TODAY)

    board = team.get("/organise/events/running/live").text
    assert "0631 4711, PIN 22" in board
    assert 'href="/organise/events/running#room"' in board
    assert "4711" not in viewer.get("/organise/events/running/live").text
    assert "4711" not in team.get("/organise/events/running/live?projector").text
    assert "#room" not in team.get("/organise/events/on-site/live").text


def test_link_is_sent_again_by_its_name(app: Flask, team: Browser) -> None:
    """Whoever is on the phone with “I can't find the link” looks for that word."""
    person = running(app)
    make_registration(app, make_event(app, slug="coming", state="closed"), last_name="Später")

    found = team.get("/organise/search?q=e&in=people").text

    assert len(re.findall(r">Zugangslink erneut senden<", found)) == 1
    sent = team.post(f"/organise/events/running/registrations/{person.public_id}/resend")
    assert "„Bestätigung mit Zugangslink“ wird erneut an" in team.get(sent.location).text
    assert len(re.findall(r">Bestätigung erneut senden<", found)) == 1


def test_board_after_the_end_keeps_unknown_and_absent_apart(app: Flask, team: Browser) -> None:
    event = make_event(
        app,
        slug="over",
        state="dispatched",
        starts_at=NOW - timedelta(hours=2),
        ends_at=NOW - timedelta(hours=1),
        attendance_incomplete=True,
    )
    came, absent = make_registration(app, event), make_registration(app, event)
    make_registration(app, event)
    with app.app_context(), transaction():
        for each, said in ((came, Attendance.ATTENDED), (absent, Attendance.MISSED)):
            state_attendance(each.public_id, said, now=NOW, by="W. O.")

    board = team.get("/organise/events/over/live?lang=en").text

    assert "1 not there" in board
    assert "unknown: 1" in board

"""On the day every page of the office is one press away: the board, the entrance, the list."""

from datetime import timedelta

from flask import Flask

from tests.factories import NOW, TODAY, make_event, make_registration
from tests.web.organiser.conftest import Browser

TODAY_PAGE = "/organise/"


def running(app: Flask) -> None:
    begun = NOW - timedelta(minutes=10)
    event = make_event(
        app, slug="running", state="dispatched", starts_at=begun, ends_at=NOW + timedelta(hours=1)
    )
    make_registration(app, event)


def test_today_says_what_is_running_and_leads_to_the_entrance(app: Flask, team: Browser) -> None:
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

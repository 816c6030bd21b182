"""The page of a series, and the links that lead to what programs subscribe to."""

import re

import pytest
from flask import Flask
from flask.testing import FlaskClient

from tests.factories import PAST, make_event


def alternates(text: str) -> dict[tuple[str, str], str]:
    """What a page offers programs: type and title, and the address."""
    found = re.findall(
        r'<link rel="alternate" type="([^"]+)" title="([^"]+)" href="([^"]+)">', text
    )
    return {(kind, title): address for kind, title, address in found}


def test_series_lists_its_events_alone(app: Flask, client: FlaskClient) -> None:
    make_event(app, title="Eins", series="Smart City")
    make_event(app, title="Zwei", series="SMART  City!", state="followed_up", **PAST)
    make_event(app, title="Fremd", series="Smart City 2")
    make_event(app, title="Entwurf", series="Smart City", state="draft")
    page = client.get("/series/smart-city").text
    assert "Eins" in page
    assert "Zwei" in page
    assert "Fremd" not in page
    assert "Entwurf" not in page
    assert "<h1>Smart City</h1>" in page, "the latest event says how it is spelled"
    calendar = client.get("/series/smart-city/calendar.ics").text
    assert "SUMMARY:Eins" in calendar
    assert "SUMMARY:Zwei" in calendar
    assert "Fremd" not in calendar


@pytest.mark.parametrize("part", ["", "/calendar.ics", "/feed.atom"])
def test_unknown_series_is_not_found(app: Flask, client: FlaskClient, part: str) -> None:
    make_event(app, series="Smart City")
    make_event(app, series="")
    make_event(app, series="Geheim", state="draft")
    for slug in ("smart", "smart-city-2", "geheim", "event", "series", "Smart-City"):
        assert client.get(f"/series/{slug}{part}").status_code == 404, slug


def test_archived_series_keeps_its_page(app: Flask, client: FlaskClient) -> None:
    make_event(app, series="Alt", state="archived", **PAST)
    assert client.get("/series/alt").status_code == 200
    assert "BEGIN:VEVENT" not in client.get("/series/alt/calendar.ics").text


def test_event_leads_to_its_series(app: Flask, client: FlaskClient) -> None:
    event = make_event(app, series="Smart City")
    page = client.get(f"/events/{event.slug}").text
    assert '<a href="/series/smart-city">Smart City</a>' in page
    alone = make_event(app)
    assert "/series/" not in client.get(f"/events/{alone.slug}").text


def test_list_shows_where_to_subscribe(app: Flask, client: FlaskClient) -> None:
    make_event(app, series="Smart City")
    make_event(app, series="Smart City")
    make_event(app, series="Vorbei", state="followed_up", **PAST)
    page = client.get("/").text
    assert '<code class="address">http://localhost/calendar.ics</code>' in page
    assert 'href="webcal://localhost/calendar.ics"' in page
    assert page.count('href="/series/smart-city"') == 1
    assert "/series/vorbei" not in page
    english = client.get("/?lang=en").text
    assert "http://localhost/calendar.ics?lang=en</code>" in english


def test_pages_link_their_feeds_for_programs(app: Flask, client: FlaskClient) -> None:
    event = make_event(app, series="Smart City")
    common = {
        ("application/atom+xml", "Veranstaltungen"): "/feed.atom",
        ("text/calendar", "Veranstaltungen"): "/calendar.ics",
    }
    assert alternates(client.get("/").text) == common
    series = ("/series/smart-city/feed.atom", "/series/smart-city/calendar.ics")
    page = alternates(client.get(f"/events/{event.slug}").text)
    assert set(page.values()) == {*common.values(), *series}
    assert alternates(client.get("/series/smart-city").text).keys() == page.keys()
    english = alternates(client.get(f"/events/{event.slug}?lang=en").text)
    assert set(english.values()) == {f"{address}?lang=en" for address in page.values()}
    for address in (*page.values(), *english.values()):
        assert client.get(address).status_code == 200

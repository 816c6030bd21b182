"""Calendars and news for programs."""

import xml.etree.ElementTree as ET
from datetime import timedelta

from flask import Flask
from flask.testing import FlaskClient
from icalendar import Calendar

from ikone_events.domain.calendar_check import checked
from ikone_events.store.db import transaction
from ikone_events.store.queries import hold_event
from tests.factories import NOW, make_event, make_registration

ATOM = "{http://www.w3.org/2005/Atom}"


def test_calendar_holds_all_public_events_and_no_secret(app: Flask, client: FlaskClient) -> None:
    make_event(app, title="Offen; mit, Zeichen", state="dispatched")
    make_event(app, title="Abgesagt", state="cancelled")
    make_event(app, title="Verschoben", state="postponed")
    make_event(app, title="Entwurf", state="draft")
    person = make_registration(app, make_event(app))
    answer = client.get("/calendar.ics")
    assert answer.content_type == "text/calendar; charset=utf-8"
    calendar = Calendar.from_ical(checked(answer.data))
    states = {str(e["SUMMARY"]): str(e["STATUS"]) for e in calendar.events}
    assert states["Offen; mit, Zeichen"] == "CONFIRMED"
    assert states["Abgesagt"] == states["Verschoben"] == "CANCELLED"
    assert "Entwurf" not in states
    for secret in (
        "video.example.org",
        "631 000",
        "ATTENDEE",
        "METHOD",
        person.email,
        person.calendar_uid,
    ):
        assert secret not in answer.text


def test_single_event_is_the_same_entry_as_in_the_calendar(app: Flask, client: FlaskClient) -> None:
    event = make_event(app)
    single = Calendar.from_ical(checked(client.get(f"/events/{event.slug}/event.ics").data))
    whole = Calendar.from_ical(client.get("/calendar.ics").data)
    assert single.events[0].to_ical() == whole.events[0].to_ical()


def test_unchanged_answer_is_not_sent_again(app: Flask, client: FlaskClient) -> None:
    event = make_event(app)
    for path in ("/calendar.ics", "/feed.atom", f"/events/{event.slug}/event.ics"):
        first = client.get(path)
        by_tag = client.get(path, headers={"If-None-Match": first.headers["ETag"]})
        by_time = client.get(path, headers={"If-Modified-Since": first.headers["Last-Modified"]})
        assert by_tag.status_code == by_time.status_code == 304
        with app.app_context(), transaction():
            changed = hold_event(event.slug)
            changed.title += "!"
            changed.changed_at += timedelta(hours=1)
        new = client.get(path, headers={"If-None-Match": first.headers["ETag"]})
        assert new.status_code == 200


def test_sequence_rises_with_every_change_that_clients_must_see(
    app: Flask, client: FlaskClient
) -> None:
    event = make_event(app)

    def sequence() -> int:
        calendar = Calendar.from_ical(client.get(f"/events/{event.slug}/event.ics").data)
        return int(calendar.events[0]["SEQUENCE"])

    seen = [sequence()]
    for change in ({"revision": 2}, {"state": "postponed"}, {"state": "announced", "revision": 3}):
        with app.app_context(), transaction():
            row = hold_event(event.slug)
            for name, value in change.items():
                setattr(row, name, value)
        seen.append(sequence())
    assert seen == sorted(set(seen))


def test_news_are_well_formed_and_in_order(app: Flask, client: FlaskClient) -> None:
    make_event(app, title="Alt & <schön>", changed_at=NOW - timedelta(days=9))
    make_event(app, title="Neu", summary="Kurz", changed_at=NOW, state="cancelled")
    answer = client.get("/feed.atom")
    assert answer.content_type == "application/atom+xml; charset=utf-8"
    feed = ET.fromstring(answer.data)  # noqa: S314 - our own words
    titles = [entry.findtext(f"{ATOM}title") for entry in feed.iter(f"{ATOM}entry")]
    assert titles == ["Abgesagt: Neu", "Alt & <schön>"]
    assert feed.findtext(f"{ATOM}updated") == "2026-03-02T09:00:00+00:00"
    for part in ("id", "title", "updated"):
        assert feed.findtext(f"{ATOM}{part}")
        assert all(entry.findtext(f"{ATOM}{part}") for entry in feed.iter(f"{ATOM}entry"))


def test_empty_feeds_are_valid(client: FlaskClient) -> None:
    feed = ET.fromstring(client.get("/feed.atom").data)  # noqa: S314 - our own words
    assert feed.findtext(f"{ATOM}updated")
    assert Calendar.from_ical(client.get("/calendar.ics").data).events == []

"""The news feed: valid Atom (RFC 4287), the newest announcement first."""

import xml.etree.ElementTree as ET
from datetime import datetime, timedelta
from typing import Any

import pytest
from flask import Flask
from flask.testing import FlaskClient

from ikone_events.domain.calendars.feeds import MOST_NEWS
from ikone_events.domain.events.lifecycle import Action
from ikone_events.services.events.transitions import Request, perform
from ikone_events.store.db import db, transaction
from ikone_events.store.events.models import Event
from ikone_events.store.events.queries import lock_event
from ikone_events.store.mails.event_versions import calendar_facts, keep_version
from tests.factories import NOW, FixedClock, make_event, make_registration
from tests.web.visitor import Queries

ATOM = "{http://www.w3.org/2005/Atom}"
HOUR = timedelta(hours=1)


def read(client: FlaskClient, path: str = "/feed.atom") -> ET.Element:
    """The feed as a program reads it."""
    answer = client.get(path)
    assert answer.status_code == 200
    assert answer.content_type == "application/atom+xml; charset=utf-8"
    return ET.fromstring(answer.data)  # noqa: S314 - our own words


def titles(feed: ET.Element) -> list[str | None]:
    """The titles of the entries in order."""
    return [entry.findtext(f"{ATOM}title") for entry in feed.iter(f"{ATOM}entry")]


def updated(client: FlaskClient, event: Event) -> datetime:
    """When the entry of an event says that it changed."""
    address = f"http://localhost/events/{event.slug}"
    for entry in read(client).iter(f"{ATOM}entry"):
        if entry.findtext(f"{ATOM}id") == address:
            return datetime.fromisoformat(entry.findtext(f"{ATOM}updated") or "")
    raise AssertionError("no such entry")


def act(app: Flask, event: Event, action: Action, now: datetime, **more: Any) -> None:
    """Carry out an action of the lifecycle."""
    with app.app_context(), transaction():
        perform(event.slug, Request(action=action, actor="w", reason="Sturm", **more), now=now)


def edit(app: Flask, event: Event, now: datetime, **changes: Any) -> None:
    """Change an event as an edit does: what it was before is kept."""
    with app.app_context(), transaction():
        row = lock_event(event.slug)
        keep_version(row, calendar_facts(row), until=now)
        for name, value in changes.items():
            setattr(row, name, value)
        row.edit_version, row.changed_at = row.edit_version + 1, now


def test_feed_has_all_that_the_format_asks_for(app: Flask, client: FlaskClient) -> None:
    event = make_event(app, series="Reihe Eins", place="Rathaus", format="on_site")
    make_event(app)
    for path, page in (("/feed.atom", "/"), ("/series/reihe-eins/feed.atom", "/series/reihe-eins")):
        feed = read(client, path)
        assert feed.tag == f"{ATOM}feed"
        assert feed.findtext(f"{ATOM}id") == f"http://localhost{path}"
        links = {link.get("rel"): link.get("href") for link in feed.findall(f"{ATOM}link")}
        assert links == {"self": f"http://localhost{path}", "alternate": f"http://localhost{page}"}
        assert feed.findtext(f"{ATOM}author/{ATOM}name") == "IKONE DS"
        nodes = [feed, *feed.findall(f"{ATOM}entry")]
        for node in nodes:
            for name in ("id", "title", "updated"):
                assert len(node.findall(f"{ATOM}{name}")) == 1
            assert datetime.fromisoformat(node.findtext(f"{ATOM}updated") or "").tzinfo
        ids = [node.findtext(f"{ATOM}id") for node in nodes]
        assert len(set(ids)) == len(ids)
    entry = feed.findall(f"{ATOM}entry")
    assert len(entry) == 1
    assert entry[0].findtext(f"{ATOM}id") == f"http://localhost/events/{event.slug}"
    category = entry[0].find(f"{ATOM}category")
    assert category is not None
    assert category.attrib == {"term": "reihe-eins", "label": "Reihe Eins"}
    summary = entry[0].findtext(f"{ATOM}summary") or ""
    assert summary == "Montag, 16. März 2026, 10:00 bis 12:00 Uhr, Rathaus\nKurz gesagt."


def test_newest_announcement_comes_first(app: Flask, client: FlaskClient) -> None:
    first, second = (
        make_event(app, title=title, state="draft", created_at=NOW - timedelta(days=days))
        for title, days in (("Erste", 1), ("Zweite", 5))
    )
    make_event(app, title="Geladen", created_at=NOW - timedelta(days=3))
    act(app, first, Action.ANNOUNCE, NOW)
    act(app, second, Action.ANNOUNCE, NOW + HOUR)
    feed = read(client)
    assert titles(feed) == ["Zweite", "Erste", "Geladen"]
    published = [entry.findtext(f"{ATOM}published") for entry in feed.iter(f"{ATOM}entry")]
    assert published[0] == "2026-03-02T10:00:00+00:00"


def test_what_is_called_off_shows_it_and_is_news(app: Flask, client: FlaskClient) -> None:
    event = make_event(app, title="Neu")
    assert updated(client, event) == event.created_at
    act(app, event, Action.POSTPONE, NOW + HOUR)
    assert titles(read(client)) == ["Verschoben: Neu"]
    assert titles(read(client, "/feed.atom?lang=en")) == ["Postponed: Neu"]
    assert updated(client, event) == NOW + HOUR
    later = {"new_starts_at": NOW + timedelta(days=30), "new_ends_at": NOW + timedelta(days=31)}
    act(app, event, Action.RESCHEDULE, NOW + 2 * HOUR, **later)
    assert titles(read(client)) == ["Neu"]
    assert updated(client, event) == NOW + 2 * HOUR


def test_called_off_event_keeps_its_date(app: Flask, client: FlaskClient) -> None:
    cancelled, postponed = (make_event(app, title=name) for name in ("Aus", "Später"))
    act(app, cancelled, Action.CANCEL, NOW)
    act(app, postponed, Action.POSTPONE, NOW)
    when = "Montag, 16. März 2026, 10:00 bis 12:00 Uhr"
    summaries = {
        entry.findtext(f"{ATOM}title"): entry.findtext(f"{ATOM}summary")
        for entry in read(client).iter(f"{ATOM}entry")
    }
    assert summaries == {
        "Abgesagt: Aus": f"{when}, Online\nKurz gesagt.",
        "Verschoben: Später": f"Entfallener Termin: {when}\nKurz gesagt.",
    }
    english = read(client, "/feed.atom?lang=en")
    assert "Withdrawn date: Monday" in ET.tostring(english, "unicode")


def test_languages_share_no_id(app: Flask, client: FlaskClient) -> None:
    """Equal ids are the same entry (RFC 4287): a reader of both feeds would show one of them."""
    make_event(app, series="Reihe Eins")
    for path in ("/feed.atom", "/series/reihe-eins/feed.atom"):
        german, english = (
            {node.text for node in read(client, f"{path}{query}").iter(f"{ATOM}id")}
            for query in ("", "?lang=en")
        )
        assert len(german) == len(english) == 2
        assert not german & english


def test_only_what_an_announcement_contains_makes_it_news(app: Flask, client: FlaskClient) -> None:
    event = make_event(app)
    make_registration(app, event)
    act(app, event, Action.CLOSE, NOW)
    edit(app, event, NOW + HOUR, room_url="https://video.example.org/anderer")
    assert updated(client, event) == event.created_at
    edit(app, event, NOW + 2 * HOUR, starts_at=event.starts_at + HOUR)
    assert updated(client, event) == NOW + 2 * HOUR
    edit(app, event, NOW + 3 * HOUR, dial_in="1")
    assert updated(client, event) == NOW + 2 * HOUR
    assert "video.example.org" not in client.get("/feed.atom").text


def test_typing_error_reaches_those_who_ask_again(app: Flask, client: FlaskClient) -> None:
    event = make_event(app, summary="Tipfeler")
    tag = client.get("/feed.atom").headers["ETag"]
    with app.app_context(), transaction():
        row = lock_event(event.slug)
        row.summary, row.changed_at = "Tippfehler", NOW
    answer = client.get("/feed.atom", headers={"If-None-Match": tag})
    assert "Tippfehler" in answer.text
    assert updated(client, event) == event.created_at


def test_drafts_and_archived_events_are_no_news(app: Flask, client: FlaskClient) -> None:
    make_event(app, state="draft")
    make_event(app, state="archived")
    assert titles(read(client)) == []


def test_feed_is_bounded(app: Flask, client: FlaskClient) -> None:
    with app.app_context(), transaction():
        db.session.add_all(
            Event(
                slug=f"e-{n}", state="open", title=f"Nr. {n}", starts_at=NOW, ends_at=NOW + HOUR,
                created_at=NOW + timedelta(minutes=n), changed_at=NOW,
            )
            for n in range(MOST_NEWS + 5)
        )  # fmt: skip
    found = titles(read(client))
    assert len(found) == MOST_NEWS
    assert found[0] == f"Nr. {MOST_NEWS + 4}"


@pytest.mark.parametrize("text", ["Alt & <schön>", "]]>", "a\ufffeb\uffff", "🙂 „Zitat“"])
def test_odd_characters_stay_well_formed(app: Flask, client: FlaskClient, text: str) -> None:
    make_event(app, title=text, summary=text, series=text)
    feed = read(client)
    assert titles(feed) == [text.replace("\ufffe", "").replace("\uffff", "")]


def test_empty_feed_is_valid(client: FlaskClient) -> None:
    assert read(client).findtext(f"{ATOM}updated") == "1970-01-01T00:00:00+00:00"


def test_many_edits_cost_no_more_queries(
    app: Flask, client: FlaskClient, clock: FixedClock
) -> None:
    events = [make_event(app) for _number in range(6)]
    for number, event in enumerate(events):
        for hour in range(number):
            edit(app, event, NOW + hour * HOUR, title=f"Titel {hour}")
    with Queries(app) as queries:
        client.get("/feed.atom")
    assert len(queries.statements) == 3

"""Which events are coming ones, and which took place."""

from datetime import timedelta
from pathlib import Path

import pytest
from flask import Flask
from flask.testing import FlaskClient

from ikone_events.config import Settings
from ikone_events.domain.events.lifecycle import Action
from ikone_events.services.events.transitions import Request, perform
from ikone_events.store.db import transaction
from ikone_events.store.events.queries import lock_event
from tests.factories import NOW, PAST, FixedClock, make_event, make_settings

WEEK = timedelta(weeks=1)


@pytest.fixture
def settings(data_dir: Path, database: str) -> Settings:
    return make_settings(data_dir, database_url=database)


def lists(client: FlaskClient, path: str = "/") -> tuple[list[str], list[str]]:
    """Titles of the coming and of the past events."""
    coming, _, past = client.get(path).text.partition('id="past"')
    return tuple(
        [part.partition("</a>")[0].rpartition(">")[2] for part in text.split("<h3>")[1:]]
        for text in (coming, past)
    )  # type: ignore[return-value]


def cancel(app: Flask, slug: str) -> None:
    with app.app_context(), transaction():
        perform(slug, Request(action=Action.CANCEL, actor="w", reason="Sturm"), now=NOW)


@pytest.mark.both_databases
def test_cancelled_event_leaves_the_list_after_a_week_and_no_feed(
    app: Flask, client: FlaskClient, clock: FixedClock
) -> None:
    event = make_event(app, title="Aus", series="Reihe")
    cancel(app, event.slug)
    pages = ("/", "/series/reihe")
    clock.moment = NOW + WEEK
    with app.app_context(), transaction():  # a later edit is no cancellation
        lock_event(event.slug).changed_at = clock.moment
    assert [lists(client, page) for page in pages] == [(["Aus"], [])] * 2
    assert "Abgesagt" in client.get("/").text
    clock.move(seconds=1)
    assert [lists(client, page) for page in pages] == [([], [])] * 2
    assert "Diese Veranstaltung wurde abgesagt." in client.get(f"/events/{event.slug}").text
    for feed in ("/calendar.ics", "/feed.atom"):
        assert "Abgesagt: Aus" in client.get(feed).text


def test_cancelled_event_is_never_a_past_one(
    app: Flask, client: FlaskClient, clock: FixedClock
) -> None:
    event = make_event(app, starts_at=NOW + timedelta(days=1), ends_at=NOW + timedelta(days=2))
    cancel(app, event.slug)
    assert lists(client) == ([event.title], [])
    clock.moment = event.ends_at
    assert lists(client) == ([], [])


def test_postponed_event_is_coming_whatever_its_withdrawn_date(
    app: Flask, client: FlaskClient
) -> None:
    make_event(app, title="Später", state="postponed", **PAST)
    assert lists(client) == (["Später"], [])


def test_cancelled_event_of_a_file_leaves_a_week_after_its_change(
    app: Flask, client: FlaskClient, clock: FixedClock
) -> None:
    make_event(app, title="Aus", state="cancelled", changed_at=NOW - WEEK)
    assert lists(client) == (["Aus"], [])
    clock.move(seconds=1)
    assert lists(client) == ([], [])


def test_past_events_took_place(app: Flask, client: FlaskClient) -> None:
    for state in ("announced", "open", "closed", "dispatched", "followed_up"):
        make_event(app, state=state, **PAST)
    for language, word in (("de", "Stattgefunden"), ("en", "Took place")):
        assert client.get(f"/?lang={language}").text.count(word) == 5

"""What stands in calendars and news, asked of both databases."""

from datetime import timedelta

import pytest
from flask import Flask

from ikone_events.domain.events.lifecycle import Action
from ikone_events.domain.refusals import NotFound
from ikone_events.services.calendars.feeds import entries, entries_of, entries_of_event
from ikone_events.services.events.transitions import Request, perform
from ikone_events.store.calendars.feeds import calendar_version, news, news_version
from ikone_events.store.calendars.personal_feeds import lock_feed
from ikone_events.store.db import transaction
from ikone_events.store.events.queries import get_series, lock_event
from tests.factories import NOW, PAST, make_event, make_registration
from tests.own_fields import make_change

EMAIL = "eva.muster@example.org"


def test_calendar_and_news_are_the_same_on_both(app: Flask) -> None:
    late = {"starts_at": NOW + timedelta(days=30), "ends_at": NOW + timedelta(days=31)}
    make_event(app, slug="spaet", title="Spät", series="Reihe 1", **late)
    make_event(app, slug="vorbei", title="Vorbei", state="followed_up", series="reihe  1!", **PAST)
    make_event(app, slug="draft", title="Entwurf", state="draft", series="Geheim")
    make_event(app, slug="frueh", title="Früh")
    with app.app_context():
        series = get_series("reihe-1")
        assert series.spellings == {"Reihe 1", "reihe  1!"}
        assert series.name == "Reihe 1"
        with pytest.raises(NotFound):
            get_series("geheim")
        assert _titles(entries("de", now=NOW)) == ["Vorbei", "Früh", "Spät"]
        assert _titles(entries("de", now=NOW, series=series)) == ["Vorbei", "Spät"]
        assert _titles(entries_of_event("frueh", "de")) == ["Früh"]
        assert len(calendar_version(NOW, series).events) == 2
        assert len(news_version().events) == 3
        found = news()
        assert {item.event.title for item in found} == {"Vorbei", "Früh", "Spät"}
        assert all(item.published == item.event.created_at for item in found)


def test_every_write_is_a_new_version(app: Flask) -> None:
    event = make_event(app)
    make_event(app)
    with app.app_context():
        before = calendar_version(NOW), news_version()
    with app.app_context(), transaction():
        lock_event(event.slug)
    with app.app_context():
        after = calendar_version(NOW), news_version()
    assert before[0] != after[0]
    assert before[1] != after[1]
    with app.app_context(), transaction():
        request = Request(action=Action.CANCEL, actor="w", reason="Sturm")
        perform(event.slug, request, now=NOW)
    with app.app_context():
        assert calendar_version(NOW).changed_at == NOW
        [item, *_others] = [item for item in news() if item.event.slug == event.slug]
        assert item.updated == NOW


def test_own_events_are_those_of_the_address(app: Flask) -> None:
    later = NOW + timedelta(hours=1)
    event = make_event(app, title="Meins")
    person = make_registration(app, event, email="Eva.Muster@EXAMPLE.org", status="cancelled")
    make_change(app, person, at=later)
    make_registration(app, make_event(app, title="Fremd"))
    make_registration(app, make_event(app, title="Vergessen"), email=EMAIL, anonymised_at=NOW)
    with app.app_context(), transaction():
        found = entries_of(lock_feed(EMAIL, now=NOW), "de", now=NOW)
        assert [(entry.summary.title, entry.word) for entry in found] == [("Meins", "Abgemeldet")]
        assert found[0].changed_at == later


def _titles(found) -> list[str]:
    return [entry.summary.title for entry in found]

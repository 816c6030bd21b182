"""What search engines read in the page of an event."""

import json
import re
from datetime import timedelta
from typing import Any

from flask import Flask
from flask.testing import FlaskClient

from ikone_events.domain.events.lifecycle import Action
from ikone_events.services.events.transitions import Request, perform
from ikone_events.store.db import transaction
from ikone_events.store.events.models import Event
from ikone_events.store.events.queries import lock_event
from ikone_events.store.mails.event_versions import calendar_facts, keep_version
from tests.factories import NOW, FixedClock, make_event, make_registration

BLOCK = re.compile(r'<script type="application/ld\+json">(.*?)</script>', re.DOTALL)
# Required and recommended by search engines, whatever the event.
ALWAYS = {"@context", "@type", "name", "startDate", "endDate", "location", "eventStatus"}
ALWAYS |= {"eventAttendanceMode", "description", "organizer", "url", "inLanguage"}


def data_of(client: FlaskClient, slug: str, query: str = "") -> Any:
    """The one block of data in the page, with all that has to be there."""
    [block] = BLOCK.findall(client.get(f"/events/{slug}{query}").text)
    found = json.loads(block)
    assert found.keys() >= ALWAYS
    assert found["eventStatus"].startswith("https://schema.org/Event")
    return found


def status_of(client: FlaskClient, event: Event) -> str:
    return str(data_of(client, event.slug)["eventStatus"]).removeprefix("https://schema.org/Event")


def act(app: Flask, event: Event, action: Action, **more: Any) -> None:
    with app.app_context(), transaction():
        request = Request(action=action, actor="w", reason="Sturm", **more)
        perform(event.slug, request, now=more.pop("at", NOW))


def move(app: Flask, event: Event, **duration: float) -> None:
    """Another date, as an edit stores it."""
    with app.app_context(), transaction():
        row = lock_event(event.slug)
        keep_version(row, calendar_facts(row), until=NOW)
        row.starts_at += timedelta(**duration)
        row.ends_at += timedelta(**duration)


def test_kept_page_follows_the_lifecycle(app: Flask, client: FlaskClient) -> None:
    event = make_event(app, state="announced")
    found = [status_of(client, event)]
    move(app, event, days=7)
    found.append(status_of(client, event))
    act(app, event, Action.POSTPONE)
    found.append(status_of(client, event))
    start = NOW + timedelta(days=70)
    more = {"new_starts_at": start, "new_ends_at": start + timedelta(hours=2)}
    act(app, event, Action.RESCHEDULE, **more)
    found.append(status_of(client, event))
    assert len(data_of(client, event.slug)["previousStartDate"]) == 2
    act(app, event, Action.CANCEL)
    found.append(status_of(client, event))
    assert found == ["Scheduled", "Rescheduled", "Postponed", "Rescheduled", "Cancelled"]


def test_dates_of_the_draft_were_known_to_nobody(app: Flask, client: FlaskClient) -> None:
    event = make_event(app, state="draft")
    move(app, event, days=7)
    with app.app_context(), transaction():
        perform(
            event.slug, Request(action=Action.ANNOUNCE, actor="w"), now=NOW + timedelta(hours=1)
        )
    assert "previousStartDate" not in data_of(client, event.slug)


def test_archive_hides_no_cancellation(app: Flask, client: FlaskClient, clock: FixedClock) -> None:
    cancelled, held = (make_event(app, retention_days=0) for _ in range(2))
    act(app, cancelled, Action.CANCEL)
    clock.moment = held.ends_at + timedelta(days=1)
    with app.app_context(), transaction():
        lock_event(held.slug).state = "archived"
        perform(cancelled.slug, Request(action=Action.ARCHIVE, actor="w"), now=clock.moment)
    assert [status_of(client, event) for event in (cancelled, held)] == ["Cancelled", "Scheduled"]
    for event, badge in ((cancelled, "Abgesagt"), (held, "Stattgefunden")):
        assert badge in client.get(f"/events/{event.slug}").text
        assert "offers" not in data_of(client, event.slug)


def test_title_cannot_end_the_block(app: Flask, client: FlaskClient) -> None:
    hostile = "</script><script>alert(1)</script><!-- & ü"
    event = make_event(app, title=hostile, summary=hostile, place=hostile, format="hybrid")
    page = client.get(f"/events/{event.slug}").text
    assert "<script>alert" not in page
    found = data_of(client, event.slug)
    assert found["name"] == hostile
    assert found["location"][0]["address"] == hostile


def test_room_and_numbers_are_shown_to_nobody(app: Flask, client: FlaskClient) -> None:
    event = make_event(app, description="Aus **Anträgen** & mehr.\n\n- [Link](https://a.example)")
    make_registration(app, event)
    text = json.dumps(data_of(client, event.slug), ensure_ascii=False)
    assert "Kurz gesagt.\\n\\nAus Anträgen & mehr. Link" in text
    for secret in ("video.example.org", "+49 631 000 123", "Maria", '"20"', '"19"'):
        assert secret not in text


def test_language_is_that_of_the_text(app: Flask, client: FlaskClient) -> None:
    both, german = make_event(app, title_en="Sensors"), make_event(app)
    assert data_of(client, both.slug, "?lang=en")["inLanguage"] == "en"
    assert data_of(client, both.slug, "?lang=en")["name"] == "Sensors"
    assert data_of(client, german.slug)["inLanguage"] == "de"


def test_event_without_a_place_has_no_block(app: Flask, client: FlaskClient) -> None:
    event = make_event(app, format="on_site", place="")
    assert not BLOCK.search(client.get(f"/events/{event.slug}").text)

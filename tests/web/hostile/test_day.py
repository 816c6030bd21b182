"""Values that no page of ours sends, to every form of the day itself: words, and no fault."""

import json
from collections.abc import Mapping
from datetime import timedelta

import pytest
from flask import Flask
from werkzeug.test import TestResponse

from ikone_events.domain.tokens import Purpose
from ikone_events.store.events.models import Event
from tests.factories import (
    NOW,
    check_in_path,
    door_path,
    make_event,
    make_registration,
    make_speaker,
    personal_path,
    speaker_path,
)
from tests.web.hostile.conftest import broken_forms, broken_pages, odd_values
from tests.web.organiser.conftest import Browser

pytestmark = pytest.mark.slow

# What a database may refuse.
STORED = ("\0", "9" * 4000, "-99999999999999999999")
WORST = (
    "\0/attended",
    "answered/\0",
    "0001-01-01T00:00:00+14:00",
    "2026-03-02T09:00:00",
    "\u202egnp.exe\u2066\r\nX: y",
    "x" * 100_000,
)
# What the forms need besides the odd value, to get past their first check.
FIT = {
    "provider": "bbb",
    "name": "Ada",
    "email": "ada@example.org",
    "role": "speaker",
    "locale": "de",
    "bbb-url": "https://bbb.invalid",
    "bbb-secret": "geheim-geheim",
    "bbb-seen": "0",
    "edit_version": "1",
    "title": "Folien",
}


SPEAKER = ("name", "email", "organisation", "role", "locale", "edit_version")


@pytest.fixture
def event(app: Flask, database: str) -> Event:
    """A hybrid event whose door has opened."""
    begins = NOW + timedelta(minutes=10)
    values = {"format": "hybrid", "place": "Rathaus", "state": "dispatched"}
    return make_event(app, starts_at=begins, ends_at=begins + timedelta(hours=2), **values)


def forms_of(app: Flask, event: Event) -> Mapping[str, tuple[str, ...]]:
    """The forms that came with rooms, by address, with their fields."""
    person, speaker = make_registration(app, event, question="Wann?"), make_speaker(app, event)
    base, own = f"/organise/events/{event.slug}", personal_path(app, person)
    return {
        f"{own}/room": ("guest", "name"),
        door_path(app, person): ("name",),
        f"{own}/questions": ("question",),
        f"{own}/questions/withdraw": ("question",),
        speaker_path(app, speaker, Purpose.UPLOAD): ("title", "replaces"),
        f"{base}/check-in": ("person", "typed", "code"),
        f"{base}/check-in/undo": ("person", "since", "code"),
        f"{base}/attendance": ("here", "shown", "back"),
        f"{base}/attendance/undo": ("at",),
        f"{base}/live/mark": ("mark",),
        f"{base}/live/questions": ("do",),
        f"{base}/live/questions/{person.public_id}": ("answer", "version"),
        f"{base}/speakers/new": SPEAKER,
        f"{base}/speakers/{speaker.public_id}": SPEAKER,
        f"{base}/speakers/{speaker.public_id}/briefing": ("seen",),
        "/organise/settings/rooms": ("provider", "bbb-url", "bbb-secret", "bbb-seen"),
        "/organise/settings/rooms/remove": ("provider", "seen"),
    }


def pages_of(app: Flask, event: Event) -> Mapping[str, tuple[str, ...]]:
    """Their pages, with the words that their addresses may have."""
    person, speaker = make_registration(app, event), make_speaker(app, event)
    base, own = f"/organise/events/{event.slug}", personal_path(app, person)
    return {
        f"{own}/room": ("go", "looks", "wait"),
        door_path(app, person): ("go", "looks"),
        check_in_path(app, person): ("new",),
        speaker_path(app, speaker): ("go", "looks"),
        speaker_path(app, speaker, Purpose.SPEAKER_DOOR): ("go",),
        f"{base}/check-in": ("person", "new", "q"),
        f"{base}/live/now": ("projector", "marked"),
        f"{base}/attendance": ("undo",),
        f"{base}/registrations/badges": ("one", "part"),
    }


def test_odd_values_break_no_form(app: Flask, event: Event, admin: Browser) -> None:
    assert broken_forms(admin, forms_of(app, event), odd_values(app, STORED, WORST), FIT) == []


def test_odd_queries_break_no_page(app: Flask, event: Event, admin: Browser) -> None:
    assert broken_pages(admin, pages_of(app, event), odd_values(app, STORED, WORST)) == []


def test_seen_of_a_form_cannot_send_a_second_briefing(
    app: Flask, event: Event, admin: Browser
) -> None:
    """The number in the form only makes a press known; any other one sends no more than that."""
    path = f"/organise/events/{event.slug}/speakers/{make_speaker(app, event).public_id}/briefing"
    admin.get("/organise/?lang=en")
    first = admin.post(path, {"seen": "0"})
    assert "is being sent to" in admin.get(first.location).text
    for seen in ("0", "-1"):
        again = admin.post(path, {"seen": seen})
        assert "is being sent already" in admin.get(again.location).text


PRESSES = {
    "a huge integer": b'{"presses": [{"key": "aaaaaaaa", "ago": ' + b"9" * 400 + b"}]}",
    "an integer beyond Python's limit": b'{"presses": [{"ago": ' + b"9" * 5000 + b"}]}",
    "no number": b'{"presses": [{"key": "aaaaaaaa", "ago": NaN}]}',
    "no end": b'{"presses": [{"key": "aaaaaaaa", "ago": Infinity}]}',
    "brackets": b'{"presses": ' + b"[" * 100_000,
    "depth": b'{"presses": ' + b'{"a":' * 100_000,
    "lists as texts": b'{"presses": [{"key": ["aaaaaaaa"], "person": {}}]}',
    "a name twice": b'{"presses": [], "presses": null}',
}


def post_presses(browser: Browser, event: Event, body: bytes) -> TestResponse:
    return browser.client.post(
        f"/organise/events/{event.slug}/check-in/presses",
        data=body,
        content_type="application/json",
        headers={"X-CSRFToken": browser.token},
    )


@pytest.mark.parametrize("name", PRESSES)
def test_presses_of_no_script_of_ours_are_refused(event: Event, admin: Browser, name: str) -> None:
    assert post_presses(admin, event, PRESSES[name]).status_code == 400


@pytest.mark.parametrize(
    "scanned", ["https://e.example/" + "x" * 4000, "https://a\0b", "/c/\ud800", "\u2028/c/x.y"]
)
def test_strange_code_does_not_hold_up_the_presses_behind_it(
    app: Flask, event: Event, admin: Browser, scanned: str
) -> None:
    """The page would send them together again and again, and nobody could be checked in."""
    person = make_registration(app, event, last_name="Wartet", mode="on_site")
    sent = [
        {"key": "strange-code", "code": scanned},
        {"key": "strange-person", "person": scanned},
        {"key": "behind-them", "person": person.public_id},
    ]
    answer = post_presses(admin, event, json.dumps({"presses": sent}).encode())
    assert answer.status_code == 200
    outcomes = answer.get_json()["outcomes"]
    assert [each["kind"] == "success" for each in outcomes] == [False, False, True]

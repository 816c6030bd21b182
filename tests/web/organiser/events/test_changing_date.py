"""“Change the date”: what the page shows before, whom it notifies, what leads to it."""

import re
from datetime import timedelta
from typing import Any

import pytest
from flask import Flask
from sqlalchemy import select
from werkzeug.test import TestResponse

from ikone_events.services.rooms.attendance import enter_by_door
from ikone_events.store.db import db, transaction
from ikone_events.store.events.models import Event
from ikone_events.store.mails.models import Mailing
from tests.factories import NOW, make_event, make_registration
from tests.rows import the_only
from tests.web.organiser.conftest import Browser

NEXT = {"starts_at": "2026-03-23T10:00", "ends_at": "2026-03-23T12:00"}


def send(team: Browser, event: Event, **typed: str) -> TestResponse:
    form: dict[str, Any] = {"when": "date", "state": event.state, "edit_version": "1", **typed}
    return team.post(f"/organise/events/{event.slug}/date?lang=en", form)


def test_preview_shows_old_and_new_date_mail_and_counts(app: Flask, team: Browser) -> None:
    event = make_event(app, deadline=NOW + timedelta(days=13), confirm_hours=24)
    for status, number in (("confirmed", 3), ("waitlisted", 2)):
        for _ in range(number):
            make_registration(app, event, status=status)
    make_registration(app, event, status="pending", awaits="address")
    answer = send(team, event, **NEXT, reason="Der Raum war belegt.", look="1")
    assert answer.status_code == 200
    page = answer.text.replace("\u00a0", " ")
    assert "<del>Mon, 16 March 2026, 10:00–\u206012:00" in page
    assert "<ins>Mon, 23 March 2026, 10:00–\u206012:00" in page
    assert "<ins>Sun, 22 March 2026, 10:00" in page
    assert "Neuer Termin: " in page
    assert "Der Raum war belegt." in page.partition("mail-plain")[2]
    for label, number in (
        ("Confirmed: e-mail and calendar", 3),
        ("Waiting list: e-mail only", 2),
        ("E-mail not confirmed: e-mail only", 1),
    ):
        assert f"{label}</a> <b>{number}</b>" in page
    assert "6 people get an e-mail." in page
    assert the_only(app, Event).starts_at == event.starts_at


def test_preview_states_that_who_has_come_is_deleted_with_a_later_day(
    app: Flask, team: Browser
) -> None:
    event = make_event(app, starts_at=NOW, ends_at=NOW + timedelta(hours=2))
    for _ in range(2):
        person = make_registration(app, event)
        with app.app_context(), transaction():
            enter_by_door(person.id, event.id, now=NOW)
    words = "2 people have come so far. That is deleted"
    assert words in send(team, event, **NEXT, look="1").text
    same = {"starts_at": "2026-03-02T15:00", "ends_at": "2026-03-02T16:00"}
    assert words not in send(team, event, **same, look="1").text
    assert words not in send(team, event, when="unknown", look="1").text


@pytest.mark.parametrize(("notification", "planned"), [("notify", True), ("silent", False)])
def test_date_is_saved_with_or_without_notification(
    app: Flask, team: Browser, notification: str, planned: bool
) -> None:
    event = make_event(app)
    make_registration(app, event)
    answer = send(
        team,
        event,
        starts_at="23.3.2026 um 10 Uhr",
        ends_at="23.03.2026, 12:00 Uhr",
        notification=notification,
    )
    assert (answer.status_code, answer.location) == (303, f"/organise/events/{event.slug}")
    found = the_only(app, Event)
    assert (found.starts_at, found.state) == (event.starts_at + timedelta(days=7), "open")
    assert (found.update_due_at is not None) is planned


def test_unknown_date_postpones_and_needs_a_reason(app: Flask, team: Browser) -> None:
    event = make_event(app)
    make_registration(app, event)
    refused = send(team, event, when="unknown", notification="notify")
    assert refused.status_code == 409
    assert 'href="#reason"' in refused.text
    assert the_only(app, Event).state == "open"
    look = send(team, event, when="unknown", reason="Sturm", look="1")
    assert "not known yet" in look.text
    assert "Verschoben: " in look.text
    assert send(team, event, when="unknown", reason="Sturm").status_code == 303
    assert the_only(app, Event).state == "postponed"
    with app.app_context():
        assert db.session.scalars(select(Mailing.kind)).all() == ["postponed"]


def test_postponing_waits_and_can_be_undone(app: Flask, team: Browser) -> None:
    event = make_event(app)
    make_registration(app, event)
    assert send(team, event, when="unknown", reason="Sturm").status_code == 303
    page = team.get(f"/organise/events/{event.slug}").text
    assert "Everybody registered or waiting (1)" in page
    assert f"/organise/events/{event.slug}/do/undo" in page
    with app.app_context():
        assert db.session.scalars(select(Mailing.due_at)).one() == NOW + timedelta(minutes=10)


def test_postponed_event_gets_its_new_date_here(app: Flask, team: Browser) -> None:
    event = make_event(app, state="postponed")
    make_registration(app, event)
    page = team.get(f"/organise/events/{event.slug}/date").text
    assert 'value="unknown"' not in page
    assert 'value="silent"' not in page
    assert send(team, event, **NEXT).status_code == 303
    found = the_only(app, Event)
    assert found.starts_at == event.starts_at + timedelta(days=7)
    assert found.state != "postponed"


def test_draft_gets_another_date_without_mail(app: Flask, team: Browser) -> None:
    event = make_event(app, state="draft")
    page = team.get(f"/organise/events/{event.slug}/date?lang=en").text
    assert "Nobody is written to." in page
    assert 'value="unknown"' not in page
    assert send(team, event, **NEXT).status_code == 303
    assert the_only(app, Event).starts_at == event.starts_at + timedelta(days=7)


@pytest.mark.parametrize(
    ("typed", "field"),
    [
        ({**NEXT, "starts_at": ""}, "starts_at"),
        ({**NEXT, "ends_at": "morgen"}, "ends_at"),
        ({**NEXT, "ends_at": NEXT["starts_at"]}, "ends_at"),
        ({"starts_at": "2026-03-16T10:00", "ends_at": "2026-03-16T12:00"}, "starts_at"),
        ({"starts_at": "2025-03-16T10:00", "ends_at": "2025-03-16T12:00"}, "dates_meant"),
        ({"starts_at": "2026-03-29T02:30", "ends_at": "2026-03-29T12:00"}, "starts_at"),
        ({**NEXT, "reason": "kaputt\x01"}, "reason"),
    ],
)
def test_unfit_date_is_shown_at_its_field(
    app: Flask, team: Browser, typed: dict[str, str], field: str
) -> None:
    event = make_event(app)
    answer = send(team, event, **typed, notification="notify")
    assert answer.status_code == 422
    assert f'id="{field}-error"' in answer.text
    assert the_only(app, Event).starts_at == event.starts_at


def test_stale_page_changes_no_date_and_can_be_sent_again(app: Flask, team: Browser) -> None:
    event = make_event(app, edit_version=2)
    answer = send(team, event, **NEXT)
    assert answer.status_code == 409
    assert the_only(app, Event).starts_at == event.starts_at
    assert 'name="edit_version" value="2"' in answer.text
    assert f'value="{NEXT["starts_at"]}"' in answer.text
    assert send(team, event, **NEXT, edit_version="2").status_code == 303


def test_event_that_is_off_offers_a_copy(app: Flask, team: Browser) -> None:
    event = make_event(app, state="cancelled")
    page = team.get(f"/organise/events/{event.slug}/date").text
    assert f"/organise/events/{event.slug}/copy" in page
    assert 'name="starts_at"' not in page
    assert send(team, event, **NEXT).status_code == 409


@pytest.mark.parametrize(
    ("action", "state", "checked"),
    [("postpone", "open", "unknown"), ("reschedule", "postponed", None)],
)
def test_former_pages_of_actions_show_this_one(
    app: Flask, team: Browser, action: str, state: str, checked: str | None
) -> None:
    event = make_event(app, state=state)
    page = team.get(f"/organise/events/{event.slug}/do/{action}").text
    assert 'data-page="date"' in page
    chosen = re.findall(r'<input checked[^>]*name="when"[^>]*value="(\w+)"', page)
    assert chosen == ([checked] if checked else [])


@pytest.mark.parametrize("page", ["do", "preview"])
@pytest.mark.parametrize(("action", "state"), [("postpone", "open"), ("reschedule", "postponed")])
def test_presses_of_former_pages_lead_to_this_one(
    app: Flask, team: Browser, page: str, action: str, state: str
) -> None:
    event = make_event(app, state=state)
    path = f"/organise/events/{event.slug}"
    answer = team.post(f"{path}/{page}/{action}", {**NEXT, "state": state, "reason": "Sturm"})
    assert (answer.status_code, answer.location) == (303, f"{path}/do/{action}")
    assert the_only(app, Event).state == state


@pytest.mark.parametrize(
    ("reason", "status"), [("  ", 409), ("kaputt\x01", 422), ("x" * 2001, 422), ("Sturm", 303)]
)
def test_postponement_needs_a_reason_that_can_be_mailed(
    app: Flask, team: Browser, reason: str, status: int
) -> None:
    answer = send(team, make_event(app), when="unknown", reason=reason)
    assert answer.status_code == status
    assert ('href="#reason"' in answer.text) is (status != 303)
    assert the_only(app, Event).state == ("postponed" if status == 303 else "open")


@pytest.mark.parametrize("starts_at", ["2026-03-29T02:30", "2026-10-25T02:30", "gestern", ""])
def test_impossible_date_is_shown_at_its_field(app: Flask, team: Browser, starts_at: str) -> None:
    event = make_event(app, state="postponed")
    answer = send(team, event, starts_at=starts_at, ends_at="2026-11-02T12:00")
    assert answer.status_code == 422
    assert 'href="#starts_at"' in answer.text
    assert f'value="{starts_at}"' in answer.text
    assert the_only(app, Event).state == "postponed"


def test_viewer_changes_no_date(app: Flask, viewer: Browser) -> None:
    event = make_event(app)
    assert viewer.get(f"/organise/events/{event.slug}/date").status_code == 403
    assert send(viewer, event, **NEXT).status_code == 403


def test_end_before_the_start_is_refused_with_both_times(app: Flask, team: Browser) -> None:
    event = make_event(app)
    for dates in (
        {"starts_at": "2026-03-23T10:00", "ends_at": "2026-03-16T12:00"},
        {"starts_at": "2026-03-23T10:00", "ends_at": "2026-03-23T10:00"},
    ):
        answer = send(team, event, **dates)
        assert answer.status_code == 422
        end = "16 Mar 2026, 12:00" if "16" in dates["ends_at"] else "23 Mar 2026, 10:00"
        words = f"The end ({end}) is not after the start (23 Mar 2026, 10:00)."
        assert words in answer.text.replace("\u00a0", " ")
        assert 'id="ends_at-error"' in answer.text

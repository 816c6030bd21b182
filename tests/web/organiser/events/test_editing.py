"""Making and editing events: what is stored, refused, and never overwritten."""

import re
import sqlite3
from contextlib import closing
from datetime import UTC, datetime
from typing import Any

import pytest
from flask import Flask
from sqlalchemy import event as sqlalchemy_event
from sqlalchemy import func, select

from ikone_events.domain.events.draft import CHOSEN_PLANS
from ikone_events.domain.plan.templates import PlanName
from ikone_events.services.events.editing import edit_event
from ikone_events.store import db as store_db
from ikone_events.store.db import db, transaction
from ikone_events.store.events.models import Event
from ikone_events.store.mails.models import Mailing
from ikone_events.store.registering.models import Registration
from ikone_events.web.organiser.events.event_form import (
    EventForm,
    draft_of,
    programme_of,
    values_of,
)
from tests.factories import NOW, make_event, make_registration
from tests.web.organiser.conftest import Browser


def filled(**changes: Any) -> dict[str, Any]:
    """The form of an event as a browser sends it."""
    return {
        "title": "Raum für Zukunft",
        "summary": "Kurz.",
        "starts_at": "2026-04-14T10:00",
        "ends_at": "2026-04-14T12:00",
        "zone": "Europe/Berlin",
        "format": "online",
        "capacity": "60",
        "retention_days": "90",
        "waiting_list": "y",
        "programme": "10:00 Begrüßung\r\n\r\n10:15–10:30 Vortrag\r\nAusklang",
        **changes,
    }


def stored(app: Flask) -> list[Event]:
    """All events."""
    with app.app_context():
        return list(db.session.scalars(select(Event)))


def test_new_event_is_a_draft_with_utc_times(app: Flask, team: Browser) -> None:
    answer = team.post("/organise/events/new", filled())
    assert (answer.status_code, answer.location) == (
        303,
        "/organise/events/raum-fuer-zukunft",
    )
    [event] = stored(app)
    assert (event.state, event.capacity, event.waiting_list) == ("draft", 60, True)
    assert event.accepts_late is False
    assert event.starts_at.isoformat() == "2026-04-14T08:00:00+00:00"
    assert event.programme_items == [
        {"time": "10:00", "title": "Begrüßung"},
        {"time": "10:15–10:30", "title": "Vortrag"},
        {"time": "", "title": "Ausklang"},
    ]


def test_organiser_of_limited_sight_sees_what_they_made(app: Flask, stranger: Browser) -> None:
    answer = stranger.post("/organise/events/new", filled())
    assert stranger.get(answer.location).status_code == 200
    assert stranger.get("/organise/events/new").status_code == 200


@pytest.mark.parametrize(
    ("changes", "field"),
    [
        ({"title": ""}, "title"),
        ({"title": "   "}, "title"),
        ({"title": "=?utf-8?q?Hi=0D=0ABcc:_x@y?="}, "title"),
        ({"title": "NUL\0"}, "title"),
        ({"title": "Zeile\nZeile"}, "title"),
        ({"title": "x" * 201}, "title"),
        ({"title_en": "=?x?="}, "title_en"),
        ({"summary": "kaputt\x01"}, "summary"),
        ({"summary": "x" * 20_001}, "summary"),
        ({"starts_at": "2026-03-29T02:30"}, "starts_at"),
        ({"starts_at": "2026-10-25T02:30", "ends_at": "2026-10-25T09:00"}, "starts_at"),
        ({"starts_at": ""}, "starts_at"),
        ({"starts_at": "morgen"}, "starts_at"),
        ({"starts_at": "9999-12-31T23:59"}, "starts_at"),
        ({"ends_at": "2026-04-14T10:00"}, "ends_at"),
        ({"deadline": "2026-05-01T10:00"}, "deadline"),
        ({"zone": "Mars/Olympus"}, "zone"),
        ({"zone": "../../etc/passwd"}, "zone"),
        ({"format": "on_mars"}, "format"),
        ({"capacity": "0"}, "capacity"),
        ({"capacity": "-3"}, "capacity"),
        ({"capacity": "viele"}, "capacity"),
        ({"capacity": "9" * 30}, "capacity"),
        ({"retention_days": ""}, "retention_days"),
        ({"room_url": "javascript:alert(1)"}, "room_url"),
        ({"feedback_url": "umfrage"}, "feedback_url"),
        ({"description": "Im [Wiki](http://wiki.intranet/a)"}, "description"),
        ({"summary_en": "See http://10.0.0.5/"}, "summary_en"),
        ({"programme": "10:00 Start, https://anna:geheim@example.org/"}, "programme"),
        ({"plan": "marathon"}, "plan"),
        ({"contact_email": "keine"}, "contact_email"),
        ({"programme": "x" * 301}, "programme"),
        ({"capacity_on_site": "0", "format": "hybrid"}, "capacity_on_site"),
        ({"per_administration": "-1"}, "per_administration"),
        ({"members_until": "2026-04-14T10:00"}, "members_until"),
        ({"members_until": "2026-03-29T02:30"}, "members_until"),
        ({"members_until": "1999-03-29T02:00"}, "members_until"),
        ({"confirm_hours": "337"}, "confirm_hours"),
        ({"offer_hours": "0"}, "offer_hours"),
        ({"offer_hours": "12", "waiting_list": ""}, "offer_hours"),
    ],
)
def test_unfit_input_is_shown_at_its_field_and_kept(
    app: Flask, team: Browser, changes: dict[str, str], field: str
) -> None:
    answer = team.post("/organise/events/new", filled(**changes, speakers="Cem Beispiel"))
    assert answer.status_code == 422
    assert f'id="{field}-error"' in answer.text
    assert "Cem Beispiel" in answer.text
    assert stored(app) == []


SETTINGS: dict[str, Any] = {
    "format": "hybrid",
    "capacity_online": 40,
    "capacity_on_site": 20,
    "per_administration": 3,
    "members_until": datetime(2026, 3, 28, 23, 0, tzinfo=UTC),
    "by_code": True,
    "approval": True,
    "confirm_hours": 48,
    "offer_hours": 24,
    "colleagues": False,
    "decline_frees": True,
}


def test_settings_of_registration_are_stored(app: Flask, team: Browser) -> None:
    typed = {name: str(value) for name, value in SETTINGS.items() if value is not False}
    answer = team.post(
        "/organise/events/new", filled(**{**typed, "members_until": "2026-03-29T00:00"})
    )
    assert answer.status_code == 303
    [event] = stored(app)
    assert {name: getattr(event, name) for name in SETTINGS} == SETTINGS
    form = team.get(f"/organise/events/{event.slug}/edit").text
    assert '<details class="fold" open>' in form
    assert f"/organise/events/{event.slug}/codes" in form


def test_settings_nobody_uses_are_folded(app: Flask, team: Browser) -> None:
    form = team.get(f"/organise/events/{make_event(app).slug}/edit").text
    assert form.count('<details class="fold">') == 2
    assert "<details open" not in form


def test_conflict_shows_settings_of_both(app: Flask, team: Browser) -> None:
    event = make_event(app, edit_version=2, format="hybrid", place="Rathaus", confirm_hours=48)
    answer = team.post(
        f"/organise/events/{event.slug}/edit?lang=en",
        filled(
            title=event.title, format="hybrid", edit_version="1", approval="y", capacity_online="12"
        ),
    )
    assert answer.status_code == 409
    table = answer.text.partition("Where the two versions differ")[2].partition("</table>")[0]
    said = re.findall(r'<th scope="row">(.*?)</th><td.*?>(.*?)</td><td.*?>(.*?)</td>', table)
    for expected in (
        ("Every registration needs our approval", "yes", "no"),
        ("Of these at most online", "12", "–"),
        ("Hours to confirm the e-mail address", "–", "48"),
    ):
        assert expected in said


def test_more_places_fill_from_the_waiting_list_at_once(app: Flask, team: Browser) -> None:
    event = make_event(
        app, format="hybrid", place="Rathaus", capacity=None, capacity_online=1, title="Hybrid"
    )
    make_registration(app, event, mode="online")
    waits = make_registration(app, event, mode="online", status="waitlisted", waiting_order=1)
    changes = {"title": "Hybrid", "format": "hybrid", "capacity": "", "edit_version": "1"}
    path = f"/organise/events/{event.slug}/edit"
    assert team.post(path, filled(**changes, capacity_online="2")).status_code == 303
    assert "Eine Person ist von der Warteliste nachgerückt" in team.get(path).text
    with app.app_context():
        assert db.session.get_one(Registration, waits.id).status == "confirmed"


def test_message_counts_only_whom_the_edit_promoted(app: Flask, team: Browser) -> None:
    """A person who left the waiting list just before does not count as promoted."""
    event = make_event(app, capacity=1, title="Voll")
    make_registration(app, event)
    make_registration(app, event, status="waitlisted", waiting_order=1)
    leaving = make_registration(app, event, status="waitlisted", waiting_order=2)
    left: list[int] = []
    with app.app_context():
        engine = db.engine

    def leave(*_of_pool: Any) -> None:
        if store_db._write_lock.locked() and not left:
            left.append(leaving.id)
            with closing(sqlite3.connect(str(engine.url.database))) as other, other:
                other.execute(
                    "UPDATE registration SET status = 'cancelled' WHERE id = ?", (leaving.id,)
                )

    path = f"/organise/events/{event.slug}/edit"
    sqlalchemy_event.listen(engine, "checkout", leave)
    changes = filled(title="Voll", capacity="2", edit_version="1")
    assert team.post(path, changes).status_code == 303
    assert left
    assert "Eine Person ist von der Warteliste nachgerückt" in team.get(path).text


def test_body_of_a_megabyte_is_refused(app: Flask, team: Browser) -> None:
    answer = team.post("/organise/events/new", filled(description="x" * 1024 * 1024))
    assert answer.status_code == 413
    assert stored(app) == []


def test_edit_form_round_trip_changes_nothing(app: Flask, team: Browser) -> None:
    team.post("/organise/events/new", filled(deadline="2026-04-10T23:59", question_label="Was?"))
    [event] = stored(app)
    with app.test_request_context():
        before = values_of(event)
        form = EventForm(formdata=None, meta={"csrf": False}, **before)
        draft = draft_of(form)
    with app.app_context(), transaction():
        edit_event(event.slug, draft, expected_edit_version=1, now=NOW)
    [after] = stored(app)
    assert values_of(after) == {**before, "edit_version": 2}


def test_edit_saves_and_raises_the_edit_version(app: Flask, team: Browser) -> None:
    event = make_event(app)
    path = f"/organise/events/{event.slug}/edit"
    assert 'name="edit_version" value="1"' in team.get(path).text
    assert team.post(path, filled(edit_version="1", title="Neuer Titel")).status_code == 303
    [changed] = stored(app)
    assert (changed.title, changed.edit_version, changed.slug) == ("Neuer Titel", 2, event.slug)


def test_moved_date_writes_to_those_who_are_registered(app: Flask, team: Browser) -> None:
    event = make_event(app)
    make_registration(app, event)
    answer = team.post(
        f"/organise/events/{event.slug}/edit?lang=en",
        filled(edit_version="1", starts_at="2026-04-15T10:00", ends_at="2026-04-15T12:00"),
        follow_redirects=True,
    )
    assert "one person gets an e-mail with the change" in answer.text
    assert "Wed, 15 April" in answer.text or "Wednesday, 15 April 2026" in answer.text
    assert team.post(f"/organise/events/{event.slug}/update/notify").status_code == 303
    with app.app_context():
        assert db.session.scalars(select(Mailing.kind)).all() == ["moved"]
    again = team.post(f"/organise/events/{event.slug}/update/notify?lang=en")
    assert again.status_code == 409
    assert "There is no change left to send" in again.text


def test_look_at_calendars_stores_nothing_and_keeps_the_form(app: Flask, team: Browser) -> None:
    event = make_event(app)
    make_registration(app, event)
    [before] = stored(app)
    path = f"/organise/events/{event.slug}/edit"
    assert f"{path}/look" in team.get(path).text

    answer = team.post(f"{path}/look?lang=en", filled(edit_version="1", title="Neuer Titel"))

    assert answer.status_code == 200
    assert "Nothing has been saved yet." in answer.text
    assert "Neuer Titel, until now: " in answer.text
    assert 'value="Neuer Titel"' in answer.text
    assert 'name="edit_version" value="1"' in answer.text
    assert "One person would be notified" in answer.text
    [after] = stored(app)
    assert values_of(after) == values_of(before)


def test_look_at_calendars_refuses_what_saving_would_refuse(app: Flask, team: Browser) -> None:
    event = make_event(app)
    path = f"/organise/events/{event.slug}/edit/look"
    assert team.post(path, filled(edit_version="1", title="")).status_code == 422
    assert team.post(path, filled(edit_version="1", title="=?utf-8?q?x?=")).status_code == 422


def test_look_of_a_stale_form_shows_what_somebody_saved(app: Flask, team: Browser) -> None:
    event = make_event(app)
    path = f"/organise/events/{event.slug}/edit"
    team.post(path, filled(edit_version="1", title="Von jemand anderem"))
    answer = team.post(f"{path}/look?lang=en", filled(edit_version="1", title="Meiner"))
    assert answer.status_code == 409
    assert "Somebody saved this event since you opened the form." in answer.text
    assert 'value="Meiner"' in answer.text


def test_preview_notes_an_english_title_on_a_german_page(app: Flask, team: Browser) -> None:
    event = make_event(app, title="Neu", title_en="Old")
    path = f"/organise/events/{event.slug}/edit/look"
    answer = team.post(path, filled(edit_version="1", title="Neu", title_en="New"))
    assert "New, bisher: Old" in answer.text


def test_silent_edit_writes_to_nobody(app: Flask, team: Browser) -> None:
    event = make_event(app)
    make_registration(app, event)
    page = team.get(f"/organise/events/{event.slug}/edit?lang=en").text
    assert "Save without notification" in page
    answer = team.post(
        f"/organise/events/{event.slug}/edit?lang=en",
        filled(edit_version="1", title="Neuer Titel", notification="silent"),
        follow_redirects=True,
    )
    assert "A change has not been sent yet" not in answer.text
    assert stored(app)[0].update_due_at is None


def test_change_that_waits_can_be_kept_silent(app: Flask, team: Browser) -> None:
    event = make_event(app)
    make_registration(app, event)
    path = f"/organise/events/{event.slug}"
    team.post(f"{path}/edit", filled(edit_version="1", title="Neuer Titel"))
    assert "A change has not been sent yet" in team.get(f"{path}?lang=en").text
    assert team.post(f"{path}/update/silent").status_code == 303
    assert "A change has not been sent yet" not in team.get(f"{path}?lang=en").text
    assert stored(app)[0].update_due_at is None


@pytest.mark.parametrize("edit_version", [None, "", "x", "-1", "0", "99", "1.5", "1 OR 1=1"])
def test_missing_or_tampered_edit_version_is_refused(
    app: Flask, team: Browser, edit_version: str | None
) -> None:
    event = make_event(app)
    changes = {} if edit_version is None else {"edit_version": edit_version}
    answer = team.post(f"/organise/events/{event.slug}/edit", filled(**changes))
    assert answer.status_code == 422
    assert stored(app)[0].title == event.title


def test_stale_form_shows_both_versions_and_can_be_saved_again(app: Flask, team: Browser) -> None:
    event = make_event(app, title="Alt")
    path = f"/organise/events/{event.slug}/edit?lang=en"
    assert team.post(path, filled(edit_version="1", title="Von Anna")).status_code == 303
    mine = filled(edit_version="1", title="Von <Bert>", starts_at="2026-04-14T09:00")
    answer = team.post(path, mine)
    assert answer.status_code == 409
    assert stored(app)[0].title == "Von Anna"
    table = answer.text[answer.text.index("versions-caption") :]
    table = table[: table.index("</table>")]
    assert "Von &lt;Bert&gt;" in table
    assert "Von Anna" in table
    assert "14\u00a0Apr\u00a02026, 9:00" in table
    assert "Kurz." not in table  # the same in both
    assert 'name="edit_version" value="2"' in answer.text
    assert team.post(path, {**mine, "edit_version": "2"}).status_code == 303
    assert stored(app)[0].title == "Von <Bert>"


def test_fields_that_are_no_part_of_the_form_change_nothing(app: Flask, team: Browser) -> None:
    event = make_event(app)
    answer = team.post(
        f"/organise/events/{event.slug}/edit",
        filled(edit_version="1", state="archived", slug="anders", id="7", figures="{}"),
    )
    assert answer.status_code == 303
    [after] = stored(app)
    assert (after.state, after.slug, after.id) == ("open", event.slug, event.id)


def test_two_events_of_one_title_get_two_addresses(app: Flask, team: Browser) -> None:
    for _ in range(2):
        team.post("/organise/events/new", filled())
    assert {event.slug for event in stored(app)} == {"raum-fuer-zukunft", "raum-fuer-zukunft-2"}
    with app.app_context():
        assert db.session.scalar(select(func.count()).select_from(Event)) == 2


@pytest.mark.parametrize(
    ("line", "expected"),
    [
        ("10:00 Begrüßung", ("10:00", "Begrüßung")),
        ("9.30 Uhr Kaffee", ("9.30", "Kaffee")),
        ("10:00 - 11:00 Vortrag", ("10:00 - 11:00", "Vortrag")),
        ("Pause", ("", "Pause")),
        ("2026 im Rückblick", ("", "2026 im Rückblick")),
    ],
)
def test_programme_lines_begin_with_a_time_or_have_none(
    line: str, expected: tuple[str, str]
) -> None:
    [item] = programme_of(f"\n  {line}  \n")
    assert (item.time, item.title) == expected


def test_event_follows_the_plan_that_was_chosen(app: Flask, team: Browser) -> None:
    survey = "https://umfrage.example.org/x"
    team.post("/organise/events/new", filled(plan="round_table", feedback_url=survey))
    [event] = stored(app)
    assert (event.plan, event.feedback_url) == (PlanName.ROUND_TABLE.value, survey)
    page = team.get(f"/organise/events/{event.slug}/edit").text
    assert '<option selected value="round_table">' in page
    assert f'value="{survey}"' in page
    team.post(f"/organise/events/{event.slug}/edit", filled(edit_version="1", plan=""))
    [event] = stored(app)
    assert (event.plan, event.feedback_url) == (PlanName.WORKSHOP.value, "")


def test_chosen_plans_are_known_ones() -> None:
    assert set(CHOSEN_PLANS) - {""} <= {plan.value for plan in PlanName}


def test_end_before_the_start_is_refused_with_both_local_times(app: Flask, team: Browser) -> None:
    moved = filled(starts_at="2026-04-21T10:00", zone="America/New_York")
    answer = team.post("/organise/events/new", moved)
    assert answer.status_code == 422
    words = "Das Ende (14.04.2026, 12:00) liegt nicht nach dem Beginn (21.04.2026, 10:00)."
    assert words in answer.text
    assert stored(app) == []

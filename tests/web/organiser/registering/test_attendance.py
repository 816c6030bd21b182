"""The attendance of an event as a list to tick, and the list for the door."""

import json
import logging
import re
from datetime import timedelta
from typing import Any

import pytest
from flask import Flask
from sqlalchemy import select

from ikone_events.domain.registering.registration import Attendance
from ikone_events.domain.rooms.attendance import AttendanceSource
from ikone_events.services.rooms.attendance import (
    enter_by_door,
    note_everybody,
    state_attendance,
    take_back_everybody,
)
from ikone_events.store.db import db, transaction
from ikone_events.store.events.models import Event
from ikone_events.store.registering.form_fields import Answer, FormField
from ikone_events.store.registering.models import Registration
from ikone_events.store.registering.queries import people_to_tick
from ikone_events.store.rooms.attendance import attendance_of, attendances
from ikone_events.store.rooms.models import AttendanceRecord, RoomWatch
from ikone_events.web.organiser.registering.people_words import AnswerText
from tests.attending import known_of
from tests.factories import NOW, PAST, FixedClock, make_event, make_organisation, make_registration
from tests.spreadsheets import cells_of, has_formula
from tests.web.organiser.conftest import Browser
from tests.web.organiser.registering.test_people import queries


def path_of(event: Event, part: str = "/attendance") -> str:
    return f"/organise/events/{event.slug}{part}"


def marks(app: Flask, event: Event) -> dict[str, str | None]:
    """The attendance of everybody by last name."""
    with app.app_context():
        rows = db.session.execute(
            select(Registration.last_name, attendance_of(NOW))
            .where(Registration.event_id == event.id)
            .order_by(Registration.name_key)
        )
        return {row[0]: row[1] for row in rows}


def form_of(page: str) -> dict[str, list[str]]:
    """What a browser would send of the list."""
    return {
        "shown": re.findall(r'name="shown" value="([^"]+)"', page),
        "here": re.findall(r'name="here" value="([^"]+)" checked', page),
    }


def people(app: Flask, event: Event, *names: str, **values: object) -> dict[str, str]:
    """Confirmed people by last name: their public ids."""
    made = [make_registration(app, event, last_name=name, **values) for name in names]
    return {each.last_name: each.public_id for each in made}


def test_list_is_ticked_and_saved_at_once(app: Flask, team: Browser) -> None:
    event = make_event(app, **PAST)
    ids = people(app, event, "Ärmel", "Zander", "Busch")
    make_registration(app, event, last_name="Wartend", status="waitlisted")
    page = team.get(path_of(event, "/attendance?lang=en"))
    assert '<main data-page="attendance"' in page.text
    assert re.findall(r"<b>(\w+), Maria</b>", page.text) == ["Ärmel", "Busch", "Zander"]
    form = form_of(page.text)
    assert (len(form["shown"]), form["here"]) == (3, [])

    form["here"] = [ids["Ärmel"], ids["Zander"]]
    answer = team.post(path_of(event, "/attendance?lang=en"), form, follow_redirects=True)

    assert "Saved: the attendance of 2 people has changed." in answer.text
    assert marks(app, event) == {
        "Ärmel": "attended", "Busch": "missed", "Wartend": None, "Zander": "attended",
    }  # fmt: skip
    with app.app_context():
        event = db.session.get_one(Event, event.id)
        found = {each.last_name: attendances(event, NOW)[each.id] for each in people_to_tick(event)}
    said = {name: (known.stated, known.stated_at) for name, known in found.items()}
    assert said["Ärmel"] == said["Zander"] == ("attended", NOW)
    assert said["Busch"] == (None, None)


def test_whoever_is_not_ticked_is_absent_unless_the_list_is_incomplete(
    app: Flask, team: Browser
) -> None:
    event = make_event(app, state="dispatched", **PAST)
    ids = people(app, event, "A", "B")
    page = team.get(path_of(event, "/attendance?lang=en")).text
    assert ("Attendance not recorded" in page, "Unknown" in page) == (True, False)
    form = form_of(page)
    team.post(path_of(event), {**form, "here": [ids["A"]]})
    assert marks(app, event) == {"A": "attended", "B": "missed"}
    page = team.get(path_of(event, "/attendance?lang=en")).text
    assert ("not recorded" in page, "Attendance not recorded" in page) == (True, False)

    team.post(path_of(event), {**form_of(page), "incomplete": "1"})
    assert marks(app, event) == {"A": "attended", "B": None}
    page = team.get(path_of(event)).text
    assert 'name="was" value="incomplete"' in page
    # Somebody who had opened the page before and changes nothing about it, keeps it.
    answer = team.post(
        path_of(event, "/attendance?lang=en"), {**form, "here": []}, follow_redirects=True
    )
    assert "Nothing has changed." in answer.text
    assert marks(app, event) == {"A": "attended", "B": None}

    team.post(path_of(event), {**form_of(page), "was": "incomplete", "here": []})
    assert marks(app, event) == {"A": None, "B": None}


def test_absence_is_not_shown_before_the_end(app: Flask, team: Browser) -> None:
    event = make_event(app, starts_at=NOW, ends_at=NOW + timedelta(hours=2))
    ids = people(app, event, "A", "B")
    team.post(path_of(event), {"shown": [f"{ids['A']}/", f"{ids['B']}/"], "here": [ids["A"]]})
    page = team.get(path_of(event, "/attendance?lang=en")).text
    assert ("there as" in page, "Absent" in page, "Unknown" in page) == (
        True, False, False,
    )  # fmt: skip
    assert "count as absent only after the end" in page


def test_list_shows_how_each_attendance_is_known(app: Flask, team: Browser) -> None:
    event = make_event(app, **PAST)
    at = event.starts_at
    names = ("Corr", "Door", "In", "Long", "Nobody", "Ticked")
    made = {name: make_registration(app, event, last_name=name) for name in names}
    records: dict[str, dict[str, Any]] = {
        "Corr": {"door_at": at, "stated": "missed", "stated_at": NOW, "stated_by": "Paula <b>"},
        "Door": {"door_at": at - timedelta(minutes=2)},
        "In": {"joined_at": at},
        "Long": {"joined_at": at, "left_at": at, "minutes": 87},
        "Ticked": {"stated": "attended", "stated_at": NOW, "stated_by": "Paula"},
    }
    with app.app_context(), transaction():
        for name, values in records.items():
            number = made[name].id
            db.session.add(AttendanceRecord(registration_id=number, event_id=event.id, **values))
    page = team.get(path_of(event, "/attendance?lang=en")).text
    how = re.findall(r'<span class="how">(.*?)</span></small>', page)
    texts = [re.sub(r"<[^>]+>|\s+", " ", each).split() for each in how]
    assert [" ".join(each) for each in texts] == [
        "Absent as Paula &lt;b&gt; says · door 10:00",
        "door 9:58",
        "in the room from 10:00",
        "87 minutes in the room",
        "Absent not recorded",
        "there as Paula says",
    ]
    assert page.count('name="back"') == 1

    sent = {"back": made["Corr"].public_id}
    answer = team.post(path_of(event, "/attendance?lang=en"), sent, follow_redirects=True)
    assert "Taken back" in answer.text
    assert marks(app, event)["Corr"] == "attended"
    form = form_of(answer.text)
    form["here"].remove(made["Door"].public_id)
    team.post(path_of(event), form)
    assert marks(app, event)["Door"] == "missed"  # although the door says otherwise
    form = form_of(team.get(path_of(event)).text)
    team.post(path_of(event), {**form, "here": [*form["here"], made["Door"].public_id]})
    assert known_of(app, made["Door"]).source == "door"


def test_minutes_are_summed_by_administration(app: Flask, team: Browser) -> None:
    event = make_event(app, **PAST)
    worms, kusel = (make_organisation(app, name) for name in ("Stadt Worms", "Kreis Kusel"))
    for body, minutes in ((worms, 87), (worms, 33), (worms, None), (kusel, None)):
        person = make_registration(app, event, organisation_id=body.id)
        if minutes:
            with app.app_context(), transaction():
                at = event.starts_at
                record = AttendanceRecord(
                    registration_id=person.id, event_id=event.id,
                    joined_at=at, left_at=at, minutes=minutes,
                )  # fmt: skip
                db.session.add(record)
    page = team.get(path_of(event, "/attendance?lang=en")).text
    table = page.partition('id="bodies-caption"')[2]
    cells = re.findall(r"<t[hd][^>]*>([^<]*)</t[hd]>", table.partition("<tbody>")[2])
    assert cells == ["Stadt Worms", "2", "3", "120", "Kreis Kusel", "0", "1", "–"]


def test_correction_after_the_follow_up_shows_what_it_changes(app: Flask, team: Browser) -> None:
    event = make_event(app, state="followed_up", **PAST)
    [person] = people(app, event, "A").values()
    page = team.get(path_of(event, "/attendance?lang=en")).text
    assert "E-mails that were sent stay as they are" in page
    team.post(path_of(event), {"shown": [f"{person}/"], "here": [person]})
    assert marks(app, event) == {"A": "attended"}


def test_list_is_one_press_away_from_today_and_from_the_overview(app: Flask, team: Browser) -> None:
    event = make_event(app, state="dispatched", **PAST)
    people(app, event, "A")
    coming = make_event(app)
    people(app, coming, "B")
    for page in ("/organise/", path_of(event, "")):
        assert f'href="{path_of(event)}"' in team.get(page).text
    assert f'href="{path_of(coming)}"' not in team.get(path_of(coming, "")).text


def test_everybody_is_recorded_in_one_press_and_undone_in_another(
    app: Flask, team: Browser
) -> None:
    event = make_event(app, **PAST)
    people(app, event, "A", "B")
    people(app, event, "C", attendance="missed")
    page = team.post(
        path_of(event, "/attendance?lang=en"), {"all": "1"}, follow_redirects=True
    ).text
    assert "Saved: 2 more people recorded as there" in page
    assert marks(app, event) == {"A": "attended", "B": "attended", "C": "missed"}
    [at] = re.findall(r'name="at" value="([^"]+)"', page)
    undo = path_of(event, "/attendance/undo?lang=en")
    answer = team.post(undo, {"at": at}, follow_redirects=True)
    assert ("Undone" in answer.text, 'name="at"' in answer.text) == (True, False)
    assert marks(app, event) == {"A": None, "B": None, "C": "missed"}
    for forged in ("", "x", "2026-03-02", "2026-03-02T09:00:00"):
        assert team.post(undo, {"at": forged}).status_code == 303
    assert marks(app, event)["C"] == "missed"


def test_everybody_leaves_those_alone_who_came_by_themselves(app: Flask, team: Browser) -> None:
    event = make_event(app, **PAST)
    [at_door, unknown] = [make_registration(app, event) for _ in range(2)]
    with app.app_context(), transaction():
        enter_by_door(at_door.id, event.id, now=NOW)
    with app.app_context(), transaction():
        assert note_everybody(event.slug, now=NOW, by="Paula") == 1
    assert known_of(app, at_door).source is AttendanceSource.DOOR
    with app.app_context(), transaction():
        assert take_back_everybody(event.slug, at=NOW, now=NOW, by="Quentin") == 0
    assert known_of(app, unknown).stated_by == "Paula"
    with app.app_context(), transaction():
        assert take_back_everybody(event.slug, at=NOW, now=NOW, by="Paula") == 1
    assert known_of(app, unknown).recorded is None


def test_undo_keeps_what_somebody_else_has_recorded_since(
    app: Flask, team: Browser, clock: FixedClock
) -> None:
    event = make_event(app, **PAST)
    ids = people(app, event, "A", "B")
    page = team.post(path_of(event), {"all": "1"}, follow_redirects=True).text
    [at] = re.findall(r'name="at" value="([^"]+)"', page)
    clock.move(minutes=1)
    with app.app_context(), transaction():
        state_attendance(ids["B"], Attendance.ATTENDED, now=clock(), by="Paula")
    team.post(path_of(event, "/attendance/undo"), {"at": at})
    assert marks(app, event) == {"A": "missed", "B": "attended"}


def test_two_who_save_at_once_overwrite_nothing(app: Flask, team: Browser) -> None:
    event = make_event(app, **PAST)
    ids = people(app, event, "A", "B", "C")
    first = form_of(team.get(path_of(event)).text)
    second = form_of(team.get(path_of(event)).text)
    late = people(app, event, "Spät")
    with app.app_context(), transaction():
        state_attendance(ids["B"], Attendance.MISSED, now=NOW, by="Paula")
    team.post(path_of(event), {**first, "here": [ids["A"]]})
    # A has been recorded alike, B otherwise, and that C is absent only follows.
    mine = {**second, "here": [ids["A"], ids["B"], ids["C"]]}
    answer = team.post(path_of(event, "/attendance?lang=en"), mine, follow_redirects=True)
    assert "Somebody else has recorded these people meanwhile" in answer.text
    assert "Maria B." in answer.text
    assert marks(app, event) == {"A": "attended", "B": "missed", "C": "attended", "Spät": "missed"}
    assert late["Spät"] in answer.text
    again = team.post(path_of(event, "/attendance?lang=en"), first, follow_redirects=True)
    assert "Nothing has changed." in again.text


def test_forged_forms_touch_nobody_else(app: Flask, team: Browser) -> None:
    event, other = make_event(app, **PAST), make_event(app, **PAST)
    people(app, event, "A")
    theirs = people(app, other, "Fremd")["Fremd"]
    waits = make_registration(app, event, last_name="W", status="waitlisted").public_id
    shown = [f"{theirs}/", f"{waits}/", "x", "", "y/missed", f"{theirs}/nonsense"]
    answer = team.post(path_of(event), {"shown": shown, "here": [theirs, waits, "x"]})
    assert answer.status_code == 303
    assert marks(app, event) == {"A": None, "W": None}
    assert marks(app, other) == {"Fremd": None}


@pytest.mark.parametrize(
    ("values", "words"),
    [
        ({"starts_at": NOW + timedelta(days=1)}, "from the day of the event on"),
        ({"state": "cancelled"}, "does not take place"),
        ({"state": "archived"}, "names have been deleted"),
    ],
)
def test_list_shows_why_nothing_can_be_ticked(
    app: Flask, team: Browser, values: dict[str, object], words: str
) -> None:
    event = make_event(app, **values)
    [person] = people(app, event, "A").values()
    assert words in team.get(path_of(event, "/attendance?lang=en")).text
    sent = {"shown": [f"{person}/"], "here": [person]}
    answer = team.post(path_of(event, "/attendance?lang=en"), sent)
    assert (answer.status_code, words in answer.text) == (409, True)
    assert marks(app, event) == {"A": None}
    alone = f"/registrations/{person}/attendance?lang=en"
    answer = team.post(path_of(event, alone), {"attendance": "attended"})
    assert (answer.status_code, words in answer.text) == (409, True)
    answer = team.post(path_of(event, "/attendance?lang=en"), {"back": person})
    assert (answer.status_code, words in answer.text) == (409, True)
    assert marks(app, event) == {"A": None}


def test_ticks_are_taken_before_the_start_on_the_day_itself(app: Flask, team: Browser) -> None:
    event = make_event(app, starts_at=NOW + timedelta(hours=1), ends_at=NOW + timedelta(hours=2))
    [person] = people(app, event, "A").values()
    team.post(path_of(event), {"shown": [f"{person}/"], "here": [person]})
    assert marks(app, event) == {"A": "attended"}


def test_pages_need_no_more_queries_for_more_people(app: Flask, team: Browser) -> None:
    event = make_event(app, capacity=None, **PAST)
    paths = [path_of(event), path_of(event, "/registrations/door")]

    def fill(number: int) -> None:
        for _ in range(number):
            body = make_organisation(app, "Stadt")
            make_registration(app, event, organisation_id=body.id)

    fill(3)
    few = [queries(app, team, path) for path in paths]
    fill(40)
    assert [queries(app, team, path) for path in paths] == few


def test_pages_are_for_those_who_may_edit_or_take_lists_away(
    app: Flask, viewer: Browser, team: Browser, stranger: Browser
) -> None:
    event = make_event(app, **PAST)
    people(app, event, "A")
    door = path_of(event, "/registrations/door")
    for path in (path_of(event), door, f"{door}.xlsx"):
        assert viewer.get(path).status_code == 403
        assert stranger.get(path).status_code == 404
        assert app.test_client().get(path).status_code == 303
        assert team.get(path).status_code == 200
        assert team.get(path.replace(event.slug, "gibt-es-nicht")).status_code == 404
    assert viewer.post(path_of(event)).status_code == 403
    assert stranger.post(path_of(event)).status_code == 404
    seen = viewer.get(path_of(event, "/registrations")).text
    assert "/registrations/door" not in seen
    own = team.get(path_of(event, "/registrations")).text
    assert f'href="{door}"' in own
    assert f'href="{path_of(event)}"' in own


def make_answer(app: Flask, event: Event, person: Registration, seen_by: str, text: str) -> None:
    with app.app_context(), transaction():
        field = FormField(
            event_id=event.id, key=f"k_{seen_by}", kind="short_text", label=f"Hilfe {seen_by}",
            seen_by=seen_by, position=1,
        )  # fmt: skip
        db.session.add(field)
        db.session.flush()
        db.session.add(Answer(registration_id=person.id, field_id=field.id, value=text, at=NOW))


def test_door_list_has_who_comes_with_what_the_asker_may_see(app: Flask, team: Browser) -> None:
    event = make_event(app, title="Tür & Tor")
    worms = make_organisation(app, "Stadtverwaltung Worms")
    eva = make_registration(
        app, event, last_name="Öder", organisation_id=worms.id, note="Bringt den Beamer mit <b>"
    )
    make_answer(app, event, eva, "viewer", "Rampe")
    make_answer(app, event, eva, "admin", "Vertraulich")
    people(app, event, "Pauls", "Oberst")
    make_registration(app, event, last_name="Abgemeldet", status="cancelled")
    page = team.get(path_of(event, "/registrations/door?lang=en")).text
    assert re.findall(r'<th scope="row">(\w+), ', page) == ["Oberst", "Öder", "Pauls"]
    assert "Tür &amp; Tor" in page
    assert "Bringt den Beamer mit &lt;b&gt;" in page
    assert ("Rampe" in page, "Vertraulich" in page) == (True, False)
    bare = team.get(path_of(event, "/registrations/door?bare=1")).text
    assert ("Öder" in bare, "Beamer" in bare, "Rampe" in bare) == (True, False, False)


def test_door_list_of_a_hybrid_event_has_those_on_site(app: Flask, team: Browser) -> None:
    event = make_event(app, format="hybrid", place="Rathaus")
    people(app, event, "Hier", mode="on_site")
    people(app, event, "Fern", mode="online")
    page = team.get(path_of(event, "/registrations/door")).text
    assert ("Hier, " in page, "Fern, " in page) == (True, False)


def test_workbook_for_the_door_is_the_same_list_and_logged(
    app: Flask, team: Browser, caplog: pytest.LogCaptureFixture
) -> None:
    event = make_event(app)
    people(app, event, "Pauls", "=1+1", "Öder", note="Kommt später")
    with caplog.at_level(logging.INFO):
        answer = team.get(path_of(event, "/registrations/door.xlsx?lang=en"))
    rows = cells_of(answer.data)
    assert rows[0] == ["Name", "Public body", "Was there", "Remarks"]
    assert [row[0] for row in rows[1:]] == ["=1+1, Maria", "Öder, Maria", "Pauls, Maria"]
    assert not has_formula(answer.data)
    assert {row[3] for row in rows[1:]} == {"Kommt später"}
    [line] = [r.getMessage() for r in caplog.records if "exported" in r.getMessage()]
    assert (json.loads(line)["what"], json.loads(line)["rows"]) == ("door list", 3)
    bare = team.get(path_of(event, "/registrations/door.xlsx?bare=1"))
    assert "später" not in str(cells_of(bare.data))
    other = team.get(path_of(event, "/registrations/door.ods?lang=en"))
    assert cells_of(other.data) == rows


def test_time_in_which_the_room_was_not_seen_is_shown(app: Flask, team: Browser) -> None:
    event = make_event(app, **PAST)
    people(app, event, "Adler")
    assert "Minuten können fehlen" not in team.get(path_of(event) + "?lang=de").text
    with app.app_context(), transaction():
        db.session.add(
            RoomWatch(event_id=event.id, room_key="key", unseen_seconds=600, closed=True)
        )
    page = team.get(path_of(event) + "?lang=de").text
    assert "Minuten können fehlen" in page
    assert "10 Minuten lang war der Raum nicht zu sehen." in page


@pytest.mark.parametrize(
    ("values", "words"),
    [
        ({}, "there as Paula says"),
        ({"format": "on_site", "place": "Rathaus"}, "checked in 10:05 by Paula"),
    ],
)
def test_mark_of_the_live_board_is_no_check_in_of_an_online_event(
    app: Flask, team: Browser, values: dict[str, str], words: str
) -> None:
    event = make_event(app, **PAST, **values)
    person = make_registration(app, event)
    said = {"stated": "attended", "stated_by": "Paula"}
    at = event.starts_at + timedelta(minutes=5)
    with app.app_context(), transaction():
        known = {"registration_id": person.id, "event_id": event.id, "stated_at": at}
        db.session.add(AttendanceRecord(**known, **said))
    page = team.get(path_of(event, "/attendance?lang=en")).text
    assert f"{words}</span>" in page
    assert "Everyone was there" not in page  # they are


def test_label_before_an_answer_ends_with_one_mark() -> None:
    answers = AnswerText("Hilfe", "Rampe"), AnswerText("Was noch?", "Nichts")
    assert [each.lead_in for each in answers] == ["Hilfe:", "Was noch?"]

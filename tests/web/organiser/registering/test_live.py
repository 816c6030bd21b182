"""The live board: what it shows, marking by hand, questions, and how it is brought up to date."""

import re
from collections.abc import Callable
from datetime import timedelta

import pytest
from flask import Flask
from sqlalchemy import update

from ikone_events.domain.registering.registration import Attendance
from ikone_events.services.office.alarms import note_answer_of_room
from ikone_events.services.rooms.attendance import enter_by_door, state_attendance
from ikone_events.services.rooms.questions import ask_live, move, note_answer, tick
from ikone_events.store.db import db, rows_written, transaction
from ikone_events.store.directory.models import Organisation
from ikone_events.store.events.models import Event
from ikone_events.store.registering.models import Registration
from ikone_events.store.rooms.models import AttendanceRecord, Question
from tests.factories import NOW, FixedClock, make_event, make_organisation, make_registration
from tests.own_fields import make_answer, make_field
from tests.web.organiser.conftest import Browser, Person
from tests.web.organiser.registering.test_people import queries


def running_event(app: Flask, **values: object) -> Event:
    """An event that began ten minutes ago."""
    begun = NOW - timedelta(minutes=10)
    times = {"starts_at": begun, "ends_at": begun + timedelta(hours=2), "state": "dispatched"}
    return make_event(app, **{**times, **values})


def path_of(event: Event, part: str = "") -> str:
    return f"/organise/events/{event.slug}/live{part}"


def do(app: Flask, act: Callable[[], object]) -> None:
    with app.app_context(), transaction():
        act()


def enters(app: Flask, person: Registration, minutes: int = 0) -> None:
    at = NOW + timedelta(minutes=minutes)
    do(app, lambda: enter_by_door(person.id, person.event_id, now=at))


def numbers(page: str) -> tuple[int, int]:
    """The numbers for programs."""
    found = re.search(r'data-present="(\d+)" data-expected="(\d+)"', page)
    assert found, page
    return int(found[1]), int(found[2])


def part(page: str, key: str) -> str:
    """A section or folded part of the board."""
    found = re.search(rf'<(section|details) id="{key}".*?</\1>', page, re.DOTALL)
    return found[0] if found else ""


def record_of(app: Flask, person: Registration) -> AttendanceRecord | None:
    with app.app_context():
        return db.session.get(AttendanceRecord, person.id)


def test_board_shows_who_is_in_and_who_is_missing(app: Flask, team: Browser) -> None:
    event = running_event(app)
    anna, bert, carl = (
        make_registration(app, event, last_name=n) for n in ("Anna", "Bert", "Carl")
    )
    make_registration(app, event, status="waitlisted")
    make_registration(app, event, status="cancelled")
    enters(app, anna, -12)
    enters(app, bert)
    page = team.get(path_of(event, "?lang=de"))
    assert page.status_code == 200
    assert '<main data-page="live"' in page.text
    assert numbers(page.text) == (2, 3)
    assert "2 von 3 sind da" in page.text
    assert carl.public_id in part(page.text, "missing")
    assert f"mailto:{carl.email}" in part(page.text, "missing")
    assert bert.public_id in part(page.text, "late")
    assert anna.public_id not in part(page.text, "late")
    assert "2 of 3 are there" in team.get(path_of(event, "?lang=en")).text
    assert page.headers["Cache-Control"] == "no-store"


def test_message_to_the_missing_is_one_press_away(app: Flask, team: Browser) -> None:
    event = running_event(app)
    anna, bert, carl = (
        make_registration(app, event, last_name=n) for n in ("Anna", "Bert", "Carl")
    )
    enters(app, anna)
    do(app, lambda: state_attendance(bert.public_id, Attendance.MISSED, now=NOW, by="E"))
    [found] = re.findall(r'href="([^"]*whole=yes[^"]*)"', team.get(path_of(event)).text)
    form = team.get(found.replace("&amp;", "&")).text
    assert [each.last_name in form for each in (anna, bert, carl)] == [False, False, True]
    enters(app, carl)
    assert "whole=yes" not in team.get(path_of(event)).text


def test_public_bodies_are_counted_by_their_names(app: Flask, team: Browser) -> None:
    event = running_event(app)
    kusel = make_organisation(app, "Kreisverwaltung Kusel")
    for text in ("KV Kusel", "Kusel"):
        person = make_registration(app, event, organisation_text=text, organisation_id=kusel.id)
    enters(app, person)
    make_registration(app, event, organisation_text="Bendorf")
    rows = re.findall(
        r'<th scope="row">(.*?)</th><td class="number">(\d+)</td><td class="number">(\d+)',
        part(team.get(path_of(event, "?lang=en")).text, "offices"),
    )
    plain = [(re.sub("<.*?>", "", name), int(here), int(of)) for name, here, of in rows]
    assert plain == [("Bendorf nobody there", 0, 1), ("Kreisverwaltung Kusel", 1, 2)]


def test_hybrid_event_counts_both_groups(app: Flask, team: Browser) -> None:
    event = running_event(app, format="hybrid", place="Rathaus")
    there = make_registration(app, event, mode="on_site")
    make_registration(app, event, mode="on_site")
    make_registration(app, event, mode="online")
    enters(app, there)
    page = team.get(path_of(event, "?lang=de")).text
    modes = re.sub(r"<svg.*?</svg>|<.*?>", " ", page[page.index('class="modes"') :][:900])
    assert re.search(r"Vor Ort\s+1 von 2\s+Online\s+0 von 1", modes), modes
    assert "1 von 3 sind da" in page


def test_missing_people_have_a_number_to_call_if_the_account_may_see_it(
    app: Flask, team: Browser, viewer: Browser
) -> None:
    event = running_event(app)
    person = make_registration(app, event)
    field = make_field(app, event, label="Telefon am Tag", seen_by="organiser")
    make_answer(app, person, field, "+49 631 1234")
    assert 'href="tel:+496311234">+49 631 1234' in team.get(path_of(event)).text
    page = viewer.get(path_of(event)).text
    assert "1234" not in page
    assert f"mailto:{person.email}" in page


def test_helpers_mark_by_hand_and_undo(app: Flask, team: Browser) -> None:
    event = running_event(app)
    person = make_registration(app, event, last_name="Muster")
    enters(app, person)
    for wish, words in (
        ("missed", "Maria Muster is marked as not there."),
        ("attended", "Maria Muster is marked as there."),
        ("", "The mark of Maria Muster has been taken back."),
    ):
        before = record_of(app, person)
        assert before is not None
        form = {"mark": f"{person.public_id}/{wish}"}
        answer = team.post(path_of(event, "/mark?lang=en"), form)
        assert answer.status_code == 303
        page = team.get(answer.location).text
        assert words in page
        assert f'value="{person.public_id}/{before.stated}" aria-label="Undo' in page
        assert numbers(page) == (0 if wish == "missed" else 1, 1)
        record = record_of(app, person)
        assert record is not None
        assert (record.stated, record.stated_by) == (wish, "Wilma Organisaria" if wish else "")
        assert record.door_at == NOW


def test_forged_marks_change_nobody(app: Flask, team: Browser) -> None:
    event, other = running_event(app), running_event(app)
    theirs = make_registration(app, other)
    assert (
        team.post(path_of(event, "/mark"), {"mark": f"{theirs.public_id}/missed"}).status_code
        == 404
    )
    assert team.post(path_of(event, "/mark"), {"mark": "x/attended"}).status_code == 404
    assert (
        team.post(path_of(other, "/mark"), {"mark": f"{theirs.public_id}/vip"}).status_code == 422
    )
    assert team.post(path_of(other, "/mark")).status_code == 404
    assert record_of(app, theirs) is None


@pytest.mark.parametrize(
    ("values", "words"),
    [
        ({"starts_at": NOW + timedelta(days=1)}, "Die Live-Ansicht öffnet am Tag"),
        ({"state": "cancelled"}, "Die Veranstaltung findet nicht statt."),
        ({"state": "archived"}, "Die Namen sind gelöscht"),
    ],
)
def test_board_shows_why_it_is_closed(
    app: Flask, team: Browser, values: dict[str, object], words: str
) -> None:
    starts_at = values.get("starts_at", NOW)
    assert not isinstance(starts_at, str)
    event = make_event(
        app, **{**values, "starts_at": starts_at, "ends_at": NOW + timedelta(days=2)}
    )
    person = make_registration(app, event, question="Wann?")
    page = team.get(path_of(event, "?lang=de")).text
    assert words in page
    assert person.last_name not in page
    assert team.post(path_of(event, "/mark"), {"mark": f"{person.public_id}/"}).status_code == 409
    form = {"do": f"answered/{person.public_id}"}
    assert team.post(path_of(event, "/questions"), form).status_code == 409


def test_board_opens_on_the_day_before_the_start(app: Flask, team: Browser) -> None:
    event = make_event(app, starts_at=NOW + timedelta(hours=3), ends_at=NOW + timedelta(hours=4))
    make_registration(app, event)
    assert numbers(team.get(path_of(event)).text) == (0, 1)


def test_after_the_end_it_leads_to_the_attendance(app: Flask, team: Browser) -> None:
    event = running_event(app, ends_at=NOW)
    people = [make_registration(app, event, question="Wann?") for _ in range(3)]
    enters(app, people[0])
    page = team.get(path_of(event, "?lang=de")).text
    assert "1 von 3 waren da" in page
    assert f'href="/organise/events/{event.slug}/attendance"' in page
    assert part(page, "missing") == ""
    assert "Antwort notieren" in page


def test_questions_are_ticked_off_opened_and_moved(app: Flask, team: Browser) -> None:
    event = running_event(app)
    keys = [make_registration(app, event, question=f"Q{n}").public_id for n in range(3)]

    def asked(page: str) -> list[str]:
        return re.findall(r'<p class="words">(.*?)</p>', page)

    def press(wish: str) -> str:
        answer = team.post(path_of(event, "/questions?lang=en"), {"do": wish})
        assert answer.status_code == 303
        return team.get(answer.location.partition("#")[0]).text

    first = asked(team.get(path_of(event)).text)
    by_text = dict(zip([f"Q{n}" for n in range(3)], keys, strict=True))
    order = [by_text[text] for text in first]
    page = press(f"below/{order[0]}/{order[1]}")
    assert asked(page) == [first[1], first[0], first[2]]
    page = press(f"answered/{order[0]}")
    assert asked(page) == [first[1], first[2], first[0]]
    assert first[0] in part(page, "done")
    assert "2 open" in page
    assert "Nothing was moved" in press(f"above/{order[0]}/{order[1]}")
    assert "Nothing was moved" in press("answered/unknown")
    assert "3 open" in press(f"open/{order[0]}")
    assert team.post(path_of(event, "/questions"), {"do": "burn/it"}).status_code == 422


def test_answer_is_noted_and_a_second_helper_sees_both(app: Flask, team: Browser) -> None:
    event = running_event(app)
    key = make_registration(app, event, question="Wann?").public_id
    form = {"answer": "Im Mai.", "version": "0"}
    page = team.post(path_of(event, f"/questions/{key}?lang=en"), form, follow_redirects=True).text
    assert "The answer has been saved for the follow-up." in page
    assert "Im Mai." in part(page, "done")
    late = team.post(
        path_of(event, f"/questions/{key}?lang=en"), {"answer": "Im <Juni>.", "version": "0"}
    )
    assert late.status_code == 409
    assert "Meanwhile somebody else has saved this answer: “Im Mai.”" in late.text
    assert "Im &lt;Juni&gt;.</textarea>" in late.text
    assert 'name="version" value="1"' in late.text
    long = team.post(path_of(event, f"/questions/{key}"), {"answer": "x" * 4001, "version": "1"})
    assert long.status_code == 422
    assert "x" * 4001 in long.text
    again = {"answer": "Juli", "version": "1", "show_again": "1"}
    assert team.post(path_of(event, f"/questions/{key}"), again).status_code == 422
    with app.app_context():
        assert db.session.query(Question.answer).scalar() == "Im Mai."


def test_projector_names_nobody(app: Flask, viewer: Browser) -> None:
    event = running_event(app)
    asker = make_registration(app, event, last_name="Geheim", question="Was <kostet> es?")
    make_registration(app, event, last_name="Anders", organisation_text="Amt", question="Wann?")
    for path in (path_of(event, "?projector"), path_of(event, "/now?projector")):
        page = viewer.get(path).text
        assert "Was &lt;kostet&gt; es?" in page
        for secret in ("Geheim", "Anders", asker.organisation_text, asker.email, "Amt"):
            assert secret not in page


def test_viewer_looks_and_has_nothing_to_press(app: Flask, viewer: Browser) -> None:
    event = running_event(app)
    person = make_registration(app, event, question="Wann?")
    do(app, lambda: note_answer(event.slug, person.public_id, "Mai", version=0, now=NOW, by="E"))
    page = viewer.get(path_of(event)).text
    assert numbers(page) == (0, 1)
    assert 'class="press' not in page
    assert "<form" not in page[page.index('id="board"') : page.index("</main>")]
    assert '<p class="words said">Mai</p>' in page
    key = person.public_id
    for form in ("/mark", "/questions", f"/questions/{key}"):
        assert viewer.post(path_of(event, form), {"mark": f"{key}/attended"}).status_code == 403


def test_limited_account_sees_its_own_board(
    app: Flask,
    make_person: Callable[..., Person],
    browser_of: Callable[[Person], Browser],
) -> None:
    own, other = running_event(app), running_event(app)
    person, theirs = make_registration(app, own), make_registration(app, other)
    guest = browser_of(make_person("gast@example.org", only=(own.slug,)))
    assert numbers(guest.get(path_of(own)).text) == (0, 1)
    assert (
        guest.post(path_of(own, "/mark"), {"mark": f"{person.public_id}/attended"}).status_code
        == 303
    )
    assert guest.get(path_of(other)).status_code == 404
    assert guest.get(path_of(other, "/now")).status_code == 404
    assert (
        guest.post(path_of(other, "/mark"), {"mark": f"{theirs.public_id}/attended"}).status_code
        == 404
    )


def version_of(browser: Browser, event: Event, more: str = "") -> str:
    found = re.search(r'data-version="(\w+)"', browser.get(path_of(event, more)).text)
    assert found
    return found[1]


def test_refresh_answers_304_until_something_changes(app: Flask, team: Browser) -> None:
    event = running_event(app)
    person = make_registration(app, event)
    version = version_of(team, event)
    known = {"If-None-Match": f'W/"{version}"'}
    answer = team.get(path_of(event, "/now"), headers=known)
    assert (answer.status_code, answer.data) == (304, b"")
    assert answer.headers["X-Shown-At"] == "10:00"
    enters(app, person)
    answer = team.get(path_of(event, "/now"), headers=known)
    assert answer.status_code == 200
    assert numbers(answer.text) == (1, 1)
    assert answer.headers["ETag"] != f'W/"{version}"'
    assert answer.headers["ETag"] == f'W/"{version_of(team, event)}"'


def test_refresh_leaves_messages_to_their_page(app: Flask, team: Browser) -> None:
    event = running_event(app)
    key = make_registration(app, event, question="Wann?").public_id
    team.post(path_of(event, f"/questions/{key}?lang=en"), {"answer": "Mai", "version": "0"})
    said = "The answer has been saved for the follow-up."
    assert said not in team.get(path_of(event, "/now?lang=en")).text
    assert said in team.get(path_of(event, "?lang=en")).text


CHANGES: dict[str, Callable[[Event, Registration, Registration], object]] = {
    "door": lambda _event, one, _two: enter_by_door(one.id, one.event_id, now=NOW),
    "statement": lambda _event, one, _two: state_attendance(
        one.public_id, Attendance.MISSED, now=NOW, by="E"
    ),
    "statement taken back": lambda _event, _one, two: state_attendance(
        two.public_id, None, now=NOW, by="E"
    ),
    "seen in the room": lambda _event, _one, two: _set(AttendanceRecord, two.id, joined_at=NOW),
    "left": lambda _event, _one, two: _set(AttendanceRecord, two.id, left_at=NOW),
    "new question": lambda _event, one, _two: ask_live(one.public_id, "Neu?", now=NOW),
    "question moved": lambda event, one, two: move(
        event.slug, *sorted((one.public_id, two.public_id)), below=True, now=NOW
    ),
    "question ticked off": lambda event, one, _two: tick(
        event.slug, one.public_id, answered=True, now=NOW, by="E"
    ),
    "question answered": lambda event, one, _two: note_answer(
        event.slug, one.public_id, "Ja", version=0, now=NOW, by="E"
    ),
    "question edited": lambda _event, one, _two: _set(Registration, one.id, question="Anders?"),
    "name": lambda _event, one, _two: _set(Registration, one.id, first_name="Neu"),
    "public body": lambda _event, one, _two: _set(Registration, one.id, organisation_text="Neu"),
    "matched": lambda _event, one, _two: _set(Registration, one.id, organisation_id=1),
    "mode": lambda _event, one, _two: _set(Registration, one.id, mode="on_site"),
    "withdrawn": lambda _event, one, _two: _set(Registration, one.id, status="cancelled"),
    "end": lambda event, _one, _two: _set(Event, event.id, ends_at=NOW),
    "cancelled": lambda event, _one, _two: _set(Event, event.id, state="cancelled"),
}


def _set(model: type, number: int, **values: object) -> None:
    key = model.registration_id if model is AttendanceRecord else model.id  # type: ignore[attr-defined]
    assert rows_written(update(model).where(key == number).values(**values)) == 1


@pytest.mark.parametrize("change", CHANGES)
def test_whatever_changes_gives_another_version(app: Flask, team: Browser, change: str) -> None:
    event = running_event(app, format="hybrid", place="Rathaus")
    make_organisation(app, "Stadt Worms")
    with app.app_context(), transaction():
        for row in db.session.query(Organisation):
            rows_written(update(Organisation).where(Organisation.id == row.id).values(id=1))
    one, two = (make_registration(app, event, question="Wann?") for _ in range(2))
    do(app, lambda: state_attendance(two.public_id, Attendance.ATTENDED, now=NOW, by="E"))
    version = version_of(team, event)
    assert version_of(team, event, "/now") == version
    do(app, lambda: CHANGES[change](event, one, two))
    assert version_of(team, event) != version


def test_versions_of_languages_and_of_accounts_differ(
    app: Flask, team: Browser, viewer: Browser
) -> None:
    event = running_event(app)
    make_registration(app, event)
    versions = {
        version_of(team, event, "?lang=de"),
        version_of(team, event, "?lang=en"),
        version_of(viewer, event, "?lang=en"),
        version_of(team, event, "?projector&lang=en"),
    }
    assert len(versions) == 4


def test_refresh_keeps_no_session_alive(app: Flask, team: Browser, clock: FixedClock) -> None:
    event = running_event(app, ends_at=NOW + timedelta(hours=5))
    team.get(path_of(event))
    for _ in range(6):
        clock.move(minutes=10)
        assert team.get(path_of(event, "/now")).status_code == 200
    clock.move(minutes=1)
    answer = team.get(path_of(event, "/now"))
    assert answer.status_code == 303
    assert answer.location.startswith("/login")


def test_number_of_queries_does_not_grow_with_the_people(app: Flask, team: Browser) -> None:
    event = running_event(app, capacity=None)
    make_answer(app, make_registration(app, event), make_field(app, event, label="Telefon"), "1")

    def fill(number: int) -> None:
        for _ in range(number):
            person = make_registration(app, event, question="Wann?")
            enters(app, person)
            do(app, lambda person=person: ask_live(person.public_id, "Neu?", now=NOW))

    fill(5)
    paths = [path_of(event), path_of(event, "/now"), path_of(event, "?projector")]
    few = [queries(app, team, path) for path in paths]
    fill(40)
    assert [queries(app, team, path) for path in paths] == few
    assert few[1] < 10


def test_today_and_the_overview_lead_to_the_board_on_the_day_only(
    app: Flask, team: Browser
) -> None:
    event = running_event(app)
    later = {"starts_at": NOW + timedelta(hours=4), "ends_at": NOW + timedelta(hours=5)}
    also, coming = make_event(app, **later), make_event(app)
    over = running_event(app, ends_at=NOW)
    today = team.get("/organise/").text
    assert [path_of(each) in today for each in (event, also, coming, over)] == [1, 1, 0, 0]
    for each, leads in ((event, True), (also, True), (coming, False), (over, False)):
        page = team.get(f"/organise/events/{each.slug}?lang=en").text
        assert (f'href="{path_of(each)}"' in page) == leads
        assert ("Running now" in page) == (each is event)


def test_board_states_that_the_room_fails(app: Flask, team: Browser) -> None:
    event, words = running_event(app), "Der Videodienst antwortet nicht"
    for works in (False, True):
        before = version_of(team, event)
        do(app, lambda works=works: note_answer_of_room(event.slug, works=works, now=NOW))
        assert (words in team.get(path_of(event)).text) is not works
        assert version_of(team, event) != before

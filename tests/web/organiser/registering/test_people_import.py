"""Lists of people: checked whole first, then entered; and adding one by hand."""

import io
import json
import re
from typing import Any

import pytest
from flask import Flask
from sqlalchemy import select

from ikone_events.services.operating.retention import delete_expired
from ikone_events.services.registering.answers import store_answers
from ikone_events.store.db import db, transaction
from ikone_events.store.events.models import Event
from ikone_events.store.mails.models import OutboxMail
from ikone_events.store.registering.form_fields import Answer, FormField
from ikone_events.store.registering.models import ImportList, Registration
from tests.factories import (
    NOW,
    FixedClock,
    make_event,
    make_organisation,
    make_registration,
    personal_path,
)
from tests.rows import count
from tests.spreadsheets import cells_of, has_formula, made
from tests.web.organiser.conftest import Browser

LIST = """Anrede;Titel;Vorname;Nachname;E-Mail;Verwaltung;Funktion;Essen;Zimmer
Frau;Dr.;Änne;Groß;aenne@example.org;VG Landstuhl;Büroleitung;vegetarisch;1
Herr;;Bert;Beispiel;bert@example.org;;;;
;;Cem;;cem@example.org;;;;
divers;;Dora;Doppelt;BERT@example.org;;;;
;;Eva;Bekannt;eva@example.org;;;;
Fürst;;Fritz;Falsch;keine-adresse;;;Steak;
;;Gina;Gut;gina@example.org;;;Vegetarisch, Vegan;
"""


def field(app: Flask, event: Event, *, places: int | None = None, **values: Any) -> None:
    """An own field with choices, of each of which there are so many."""
    choices = [
        {"value": name.lower(), "label": name, "places": places}
        for name in ("Vegetarisch", "Vegan")
    ]
    defaults: dict[str, Any] = {
        "key": "essen",
        "kind": "several_choices",
        "label": "Essen",
        "required": True,
        "position": 1,
        "choices": json.dumps(choices),
    }
    with app.app_context(), transaction():
        db.session.add(FormField(event_id=event.id, **{**defaults, **values}))


def hand_in(browser: Browser, event: Event, content: bytes, name: str = "liste.csv") -> Any:
    """The answer to a file."""
    path = f"/organise/events/{event.slug}/registrations/import"
    return browser.post(f"{path}?lang=en", {"file": (io.BytesIO(content), name)})


def report(
    browser: Browser, event: Event, content: bytes = LIST.encode("cp1252")
) -> tuple[str, str]:
    """The path and the page of the report on a file."""
    answer = hand_in(browser, event, content)
    assert answer.status_code == 303, answer.text
    return answer.location, browser.get(f"{answer.location}?lang=en").text


def press(browser: Browser, path: str) -> Any:
    """The page after the button of a report."""
    return browser.post(f"{path}?lang=en", follow_redirects=True)


def people(app: Flask, event: Event) -> dict[str, Registration]:
    """Everybody of an event by first name."""
    with app.app_context():
        rows = db.session.scalars(select(Registration).where(Registration.event_id == event.id))
        return {row.first_name: row for row in rows}


def stored_rows(app: Flask) -> str:
    """The only list as it is kept."""
    with app.app_context():
        return db.session.scalars(select(ImportList.rows)).one()


def refused(page: str) -> dict[str, str]:
    """Why a line is refused, by its number."""
    table = page.partition('id="refused-caption"')[2].partition("</table>")[0]
    rows = re.findall(r'class="number">(\d+)</th>.*?<td[^>]*>.*?</td><td[^>]*>(.*?)</td>', table)
    return dict(rows)


def test_list_may_weigh_more_than_other_forms(app: Flask, team: Browser, viewer: Browser) -> None:
    """The token of the form is read with the body, so its limit is raised before the view runs."""
    event = make_event(app)
    people = "".join(f";;Vorname;Person{n};p{n}@example.org;{'x' * 150};;;\n" for n in range(1_900))
    content = (LIST.partition("\n")[0] + "\n" + people).encode()
    assert 300_000 < len(content) < 500_000
    assert hand_in(team, event, content).status_code == 303
    assert hand_in(viewer, event, content).status_code == 403


def test_list_is_checked_whole_before_anything_is_stored(app: Flask, team: Browser) -> None:
    event = make_event(app, capacity=3)
    field(app, event)
    make_registration(app, event, email="Eva@example.org", first_name="Eva")
    path, page = report(team, event)
    assert count(app, OutboxMail) == 0
    assert set(people(app, event)) == {"Eva"}
    why = refused(page)
    assert set(why) == {"4", "5", "6", "7"}
    assert "The last name is missing." in why["4"]
    assert "in line 3" in why["5"]
    assert "registered for this event" in why["6"]
    for words in ("Fürst", "keine-adresse", "Steak"):
        assert words in why["7"]
    assert "Zimmer" in page.partition("left out")[2]
    coming = page.partition('id="coming-caption"')[2]
    assert coming.count("Confirmed") == 2
    assert coming.count("Waiting list") == 1
    assert press(team, path).status_code == 200
    found = people(app, event)
    assert {name: row.status for name, row in found.items()} == {
        "Eva": "confirmed",
        "Änne": "confirmed",
        "Bert": "confirmed",
        "Gina": "waitlisted",
    }
    first = found["Änne"]
    assert (first.salutation, first.title, first.position) == ("frau", "Dr.", "Büroleitung")
    assert count(app, OutboxMail) == 3
    with app.app_context():
        answers = db.session.execute(select(Answer.registration_id, Answer.value)).all()
    assert sorted(tuple(row) for row in answers) == sorted(
        [(first.id, "vegetarisch"), (found["Gina"].id, "vegan"), (found["Gina"].id, "vegetarisch")]
    )
    assert "Änne" not in stored_rows(app)


def test_report_is_true_of_each_rule(app: Flask, team: Browser) -> None:
    """Whatever the report says of somebody is what storing makes of them."""
    event = make_event(
        app, format="hybrid", place="Rathaus", capacity_on_site=1, per_administration=1
    )
    make_organisation(app, "Stadt Worms")
    field(app, event, places=1)
    rows = [
        "Vorname,Nachname,E-Mail,Verwaltung,Modus,f_essen",
        "A,A,a@example.org,Stadt Worms,vor Ort,vegan",
        "B,B,b@example.org,Stadt Worms,online,",
        "C,C,c@example.org,Stadt Speyer,Präsenz,",
        "D,D,d@example.org,Stadt Speyer,online,vegan",
        "E,E,e@example.org,,,vegetarisch",
    ]
    path, page = report(team, event, "\n".join(rows).encode())
    assert set(refused(page)) == {"5"}
    assert press(team, path).status_code == 200
    stored = {name: (row.status, row.mode) for name, row in people(app, event).items()}
    assert stored == {
        "A": ("confirmed", "on_site"),
        "B": ("waitlisted", "online"),
        "C": ("waitlisted", "on_site"),
        "E": ("confirmed", "online"),
    }


def test_what_changed_meanwhile_is_shown_for_each_person(app: Flask, team: Browser) -> None:
    event = make_event(app, capacity=2)
    rows = "Vorname;Name;Mail\nA;A;a@example.org\nB;B;b@example.org\nC;C;c@example.org\n"
    path, page = report(team, event, rows.encode())
    assert set(refused(page)) == set()
    make_registration(app, event, first_name="Z", email="b@example.org")
    answer = press(team, path)
    assert "2 of 3 are registered" in answer.text
    assert "registered for this event" in refused(answer.text)["3"]
    waits = answer.text.partition('id="elsewhere-caption"')[2]
    assert waits.count("Waiting list") == 1
    assert "C C" in waits
    found = {name: row.status for name, row in people(app, event).items()}
    assert found == {"Z": "confirmed", "A": "confirmed", "C": "waitlisted"}


def test_second_press_enters_nobody_twice(app: Flask, team: Browser) -> None:
    event = make_event(app)
    path, _page = report(team, event, b"Vorname;Name;Mail\nA;A;a@example.org\n")
    for _time in range(2):
        assert "1 of 1 are registered" in press(team, path).text
    assert count(app, OutboxMail) == 1


def test_full_event_without_waiting_list_takes_as_many_as_it_has_seats(
    app: Flask, team: Browser
) -> None:
    event = make_event(app, capacity=1, waiting_list=False)
    rows = "Vorname;Name;Mail\nA;A;a@example.org\nB;B;b@example.org\n"
    path, page = report(team, event, rows.encode())
    assert set(refused(page)) == {"3"}
    press(team, path)
    assert {row.status for row in people(app, event).values()} == {"confirmed"}
    assert len(people(app, event)) == 1


def test_event_that_takes_nobody_refuses_everybody(app: Flask, team: Browser) -> None:
    event = make_event(app, state="draft")
    path = f"/organise/events/{event.slug}/registrations/import?lang=en"
    page = team.get(path).text
    assert page.count("People can be added once the event is announced and has a date.") == 1
    assert 'type="file"' not in page
    file = (io.BytesIO(b"Vorname;Name;Mail\nA;A;a@example.org\n"), "list.csv")
    assert team.post(path, {"file": file}).status_code == 409


def test_list_of_an_event_called_off_meanwhile_shows_it_once(app: Flask, team: Browser) -> None:
    event = make_event(app)
    path, _page = report(team, event, b"Vorname;Name;Mail\nA;A;a@example.org\nB;B;b@example.org\n")
    with app.app_context(), transaction():
        db.session.merge(event).state = "cancelled"
    page = team.get(path).text
    assert page.count("People can be added once the event is announced and has a date.") == 1
    assert refused(page) == {}
    assert "Register one person" not in page


def test_workbook_is_read_like_a_list(app: Flask, team: Browser) -> None:
    event = make_event(app)
    content = made(
        ["First name", "Last name", "E-mail address", "Language", "Question"],
        ["Ann", "Example", "ann@example.org", "en", "=1+1"],
    )
    path, _page = report(team, event, content)
    press(team, path)
    assert people(app, event)["Ann"].locale == "en"


@pytest.mark.parametrize(
    ("content", "words"),
    [
        (b"Vorname;Nachname\nA;B\n", "E-mail address"),
        (b"Vorname;Nachname;E-Mail;Mail\nA;B;c@example.org;d\n", "called alike"),
        (b"\x89PNG\x0d\x0a\x1a\x0a\0\0", "neither a CSV file"),
        (b"", "empty"),
    ],
)
def test_unfit_file_is_shown_at_its_field(
    app: Flask, team: Browser, content: bytes, words: str
) -> None:
    event = make_event(app)
    answer = hand_in(team, event, content)
    assert answer.status_code == 422
    assert 'id="file-error"' in answer.text
    assert words in answer.text
    assert count(app, ImportList) == 0


def test_missing_file_is_refused(app: Flask, team: Browser) -> None:
    event = make_event(app)
    path = f"/organise/events/{event.slug}/registrations/import"
    assert team.post(path).status_code == 422


def test_list_is_its_owners_for_a_day(
    app: Flask, team: Browser, make_person: Any, browser_of: Any, clock: FixedClock
) -> None:
    event, other = make_event(app), make_event(app)
    path, _page = report(team, event, b"Vorname;Name;Mail\nA;A;a@example.org\n")
    colleague = browser_of(make_person("kollegin@example.org"))
    assert colleague.get(path).status_code == 404
    assert team.get(path.replace(event.slug, other.slug)).status_code == 404
    with app.app_context(), transaction():
        delete_expired(NOW)
    assert team.get(path).status_code == 200
    clock.move(days=1)
    with app.app_context(), transaction():
        delete_expired(clock())
    assert count(app, ImportList) == 0


def test_list_can_be_dropped(app: Flask, team: Browser) -> None:
    event = make_event(app)
    path, _page = report(team, event, b"Vorname;Name;Mail\nA;A;a@example.org\n")
    assert team.post(f"{path}/drop").status_code == 303
    assert count(app, ImportList) == 0
    assert people(app, event) == {}


def added(**changes: str) -> dict[str, str]:
    """The form for one person."""
    person = {"first_name": "Tel", "last_name": "Efon", "email": "tel@example.org", "locale": "de"}
    return {**person, **changes}


def test_person_is_added_by_hand_with_the_usual_mail(app: Flask, team: Browser) -> None:
    event = make_event(
        app, approval=True, by_code=True, capacity=1, deadline=NOW, format="hybrid", place="Rathaus"
    )
    field(app, event)
    path = f"/organise/events/{event.slug}/registrations/add"
    assert 'name="f_essen"' in team.get(path).text
    answer = team.post(path, added(mode="on_site", f_essen="vegan", organisation="Stadt Worms"))
    assert answer.status_code == 303, answer.text
    person = people(app, event)["Tel"]
    assert (person.status, person.mode) == ("confirmed", "on_site")
    assert answer.location.endswith(person.public_id)
    assert "Wilma Organisaria" in team.get(answer.location).text
    assert count(app, OutboxMail) == 1
    second = team.post(
        path, added(first_name="Zwei", email="zwei@example.org", mode="online", f_essen="vegan")
    )
    assert second.status_code == 303
    assert people(app, event)["Zwei"].status == "waitlisted"


def test_required_answers_are_left_open_only_knowingly(app: Flask, team: Browser) -> None:
    event = make_event(app)
    field(app, event, required=True)
    path = f"/organise/events/{event.slug}/registrations/add"
    assert "Pflichtangaben offenlassen" in team.get(path).text
    refused = team.post(path, added())
    assert (refused.status_code, people(app, event)) == (422, {})
    assert "Bitte wählen Sie" in refused.text

    answer = team.post(path, added(left_open="y"))

    assert answer.status_code == 303
    page = team.get(answer.location).text
    assert "Antworten fehlen" in page
    own = app.test_client().get(personal_path(app, people(app, event)["Tel"])).text
    assert "Das Organisationsteam braucht noch: Essen" in own
    assert "/change" in own
    answered = team.post(path, added(first_name="Zwei", email="z@example.org", f_essen="vegan"))
    assert "Antworten fehlen" not in team.get(answered.location).text
    assert (
        "Pflichtangaben offenlassen"
        not in team.get(f"/organise/events/{make_event(app).slug}/registrations/add").text
    )


def test_adding_keeps_what_was_typed_when_it_is_refused(app: Flask, team: Browser) -> None:
    event = make_event(app, capacity=1, waiting_list=False)
    path = f"/organise/events/{event.slug}/registrations/add"
    wrong = team.post(path, added(email="keine", question="Eine Frage"))
    assert wrong.status_code == 422
    assert "Eine Frage" in wrong.text
    assert team.post(path, added()).status_code == 303
    known = team.post(path, added(email="TEL@example.org", question="Eine Frage"))
    assert known.status_code in (409, 422)
    full = team.post(path, added(email="neu@example.org", question="Eine Frage"))
    assert full.status_code == 409
    assert "Eine Frage" in full.text
    assert set(people(app, event)) == {"Tel"}


def test_exports_hold_everything_that_belongs_to_a_registration(app: Flask, team: Browser) -> None:
    event = make_event(app, format="hybrid", place="Rathaus")
    field(app, event, retired_at=NOW)
    until = NOW.date()
    body = make_organisation(app, "Stadt Worms", member_until=until)
    person = make_registration(
        app,
        event,
        organisation_id=body.id,
        organisation_text="Worms",
        note="=1+1",
        registered_by="Chefin",
        mode="on_site",
    )
    make_registration(app, event, status="pending", awaits="approval")
    with app.app_context(), transaction():
        field_id = db.session.scalars(select(FormField.id)).one()
        for value in ("vegan", "vegetarisch"):
            db.session.add(
                Answer(
                    registration_id=person.id,
                    field_id=field_id,
                    value=value,
                    value_key=value,
                    at=NOW,
                )
            )
    base = f"/organise/events/{event.slug}/registrations"
    rows = json.loads(team.get(f"{base}.json").text)
    first = next(row for row in rows if row["id"] == person.public_id)
    assert (first["mode"], first["administration"], first["network_member"]) == (
        "on_site",
        "Stadt Worms",
        0,
    )
    assert (first["note"], first["registered_by"]) == ("=1+1", "Chefin")
    assert first["f_essen"] == "vegan; vegetarisch"
    assert {row["awaits"] for row in rows} == {"", "approval"}
    answer = team.get(f"{base}.xlsx")
    rows = cells_of(answer.data)
    cells = dict(zip(rows[0], rows[1], strict=True))
    assert (cells["note"], has_formula(answer.data)) == ("=1+1", False)
    assert cells_of(team.get(f"{base}.ods").data) == rows
    assert answer.headers["Content-Disposition"] == f'attachment; filename="{event.slug}.xlsx"'
    assert ";'=1+1;" in team.get(f"{base}.csv").text
    assert team.get(f"{base}.html").status_code == 404


def test_viewer_takes_no_list_away(app: Flask, viewer: Browser) -> None:
    event = make_event(app)
    make_registration(app, event)
    base = f"/organise/events/{event.slug}/registrations"
    assert f"{base}.csv" not in viewer.get(base).text
    for kind in ("csv", "xlsx", "json"):
        assert viewer.get(f"{base}.{kind}").status_code == 403


def everything_of(app: Flask, event: Event) -> set[tuple[str, ...]]:
    """Each person of an event: what was typed, and the answers."""
    names = ("last_name", "salutation", "title", "question", "mode", "organisation_text")
    with app.app_context():
        return {
            (*(getattr(person, name) for name in names), *sorted(answers(person)))
            for person in db.session.scalars(
                select(Registration).where(Registration.event_id == event.id)
            )
        }


def answers(person: Registration) -> list[str]:
    wanted = select(Answer.value).where(Answer.registration_id == person.id)
    return list(db.session.scalars(wanted))


@pytest.mark.parametrize("form", ["csv", "xlsx"])
def test_our_own_export_can_be_imported(app: Flask, team: Browser, form: str) -> None:
    event, other = make_event(app, format="hybrid"), make_event(app, format="hybrid")
    for each in (event, other):
        field(app, each)
        field(app, each, key="tag", kind="date", label="Anreise", choices="[]", position=2)
        field(app, each, key="wie", kind="long_text", label="Wie", choices="[]", position=3)
    typed = {"salutation": "frau", "title": "Dr.", "question": "=1+1\nZweite; Zeile"}
    for name in ("=Ada", "'Bea", "-Cia", "+49 Dea", "@Eva", "Müller"):
        person = make_registration(app, event, last_name=name, mode="online", **typed)
        given = {"essen": ["vegetarisch", "vegan"], "tag": ["2026-04-14"], "wie": ["@bahn"]}
        with app.app_context(), transaction():
            store_answers(db.session.get_one(Registration, person.id), event, given, now=NOW)
    content = team.get(f"/organise/events/{event.slug}/registrations.{form}").data
    path, page = report(team, other, content)
    assert "Register 6 people" in page
    press(team, path)
    assert everything_of(app, other) == everything_of(app, event)


def test_report_names_what_the_file_hides_and_refuses_errors(app: Flask, team: Browser) -> None:
    event, names = make_event(app), ("Ada", "Bea", "#N/A", "#NV")
    content = made(
        ["Vorname", "Nachname", "E-Mail"],
        *(["Eva", name, f"{len(name)}{name[1:2].lower()}@example.org"] for name in names),
        change=lambda _book, sheet: sheet.set_row(2, options={"hidden": True}),
    )
    _path, page = report(team, event, content)
    assert "Lines that the file hides were left out (1): 3." in page
    assert page.count("is an error message of the spreadsheet, not an entry.") == 2
    assert "Register one person" in page


def test_missing_column_is_named_in_german(app: Flask, team: Browser) -> None:
    path = f"/organise/events/{make_event(app).slug}/registrations/import"
    answer = team.post(path, {"file": (io.BytesIO(b"Vorname;Mail\nA;a@x.de\n"), "l.csv")})
    assert (answer.status_code, "keine Spalte „Nachname“" in answer.text) == (422, True)


def test_export_has_the_present_words_of_choices(app: Flask, team: Browser) -> None:
    event = make_event(app)
    field(app, event, choices=json.dumps([{"value": "suppe", "label": "Eintopf, warm"}]))
    person = make_registration(app, event)
    with app.app_context(), transaction():
        stored = db.session.get_one(Registration, person.id)
        store_answers(stored, event, {"essen": ["suppe"]}, now=NOW)
    base = f"/organise/events/{event.slug}/registrations"
    assert "Eintopf, warm" in team.get(f"{base}.csv").text
    assert team.get(f"{base}.json").json[0]["f_essen"] == "suppe"
    _path, page = report(team, make_copy(app, event), team.get(f"{base}.csv").data)
    assert "Register one person" in page


def make_copy(app: Flask, event: Event) -> Event:
    """Another event with the same field."""
    other = make_event(app)
    field(app, other, choices=json.dumps([{"value": "suppe", "label": "Eintopf, warm"}]))
    return other

"""`verify`: a healthy house has no fault, and each planted fault is one line."""

import json
import sqlite3
from contextlib import closing
from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import pytest
from flask import Flask
from sqlalchemy import text

from ikone_events.app import create_app
from ikone_events.config import Settings
from ikone_events.demo.story import folder
from ikone_events.domain.events.lifecycle import Action
from ikone_events.domain.registering.form_fields import FieldChoice, FieldKind, OwnField
from ikone_events.services.events.editing import edit_event
from ikone_events.services.events.transitions import Request, perform
from ikone_events.services.registering.answers import all_fields
from ikone_events.services.registering.form_fields import add_field, edit_field
from ikone_events.services.registering.registrations import Applicant, register
from ikone_events.services.registering.status import withdraw
from ikone_events.store.db import db, transaction
from ikone_events.store.events.queries import lock_event
from ikone_events.store.registering.models import Registration
from tests.factories import NOW, FixedClock, make_mail, make_material, make_settings
from tests.mailbox import Mailbox
from tests.postgres import fresh_database
from tests.services.operating.installations import call, draft, lay_event, sign_up


@pytest.fixture
def settings(data_dir: Path, mailbox: Mailbox) -> Settings:
    return make_settings(data_dir, smtp_url=mailbox.url, mail_per_minute=600_000)


@pytest.fixture
def house(app: Flask) -> Flask:
    """An event of two seats with three people, whose mails have gone; one waits."""
    lay_event(app, "workshop", capacity=2)
    for name in ("anna", "bert", "carl"):
        sign_up(app, "workshop", name)
    app.extensions["ikone_engine"].run_once()
    return app


def plant(app: Flask, *statements: str) -> None:
    """What no rule of ours would do."""
    with app.app_context():
        with db.engine.connect().execution_options(write=True) as connection:
            connection.connection.execute("PRAGMA foreign_keys=OFF")
            for statement in statements:
                connection.execute(text(statement))
            connection.commit()
        db.engine.dispose()


def found(app: Flask) -> list[str]:
    result = call(app, "verify")
    assert isinstance(result.exception, SystemExit | None), result.exception
    lines = result.output.splitlines()
    assert result.exit_code == (0 if lines == ["No fault found."] else 1), result.output
    return lines


def test_healthy_house_has_no_fault(house: Flask) -> None:
    assert found(house) == ["No fault found."]


def test_loaded_demo_data_has_no_fault(app: Flask) -> None:
    assert call(app, "load", str(folder() / "ikone.json")).exit_code == 0
    assert found(app) == ["No fault found."]


def test_whole_life_of_an_event_has_no_fault(
    house: Flask, mailbox: Mailbox, clock: FixedClock
) -> None:
    with house.app_context(), transaction():
        register("workshop", _applicant("dora"), now=NOW)
    with house.app_context():
        anna = db.session.query(Registration).order_by(Registration.id).first()
    with house.app_context(), transaction():
        withdraw(anna.public_id, now=NOW)
    with house.app_context(), transaction():
        perform("workshop", Request(action=Action.DISPATCH, actor="test"), now=NOW)
    for days in (0, 15, 200):
        clock.move(days=days)
        house.extensions["ikone_engine"].run_once()
        assert found(house) == ["No fault found."], days
    assert mailbox.received


def _applicant(name: str) -> Applicant:
    return Applicant(
        first_name=name, last_name="M", email=f"{name}@example.org", organisation="", locale="de"
    )


_SKIPPED = """UPDATE event SET capacity = 1;
    UPDATE registration SET status = 'waitlisted', event_lock_version = 0
    WHERE id = (SELECT min(id) FROM registration)"""
_MOVED_STEP = """UPDATE step SET due_at = '2026-03-05 08:00:00.000000' WHERE outcome = ''
    AND name = (SELECT min(name) FROM step WHERE outcome = '')"""
_LEASE = """UPDATE outbox_mail SET state = 'queued', sent_at = NULL,
    lease_until = '2026-03-02 08:00:00.000000' WHERE recipient LIKE 'anna%'"""
_DOUBLE = """DROP INDEX uq_registration_active_address;
    UPDATE registration SET email_key = 'anna@example.org' WHERE email_key LIKE 'bert%'"""

_SIGN_UP = """INSERT INTO standing_sign_up
    (id, public_id, link_epoch, series_slug, salutation, title, first_name, last_name, email,
     email_key, organisation_text, position, search_key, locale, created_at, entered_by)
    VALUES (1, 'x', 1, 'r', '', '', 'A', 'M', 'a', 'a', '', '', '', 'de',
     '2026-03-01 08:00:00.000000', '');
    INSERT INTO standing_date VALUES (1, 1, '2026-03-01 08:00:00.000000');
    UPDATE registration SET standing_id = 1 WHERE id <= {people}"""
_PUBLISHED = """INSERT INTO published_answer
    (id, public_id, event_id, question, answer, published_at)
    VALUES (1, 'x', {event}, 'Wann?', 'Bald.', '2026-03-01 08:00:00.000000')"""
_ASKED = """INSERT INTO question
    (public_id, event_id, registration_id, source, text, asked_at, place, answered_by, answer,
     version, sent_version, sent_count, published_id)
    VALUES ('x', 1, 1, 'live', 'Wann?', '2026-03-01 08:00:00.000000', 1, '', '', 0, 0, 0, 1)"""
_MATERIAL = """INSERT INTO material
    (id, event_id, public_id, kind, visibility, title, url, contact_name, contact_email,
     stored_name, file_name, content_type, size, accessible, availability, position, description,
     language, scan, created_at, released)
    VALUES (1, {event}, 'x', 'answers', 'registered', 'A', '', '', '', '', '', '', 0, 0, 'now', 0,
    '', '', '', '2026-03-01 08:00:00.000000', 1)"""
_RELEASE = "INSERT INTO material_release (material_id, registration_id) VALUES (1, 1)"
_ANONYMISED = "UPDATE registration SET anonymised_at = status_at"


def _all(*statements: str) -> str:
    return ";".join(statements)


_RECORD = """INSERT INTO attendance
    (registration_id, event_id, stated, stated_at, stated_by, provider_user)
    VALUES (1, {event}, {stated}, '', '')"""

_IN_ROOM = """INSERT INTO attendance (registration_id, event_id, stated, stated_by, provider_user,
    joined_at, left_at, seconds, minutes)
    VALUES (1, 1, '', '{by}', '', {joined}, {left}, 600, {minutes})"""
_NINE, _TEN = "'2026-03-01 09:00:00.000000'", "'2026-03-01 10:00:00.000000'"


def _in_room(joined: str = _NINE, left: str = _TEN, minutes: int = 10, by: str = "") -> str:
    return _IN_ROOM.format(joined=joined, left=left, minutes=minutes, by=by)


_PRESS = """INSERT INTO check_in_press
    (event_id, registration_id, key, kind, at, received_at, by_name)
    VALUES (9, 1, 'k', 'in', '2026-03-01 09:00:00.000000', '2026-03-01 09:00:00.000000', 'Paula')"""

# What is done to the healthy installation, and a part of the fault that must be found.
PLANTED = {
    "UPDATE registration SET status = 'confirmed'": "seats: workshop: 3 people hold 2 seats",
    "UPDATE registration SET status = 'vip' WHERE status = 'waitlisted'": "status “vip”",
    "UPDATE registration SET status = 'declined' WHERE id = 1": "although there are 1 free seats",
    _SKIPPED: "got past",
    "UPDATE registration SET waiting_order = NULL": "registration 3 waits without an order",
    "UPDATE seat_count SET waiting = 0": "counted “online” are 2 people with a seat and 0 who wait",
    "DROP TRIGGER tr_seat_count_insert": "the trigger tr_seat_count_insert is missing",
    _DOUBLE: "is registered 2 times",
    "DELETE FROM outbox_mail WHERE recipient LIKE 'bert%'": "is confirmed and was never notified",
    "UPDATE event SET state = 'closed'": "is “closed”, its history ends with “open”",
    "UPDATE state_change SET source = '' WHERE action = 'open'": "follow from “announced”",
    "UPDATE state_change SET action = 'close' WHERE action = 'open'": "“close” from “announced”",
    "DELETE FROM state_change": "history ends with “”",
    _MOVED_STEP: "its event's dates say",
    _LEASE: "although its lease ended at 2026-03-02 08:00 UTC",
    "UPDATE outbox_mail SET state = 'lost' WHERE id = 1": "mail 1 is “lost”",
    "UPDATE outbox_mail SET sent_at = NULL WHERE id = 1": "mail 1 is “sent”",
    "UPDATE outbox_mail SET registration_id = 99 WHERE id = 1": "belongs to no row",
    "UPDATE registration SET calendar_sequence = 7 WHERE id = 1": "counts to 7, its newest",
    "UPDATE registration SET calendar_stamp = '2020-01-01 08:00:00' WHERE id = 1": "counts to 0",
    "UPDATE outbox_mail SET calendar_uid = 'one' WHERE calendar_uid <> ''": "object 0 of one entry",
    "UPDATE registration SET last_name = 'Neu' WHERE id = 1": "registration 1 is not found by its",
    "UPDATE outbox_mail SET subject = 'Neu' WHERE id = 1": "mail 1 is not found by its recipient",
    "UPDATE event SET calendar_version = 3": "0 former versions stored, the event is in version 3",
    _RECORD.format(event=1, stated="'attended', NULL"): "of registration 1: stated at no time",
    _RECORD.format(event=9, stated="'', NULL"): "of registration 1: of another event",
    _in_room(joined=_TEN, left=_NINE): "of registration 1: left before joining",
    _in_room(joined="NULL"): "of registration 1: left or counted, never joined",
    _in_room(by="Paula"): "of registration 1: stated by somebody, and nothing",
    _in_room(minutes=11): "of registration 1: minutes that are not its seconds",
    _PRESS: "of registration 1: a press at the entrance of another event",
    "INSERT INTO installation_settings (id, accent) VALUES (1, '#ffcc00')": "accent is not fit",
    "INSERT INTO installation_settings (id, logo_digest) VALUES (1, 'x')": "the logo is missing",
    "INSERT INTO installation_settings (id, logo) VALUES (1, x'3c21')": "the logo is not fit",
    "UPDATE registration SET anonymised_at = status_at WHERE id = 3": "1 people should have been",
    _SIGN_UP.format(people=2): "workshop: sign-up 1 has led to 2 registrations",
    _all(_SIGN_UP.format(people=1), "DELETE FROM standing_date"): "registration 1 is by a sign-up",
    _all(_SIGN_UP.format(people=1), _ANONYMISED): "1 forgotten registrations still lead",
    _all(
        _SIGN_UP.format(people=0), "DELETE FROM standing_sign_up"
    ): "standing_date belongs to no row",
    _all(_SIGN_UP.format(people=0), "UPDATE standing_date SET event_id = 9"): "no row of event",
    _all(_PUBLISHED.format(event=9), _ASKED): "question 1 was published with another event",
    _PUBLISHED.format(event=1): "workshop: published answer 1 is not among the materials",
    _MATERIAL.format(event=1): "workshop: material 1 has no published answers",
    _all(_PUBLISHED.format(event=1), "UPDATE published_answer SET answer = ''"): "has no text",
    _all(_MATERIAL.format(event=9), _RELEASE): "released to registration 1 of another event",
    _all(_MATERIAL.format(event=1), _RELEASE, _ANONYMISED): "registration 1 whose data are deleted",
}


def test_planted_faults_are_found(house: Flask, settings: Settings) -> None:
    """Each in the same healthy house, whose file is put back after it."""
    place = settings.data_dir / "ikone.db"
    with house.app_context():
        db.engine.dispose()
    with closing(sqlite3.connect(place)) as connection:
        healthy = connection.serialize()
    missed = {}
    for fault, words in PLANTED.items():
        plant(house, *fault.split(";"))
        lines = found(house)
        if not any(words in line for line in lines):
            missed[fault] = lines
        with house.app_context():
            db.session.remove()
            db.engine.dispose()
        for name in ("ikone.db-wal", "ikone.db-shm"):
            place.with_name(name).unlink(missing_ok=True)
        place.write_bytes(healthy)
    assert missed == {}
    assert found(house) == ["No fault found."]


def test_person_that_a_mailing_left_out_is_found(house: Flask) -> None:
    with house.app_context(), transaction():
        perform("workshop", Request(action=Action.DISPATCH, actor="test"), now=NOW)
    house.extensions["ikone_engine"].run_once()
    assert found(house) == ["No fault found."]
    plant(house, "DELETE FROM outbox_mail WHERE kind = 'access_link' AND recipient LIKE 'anna%'")
    assert [line for line in found(house) if "left out 1 people" in line]


def test_second_mail_for_one_cause_is_found(house: Flask) -> None:
    with house.app_context():
        person = db.session.query(Registration).first()
    make_mail(house, person, key="second", state="failed")
    plant(house, *_without_unique_keys(), "UPDATE outbox_mail SET key = 'twice'")
    assert [line for line in found(house) if "twice was written more than once" in line]


def _without_unique_keys() -> tuple[str, ...]:
    """SQLite can't drop a constraint: the table is written anew without it."""
    return (
        "CREATE TABLE copied AS SELECT * FROM outbox_mail",
        "DROP TABLE outbox_mail",
        "ALTER TABLE copied RENAME TO outbox_mail",
        "DROP TABLE delivery_note",  # their references would be the first fault
        "DROP TABLE incoming_mail",
    )


def test_slides_without_their_file_are_found(house: Flask) -> None:
    with house.app_context():
        person = db.session.query(Registration).first()
        event = person.event
    material = make_material(house, event, title="Folien")
    assert found(house) == ["No fault found."]
    with house.app_context():
        (house.extensions["ikone_installation"].uploads_dir / material.stored_name).unlink()
    assert found(house) == ["files: workshop: the file of “Folien” is missing"]


def test_people_who_were_in_before_the_capacity_was_lowered_are_no_fault(house: Flask) -> None:
    with house.app_context(), transaction():
        edit_event("workshop", draft("Workshop", capacity=1), expected_edit_version=1, now=NOW)
    assert found(house) == ["No fault found."]


def lunch(app: Flask, places: int | None) -> None:
    """Ask for a meal of which there are some, or change how many there are."""
    fish, soup = (
        FieldChoice(value="", label="Fisch", places=places),
        FieldChoice(value="", label="Suppe"),
    )
    with app.app_context(), transaction():
        event = lock_event("workshop")
        known = {"expected": event.edit_version, "now": NOW}
        if fields := all_fields(event):
            named = (replace(fish, value="fisch"), replace(soup, value="suppe"))
            changed = replace(fields[0], choices=named)
            edit_field("workshop", fields[0].key, changed, **known)
        else:
            field = OwnField(kind=FieldKind.ONE_CHOICE, label="Essen", choices=(fish, soup))
            add_field("workshop", field, **known)


def eat(app: Flask, name: str) -> None:
    with app.app_context(), transaction():
        fish = replace(_applicant(name), answers={"essen": ["fisch"]})
        register("workshop", fish, now=NOW)


def test_more_people_than_places_of_a_choice_are_found(house: Flask) -> None:
    lunch(house, 1)
    eat(house, "dora")
    assert found(house) == ["No fault found."]
    plant(
        house,
        """INSERT INTO answer (registration_id, field_id, value, value_key, at)
        SELECT 1, field_id, value, value_key, at FROM answer""",
    )
    assert found(house) == ["seats: workshop: 2 people have 1 places of “fisch” (essen)"]
    plant(house, "UPDATE registration SET status = 'declined' WHERE email_key LIKE 'dora%'")
    assert not [line for line in found(house) if "places of" in line]


def test_people_who_chose_before_the_places_were_lowered_are_no_fault(house: Flask) -> None:
    lunch(house, 2)
    eat(house, "dora")
    eat(house, "emil")
    lunch(house, 0)
    assert found(house) == ["No fault found."]
    lunch(house, 0)
    assert found(house) == ["No fault found."]
    plant(
        house,
        """INSERT INTO answer (registration_id, field_id, value, value_key, at)
        SELECT 1, field_id, value, value_key, at FROM answer LIMIT 1""",
    )
    lunch(house, 0)  # a change of something else excuses nobody
    assert found(house) == ["seats: workshop: 3 people have 0 places of “fisch” (essen)"]


def test_loaded_people_beyond_the_places_of_a_choice_are_no_fault(
    app: Flask, tmp_path: Path
) -> None:
    choice = {"value": "fisch", "label": "Fisch", "places": 1}
    field = {"key": "essen", "kind": "one_choice", "label": "Essen", "choices": [choice, "Suppe"]}
    event = {
        "slug": "workshop",
        "title": "Workshop",
        "starts_at": f"{NOW + timedelta(days=9):%Y-%m-%dT%H:%M:%S}+00:00",
        "ends_at": f"{NOW + timedelta(days=9, hours=2):%Y-%m-%dT%H:%M:%S}+00:00",
        "fields": [field],
    }
    names = {"first_name": "A", "last_name": "M", "registered_at": "2026-03-01T10:00:00+00:00"}
    people = [
        {
            **names,
            "event": "workshop",
            "email": f"{name}@example.org",
            "answers": {"essen": "fisch"},
        }
        for name in ("anna", "bert")
    ]
    file = tmp_path / "people.json"
    file.write_text(json.dumps({"events": [event], "registrations": people}))
    loaded = call(app, "load", str(file))
    assert loaded.exit_code == 0, loaded.output
    assert found(app) == ["No fault found."]


def test_damaged_file_is_one_line(house: Flask, settings: Settings) -> None:
    with house.app_context():
        db.engine.dispose()  # the last connection puts the log into the file
    path = settings.data_dir / "ikone.db"
    content = bytearray(path.read_bytes())
    middle = len(content) // 2
    content[middle : middle + 8192] = b"\xff" * 8192
    path.write_bytes(content)
    lines = found(house)
    assert lines
    assert all(line.startswith("database: ") for line in lines)


@pytest.mark.postgres
def test_numbers_that_would_be_given_twice_are_found(tmp_path: Path, clock: FixedClock) -> None:
    with fresh_database() as url:
        settings = make_settings(tmp_path / "other", database_url=url)
        app = create_app(settings, clock=clock)
        app.extensions["ikone_wake"] = lambda: None
        assert call(app, "event", "list").exit_code == 0
        lay_event(app, "workshop", capacity=2)
        for name in ("anna", "bert", "carl"):
            sign_up(app, "workshop", name)
        assert found(app) == ["No fault found."]
        with app.app_context(), db.engine.begin() as connection:
            connection.execute(text("SELECT setval('registration_id_seq', 1)"))
        lines = found(app)
        with app.app_context():
            db.session.remove()
            db.engine.dispose()
    assert lines == ["database: numbers of registration go on from 1, its rows go to 3"]

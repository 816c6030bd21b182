"""Migrations run up and down on both databases and describe just the tables we have."""

from collections.abc import Iterator, Mapping
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import flask_migrate
import pytest
from flask import Flask
from sqlalchemy import Inspector, MetaData, inspect, select, text

from ikone_events.app import create_app
from ikone_events.config import Settings
from ikone_events.domain.events.facts import State
from ikone_events.domain.folding import sort_key
from ikone_events.domain.followup.access import Viewer, visible
from ikone_events.services.followup.sending import new_materials
from ikone_events.services.operating.verification.mails import stale_mail_keys
from ikone_events.services.operating.verification.registrations import stale_keys
from ikone_events.store.db import db, transaction
from ikone_events.store.directory.models import Organisation
from ikone_events.store.events.models import Event, Material
from ikone_events.store.followup.access import materials_for
from ikone_events.store.mails.models import OutboxMail
from ikone_events.store.operating.first_start import SchemaError
from ikone_events.store.operating.schema import attach_alembic, migrate, require_current
from ikone_events.store.operating.triggers import all_triggers, drop_triggers, installed_triggers
from ikone_events.store.registering.models import Registration, SeatCount
from ikone_events.store.rooms.attendance import record_door
from ikone_events.store.rooms.models import AttendanceRecord
from tests.factories import (
    NOW,
    PAST,
    make_event,
    make_material,
    make_registration,
    make_settings,
)
from tests.postgres import fresh_database

BOTH = [
    "sqlite",
    pytest.param("postgres", marks=pytest.mark.postgres),
]


@pytest.fixture(params=BOTH)
def settings(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Settings]:
    if request.param == "sqlite":
        yield make_settings(tmp_path)
    else:
        with fresh_database() as url:
            yield make_settings(tmp_path, database_url=url)


@pytest.fixture
def empty_app(settings: Settings) -> Iterator[Flask]:
    """The application on a database without tables."""
    app = create_app(settings)
    attach_alembic(app)
    with app.app_context():
        yield app
        db.session.remove()
        db.engine.dispose()


def tables() -> set[str]:
    return set(inspect(db.engine).get_table_names()) - {"alembic_version"}


@pytest.mark.usefixtures("every_migration", "empty_app")
def test_migrations_run_up_down_and_up() -> None:
    migrate()
    assert tables() == set(db.metadata.tables)
    flask_migrate.downgrade(revision="base")
    assert tables() == set()
    migrate()
    assert tables() == set(db.metadata.tables)


@pytest.mark.usefixtures("every_migration", "empty_app")
def test_migrations_describe_the_models() -> None:
    migrate()
    flask_migrate.check()


def _names_in(inspector: Inspector) -> dict[str, set[str]]:
    """The names of indexes and constraints of each table, as the database has them."""
    return {
        table: {
            str(each["name"])
            for each in (
                inspector.get_pk_constraint(table),
                *inspector.get_indexes(table),
                *inspector.get_foreign_keys(table),
                *inspector.get_unique_constraints(table),
                *inspector.get_check_constraints(table),
            )
        }
        for table in tables()
    }


@pytest.mark.usefixtures("every_migration", "empty_app")
def test_indexes_and_constraints_have_the_names_of_the_models() -> None:
    """Later migrations drop and change them by the name that the models give."""
    migrate()
    migrated = _names_in(inspect(db.engine))
    flask_migrate.downgrade(revision="0004")
    before = _names_in(inspect(db.engine))
    flask_migrate.downgrade(revision="base")
    db.create_all()
    assert migrated == _names_in(inspect(db.engine))
    db.drop_all()
    flask_migrate.upgrade(revision="0004")
    assert before == _names_in(inspect(db.engine))


@pytest.mark.usefixtures("empty_app")
def test_plain_names_go_up_down_and_up_with_rows() -> None:
    flask_migrate.upgrade(revision="0001")
    with db.engine.begin() as connection:
        for statement in (*_FIRST_VERSION.split(";"), *_DIRECTORY.split(";")):
            connection.execute(text(statement))
    flask_migrate.upgrade(revision="0004")
    with db.engine.begin() as connection:
        for statement in _FOURTH_VERSION.split(";"):
            connection.execute(text(statement))

    flask_migrate.upgrade(revision="0005")
    renamed = _rows_of(*(new for _old, new in _RENAMED))
    flask_migrate.downgrade(revision="0004")
    old = _rows_of(*(old for old, _new in _RENAMED))
    flask_migrate.upgrade(revision="0005")

    assert [len(rows) for rows in old] == [1] * len(_RENAMED)
    assert [row[2] for row in old[0]] == ["lapse"]
    assert [row[2] for row in renamed[0]] == ["expire"]
    assert old[1:] == renamed[1:]
    assert _rows_of(*(new for _old, new in _RENAMED)) == renamed


@pytest.mark.usefixtures("empty_app")
def test_causes_of_stored_bounces_are_derived_from_their_codes() -> None:
    codes = {"5.1.1": "address", "5.2.1": "address", "5.2.2": "full", "5.7.26": "sender"}
    codes |= {"5.1.8": "sender", "5.0.0": "other", "4.4.7": "other", "": "other"}
    flask_migrate.upgrade(revision="0005")
    with db.engine.begin() as connection:
        for number, code in enumerate(codes):
            values = {"digest": str(number), "code": code, "at": datetime(2026, 1, 1, tzinfo=UTC)}
            connection.execute(text(_BOUNCE), values)
            mark = "INSERT INTO undeliverable_address VALUES (:digest, :at, :code, '')"
            connection.execute(text(mark), values)

    migrate()

    with db.engine.connect() as connection:
        causes = connection.execute(text("SELECT code, cause FROM incoming_mail WHERE lost")).all()
        marked = connection.execute(text("SELECT code FROM undeliverable_address")).scalars()
        assert dict(map(tuple, causes)) == codes
        assert sorted(marked) == ["5.1.1", "5.2.1"]


_BOUNCE = """INSERT INTO incoming_mail (digest, kind, outcome, message_id, sender, attendee,
  partstat, authenticated, code, permanent, words, received_at, seen_by) VALUES (:digest,
  'bounce', 'taken',
  '', '', '', '', false, :code, true, '', :at, '')"""


@pytest.mark.usefixtures("empty_app")
def test_people_of_earlier_versions_are_found_and_can_be_written_to() -> None:
    flask_migrate.upgrade(revision="0001")
    with db.engine.begin() as connection:
        for statement in (*_FIRST_VERSION.split(";"), *_DIRECTORY.split(";")):
            connection.execute(text(statement))
    flask_migrate.upgrade(revision="0005")
    typed = {"first": "Jo\u0308rg", "last": "=\ufeff?Müller"}
    with db.engine.begin() as connection:
        connection.execute(
            text("UPDATE registration SET first_name = :first, last_name = :last WHERE id = 1"),
            typed,
        )
    migrate()
    person = db.session.get_one(Registration, 1)
    assert (person.first_name, person.last_name) == ("Jörg", "= ?Müller")
    assert "mueller" in person.search_key
    assert [*stale_keys(NOW), *stale_mail_keys(NOW)] == []
    assert list(db.session.scalars(select(OutboxMail.search_key))) == ["a@example.org"]
    offices = db.session.scalars(select(Organisation)).all()
    assert [office.name_key for office in offices] == [sort_key(office.name) for office in offices]


def _rows_of(*names: str) -> list[list[tuple[object, ...]]]:
    with db.engine.connect() as connection:
        found = MetaData()
        found.reflect(connection)
        return [[tuple(row) for row in connection.execute(select(found.tables[n]))] for n in names]


_RENAMED = (
    ("standing_change", "status_change"),
    ("former_version", "event_version"),
    ("dead_address", "undeliverable_address"),
    ("hold", "outbox_pause"),
    ("pace", "send_rate"),
    ("delivery_note", "delivery_note"),
    ("incoming_mail", "incoming_mail"),
    ("event", "event"),
    ("mailing", "mailing"),
    ("outbox_mail", "outbox_mail"),
)
_FOURTH_VERSION = """
DELETE FROM standing_change;
INSERT INTO standing_change (id, registration_id, action, source, target, actor, reason,
  event_touched, at) VALUES (1, 1, 'lapse', 'pending', 'expired', 'system', '', 3,
  '2026-01-01 10:00:00');
INSERT INTO former_version (id, event_id, number, title, title_en, starts_at, ends_at, zone,
  format, place, room_url, dial_in, until) VALUES (1, 1, 1, 'A', '', '2026-01-01 10:00:00',
  '2026-01-01 12:00:00', 'Europe/Berlin', 'online', '', '', '', '2026-01-01 10:00:00');
INSERT INTO dead_address (email_key, since, code, words)
VALUES ('a@example.org', '2026-01-01 10:00:00', '5.1.1', 'unknown');
INSERT INTO hold (id, since, reason) VALUES (1, '2026-01-01 10:00:00', 'restored');
INSERT INTO pace (id, next_at)
SELECT 1, '2026-01-01 10:00:00' WHERE NOT EXISTS (SELECT 1 FROM pace);
INSERT INTO delivery_note (id, letter_id, at, what, words, actor)
VALUES (1, 1, '2026-01-01 10:00:00', 'failed', '', '');
INSERT INTO incoming_mail (id, digest, kind, outcome, letter_id, message_id, sender, attendee,
  partstat, authenticated, code, permanent, words, received_at, seen_by) VALUES (1, 'd', 'bounce',
  'taken', 1, '', '', '', '', false, '', true, '', '2026-01-01 10:00:00', '')
"""


def test_triggers_and_counters_are_right_after_migrations(empty_app: Flask) -> None:
    """Rebuilding a table drops its triggers on SQLite, and older versions have none."""
    migrate()
    event = make_event(empty_app)
    for _ in range(2):
        make_registration(empty_app, event)
    flask_migrate.downgrade(revision="0004")
    with db.engine.begin() as connection:
        assert installed_triggers(connection) == set()
        connection.execute(text("UPDATE registration SET status = 'waitlisted' WHERE id = 2"))

    migrate()

    make_registration(empty_app, event)
    counted = select(SeatCount.seated, SeatCount.waiting)
    with db.engine.connect() as connection:
        assert connection.execute(counted).all() == [(2, 1)]
        assert list(connection.scalars(text("SELECT waiting_order FROM registration"))) == [
            None,
            0,
            None,
        ]
        assert installed_triggers(connection) == {trigger.name for trigger in all_triggers()}


def test_upgrade_of_a_current_database_repairs_triggers_and_counters(empty_app: Flask) -> None:
    migrate()
    event = make_event(empty_app)
    with db.engine.begin() as connection:
        drop_triggers(connection)
    make_registration(empty_app, event)

    flask_migrate.upgrade()

    with db.engine.connect() as connection:
        assert connection.execute(select(SeatCount.seated, SeatCount.waiting)).all() == [(1, 0)]
        assert installed_triggers(connection) == {trigger.name for trigger in all_triggers()}


@pytest.mark.usefixtures("empty_app")
def test_second_start_migrates_nothing() -> None:
    migrate()
    migrate()
    require_current()


@pytest.mark.usefixtures("empty_app")
def test_database_of_a_newer_version_is_refused() -> None:
    migrate()
    with db.engine.begin() as connection:
        connection.execute(text("UPDATE alembic_version SET version_num = '9999'"))

    for start in (migrate, require_current):
        with pytest.raises(SchemaError, match="newer version"):
            start()


@pytest.mark.usefixtures("empty_app")
def test_worker_refuses_a_database_without_tables() -> None:
    with pytest.raises(SchemaError, match="db upgrade"):
        require_current()


@pytest.mark.usefixtures("empty_app")
def test_update_keeps_what_the_first_version_wrote() -> None:
    """On SQLite a table is rebuilt by dropping it, which must not delete what refers to it."""
    flask_migrate.upgrade(revision="0001")
    with db.engine.begin() as connection:
        for statement in _FIRST_VERSION.split(";"):
            connection.execute(text(statement))

    migrate()

    with db.engine.connect() as connection:
        counted = "SELECT (SELECT count(*) FROM outbox_mail), (SELECT max(last_id) FROM mailing)"
        assert connection.execute(text(counted)).one() == (1, 7)
        if db.engine.dialect.name == "sqlite":
            assert connection.execute(text("PRAGMA foreign_keys")).scalar() == 1


def test_attendance_moves_into_its_records_and_back(empty_app: Flask) -> None:
    migrate()
    event = make_event(empty_app)
    said: dict[str, dict[str, Any]] = {
        "Anna": {"attendance": "attended", "attended_at": NOW},
        "Bert": {"attendance": "missed"},
        "Cora": {},
        "Dora": {},
    }
    ids = {name: make_registration(empty_app, event, **values).id for name, values in said.items()}
    with transaction():
        record_door(ids["Dora"], event.id, NOW)
    assert _records(ids)["Dora"] == ("", None, "", NOW)

    flask_migrate.downgrade(revision="0022")
    columns = select(text("last_name, attendance")).select_from(text("registration"))
    with db.engine.connect() as connection:
        old = connection.execute(columns.order_by(text("id"))).all()
        attended_at = connection.execute(
            text("SELECT count(*) FROM registration WHERE attended_at IS NOT NULL")
        ).scalar()
    with db.engine.begin() as connection:  # an earlier version wrote no records
        connection.execute(text("DELETE FROM attendance"))
    assert [attendance for _name, attendance in old] == ["attended", "missed", None, "attended"]
    assert attended_at == 2

    migrate()
    end = event.ends_at
    assert _records(ids) == {
        "Anna": ("attended", NOW, "", None),
        "Bert": ("missed", end, "", None),
        "Dora": ("attended", NOW, "", None),
    }


def test_materials_of_an_earlier_follow_up_count_as_mailed(empty_app: Flask) -> None:
    """No supplement offers them again; what nobody has released yet is still to be offered."""
    migrate()
    over = make_event(empty_app, **PAST, state="followed_up")
    coming = make_event(empty_app)
    mailed_before = make_material(empty_app, over, title="Folien")
    make_material(empty_app, over, title="Entwurf", released=False)
    make_material(empty_app, coming, title="Vorab")

    flask_migrate.downgrade(revision="0029")
    migrate()

    mailed = {m.title: m.mailed_at for m in db.session.scalars(select(Material))}
    assert mailed == {"Folien": mailed_before.created_at, "Entwurf": None, "Vorab": None}
    event = db.session.get_one(Event, over.id)
    assert new_materials(event, NOW) == []
    registered = visible(event.materials, Viewer(registered=True), State(event.state), NOW)
    assert [material.title for material in registered] == ["Folien"]
    assert (event.grants_materials, event.follow_up_to_waiting) == (False, False)
    assert materials_for(db.session.get_one(Event, coming.id), 0, "confirmed", NOW) == []


def _records(ids: Mapping[str, int]) -> dict[str, tuple[Any, ...]]:
    names = {number: name for name, number in ids.items()}
    found = {
        names[each.registration_id]: (each.stated, each.stated_at, each.stated_by, each.door_at)
        for each in db.session.scalars(select(AttendanceRecord))
    }
    db.session.remove()  # SQLite would go on to read what there was before a migration
    return found


@pytest.mark.usefixtures("empty_app")
def test_update_names_the_bodies_and_the_texts_of_before() -> None:
    """What the program writes beside a name today would be missing for those of old."""
    flask_migrate.upgrade(revision="0001")
    with db.engine.begin() as connection:
        for statement in (*_FIRST_VERSION.split(";"), *_DIRECTORY.split(";")):
            connection.execute(text(statement))

    migrate()

    with db.engine.connect() as connection:
        names = connection.execute(
            text("SELECT organisation_id, key, source FROM organisation_name")
        )
        assert {tuple(row) for row in names} == {
            (1, "vg landburg", "name"),
            (1, "landburg", "short"),
            (2, "hochschule muster", "name"),
        }
        typed = connection.execute(text("SELECT organisation_key FROM registration ORDER BY id"))
        assert list(typed.scalars()) == ["vg landburg", ""]


_DIRECTORY = """
INSERT INTO organisation (id, key, name, short_name, kind, official_key, member)
VALUES (1, 'a', 'Verbandsgemeindeverwaltung Landburg', 'Landburg', 'verbandsgemeinde', '', true),
  (2, 'b', 'Hochschule Muster', '', '', '', false);
INSERT INTO registration (id, event_id, public_id, link_epoch, status, status_at, event_touched,
  registered_at, salutation, title, first_name, last_name, email, email_key, organisation_text,
  position, question, locale, calendar_uid, thread_id)
VALUES (1, 1, 'p', 1, 'confirmed', '2026-01-01 10:00:00', 0, '2026-01-01 10:00:00', '', '', 'M',
  'M', 'a@example.org', 'a@example.org', 'VG  LANDBURG', '', '', 'de', 'u', ''),
  (2, 1, 'q', 1, 'confirmed', '2026-01-01 10:00:00', 0, '2026-01-01 10:00:00', '', '', 'M',
  'M', 'b@example.org', 'b@example.org', '', '', '', 'de', 'v', '')
"""

_FIRST_VERSION = """
INSERT INTO event (id, slug, state, revision, touched, title, title_en, summary, summary_en,
  description, description_en, series, programme, speakers, question_label, question_label_en,
  starts_at, ends_at, zone, format, place, room_url, dial_in, waiting_list, accepts_late,
  contact_name, contact_email, contact_phone, retention_days, figures, created_at, changed_at)
VALUES (1, 'a', 'open', 1, 0, 'A', '', '', '', '', '', '', '[]', '', '', '',
  '2026-01-01 10:00:00', '2026-01-01 12:00:00', 'Europe/Berlin', 'online', '', '', '', true, true,
  '', '', '', 90, '', '2026-01-01 10:00:00', '2026-01-01 10:00:00');
INSERT INTO mailing (id, event_id, kind, audience, reason, event_touched, last_registration_id,
  created_at)
VALUES (1, 1, 'moved', 'confirmed', '', 0, 7, '2026-01-01 10:00:00');
INSERT INTO outbox_mail (id, key, event_id, mailing_id, kind, locale, recipient, recipient_name,
  subject, text, html, message_id, "references", state, created_at, due_at, tries, tries_before,
  answer)
VALUES (1, 'k', 1, 1, 'moved', 'de', 'a@example.org', '', '', '', '', '', '', 'queued',
  '2026-01-01 10:00:00', '2026-01-01 10:00:00', 0, 0, '')
"""

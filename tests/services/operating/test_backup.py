"""Backups: complete, private, verified, and restored on either database with a paused outbox."""

import hashlib
import json
import stat
import zipfile
from collections.abc import Iterator
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import flask_migrate
import pytest
from flask import Flask
from sqlalchemy import Connection, Table, select, text

from ikone_events.app import create_app
from ikone_events.config import Settings
from ikone_events.domain.events.lifecycle import Action
from ikone_events.domain.identity import MOST_CHARACTERS
from ikone_events.domain.rooms.providers import ProviderKind
from ikone_events.services.accounts.organisers import NewOrganiser, add
from ikone_events.services.events.transitions import Request, perform
from ikone_events.services.operating.identity import save_identity, set_logo
from ikone_events.services.plan.plans import create_plan
from ikone_events.services.rooms.provider_settings import provider_settings, save_provider
from ikone_events.store.db import db, transaction
from ikone_events.store.events.models import Event
from ikone_events.store.events.queries import lock_event
from ikone_events.store.mails.models import Mailing, OutboxMail, OutboxPause
from ikone_events.store.operating.schema import attach_alembic, migrate
from ikone_events.store.operating.snapshot import frozen, lines_of, tables_of
from ikone_events.store.plan.models import Step
from ikone_events.store.registering.models import Registration, SeatCount
from tests.effort import by_night
from tests.factories import NOW, FixedClock, make_heartbeat, make_material, make_settings
from tests.logos import png
from tests.mailbox import Mailbox
from tests.postgres import fresh_database
from tests.services.operating.installations import call, lay_event, sign_up

pytestmark = pytest.mark.slow

BBB = {"url": "https://meet.example.org/bigbluebutton/", "secret": "geheim-in-der-Sicherung"}
POSTGRES = [pytest.mark.postgres]
KINDS = ["sqlite", pytest.param("postgres", marks=POSTGRES)]


@pytest.fixture
def settings(tmp_path: Path, mailbox: Mailbox) -> Settings:
    return make_settings(tmp_path / "data", smtp_url=mailbox.url, mail_per_minute=600_000)


@pytest.fixture
def installation(app: Flask) -> Flask:
    """A workshop with a waiting list, slides, and mails that have not gone yet."""
    lay_event(app, "workshop", capacity=2)
    for name in ("anna", "bert", "carl"):
        sign_up(app, "workshop", name)
    with app.app_context():
        event = db.session.scalars(select(Event)).one()
    make_material(app, event, b"%PDF-1.7 slides", stored_name="a1b2")
    pages = app.extensions["ikone_installation"].settings.data_dir / "pages"
    pages.mkdir()
    (pages / "imprint.de.md").write_text("Impressum")
    with app.app_context(), transaction():
        save_identity({**dict.fromkeys(MOST_CHARACTERS, ""), "accent": "#006b2d"}, seen=0)
        set_logo(png(), seen="")
        add(NewOrganiser(email="eva@example.org", role="viewer", password=None), now=NOW)
        save_provider(ProviderKind.BIGBLUEBUTTON, BBB, seen=0)
    return app


@pytest.fixture
def file(installation: Flask, tmp_path: Path) -> Path:
    """A backup of the installation."""
    target = tmp_path / "backup.zip"
    result = call(installation, "backup", str(target))
    assert result.exit_code == 0, result.output
    return target


@pytest.fixture(params=KINDS)
def other(
    request: pytest.FixtureRequest, tmp_path: Path, clock: FixedClock, mailbox: Mailbox
) -> Iterator[Flask]:
    """Another installation without a row, on either database."""
    yield from _other(request, tmp_path, clock, mailbox)


@pytest.fixture(params=by_night(KINDS, KINDS[:1]))
def another(
    request: pytest.FixtureRequest, tmp_path: Path, clock: FixedClock, mailbox: Mailbox
) -> Iterator[Flask]:
    """Like `other`, for what hardly depends on the database: by day on SQLite alone."""
    yield from _other(request, tmp_path, clock, mailbox)


def _other(
    request: pytest.FixtureRequest, tmp_path: Path, clock: FixedClock, mailbox: Mailbox
) -> Iterator[Flask]:
    common = {"smtp_url": mailbox.url, "mail_per_minute": 600_000}
    if request.param == "sqlite":
        yield from _installed(make_settings(tmp_path / "other", **common), clock)
        return
    with fresh_database() as url:
        settings = make_settings(tmp_path / "other", database_url=url, **common)
        yield from _installed(settings, clock)


def _installed(settings: Settings, clock: FixedClock) -> Iterator[Flask]:
    app = create_app(settings, clock=clock)
    app.extensions["ikone_wake"] = lambda: None
    yield app
    with app.app_context():
        db.session.remove()
        db.engine.dispose()


def rows(app: Flask) -> dict[str, list[tuple[object, ...]]]:
    """All rows, but for those that describe the running installation; counters are derived."""
    besides = ("outbox_pause", "heartbeat", "shared_content")
    with app.app_context():
        tables = [t for t in db.metadata.sorted_tables if t.name not in besides]
        return {
            table.name: [
                tuple(row) for row in db.session.execute(select(table).order_by(*table.primary_key))
            ]
            for table in tables
        }


def test_pause_and_heartbeat_are_not_in_the_backup(file: Path) -> None:
    with zipfile.ZipFile(file) as archive:
        names = archive.namelist()
    assert "tables/outbox_mail.jsonl" in names
    derived = ("seat_count", "shared_content")
    passing = {f"tables/{name}.jsonl" for name in ("outbox_pause", "heartbeat", *derived)}
    assert not passing.intersection(names)


def test_backup_comes_back_as_it_was_on_either_database(
    installation: Flask, file: Path, other: Flask
) -> None:
    result = call(other, "restore", str(file))

    assert result.exit_code == 0, result.output
    assert "1 events, 3 registrations" in result.output
    assert rows(other) == rows(installation)
    data = other.extensions["ikone_installation"].settings.data_dir
    assert (data / "uploads" / "a1b2").read_bytes() == b"%PDF-1.7 slides"
    assert (data / "pages" / "imprint.de.md").read_text() == "Impressum"
    assert other.test_client().get("/logo").data == png()
    assert call(other, "verify").exit_code == 0
    assert call(other, "verify").output == "No fault found.\n"


def test_life_goes_on_after_a_restore(file: Path, other: Flask) -> None:
    """New rows get numbers of their own, on PostgreSQL too."""
    call(other, "restore", str(file))
    assert sign_up(other, "workshop", "dora") == "waitlisted"
    assert call(other, "verify").output == "No fault found.\n"


def test_restored_mails_wait_until_released(file: Path, another: Flask, mailbox: Mailbox) -> None:
    result = call(another, "restore", str(file))
    assert "3 e-mails wait to be sent" in result.output
    assert "may have been sent since then" in result.output
    engine = another.extensions["ikone_engine"]
    assert engine.run_once() == 0

    result = call(another, "outbox", "release")

    assert result.exit_code == 0, result.output
    assert "3 e-mails wait to be sent" in result.output
    assert engine.run_once() == 3
    assert {mail.recipient for mail in mailbox.received} == {
        "anna@example.org",
        "bert@example.org",
        "carl@example.org",
    }
    assert call(another, "outbox", "release").output == "The outbox is not paused.\n"


def test_mails_of_the_backup_can_be_set_aside(
    installation: Flask, tmp_path: Path, another: Flask, clock: FixedClock, mailbox: Mailbox
) -> None:
    with installation.app_context(), transaction():
        perform("workshop", Request(action=Action.DISPATCH, actor="test"), now=NOW)
    call(installation, "backup", str(tmp_path / "b.zip"))
    clock.move(hours=1)
    call(another, "restore", str(tmp_path / "b.zip"))

    result = call(another, "outbox", "release", "--set-aside")

    assert "3 e-mails set aside" in result.output
    assert another.extensions["ikone_engine"].run_once() == 0
    assert mailbox.received == []
    with another.app_context():
        assert set(db.session.scalars(select(OutboxMail.state))) == {"failed"}
        dispatch = select(Mailing).where(Mailing.kind == "access_link")
        assert db.session.scalars(dispatch).one().stopped_at is not None


def test_steps_that_came_due_since_the_backup_can_be_set_aside(
    installation: Flask, tmp_path: Path, another: Flask, clock: FixedClock, mailbox: Mailbox
) -> None:
    """They may have run before the installation was lost; those that write nothing run again."""
    with installation.app_context(), transaction():
        create_plan(lock_event("workshop"), now=NOW)
        dispatch = select(Step).where(Step.name == "dispatch")
        clock.moment = db.session.scalars(dispatch).one().due_at
    call(installation, "backup", str(tmp_path / "b.zip"))
    call(another, "restore", str(tmp_path / "b.zip"))

    result = call(another, "outbox", "release", "--set-aside")

    assert "2 steps that would write e-mails were skipped" in result.output
    assert another.extensions["ikone_engine"].run_once() == 0
    assert mailbox.received == []
    with another.app_context():
        step = db.session.scalars(dispatch).one()
        assert (step.outcome, step.actor) == ("skipped", "outbox release")


def test_backup_is_private_and_never_half(installation: Flask, file: Path) -> None:
    assert stat.S_IMODE(file.stat().st_mode) == 0o600
    assert not file.with_name("backup.zip.part").exists()
    before = file.read_bytes()
    result = call(installation, "backup", str(file))
    assert (result.exit_code, "--force" in result.output) == (1, True)
    assert file.read_bytes() == before
    assert call(installation, "backup", str(file), "--force").exit_code == 0
    result = call(installation, "backup", str(file.parent / "nowhere" / "b.zip"))
    assert (result.exit_code, len(result.output.splitlines())) == (1, 1)


def test_missing_slides_are_named_and_block_nothing(installation: Flask, tmp_path: Path) -> None:
    (installation.extensions["ikone_installation"].uploads_dir / "a1b2").unlink()
    result = call(installation, "backup", str(tmp_path / "b.zip"))
    assert result.exit_code == 0
    assert "missing, so not in the backup: the slides stored as a1b2" in result.output


def test_backup_sees_one_moment_while_people_register(
    installation: Flask,
) -> None:
    """Registration and mail are one promise: no backup holds one without the other."""

    with installation.app_context(), frozen() as connection:
        tables = {table.name: table for table in tables_of(connection)}
        people = list(lines_of(connection, tables["registration"]))
        sign_up(installation, "workshop", "dora")
        mails = list(lines_of(connection, tables["outbox_mail"]))
    assert (len(people), len(mails)) == (1 + 3, 1 + 3)


def _changed(file: Path, name: str, content: bytes | None) -> Path:
    """The archive with one member added, changed or (None) taken out."""
    target = file.with_name("changed.zip")
    with zipfile.ZipFile(file) as old, zipfile.ZipFile(target, "w") as new:
        for member in old.namelist():
            if member != name:
                new.writestr(member, old.read(member))
        if content is not None:
            new.writestr(name, content)
    return target


def _manifest(file: Path, **changes: object) -> Path:
    with zipfile.ZipFile(file) as archive:
        values = json.loads(archive.read("manifest.json"))
    return _changed(file, "manifest.json", json.dumps({**values, **changes}).encode())


def test_unfit_archives_change_nothing(file: Path, another: Flask) -> None:
    cut = file.with_name("cut.zip")
    cut.write_bytes(file.read_bytes()[:-2000])
    cases = {
        cut: "can't be read",
        _changed(file, "tables/event.jsonl", b"[]\n"): "not what was written",
    }
    for archive, words in cases.items():
        _refused(another, archive, words)
    _refused(another, _changed(file, "uploads/a1b2", None), "not those of its manifest")
    _refused(another, _changed(file, "uploads/../../evil", b"x"), "not safe")
    _refused(another, _changed(file, "/etc/passwd", b"x"), "not safe")
    _refused(another, _changed(file, "manifest.json", None), "no backup of Ikone Events")
    _refused(another, _manifest(file, schema="9999"), "newer version (9999")
    _refused(another, _manifest(file, format=2), "unknown format 2")
    _refused(another, file.with_name("nothing.zip"), "can't be read")
    text_file = file.with_name("text.zip")
    text_file.write_text("hello")
    _refused(another, text_file, "can't be read")


def _refused(app: Flask, archive: Path, words: str) -> None:
    result = call(app, "restore", str(archive))
    assert (result.exit_code, len(result.output.splitlines())) == (1, 1), result.output
    assert words in result.output
    with app.app_context():
        assert not (app.extensions["ikone_installation"].uploads_dir / "a1b2").exists()


def test_installation_in_use_is_replaced_only_by_force_and_kept(
    installation: Flask, file: Path, tmp_path: Path, other: Flask
) -> None:
    before = rows(installation)
    lay_event_in(other)
    make_material_in(other)
    assert "in use" in call(other, "restore", str(file)).output

    result = call(other, "restore", str(file), "--force")

    assert result.exit_code == 0, result.output
    assert rows(other) == before
    data = other.extensions["ikone_installation"].settings.data_dir
    kept = next(data.glob("before-restore-*.zip"))
    assert str(kept) in result.output
    with zipfile.ZipFile(kept) as archive:
        assert b"Former" in archive.read("tables/event.jsonl")
        assert archive.read("uploads/former") == b"old"
    assert not (data / "uploads" / "former").exists()
    assert call(other, "restore", str(kept), "--force").exit_code == 0
    assert (data / "uploads" / "former").read_bytes() == b"old"


def lay_event_in(app: Flask) -> None:
    with app.app_context():
        migrate()
    lay_event(app, "former")


def make_material_in(app: Flask) -> None:
    with app.app_context():
        event = db.session.scalars(select(Event)).one()
    make_material(app, event, b"old", stored_name="former")


def test_restore_refuses_while_a_worker_lives(
    file: Path, another: Flask, clock: FixedClock
) -> None:
    with another.app_context():
        migrate()
    make_heartbeat(another)
    assert "A worker gave a sign 0 seconds ago" in call(another, "restore", str(file)).output
    clock.move(minutes=3)
    assert call(another, "restore", str(file)).exit_code == 0


def test_failure_in_the_middle_leaves_the_database_as_it_was(file: Path, other: Flask) -> None:
    """A row that the database refuses comes after whole tables have been filled."""
    lay_event_in(other)
    before = rows(other)
    with zipfile.ZipFile(file) as archive:
        lines = archive.read("tables/outbox_mail.jsonl").decode().splitlines()
        manifest = json.loads(archive.read("manifest.json"))
    damaged = "\n".join([*lines, lines[-1], ""]).encode()  # a mail twice
    manifest["sha256"]["tables/outbox_mail.jsonl"] = hashlib.sha256(damaged).hexdigest()
    manifest["rows"]["outbox_mail"] += 1
    archive = _changed(
        _moved(_changed(file, "tables/outbox_mail.jsonl", damaged)),
        "manifest.json",
        json.dumps(manifest).encode(),
    )

    result = call(other, "restore", str(archive), "--force")

    assert (result.exit_code, result.output[:22]) == (1, "Nothing was restored: ")
    assert rows(other) == before
    with other.app_context():
        assert db.session.scalars(select(OutboxPause)).all() == []


def _moved(file: Path) -> Path:
    return file.rename(file.with_name("first.zip"))


def test_backup_of_an_older_version_is_brought_up_to_date(
    installation: Flask, tmp_path: Path, other: Flask
) -> None:

    attach_alembic(installation)
    with installation.app_context():
        flask_migrate.downgrade(revision="0001")
        db.session.remove()
    target = tmp_path / "old.zip"
    assert call(installation, "backup", str(target)).exit_code == 0
    with zipfile.ZipFile(target) as archive:
        assert json.loads(archive.read("manifest.json"))["schema"] == "0001"

    result = call(other, "restore", str(target))

    assert result.exit_code == 0, result.output
    with other.app_context():
        assert len(db.session.scalars(select(Registration)).all()) == 3
        assert db.session.execute(text("SELECT version_num FROM alembic_version")).scalar() > "0001"


@pytest.fixture
def version_0004(tmp_path: Path) -> Path:
    """A backup with the tables of migration 0004 and a row in each that 0005 renames something."""
    old = create_app(make_settings(tmp_path / "version_0004"), clock=FixedClock())
    attach_alembic(old)
    with old.app_context():
        flask_migrate.upgrade(revision="0004")
        with db.engine.begin() as connection:
            tables = {table.name: table for table in tables_of(connection)}
            for name, values in OLD_ROWS:
                _insert(connection, tables[name], values)
        db.session.remove()
        result = call(old, "backup", str(tmp_path / "0004.zip"))
        assert result.exit_code == 0, result.output
        db.engine.dispose()
    return tmp_path / "0004.zip"


def _insert(connection: Connection, table: Table, values: dict[str, Any]) -> None:
    """Insert a row; a column that is required and not named gets an empty value."""
    empty: dict[type, Any] = {str: "", int: 0, bool: False, datetime: NOW}
    required = [c for c in table.columns if not c.nullable and c.server_default is None]
    filled = {c.name: empty[c.type.python_type] for c in required}
    connection.execute(table.insert(), {**filled, **values})


_START = NOW + timedelta(days=14)
_TIMES = {"starts_at": _START, "ends_at": _START + timedelta(hours=2), "zone": "Europe/Berlin"}
_UID = "4711@ikone.example.org"
OLD_ROWS: list[tuple[str, dict[str, Any]]] = [
    (
        "event",
        {
            **_TIMES,
            "id": 1,
            "slug": "old",
            "state": "open",
            "title": "Old",
            "programme": "[]",
            "format": "online",
            "revision": 5,
            "touched": 42,
            "version": 2,
        },
    ),
    ("former_version", {**_TIMES, "id": 1, "event_id": 1, "number": 1, "title": "Older"}),
    ("state_change", {"id": 1, "event_id": 1, "action": "load", "target": "open"}),
    ("organisation", {"id": 1, "key": "vg", "name": "VG Landburg", "revision": 3}),
    (
        "registration",
        {
            "id": 1,
            "event_id": 1,
            "public_id": "p1",
            "link_epoch": 1,
            "status": "offered",
            "event_touched": 41,
            "mode": "online",
            "hold_until": NOW + timedelta(days=1),
            "line": 17,
            "email": "a@example.org",
            "email_key": "a@example.org",
            "locale": "de",
            "calendar_uid": _UID,
            "calendar_sequence": 1,
        },
    ),
    (
        "registration",
        {
            "id": 2,
            "event_id": 1,
            "public_id": "p2",
            "link_epoch": 1,
            "status": "expired",
            "event_touched": 39,
            "mode": "online",
            "locale": "de",
            "email_key": "b@example.org",
            "calendar_uid": "2@ikone.example.org",
        },
    ),
    (
        "standing_change",
        {
            "id": 1,
            "registration_id": 1,
            "action": "promote",
            "source": "waitlisted",
            "target": "offered",
            "actor": "system",
            "event_touched": 41,
        },
    ),
    (
        "standing_change",
        {
            "id": 2,
            "registration_id": 2,
            "action": "lapse",
            "source": "pending",
            "target": "expired",
            "actor": "system",
            "event_touched": 39,
        },
    ),
    (
        "mailing",
        {
            "id": 1,
            "event_id": 1,
            "kind": "moved",
            "audience": "confirmed",
            "event_touched": 40,
            "finished_at": NOW,
        },
    ),
    (
        "outbox_mail",
        {
            "id": 1,
            "key": "k",
            "event_id": 1,
            "registration_id": 1,
            "kind": "offer",
            "locale": "de",
            "recipient": "a@example.org",
            "message_id": "m",
            "state": "sent",
            "sent_at": NOW,
            "calendar": b"BEGIN:VCALENDAR",
            "calendar_method": "REQUEST",
            "calendar_uid": _UID,
            "calendar_sequence": 1,
            "event_version": 2,
        },
    ),
    ("delivery_note", {"id": 1, "letter_id": 1, "what": "bounced"}),
    (
        "incoming_mail",
        {
            "id": 1,
            "digest": "d",
            "kind": "bounce",
            "outcome": "taken",
            "event_id": 1,
            "registration_id": 1,
            "letter_id": 1,
            "permanent": True,
        },
    ),
    ("dead_address", {"email_key": "a@example.org", "code": "5.1.1", "words": "unknown"}),
    ("pace", {"id": 1, "next_at": NOW}),
]
NEW_VALUES = {
    "SELECT edit_version, lock_version, calendar_version FROM event": [(5, 42, 2)],
    "SELECT number, title FROM event_version": [(1, "Older")],
    "SELECT key, edit_version FROM organisation": [("vg", 3)],
    "SELECT id, event_lock_version, waiting_order, reserved_until IS NULL FROM registration "
    "ORDER BY id": [(1, 41, 17, False), (2, 39, None, True)],
    "SELECT id, action, event_lock_version FROM status_change ORDER BY id": [
        (1, "promote", 41),
        (2, "expire", 39),
    ],
    "SELECT event_lock_version FROM mailing": [(40,)],
    "SELECT notified_version, calendar_sequence, link_epoch FROM outbox_mail": [(2, 1, 1)],
    "SELECT calendar_stamp = (SELECT created_at FROM outbox_mail) FROM registration WHERE id = 1": [
        (True,)
    ],
    "SELECT public_version, public_changed_at = changed_at FROM event": [(10, True)],
    "SELECT mail_id, what FROM delivery_note": [(1, "bounced")],
    "SELECT mail_id, kind FROM incoming_mail": [(1, "bounce")],
    "SELECT email_key, code FROM undeliverable_address": [("a@example.org", "5.1.1")],
    "SELECT count(*) FROM send_rate": [(1,)],
}


def test_backup_of_the_version_with_old_names_is_restored(version_0004: Path, other: Flask) -> None:
    """Migration 0005 renames tables and columns, 0006 adds which links a mail contains."""
    with zipfile.ZipFile(version_0004) as archive:
        assert json.loads(archive.read("manifest.json"))["schema"] == "0004"
        assert "tables/standing_change.jsonl" in archive.namelist()

    result = call(other, "restore", str(version_0004))

    assert result.exit_code == 0, result.output
    with other.app_context(), db.engine.connect() as connection:
        found = {query: list(map(tuple, connection.execute(text(query)))) for query in NEW_VALUES}
        assert found == NEW_VALUES
        reserved = connection.scalar(select(Registration.reserved_until).filter_by(id=1))
        assert reserved == NOW + timedelta(days=1)
        assert connection.execute(select(SeatCount.seated, SeatCount.waiting)).all() == [(1, 0)]
    assert call(other, "verify").output == "No fault found.\n"


def test_secrets_of_the_installation_are_not_in_the_backup(installation: Flask, file: Path) -> None:
    secret = installation.extensions["ikone_installation"].settings.secret_key.encode()
    with zipfile.ZipFile(file) as archive:
        for each in (secret, BBB["secret"].encode()):
            assert not [name for name in archive.namelist() if each in archive.read(name)]


def test_stored_secrets_are_readable_after_a_restore_with_the_same_key(
    file: Path, another: Flask
) -> None:
    assert call(another, "restore", str(file)).exit_code == 0
    with another.app_context():
        assert provider_settings().bbb_secret == BBB["secret"]

"""Uploaded files are checked by a command of the operator before anybody gets them."""

import secrets
import sys
import threading
from dataclasses import replace
from pathlib import Path

import pytest
from flask import Flask
from sqlalchemy import Connection, event
from sqlalchemy.exc import OperationalError

from ikone_events.config import Settings, SettingsError, settings_from_environment
from ikone_events.services.followup.scanning import scan_file
from ikone_events.services.operating.doctor import settings as doctor
from ikone_events.store.db import db
from ikone_events.store.events.models import Material
from ikone_events.worker.scanning import FileScanner
from ikone_events.worker.watching import RoomWatcher
from tests.factories import NOW, make_event, make_material, make_settings

SCANNER = """#!/bin/sh
# As scanners do: 1 for a find, 2 for trouble.
case "$1" in --quiet) shift;; *) exit 3;; esac
[ "$#" = 1 ] || exit 4
[ -z "$IKONE_SECRET_KEY" ] || exit 5
grep -q trouble "$1" && exit 2
grep -q virus "$1" && exit 1
exit 0
"""


# Says that a file is infected if somebody reads the database.
EMPTIES_LOG = """
import sqlite3, sys
database = sqlite3.connect(sys.argv[1], timeout=1, isolation_level=None)
database.execute("CREATE TABLE scanned (id INTEGER)")
busy, *_ = database.execute("PRAGMA wal_checkpoint(TRUNCATE)").fetchone()
database.execute("DROP TABLE scanned")
sys.exit(busy)
"""


@pytest.fixture
def command(tmp_path: Path) -> tuple[str, ...]:
    """A scanner whose path holds a space."""
    script = tmp_path / "mein scanner"
    script.write_text(SCANNER)
    script.chmod(0o755)
    return (str(script), "--quiet")


@pytest.fixture
def settings(data_dir: Path, database: str, command: tuple[str, ...]) -> Settings:
    """An installation with a scanner."""
    return make_settings(data_dir, database_url=database, scan_command=command)


def states(app: Flask) -> list[str]:
    """What is known of each file, the oldest first."""
    with app.app_context():
        return list(db.session.scalars(db.select(Material.scan).order_by(Material.id)))


def scanner(app: Flask, settings: Settings) -> FileScanner:
    """A scanner of this process."""
    return FileScanner(app, settings, threading.Event())


def database_file(app: Flask) -> str:
    with app.app_context():
        return str(db.engine.url.database)


def lay(app: Flask, *contents: bytes, scan: str = "waiting", **more: str) -> None:
    """Files that wait; no scanner is asked about entries without a file."""
    event = make_event(app)
    for content in contents:
        make_material(app, event, content=b"%PDF-" + content, scan=scan, **more)


@pytest.mark.both_databases
def test_each_answer_of_the_scanner_counts(app: Flask, settings: Settings) -> None:
    lay(app, b"clean", b"virus", b"trouble", b"$(touch /tmp/x); virus")
    at_work = scanner(app, settings)
    assert at_work.scan_waiting() == 3
    assert states(app) == ["", "infected", "failed", "infected"]
    lay(app, b"clean too")
    assert at_work.scan_waiting() == 1  # what failed is asked again after a while, not at once
    assert scanner(app, settings).scan_waiting() == 0
    assert states(app) == ["", "infected", "failed", "infected", ""]


def test_no_transaction_is_open_while_the_scanner_runs(
    app: Flask, settings: Settings, tmp_path: Path
) -> None:
    """One that reads keeps SQLite from emptying its write-ahead log, for two minutes a file."""
    script = tmp_path / "scanner"
    script.write_text(f"#!{sys.executable}\n{EMPTIES_LOG}")
    script.chmod(0o755)
    lay(app, b"clean")
    command = (str(script), database_file(app))
    installation = app.extensions["ikone_installation"]
    other = replace(installation, settings=replace(settings, scan_command=command))
    app.extensions["ikone_installation"] = other
    try:
        assert scanner(app, other.settings).scan_waiting() == 1
    finally:
        app.extensions["ikone_installation"] = installation
    assert states(app) == [""]


def test_scanner_that_works_again_lets_the_files_go(app: Flask, settings: Settings) -> None:
    lay(app, b"clean", scan="failed")
    broken = replace(settings, scan_command=("/nothing/there",))
    assert scanner(app, broken).scan_waiting() == 1  # the command is that of the installation
    assert states(app) == [""]


def test_command_that_is_missing_or_silent_is_an_error(
    app: Flask, settings: Settings, tmp_path: Path
) -> None:
    file = tmp_path / "a.pdf"
    file.write_bytes(b"%PDF-")
    slow = tmp_path / "slow"
    slow.write_text("#!/bin/sh\nsleep 600 &\nwait\n")
    slow.chmod(0o755)
    found = {}
    for command in (
        ("/nothing/there",),
        (str(slow),),
        ("true",),
        ("false",),
        ("sh", "-c", "kill $$"),
    ):
        installation = app.extensions["ikone_installation"]
        other = replace(installation, settings=replace(settings, scan_command=command))
        app.extensions["ikone_installation"] = other
        try:
            with app.app_context():
                found[command[0]] = scan_file(file, seconds=0.3)
                missing = scan_file(tmp_path / "none", seconds=0.3)
        finally:
            app.extensions["ikone_installation"] = installation
    assert list(found.values()) == ["failed", "failed", "", "infected", "failed"]
    assert missing == "failed"


def test_without_a_scanner_nothing_is_held_back_but_finds(app: Flask, settings: Settings) -> None:
    lay(app, b"a")
    lay(app, b"b", scan="failed")
    lay(app, b"virus", scan="infected")
    scanner(app, replace(settings, scan_command=())).scan_waiting()
    assert states(app) == ["", "", "infected"]


def test_file_that_is_removed_meanwhile_is_no_trouble(app: Flask, settings: Settings) -> None:
    lay(app, b"a", b"b")
    with app.app_context():
        first = db.session.scalars(db.select(Material).order_by(Material.id)).first()
        assert first is not None
        (app.extensions["ikone_installation"].uploads_dir / first.stored_name).unlink()
    assert scanner(app, settings).scan_waiting() == 1
    assert states(app) == ["failed", ""]


def test_threads_outlive_a_database_that_goes_at_the_end_of_their_round(
    app: Flask, settings: Settings
) -> None:
    """What gives back a connection fails outside of all that reads or writes."""

    def gone(_connection: Connection) -> None:
        raise OperationalError("ROLLBACK", {}, Exception("the server closed the connection"))

    with app.app_context():
        engine = db.engine
    event.listen(engine, "rollback", gone)
    try:
        assert scanner(app, settings).scan_waiting() == 0
        assert RoomWatcher(app, threading.Event()).look_around() == 0
    finally:
        event.remove(engine, "rollback", gone)


def test_doctor_names_the_scanner_and_the_quota(app: Flask, command: tuple[str, ...]) -> None:
    with app.app_context():
        assert [each.words for each in doctor.scanner(NOW)] == [
            f"{command[0]} checks uploaded files"
        ]
        assert list(doctor.quota(NOW)) == []


def test_command_is_split_as_by_a_shell_and_never_run_by_one() -> None:
    given = {
        "IKONE_SECRET_KEY": secrets.token_urlsafe(48),
        "IKONE_BASE_URL": "http://localhost",
    }
    found = settings_from_environment({**given, "IKONE_SCAN_COMMAND": "clamdscan '--a b' $HOME;ls"})
    assert found.scan_command == ("clamdscan", "--a b", "$HOME;ls")
    with pytest.raises(SettingsError, match="IKONE_SCAN_COMMAND"):
        settings_from_environment({**given, "IKONE_SCAN_COMMAND": "clamdscan 'a"})

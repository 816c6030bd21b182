"""What follows a commit never turns it into an error, and what was deleted leaves the log later."""

import sqlite3
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
from flask import Flask
from sqlalchemy import event as sqlalchemy_event

from ikone_events.config import Settings
from ikone_events.store import erasing
from ikone_events.store.db import ask_for_delivery, ask_for_erasure, db, transaction
from ikone_events.store.events.queries import find_event, lock_event
from tests.factories import make_event

SECRET = "Zwetschgine Quittenbaum"


@pytest.fixture
def database(settings: Settings) -> Path:
    return settings.data_dir / "ikone.db"


@pytest.fixture
def log(database: Path) -> Path:
    return database.with_name(database.name + "-wal")


@pytest.fixture(autouse=True)
def _without_pause(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(erasing, "RETRY_SECONDS", 0.0)


def keep_secret(app: Flask) -> str:
    """Write the secret, into the log too; returns the event's slug."""
    slug = make_event(app, summary=SECRET).slug
    with app.app_context():
        db.session.remove()
    return slug


def erase(app: Flask, slug: str) -> None:
    with app.app_context(), transaction():
        lock_event(slug).summary = ""
        ask_for_erasure()


def write_something(app: Flask, slug: str) -> None:
    with app.app_context(), transaction():
        lock_event(slug)


@contextmanager
def refusing_checkpoints(app: Flask) -> Iterator[None]:
    """A database that fails whenever its log is to be emptied."""

    def refuse(_action: int, name: str | None, *_more: object) -> int:
        return sqlite3.SQLITE_DENY if name == "wal_checkpoint" else sqlite3.SQLITE_OK

    def prepare(connection: sqlite3.Connection, *_more: object) -> None:
        connection.set_authorizer(refuse)

    with app.app_context():
        engine = db.engine
    engine.dispose()
    sqlalchemy_event.listen(engine, "connect", prepare)
    yield
    sqlalchemy_event.remove(engine, "connect", prepare)
    engine.dispose()


def test_log_is_empty_after_a_deletion(app: Flask, log: Path) -> None:
    slug = keep_secret(app)
    assert SECRET.encode() in log.read_bytes()
    erase(app, slug)
    assert SECRET.encode() not in log.read_bytes()


def test_deletion_stands_when_the_log_cannot_be_emptied(
    app: Flask, log: Path, caplog: pytest.LogCaptureFixture
) -> None:
    slug = keep_secret(app)
    reader = sqlite3.connect(log.with_name("ikone.db"))  # the last to close would empty the log
    reader.execute("SELECT count(*) FROM event").fetchone()
    with refusing_checkpoints(app):
        erase(app, slug)
        assert "still in the write-ahead log" in caplog.text
        assert SECRET.encode() in log.read_bytes()
        write_something(app, slug)
    write_something(app, slug)

    assert SECRET.encode() not in log.read_bytes()
    reader.close()
    with app.app_context():
        found = find_event(slug)
        assert found is not None
        assert found.summary == ""


def test_log_that_somebody_reads_is_emptied_later(app: Flask, database: Path, log: Path) -> None:
    slug = keep_secret(app)
    reader = sqlite3.connect(database, isolation_level=None)
    reader.execute("BEGIN")
    reader.execute("SELECT count(*) FROM event").fetchone()
    erase(app, slug)
    assert SECRET.encode() in log.read_bytes()
    reader.execute("COMMIT")

    write_something(app, slug)

    assert SECRET.encode() not in log.read_bytes()
    reader.close()


def test_engine_that_cannot_be_woken_does_not_undo_what_is_stored(
    app: Flask, caplog: pytest.LogCaptureFixture
) -> None:
    def fail() -> None:
        raise OSError("no space for a queue")

    slug = make_event(app).slug
    app.extensions["ikone_wake"] = fail

    with app.app_context(), transaction():
        lock_event(slug).title = "gespeichert"
        ask_for_delivery()

    assert "was not woken" in caplog.text
    with app.app_context():
        found = find_event(slug)
        assert found is not None
        assert found.title == "gespeichert"

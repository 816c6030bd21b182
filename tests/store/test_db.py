"""The one way to write: it waits fairly, gives up politely, and never half."""

import sqlite3
import sys
import threading
import time
from datetime import datetime
from pathlib import Path

import pytest
from flask import Flask
from sqlalchemy import select, text
from sqlalchemy.exc import StatementError

from ikone_events.config import Settings
from ikone_events.domain.refusals import Busy
from ikone_events.store import db as store_db
from ikone_events.store.db import ask_for_delivery, db, transaction
from ikone_events.store.events.models import Event
from ikone_events.store.events.queries import find_event, lock_event
from tests.factories import FixedClock, make_event
from tests.patience import PATIENCE, wait_for


def pragma(app: Flask, name: str) -> object:
    with app.app_context():
        return db.session.execute(text(f"PRAGMA {name}")).scalar()


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("journal_mode", "wal"),
        ("synchronous", 2),
        ("foreign_keys", 1),
        ("busy_timeout", int(PATIENCE) * 1000),
    ],
)
def test_sqlite_is_opened_safely(app: Flask, name: str, value: object) -> None:
    assert pragma(app, name) == value


def test_failed_transaction_leaves_nothing(app: Flask) -> None:
    event = make_event(app)

    def change_and_fail() -> None:
        with transaction():
            lock_event(event.slug).title = "half"
            db.session.flush()
            raise InterruptedError

    with app.app_context(), pytest.raises(InterruptedError):
        change_and_fail()

    with app.app_context():
        found = find_event(event.slug)
        assert found is not None
        assert (found.title, found.lock_version) == (event.title, 0)


def test_transaction_does_not_nest(app: Flask) -> None:
    with app.app_context(), transaction(), pytest.raises(RuntimeError), transaction():
        pass


def test_change_outside_a_transaction_is_a_fault(app: Flask) -> None:
    event = make_event(app)
    with app.app_context():
        found = find_event(event.slug)
        assert found is not None
        found.title = "changed in passing"
        with pytest.raises(RuntimeError, match="outside"), transaction():
            pass
        db.session.rollback()


def test_naive_moment_is_not_stored(app: Flask, clock: FixedClock) -> None:
    event = make_event(app)
    with app.app_context(), transaction():
        lock_event(event.slug).deadline = datetime(2026, 1, 1)  # noqa: DTZ001 - the point
        with pytest.raises(StatementError):
            db.session.flush()
        db.session.rollback()


def test_moments_come_back_aware(app: Flask) -> None:
    event = make_event(app)
    with app.app_context():
        starts_at = db.session.scalar(select(Event.starts_at))
    assert starts_at == event.starts_at
    assert starts_at is not None
    assert starts_at.tzinfo is not None


def test_another_process_that_holds_the_lock_makes_us_busy(app: Flask, settings: Settings) -> None:
    event = make_event(app)
    other = sqlite3.connect(settings.data_dir / "ikone.db", isolation_level=None)
    other.execute("BEGIN IMMEDIATE")
    with app.app_context():
        db.session.connection().exec_driver_sql("PRAGMA busy_timeout = 200")
        with pytest.raises(Busy), transaction():
            lock_event(event.slug)
    other.execute("ROLLBACK")
    other.close()


def test_threads_of_this_process_wait_for_each_other(
    app: Flask, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(store_db, "LOCK_WAIT_SECONDS", 0.2)
    event = make_event(app)
    held, release = threading.Event(), threading.Event()

    def hold() -> None:
        with app.app_context(), transaction():
            lock_event(event.slug)
            held.set()
            release.wait()

    other = threading.Thread(target=hold)
    other.start()
    held.wait()
    with app.app_context(), pytest.raises(Busy), transaction():
        pass
    release.set()
    other.join()
    with app.app_context(), transaction():
        lock_event(event.slug)


def test_time_spent_for_the_lock_of_this_process_shortens_the_wait_for_others(app: Flask) -> None:
    """Else a visitor behind five others would get "busy" after twice the time."""
    held, waiting = threading.Event(), threading.get_ident()

    def hold_until_the_other_waits() -> None:
        with app.app_context(), transaction():
            held.set()
            wait_for(lambda: _is_in_transaction(waiting))
            time.sleep(0.5)

    other = threading.Thread(target=hold_until_the_other_waits)
    other.start()
    held.wait()
    with app.app_context(), transaction():
        left = db.session.execute(text("PRAGMA busy_timeout")).scalar()
    other.join()
    assert left < PATIENCE * 1000
    assert pragma(app, "busy_timeout") == PATIENCE * 1000, "the next reader waits as usual"


def _is_in_transaction(thread: int) -> bool:
    """Whether a thread waits inside `transaction`."""
    frame = sys._current_frames()[thread]
    return frame.f_code.co_name == "transaction"


def test_late_begin_fails_where_immediate_waits(tmp_path: Path) -> None:
    """Why writers say BEGIN IMMEDIATE: a read that turns into a write fails at once."""
    path = tmp_path / "proof.db"

    def connect() -> sqlite3.Connection:
        connection = sqlite3.connect(path, isolation_level=None, timeout=PATIENCE)
        connection.execute("PRAGMA journal_mode = WAL")
        return connection

    one, two = connect(), connect()
    one.execute("CREATE TABLE seat (taken INTEGER)")
    for connection in (one, two):
        connection.execute("BEGIN")
        connection.execute("SELECT count(*) FROM seat").fetchone()
    one.execute("INSERT INTO seat VALUES (1)")
    one.execute("COMMIT")

    began = time.monotonic()
    with pytest.raises(sqlite3.OperationalError, match="locked"):
        two.execute("INSERT INTO seat VALUES (2)")
    assert time.monotonic() - began < PATIENCE
    one.close()
    two.close()


def test_engine_is_woken_after_the_commit_only(app: Flask) -> None:
    woken: list[bool] = []
    app.extensions["ikone_wake"] = lambda: woken.append(db.session().in_transaction())

    with app.app_context(), transaction():
        ask_for_delivery()
        assert woken == []
    assert woken == [False]

    def ask_and_fail() -> None:
        with transaction():
            ask_for_delivery()
            raise InterruptedError

    with app.app_context(), pytest.raises(InterruptedError):
        ask_and_fail()
    assert woken == [False]

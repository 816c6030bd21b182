"""Limits that several processes share: in a table of PostgreSQL, and what happens without it."""

import logging
from collections.abc import Iterator
from dataclasses import replace
from datetime import datetime, timedelta
from pathlib import Path

import pytest
from flask import Flask
from limits import parse_many
from sqlalchemy import text
from werkzeug.test import TestResponse

from ikone_events.app import create_app
from ikone_events.config import Settings
from ikone_events.services.operating.retention import delete_expired
from ikone_events.store.db import db, transaction
from ikone_events.store.operating.rate_limits import LimitTable
from ikone_events.web.shell import limit_counters
from ikone_events.web.shell.limit_counters import SharedCounters, TableCounters, WindowCounters
from ikone_events.web.shell.limits import RateLimits
from tests.factories import FixedClock, make_event, make_settings
from tests.patience import wait_for
from tests.postgres import fresh_database
from tests.shared_app import give_back
from tests.web.visitor import sign_up

pytestmark = pytest.mark.postgres


@pytest.fixture
def url() -> Iterator[str]:
    with fresh_database(laid=True) as address:
        yield address


@pytest.fixture
def settings(tmp_path: Path, url: str) -> Settings:
    return make_settings(tmp_path / "data", rate_limits=True, database_url=url)


@pytest.fixture
def processes(settings: Settings) -> Iterator[list[Flask]]:
    """Two applications of one installation; they share nothing but the database."""
    made = []
    for name in "ab":
        own = replace(settings, data_dir=settings.data_dir / name)
        made.append(create_app(own, clock=FixedClock()))
        made[-1].config["WTF_CSRF_ENABLED"] = False
    yield made
    for app in made:
        give_back(app)


def shared_of(app: Flask) -> SharedCounters:
    limits: RateLimits = app.extensions["ikone_limits"]
    shared = limits._counters
    assert isinstance(shared, SharedCounters)
    return shared


def table_of(app: Flask) -> LimitTable:
    counters = shared_of(app)._shared
    assert isinstance(counters, TableCounters)
    return counters._table


def register(app: Flask, slug: str, email: str) -> TestResponse:
    app.config["WTF_CSRF_ENABLED"] = True  # the form shows its token
    answer = sign_up(app.test_client(), slug, email=email)
    app.config["WTF_CSRF_ENABLED"] = False
    return answer


def rows_of(app: Flask) -> list[tuple[str, datetime]]:
    with app.app_context(), db.engine.connect() as connection:
        wanted = text("SELECT key, ends_at FROM rate_limit_counter")
        return [(key, ends_at) for key, ends_at in connection.execute(wanted)]


def press(app: Flask, count: int) -> list[int]:
    """Posts to a page that allows sixty a minute."""
    client = app.test_client()
    return [client.post("/r/nobody/confirm").status_code for _ in range(count)]


def test_limit_holds_for_all_processes_together(processes: list[Flask]) -> None:
    first, second = processes

    assert 429 not in press(first, 40) + press(second, 20)
    assert press(first, 1) == press(second, 1) == [429]


def test_failed_logins_are_counted_for_all_processes(processes: list[Flask]) -> None:
    codes = []
    for number in range(14):
        client = processes[number % 2].test_client()
        form = {"email": "niemand@example.org", "password": "falsch"}
        network = {"REMOTE_ADDR": f"192.0.2.{number}"}
        codes.append(client.post("/login", data=form, environ_base=network).status_code)
    assert codes == [200] * 10 + [429] * 4


def test_window_ends_and_begins_anew(processes: list[Flask]) -> None:
    first, second = processes
    press(first, 61)
    with second.app_context(), db.engine.begin() as connection:
        connection.execute(text("UPDATE rate_limit_counter SET ends_at = now()"))

    assert press(second, 1) != [429]
    assert table_of(first).read([]) == {}
    assert press(first, 61)[-1] == 429


def test_counters_name_nobody(processes: list[Flask]) -> None:
    app = processes[0]
    slug = make_event(app).slug
    assert register(app, slug, "eva@example.org").status_code == 303

    keys = [key for key, _ends_at in rows_of(app)]
    assert len(keys) == 3  # two of the network, one of the address
    assert all(len(key) == 64 and int(key, 16) for key in keys)


def test_old_counters_are_deleted_by_the_worker(processes: list[Flask]) -> None:
    app = processes[0]
    press(app, 1)
    with app.app_context():
        [(_key, ends_at)] = rows_of(app)
        kept = []
        for moment in (ends_at + timedelta(minutes=5), ends_at + timedelta(hours=3)):
            with transaction():
                delete_expired(moment)
            kept.append(len(rows_of(app)))
    assert kept == [1, 0]


def test_counting_is_not_written_to_the_log_of_the_database(processes: list[Flask]) -> None:
    """So its commits wait for no disk."""
    with processes[0].app_context(), db.engine.connect() as connection:
        wanted = text("SELECT relpersistence FROM pg_class WHERE relname = 'rate_limit_counter'")
        assert connection.execute(wanted).scalar_one() == "u"
    press(processes[0], 1)


class TestFailingStore:
    """What counts is not there, or does not answer: nobody is refused for that."""

    @pytest.fixture
    def app(self, processes: list[Flask]) -> Flask:
        """A process with an event, whose limits are counted in the table."""
        press(processes[0], 1)
        return processes[0]

    def test_sign_up_goes_on_and_one_line_reports_it(
        self, app: Flask, caplog: pytest.LogCaptureFixture
    ) -> None:
        slug = make_event(app).slug
        with app.app_context(), db.engine.begin() as connection:
            connection.execute(text("DROP TABLE rate_limit_counter"))

        with caplog.at_level(logging.ERROR):
            answers = [register(app, slug, f"eva{n}@example.org") for n in range(3)]
        assert [answer.status_code for answer in answers] == [303] * 3
        assert len([r for r in caplog.records if "rate limits" in r.getMessage()]) == 1
        assert 429 in press(app, 61), "the process counts alone meanwhile"

    def test_counter_that_is_locked_refuses_nobody(self, app: Flask) -> None:
        slug = make_event(app).slug
        with app.app_context(), db.engine.begin() as connection:
            connection.execute(text("LOCK TABLE rate_limit_counter"))
            answer = register(app, slug, "eva@example.org")
        assert answer.status_code == 303

    def test_counters_are_shared_again_when_they_answer(
        self, app: Flask, processes: list[Flask], monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setattr(limit_counters, "PAUSE_SECONDS", 0.1)
        with app.app_context(), db.engine.begin() as connection:
            connection.execute(text("ALTER TABLE rate_limit_counter RENAME TO gone"))
        press(app, 1)
        with app.app_context(), db.engine.begin() as connection:
            connection.execute(text("ALTER TABLE gone RENAME TO rate_limit_counter"))
        wait_for(lambda: press(app, 1) and shared_of(app)._next_try == 0)

        press(processes[1], 61)
        assert press(app, 1) == [429]


def test_sqlite_counts_in_memory(tmp_path: Path) -> None:
    """One process with one file: nothing is written to count a request."""
    settings = make_settings(tmp_path / "data", rate_limits=True)
    assert isinstance(limit_counters.counters_for(settings), WindowCounters)


def test_redis_that_does_not_answer_refuses_nobody(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    """Nor one whose library is not installed."""
    settings = make_settings(
        tmp_path / "data", rate_limits=True, engine_url="redis://127.0.0.1:1/0"
    )
    counters = limit_counters.counters_for(settings)
    [minute] = parse_many("2 per minute")

    assert [counters.hit([(minute, "a")]) > 0 for _ in range(3)] == [False, False, True]
    assert len([r for r in caplog.records if "rate limits" in r.getMessage()]) == 1

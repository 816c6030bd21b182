"""The version of the database's tables, and bringing an older one up to date."""

import re
from pathlib import Path

from flask import Flask, current_app
from sqlalchemy import inspect, text

import ikone_events.store.texts  # noqa: F401 - its table belongs to the whole
from ikone_events.store.db import db


class SchemaError(Exception):
    """A database that this version can't work with; the message says what to do."""


def _versions() -> list[str]:
    """The numbers of all migrations, in order: 0001, 0002, …"""
    folder: Path = current_app.extensions["ikone_migrations"] / "versions"
    return sorted(m[1] for p in folder.glob("*.py") if (m := re.match(r"(\d{4})_", p.name)))


def _current() -> str | None:
    """The number that the database bears; None for an empty one."""
    with db.engine.connect() as connection:
        if not inspect(connection).has_table("alembic_version"):
            return None
        found: str | None = connection.execute(
            text("SELECT version_num FROM alembic_version")
        ).scalar()
        return found


def attach_alembic(app: Flask) -> None:
    """Make Flask-Migrate work with an application; imports Alembic, which few starts need."""
    from flask_migrate import Migrate  # noqa: PLC0415 - half a second

    folder = str(app.extensions["ikone_migrations"])
    Migrate(app, db, directory=folder, render_as_batch=True)


def migrate() -> None:
    """Bring the tables up to date; refuse a database that a newer version has written."""
    versions, current = _versions(), _current()
    if current == versions[-1]:
        return  # the usual start, spared Alembic's import
    if current is not None and current not in versions:
        raise SchemaError(
            f"The database is of a newer version ({current}) than this program ({versions[-1]}). "
            "Install the newer version again, or restore a backup."
        )
    attach_alembic(current_app)
    import flask_migrate  # noqa: PLC0415 - see attach_alembic

    flask_migrate.upgrade()


def require_current() -> None:
    """Refuse to work on tables of another version; `ikone-events db upgrade` brings them up."""
    versions, current = _versions(), _current()
    if current == versions[-1]:
        return
    if current is not None and current not in versions:
        migrate()
    raise SchemaError(
        f"The database is of version {current or 'none'}, this program needs {versions[-1]}. "
        "Run: ikone-events db upgrade"
    )

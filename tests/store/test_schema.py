"""Migrations run up and down on both databases and describe just the tables we have."""

from collections.abc import Iterator
from pathlib import Path

import flask_migrate
import pytest
from flask import Flask
from sqlalchemy import inspect, text

from ikone_events.app import create_app
from ikone_events.config import Settings
from ikone_events.store.db import db
from ikone_events.store.schema import SchemaError, attach_alembic, migrate, require_current
from tests.factories import make_settings
from tests.postgres import fresh_database

BOTH = [
    "sqlite",
    pytest.param("postgres", marks=[pytest.mark.postgres, pytest.mark.xdist_group("postgres")]),
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


@pytest.mark.usefixtures("empty_app")
def test_migrations_run_up_down_and_up() -> None:
    migrate()
    assert tables() == set(db.metadata.tables)
    flask_migrate.downgrade(revision="base")
    assert tables() == set()
    migrate()
    assert tables() == set(db.metadata.tables)


@pytest.mark.usefixtures("empty_app")
def test_migrations_describe_the_models() -> None:
    migrate()
    flask_migrate.check()


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

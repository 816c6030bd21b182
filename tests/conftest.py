"""Fixtures for tests that need the whole application: a real SQLite file, a clock that obeys."""

import shutil
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from flask import Flask
from flask.testing import FlaskClient
from jinja2 import FileSystemBytecodeCache
from sqlalchemy import text
from werkzeug.routing import Rule

from ikone_events.app import create_app
from ikone_events.config import Settings
from ikone_events.store.db import db
from ikone_events.store.schema import migrate
from tests.factories import FixedClock, make_settings


@pytest.fixture
def clock() -> FixedClock:
    """Stands at factories.NOW; `clock.move(days=1)` or `clock.moment = …`."""
    return FixedClock()


@pytest.fixture
def settings(tmp_path: Path) -> Settings:
    """The settings of `app`; override this fixture to run the application with others."""
    return make_settings(tmp_path / "data")


@pytest.fixture(scope="session")
def compiled_templates(tmp_path_factory: pytest.TempPathFactory) -> FileSystemBytecodeCache:
    """Templates are compiled once for all the applications of a run."""
    return FileSystemBytecodeCache(str(tmp_path_factory.mktemp("templates")))


@pytest.fixture(scope="session", autouse=True)
def compiled_addresses() -> Iterator[None]:
    """Werkzeug writes two functions for each route; they are the same in all the applications."""
    write = Rule._compile_builder
    written: dict[object, Callable[..., tuple[str, str]]] = {}

    def find_or_write(rule: Rule, append_unknown: bool = True) -> Callable[..., tuple[str, str]]:
        key = (tuple(rule._trace), repr(rule.defaults), append_unknown)
        if key not in written:
            written[key] = write(rule, append_unknown)
        return written[key]

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(Rule, "_compile_builder", find_or_write)
        yield


@pytest.fixture(scope="session")
def empty_database(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """An SQLite file as the migrations leave it, to be copied by every test."""
    folder = tmp_path_factory.mktemp("migrated")
    application = create_app(make_settings(folder))
    with application.app_context():
        migrate()
        db.session.execute(text("PRAGMA wal_checkpoint(TRUNCATE)"))
        db.session.remove()
        db.engine.dispose()
    return folder / "ikone.db"


def lay_tables(application: Flask, settings: Settings, empty_database: Path) -> None:
    """Give an application its empty tables, at the price of a copied file where it can be had."""
    if not settings.database_url:
        shutil.copy(empty_database, settings.data_dir / "ikone.db")
        return
    with application.app_context():
        migrate()


@pytest.fixture
def app(
    settings: Settings,
    clock: FixedClock,
    compiled_templates: FileSystemBytecodeCache,
    empty_database: Path,
) -> Iterator[Flask]:
    """The application with an empty database. No context is pushed: requests make their own."""
    application = create_app(settings, clock=clock, session_clock=clock)
    application.testing = True
    application.jinja_env.bytecode_cache = compiled_templates
    # Nobody works in the background: a test that wants a letter sent calls the engine itself.
    application.extensions["ikone_wake"] = lambda: None
    lay_tables(application, settings, empty_database)
    yield application
    with application.app_context():
        db.session.remove()
        db.engine.dispose()


@pytest.fixture
def client(app: Flask) -> FlaskClient:
    """A browser without cookies."""
    return app.test_client()

"""Fixtures for tests that need the whole application: a real SQLite file, a clock that obeys."""

import gc
import shutil
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from flask import Flask
from flask.testing import FlaskClient
from hypothesis import HealthCheck
from hypothesis import settings as effort
from jinja2 import FileSystemBytecodeCache
from passlib.hash import argon2
from playwright.sync_api import Browser
from sqlalchemy import text
from werkzeug.routing import Rule

from ikone_events.app import create_app
from ikone_events.config import Settings
from ikone_events.store import db as store_db
from ikone_events.store.db import db
from ikone_events.store.operating.schema import migrate
from tests import shared_app
from tests.browser import launch
from tests.effort import NIGHT
from tests.factories import FixedClock, make_settings
from tests.known_migrations import every_migration, migrations_said_again
from tests.mailbox import Mailbox
from tests.patience import be_patient_with_locks
from tests.postgres import emptied_database
from tests.scratch import has_memory, new_folder

__all__ = ["every_migration"]  # a fixture

# No test leans on speed: a generated example may take as long as it takes.
SLOW = [HealthCheck.too_slow]
effort.register_profile("day", deadline=None, max_examples=40, suppress_health_check=SLOW)
effort.register_profile("night", deadline=None, max_examples=400, suppress_health_check=SLOW)
_ARGON2_MEMORY, _ARGON2_LANES = argon2.memory_cost, argon2.parallelism
effort.load_profile("night" if NIGHT else "day")


@pytest.hookimpl(tryfirst=True)
def pytest_configure(config: pytest.Config) -> None:
    """Keep the files of tests in memory; workers of pytest-xdist get a part of that folder.

    While tests are collected hardly anything becomes garbage, and nobody looks for it.
    """
    gc.disable()
    if hasattr(config, "workerinput") or config.option.basetemp or not has_memory():
        return
    folder = new_folder()
    config.option.basetemp = str(folder)
    config.add_cleanup(lambda: shutil.rmtree(folder, ignore_errors=True))


@pytest.fixture
def clock() -> FixedClock:
    """Stands at factories.NOW; `clock.move(days=1)` or `clock.moment = …`."""
    return FixedClock()


@pytest.fixture(scope="session")
def kept_data_dir(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The folder of the applications that tests of this process share."""
    return tmp_path_factory.mktemp("kept") / "data"


@pytest.fixture
def data_dir(kept_data_dir: Path) -> Path:
    """The data of this test's application, empty; settings that name it share an application."""
    shared_app.empty_folder(kept_data_dir)
    return kept_data_dir


@pytest.fixture
def settings(data_dir: Path) -> Settings:
    """The settings of `app`; override this fixture to run the application with others."""
    return make_settings(data_dir)


def pytest_generate_tests(metafunc: pytest.Metafunc) -> None:
    """Run a test that is marked `both_databases` on PostgreSQL too; at night, every one."""
    test = metafunc.definition
    both = NIGHT or test.get_closest_marker("both_databases") is not None
    named = any("database" in mark.args[0] for mark in test.iter_markers("parametrize"))
    names = metafunc.fixturenames
    if both and not NIGHT and "app" in names and "database" not in names:
        raise pytest.UsageError(f"{test.nodeid} is marked both_databases, but asks for no database")
    if both and "database" in names and not named:
        postgres = pytest.param("postgres", marks=pytest.mark.postgres)
        metafunc.parametrize("database", ["sqlite", postgres], indirect=True)


@pytest.hookimpl(tryfirst=True)
def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Mark tests with generated examples as slow, and begin with groups, then with slow tests.

    So no worker is left alone with them at the end.
    """
    for item in items:
        if getattr(getattr(item, "obj", None), "is_hypothesis_test", False):
            item.add_marker("slow")
    marks = ("xdist_group", "slow")
    items.sort(key=lambda item: [item.get_closest_marker(mark) is None for mark in marks])


def pytest_collection_finish() -> None:
    """Look for garbage rarely, and not among what is imported: that took 7 % of the time."""
    gc.freeze()
    gc.set_threshold(50_000, 10, 10)
    gc.enable()


@pytest.fixture
def database(request: pytest.FixtureRequest) -> str:
    """The address of a database with empty tables; "" is the embedded SQLite file."""
    if getattr(request, "param", "sqlite") == "sqlite":
        return ""
    return emptied_database()


@pytest.fixture(scope="session")
def browser() -> Iterator[Browser]:
    """The Chromium of this process; each test opens windows of its own."""
    with launch() as chromium:
        yield chromium


@pytest.fixture(scope="session")
def kept_mailbox() -> Iterator[Mailbox]:
    """The mail server of this process."""
    with Mailbox() as server:
        yield server


@pytest.fixture
def mailbox(kept_mailbox: Mailbox) -> Mailbox:
    """A real mail server on loopback that takes what it gets, and has got nothing yet."""
    kept_mailbox.answer = lambda _recipient: None
    kept_mailbox.received = []
    return kept_mailbox


@pytest.fixture(scope="session", autouse=True)
def patient_locks() -> None:
    """On a busy machine a lock may take longer than a visitor is asked to wait."""
    be_patient_with_locks()


@pytest.fixture(scope="session", autouse=True)
def shared_templates(compiled_templates: FileSystemBytecodeCache) -> Iterator[None]:
    """Every application of this process finds its templates compiled."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(Flask, "jinja_options", {"bytecode_cache": compiled_templates})
        yield


@pytest.fixture
def short_lock_wait(monkeypatch: pytest.MonkeyPatch) -> None:
    """For tests of what happens when a lock is not to be had."""
    monkeypatch.setattr(store_db, "LOCK_WAIT_SECONDS", 0.2)


@pytest.fixture(scope="session", autouse=True)
def cheap_hashing() -> Iterator[None]:
    """Passwords hashed with next to no effort; `costly_hashing` is for tests of the login."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(argon2, "memory_cost", 8)
        patch.setattr(argon2, "parallelism", 1)
        yield


@pytest.fixture(scope="session")
def folder_of_run(tmp_path_factory: pytest.TempPathFactory, worker_id: str) -> Path:
    """A folder that all processes of a run share."""
    base = tmp_path_factory.getbasetemp()
    folder = (base if worker_id == "master" else base.parent) / "shared"
    folder.mkdir(exist_ok=True)
    return folder


@pytest.fixture(scope="session")
def compiled_templates(folder_of_run: Path) -> FileSystemBytecodeCache:
    """Templates are compiled once for all the applications of a run."""
    (folder_of_run / "templates").mkdir(exist_ok=True)
    return FileSystemBytecodeCache(str(folder_of_run / "templates"))


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


@pytest.fixture(scope="session", autouse=True)
def known_migrations(folder_of_run: Path) -> Iterator[None]:
    """By day, migrations of an empty database are repeated from memory."""
    with migrations_said_again(folder_of_run):
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
    kept_data_dir: Path,
    compiled_templates: FileSystemBytecodeCache,
    empty_database: Path,
) -> Iterator[Flask]:
    """The application with an empty database. No context is pushed: requests make their own."""
    shared = settings.data_dir == kept_data_dir
    make = shared_app.lend if shared else shared_app.build
    application = make(settings, clock, compiled_templates)
    lay_tables(application, settings, empty_database)
    yield application
    shared_app.give_back(application)


@pytest.fixture
def costly_hashing(monkeypatch: pytest.MonkeyPatch) -> None:
    """Passwords hashed with the effort of the installation."""
    monkeypatch.setattr(argon2, "memory_cost", _ARGON2_MEMORY)
    monkeypatch.setattr(argon2, "parallelism", _ARGON2_LANES)


@pytest.fixture
def client(app: Flask) -> FlaskClient:
    """A browser without cookies."""
    return app.test_client()

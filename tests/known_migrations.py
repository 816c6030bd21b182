"""Migrations of an empty database run once a process; after that, what they said is said again.

Three dozen versions take a second, of which Alembic spends most on reading tables back. The first
run is recorded statement by statement. A database that has tables is always migrated step by step,
and at night every one is; `every_migration` is for tests of the migrations themselves.
"""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import pytest
from alembic.runtime.migration import MigrationContext
from sqlalchemy import Connection, event, inspect

from tests.effort import NIGHT

_UNSAID = ("SELECT", "PRAGMA", "WITH", "BEGIN", "SAVEPOINT", "RELEASE")
_Statements = list[tuple[str, Any, bool]]

_known: dict[tuple[str, ...], _Statements] = {}
_run_migrations = MigrationContext.run_migrations


@contextmanager
def migrations_said_again() -> Iterator[None]:
    """For a whole run of tests."""
    with pytest.MonkeyPatch.context() as patch:
        if not NIGHT:
            patch.setattr(MigrationContext, "run_migrations", _run_or_repeat)
        yield


@pytest.fixture
def every_migration(monkeypatch: pytest.MonkeyPatch) -> None:
    """Nothing is repeated from memory."""
    monkeypatch.setattr(MigrationContext, "run_migrations", _run_migrations)


def _run_or_repeat(context: MigrationContext, **words: Any) -> None:
    connection, find_steps = context.connection, context._migrations_fn
    assert connection is not None
    assert find_steps is not None
    if _has_tables(connection):
        return _run_migrations(context, **words)
    steps = [step.revision.revision for step in find_steps((), context)]  # type: ignore[attr-defined]
    key = (connection.dialect.name, *steps)
    if key in _known:
        return _repeat(connection, _known[key])
    with _recording(connection) as statements:
        _run_migrations(context, **words)
    _known[key] = statements
    return None


def _has_tables(connection: Connection) -> bool:
    names = inspect(connection).get_table_names()
    return any(not name.startswith("huey_") for name in names)


@contextmanager
def _recording(connection: Connection) -> Iterator[_Statements]:
    """Collect what is said to change the database, in the form in which the driver takes it."""
    said: _Statements = []

    def note(_on: Any, _cursor: Any, words: str, values: Any, _context: Any, many: bool) -> None:
        if not words.lstrip().upper().startswith(_UNSAID):
            said.append((words, values, many))

    event.listen(connection, "before_cursor_execute", note)
    try:
        yield said
    finally:
        event.remove(connection, "before_cursor_execute", note)


def _repeat(connection: Connection, statements: _Statements) -> None:
    cursor = connection.connection.cursor()
    for words, values, many in statements:
        (cursor.executemany if many else cursor.execute)(words, values)
    cursor.close()

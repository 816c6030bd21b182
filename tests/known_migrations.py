"""Migrations of an empty database run once; after that, what they said is said again.

Three dozen versions take a second, of which Alembic spends most on reading tables back. The first
run is recorded statement by statement, in a folder that all processes of a run read. A database
that has tables is always migrated step by step, and at night every one is; `every_migration` is
for tests of the migrations themselves.
"""

import fcntl
import pickle
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest
from alembic.runtime.migration import MigrationContext
from sqlalchemy import Connection, event, inspect

from tests.effort import NIGHT

_UNSAID = ("SELECT", "PRAGMA", "WITH", "BEGIN", "SAVEPOINT", "RELEASE")
_Statements = list[tuple[str, Any, bool]]

_known: dict[str, _Statements] = {}
_run_migrations = MigrationContext.run_migrations


@contextmanager
def migrations_repeated(folder: Path) -> Iterator[None]:
    """For a whole run of tests."""

    def run(context: MigrationContext, **words: Any) -> None:
        _run_or_repeat(context, folder, words)

    with pytest.MonkeyPatch.context() as patch:
        if not NIGHT:
            patch.setattr(MigrationContext, "run_migrations", run)
        yield


@pytest.fixture
def every_migration(monkeypatch: pytest.MonkeyPatch) -> None:
    """Nothing is repeated from memory."""
    monkeypatch.setattr(MigrationContext, "run_migrations", _run_migrations)


def _run_or_repeat(context: MigrationContext, folder: Path, words: dict[str, Any]) -> None:
    connection, find_steps = context.connection, context._migrations_fn
    assert connection is not None
    assert find_steps is not None
    if _has_tables(connection):
        return _run_migrations(context, **words)
    steps = list(find_steps((), context))
    if not steps:
        return _run_migrations(context, **words)
    key = f"{connection.dialect.name}-{steps[-1].revision.revision}"  # type: ignore[attr-defined]
    if key not in _known:
        with (folder / f"{key}.lock").open("w") as turn:
            fcntl.flock(turn, fcntl.LOCK_EX)  # workers begin at the same moment; one records
            if not (folder / key).exists():
                return _record(context, folder / key, words)
        _known[key] = pickle.loads((folder / key).read_bytes())  # noqa: S301 - our own
    return _repeat(connection, _known[key])


def _record(context: MigrationContext, file: Path, words: dict[str, Any]) -> None:
    assert context.connection is not None
    with _recording(context.connection) as statements:
        _run_migrations(context, **words)
    _known[file.name] = statements
    file.write_bytes(pickle.dumps(statements))


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

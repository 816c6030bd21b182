"""The integrity of the database itself."""

from collections.abc import Iterator
from datetime import datetime

from sqlalchemy import func, select, text

from ikone_events.store.db import Base, db

_INVALID = text(
    "SELECT 'index ' || indexrelid::regclass::text || ' is not valid'"
    " FROM pg_index WHERE NOT indisvalid"
    " UNION ALL SELECT 'constraint ' || conname || ' was never checked'"
    " FROM pg_constraint WHERE NOT convalidated"
)


def broken_database(_now: datetime) -> Iterator[str]:
    """What the database says about its own pages, indexes, references and numbers."""
    return _sqlite() if db.engine.dialect.name == "sqlite" else _postgresql()


def _sqlite() -> Iterator[str]:
    for words in db.session.scalars(text("PRAGMA integrity_check")):
        if words != "ok":
            yield f"database: {words}"
    for table, row, owner, _number in db.session.execute(text("PRAGMA foreign_key_check")):
        yield f"database: row {row} of {table} belongs to no row of {owner}"


def _postgresql() -> Iterator[str]:
    for words in db.session.scalars(_INVALID):
        yield f"database: {words}"
    for table in Base.metadata.sorted_tables:
        serial = _serial_of(table.name)
        if serial is None:
            continue
        last = db.session.scalar(text(f"SELECT last_value FROM {serial}"))  # noqa: S608 - its own name
        highest = db.session.scalar(select(func.max(table.c.id))) or 0
        if last is not None and last < highest:
            yield f"database: numbers of {table.name} go on from {last}, its rows go to {highest}"


def _serial_of(table: str) -> str | None:
    """The name of the sequence that numbers a table's rows, if one does."""
    if "id" not in Base.metadata.tables[table].c:
        return None
    name = text("SELECT pg_get_serial_sequence(:table, 'id')")
    found: str | None = db.session.scalar(name, {"table": f'"{table}"'})
    return found

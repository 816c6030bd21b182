"""Writes all rows as lines of JSON and reads them, for SQLite and PostgreSQL.

Tables are reflected from the database, so snapshots of older versions work too.
"""

import base64
import json
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from datetime import UTC, date, datetime
from itertools import islice
from typing import Any

from sqlalchemy import Column, Connection, DateTime, MetaData, Table, func, select, text

from ikone_events.store.db import db

CHUNK = 500
# Heartbeats, the pause of the outbox (until version 0004: `hold`), owed erasures and counters of
# rate limits describe the running installation, not its data; Alembic fills its own table. Counters
# of seats are derived from registrations and counted after a restore, versions are given anew.
_PASSING = (
    *("heartbeat", "outbox_pause", "hold", "erasure_debt", "rate_limit_counter"),
    *("seat_count", "shared_content", "alembic_version"),
)


@contextmanager
def frozen() -> Iterator[Connection]:
    """A connection with a consistent view of the database."""
    with db.engine.connect() as connection:
        if connection.dialect.name == "postgresql":
            yield connection.execution_options(isolation_level="REPEATABLE READ")
        else:
            yield connection


@contextmanager
def rebuilding() -> Iterator[Connection]:
    """One transaction in which tables are dropped and created."""
    with db.engine.connect().execution_options(write=True) as connection:
        sqlite = connection.dialect.name == "sqlite"
        if sqlite:  # else a drop would delete referring rows; can't be set inside a transaction
            connection.connection.execute("PRAGMA foreign_keys=OFF")
        with connection.begin():
            yield connection
        if sqlite:
            connection.invalidate()  # do not reuse the connection with this setting


def tables_of(connection: Connection) -> list[Table]:
    """The reflected tables, each after those it refers to, without the queue's."""
    found = MetaData()
    found.reflect(connection, only=lambda name, _meta: not name.startswith("huey_"))
    return [table for table in found.sorted_tables if table.name not in _PASSING]


def drop_all(connection: Connection) -> None:
    """Drop all tables except the queue's."""
    found = MetaData()
    found.reflect(connection, only=lambda name, _meta: not name.startswith("huey_"))
    found.drop_all(connection)


def lines_of(connection: Connection, table: Table) -> Iterator[str]:
    """The column names, then each row, as JSON."""
    yield json.dumps([column.name for column in table.columns])
    order = list(table.primary_key.columns)
    rows = connection.execution_options(yield_per=CHUNK).execute(select(table).order_by(*order))
    for row in rows:
        yield json.dumps([_packed(value) for value in row], ensure_ascii=False)


def fill(connection: Connection, table: Table, lines: Iterator[str]) -> int:
    """Store the rows of `lines_of`; returns their number."""
    columns = [table.columns[name] for name in json.loads(next(lines))]
    number = 0
    while chunk := list(islice(lines, CHUNK)):
        rows = [_row(columns, json.loads(line)) for line in chunk]
        connection.execute(table.insert(), rows)
        number += len(rows)
    return number


def renumber(connection: Connection, tables: Iterable[Table]) -> None:
    """Set PostgreSQL's sequences to the highest id."""
    if connection.dialect.name != "postgresql":
        return
    for table in tables:
        if "id" not in table.c:
            continue
        highest = connection.scalar(select(func.max(table.c.id)))
        name = text("SELECT pg_get_serial_sequence(:name, 'id')")
        serial = connection.scalar(name, {"name": f'"{table.name}"'})
        if serial and highest:
            connection.execute(select(func.setval(serial, highest)))


def _packed(value: Any) -> Any:
    if isinstance(value, datetime):
        return {"time": value.isoformat()}
    if isinstance(value, date):
        return {"day": value.isoformat()}
    if isinstance(value, bytes | memoryview):
        return {"bytes": base64.b64encode(value).decode("ascii")}
    return value


def _row(columns: list[Column[Any]], values: list[Any]) -> dict[str, Any]:
    return {c.name: _unpacked(c, v) for c, v in zip(columns, values, strict=True)}


def _unpacked(column: Column[Any], value: Any) -> Any:
    if not isinstance(value, dict):
        return value
    if "bytes" in value:
        return base64.b64decode(value["bytes"])
    if "day" in value:
        return date.fromisoformat(value["day"])
    moment = datetime.fromisoformat(value["time"])
    moment = moment.replace(tzinfo=UTC) if moment.tzinfo is None else moment.astimezone(UTC)
    zoned = isinstance(column.type, DateTime) and column.type.timezone
    return moment if zoned else moment.replace(tzinfo=None)

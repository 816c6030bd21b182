"""Connections to PostgreSQL: whether they are alive is asked after a pause only.

A ping at each use (`pool_pre_ping`) costs a round trip; a page of the public needs one itself.
"""

import time
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from sqlalchemy import Dialect, Engine, event
from sqlalchemy.exc import DisconnectionError

# A server that has been restarted is noticed by the first use after so many seconds.
_PAUSE_SECONDS = 1.0
_USED, _DIALECT = "used", "dialect"  # keys of a pooled connection's info


@event.listens_for(Engine, "do_connect")
def _note_dialect(dialect: Dialect, record: Any, _arguments: Any, _options: Any) -> None:
    if dialect.name == "postgresql":
        record.info[_DIALECT], record.info[_USED] = dialect, time.monotonic()


@event.listens_for(Engine, "checkin")
def _note_use(_connection: Any, record: Any) -> None:
    if _DIALECT in record.info:
        record.info[_USED] = time.monotonic()


@event.listens_for(Engine, "checkout")
def _leave_dead_connection(connection: Any, record: Any, _proxy: Any) -> None:
    """The pool then opens another one."""
    dialect: Dialect | None = record.info.get(_DIALECT)
    if dialect is None or time.monotonic() - record.info[_USED] < _PAUSE_SECONDS:
        return
    try:
        dialect.do_ping(connection)
    except dialect.loaded_dbapi.Error as fault:
        raise DisconnectionError("the connection has been closed") from fault


@contextmanager
def without_transaction(connection: Any) -> Iterator[None]:
    """Run one reading statement without BEGIN and ROLLBACK, two round trips less."""
    connection.autocommit = True
    try:
        yield
    finally:
        if not connection.closed:
            connection.autocommit = False

"""Removes deleted data from SQLite's files.

`secure_delete` (store/db.py) overwrites deleted data with zeros; the write-ahead log keeps old
pages until it is emptied. PostgreSQL's vacuum does both.
"""

import logging
import time

from sqlalchemy import Engine

# How long to wait for readers after a deletion, and at later attempts.
PATIENCE_MS = 500
_NO_PATIENCE_MS = 0
RETRY_SECONDS = 1.0
# Also empties the log of another process that was killed or stopped writing.
EVERY_SECONDS = 3600.0

log = logging.getLogger(__name__)


class LogEraser:
    """Empties the write-ahead log of a database after a deletion; raises nothing.

    If a reader or an error prevents it, `catch_up` tries again after later commits.
    """

    def __init__(self, *, usual_ms: int) -> None:
        self._usual_ms = usual_ms
        self._tried = time.monotonic()
        self._owed = False

    def erase(self, engine: Engine) -> None:
        """Write the log back into the database and truncate it."""
        self._owed = not self._is_emptied(engine, PATIENCE_MS)

    def catch_up(self, engine: Engine) -> None:
        """Retry what failed, and regularly empty logs of other processes, without waiting."""
        pause = RETRY_SECONDS if self._owed else EVERY_SECONDS
        if time.monotonic() - self._tried >= pause:
            self._owed = not self._is_emptied(engine, _NO_PATIENCE_MS)

    def _is_emptied(self, engine: Engine, patience_ms: int) -> bool:
        self._tried = time.monotonic()
        if engine.dialect.name != "sqlite":
            return True
        try:
            return _empty(engine, patience_ms, self._usual_ms)
        except Exception:  # the commit was successful
            log.exception(
                "deleted data is still in the write-ahead log; another attempt will follow"
            )
            return False


def _empty(engine: Engine, patience_ms: int, usual_ms: int) -> bool:
    """Truncate the log; False if somebody still reads."""
    connection = engine.raw_connection()
    try:
        cursor = connection.cursor()
        cursor.execute(f"PRAGMA busy_timeout={patience_ms}")
        try:
            [(busy, _pages, _moved)] = cursor.execute("PRAGMA wal_checkpoint(TRUNCATE)").fetchall()
        finally:
            cursor.execute(f"PRAGMA busy_timeout={usual_ms}")
        return not busy
    finally:
        connection.close()

"""Nothing that was deleted stays readable in SQLite's files.

`secure_delete` (store/db.py) overwrites what is deleted with zeros; the write-ahead log keeps older
copies of the pages until it is emptied. PostgreSQL's own vacuum does both.
"""

import logging
import time

from sqlalchemy import Engine

# How long readers are waited for by whoever deletes something, and by later attempts.
PATIENCE_MS = 500
_NO_PATIENCE_MS = 0
RETRY_SECONDS = 1.0
# Also the log of a process that was killed before it could, or of one that writes no more.
EVERY_SECONDS = 3600.0

log = logging.getLogger(__name__)


class LogEraser:
    """Empties one database's log after a deletion, sooner or later, and raises nothing.

    What a reader or a fault prevents is owed: `catch_up`, after every later commit of the process,
    tries again.
    """

    def __init__(self, *, usual_ms: int) -> None:
        self._usual_ms = usual_ms
        self._tried = time.monotonic()
        self._owed = False

    def erase(self, engine: Engine) -> None:
        """Bring the log into the database and cut it to nothing."""
        self._owed = not self._is_emptied(engine, PATIENCE_MS)

    def catch_up(self, engine: Engine) -> None:
        """Do what is owed, and what an earlier process may have left, without waiting."""
        pause = RETRY_SECONDS if self._owed else EVERY_SECONDS
        if time.monotonic() - self._tried >= pause:
            self._owed = not self._is_emptied(engine, _NO_PATIENCE_MS)

    def _is_emptied(self, engine: Engine, patience_ms: int) -> bool:
        self._tried = time.monotonic()
        if engine.dialect.name != "sqlite":
            return True
        try:
            return _empty(engine, patience_ms, self._usual_ms)
        except Exception:  # what was to be stored is stored; nobody must be told otherwise
            log.exception("deleted data is still in the write-ahead log; it is tried again")
            return False


def _empty(engine: Engine, patience_ms: int, usual_ms: int) -> bool:
    """False where somebody still reads."""
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

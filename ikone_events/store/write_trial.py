"""Tries whether the database takes writes, for health checks.

On a full disk reading goes on, and so may small writes into space that is already allocated.
"""

import tempfile
import threading
import time

from sqlalchemy import Engine, text
from sqlalchemy.exc import DBAPIError

from ikone_events.store.outages import is_lock_timeout
from ikone_events.store.sqlite import path_of

# Seconds between two trials, however often somebody asks.
EVERY_SECONDS = 5.0
# Seconds for which a failed write counts if no later one succeeds.
REMEMBERED_SECONDS = 60.0
# More than a registration needs: in the file system, and in the database itself.
_ROOM_ON_DISK = 1 << 20
_ROOM_IN_TABLES = 1 << 16


class WriteTrial:
    """Remembers the latest trial and the latest failure of a real write."""

    def __init__(self) -> None:
        self._trying = threading.Lock()
        self._tried = -EVERY_SECONDS
        self._fault = ""
        self._failure = ""
        self._failed = -REMEMBERED_SECONDS

    def note_failure(self, words: str) -> None:
        """A transaction could not be stored."""
        self._failure, self._failed = words, time.monotonic()

    def note_success(self) -> None:
        """A transaction was stored."""
        self._failure = ""

    def fault(self, engine: Engine) -> str:
        """Why nothing can be stored, in the database's words; empty if something can."""
        if time.monotonic() - self._tried >= EVERY_SECONDS and self._trying.acquire(blocking=False):
            try:
                self._fault = find_write_fault(engine)
                self._tried = time.monotonic()
            finally:
                self._trying.release()
        recent = time.monotonic() - self._failed < REMEMBERED_SECONDS
        return self._fault or (self._failure if recent else "")


def find_write_fault(engine: Engine) -> str:
    """Try a write that needs space, and undo it; empty if it succeeds or the database is locked."""
    if (path := path_of(engine.url)) is not None:
        try:
            with tempfile.TemporaryFile(dir=path.parent) as file:
                file.write(bytes(_ROOM_ON_DISK))
                file.flush()
        except OSError as error:
            return f"{path.parent}: {error.strerror}"
    options = {"write": True, "wait": 0.0}
    try:
        with engine.connect().execution_options(**options) as connection:
            if connection.dialect.name != "sqlite":
                connection.execute(text("SET LOCAL lock_timeout = '100ms'"))
            connection.execute(text("UPDATE alembic_version SET version_num = version_num"))
            if connection.dialect.name == "sqlite":
                content = f"SELECT zeroblob({_ROOM_IN_TABLES}) AS content"
                connection.execute(text(f"CREATE TABLE write_trial AS {content}"))
            connection.rollback()
    except DBAPIError as error:
        return "" if is_lock_timeout(error) else str(error.orig)
    return ""

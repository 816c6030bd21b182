"""The connection of a write transaction.

Plain statements run on it as they are. The session joins when something needs it first: a
registration never does, and a transaction of the session costs more than all its statements.
"""

from functools import cached_property
from typing import Any, cast

from sqlalchemy import Connection, Dialect, Engine
from sqlalchemy.exc import DBAPIError
from sqlalchemy.orm import Session

from ikone_events.store.sqlite import OpenedFile, opened_file

# Keys of a pooled SQLite connection's info: how many seconds it waits for a lock, and how it syncs.
_WAIT, _SYNC = "wait", "sync"


def set_up_sqlite(driver: Any, info: dict[str, Any], *, sync: str, wait: float) -> None:
    """Set how a transaction waits and is synced; `sync` is "" where nothing is written."""
    if sync and info.get(_SYNC) != sync:
        driver.execute(f"PRAGMA synchronous={sync}")
        info[_SYNC] = sync
    if info.get(_WAIT) != wait:
        driver.execute(f"PRAGMA busy_timeout={int(wait * 1000)}")
        info[_WAIT] = wait


def translated(fault: Exception, sql: str, dialect: Dialect) -> BaseException:
    """SQLAlchemy's exception for one of the driver, without parameters (personal data)."""
    error = dialect.loaded_dbapi.Error
    return DBAPIError.instance(sql, None, fault, error, hide_parameters=True, dialect=dialect)


class Writing:
    """A write transaction that has begun. `asked` is the work for after the commit.

    `kept` is what it has read or locked and need not read or lock again.
    """

    def __init__(self, engine: Engine, *, durable: bool, wait: float, lock_timeout: str) -> None:
        self._engine, self.dialect = engine, engine.dialect
        self.error = self.dialect.loaded_dbapi.Error
        self.asked: set[str] = set()
        self.kept: dict[str, Any] = {}
        try:
            self._pooled = engine.raw_connection()
        except self.error as fault:
            raise translated(fault, "", self.dialect) from fault
        self.driver = cast(Any, self._pooled.dbapi_connection)
        try:
            if self.dialect.name == "sqlite":
                sync = "FULL" if durable else "NORMAL"
                set_up_sqlite(self.driver, self._pooled.info, sync=sync, wait=wait)
                self.driver.execute("BEGIN IMMEDIATE")
            else:
                self.driver.execute(lock_timeout)
        except self.error as fault:
            refused = self.failed(fault, "BEGIN")
            self.close()
            raise refused from fault

    @property
    def file(self) -> OpenedFile | None:
        """The file that is written; None if there is none."""
        return opened_file(self._pooled.info)

    @cached_property
    def connection(self) -> Connection:
        """What the session joins by."""
        return Connection(self._engine, self._pooled).execution_options(write=True)

    def failed(self, fault: Exception, sql: str) -> BaseException:
        """SQLAlchemy's exception for a fault; a connection that is lost leaves the pool."""
        lost = self.dialect.is_disconnect(fault, self.driver, None)  # type: ignore[arg-type]
        if lost and self._pooled.is_valid:
            self._pooled.invalidate(fault)
        return translated(fault, sql, self.dialect)

    def finish(self, session: Session | None) -> None:
        """Commit what the session and plain statements have written.

        A connection that was lost meanwhile is closed, and fails here even if nobody noticed.
        """
        if session is not None:
            session.commit()
        try:
            self.driver.commit()  # without effect if the session has joined
        except self.error as fault:
            raise self.failed(fault, "COMMIT") from fault

    def close(self) -> None:
        """Give the connection back; what is not committed is rolled back."""
        self._pooled.close()

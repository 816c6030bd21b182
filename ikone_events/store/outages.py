"""Distinguishes errors of the database from errors of data, and logs an outage once a minute."""

import logging
import sqlite3
import threading
import time
from pathlib import Path

from sqlalchemy.exc import DataError, DBAPIError, IntegrityError, OperationalError, SQLAlchemyError

from ikone_events.domain.refusals import N_, Busy, Complaint, Outage

log = logging.getLogger(__name__)

# Exceptions for other layers: any error of the database, and errors of its driver.
DatabaseFault = SQLAlchemyError
DriverFault = DBAPIError

# Seconds between two lines of the log about the same outage.
REPORT_EVERY = 60.0
# SQLite: full, read-only, unreadable, missing or no database (prefixes of error names).
_SQLITE = (
    *("SQLITE_FULL", "SQLITE_READONLY", "SQLITE_IOERR", "SQLITE_CANTOPEN"),
    *("SQLITE_NOTADB", "SQLITE_CORRUPT"),
)
# PostgreSQL's error classes: no connection, no resources (also a full disk), shutdown.
_POSTGRESQL = ("08", "53", "57P")
_READ_ONLY, _NO_TABLE = "25006", "42P01"


def is_outage(fault: DBAPIError) -> bool:
    """Whether the database is full, read-only, unreachable, shutting down or without tables."""
    if isinstance(fault, DataError):
        return False
    return fault.connection_invalidated or _is_outage_of_driver(fault.orig)


def _is_outage_of_driver(fault: BaseException | None) -> bool:
    name = getattr(fault, "sqlite_errorname", None)
    if name is not None:
        return str(name).startswith(_SQLITE) or str(fault).startswith("no such table")
    missing = "not of PostgreSQL"
    state = getattr(fault, "sqlstate", missing)  # None while there is no connection at all
    return state is None or state in (_READ_ONLY, _NO_TABLE) or state.startswith(_POSTGRESQL)


def is_about_data(fault: DBAPIError) -> bool:
    """Whether the data were refused, while other data can be stored."""
    return isinstance(fault, DataError | IntegrityError)


def is_refused_by_driver(fault: DBAPIError) -> bool:
    """Whether a value never reached the database: psycopg sends no NUL bytes."""
    return isinstance(fault, DataError) and getattr(fault.orig, "sqlstate", "") is None


def is_lock_timeout(fault: DBAPIError) -> bool:
    """Whether waiting for a lock timed out."""
    words = str(fault.orig).lower()
    return "locked" in words or "lock timeout" in words or "deadlock detected" in words


def refusal_for(fault: DBAPIError) -> Busy | Outage | None:
    """The refusal for an error of the database; None for errors of the data."""
    if isinstance(fault, OperationalError) and is_lock_timeout(fault):
        return busy()
    if is_outage(fault):
        report(str(fault.orig))
        return _outage()
    return None


def busy() -> Busy:
    """The refusal for a lock timeout."""
    return Busy(
        Complaint(N_("Too many people are writing at this moment. Nothing was stored; try again."))
    )


def moved(path: Path) -> Outage:
    """The refusal of a write into a file that was moved, deleted or replaced meanwhile."""
    report(f"{path} was moved or replaced")
    return _outage()


def _outage() -> Outage:
    return Outage(Complaint(N_("Nothing can be stored at this moment. Please try again later.")))


_reported: dict[str, float] = {}
_reporting = threading.Lock()


def report(words: str) -> None:
    """Log an outage, unless that was done within the last minute."""
    if _is_news(words):
        log.error("the database can't be used: %s", words)


def condense(record: logging.LogRecord) -> bool:
    """Logging filter: one line a minute without a traceback for each outage, from any library.

    Each waiting thread, step and request meets the same outage, and so does the queue's file.
    """
    words = _words_of_outage(record.exc_info[1]) if record.exc_info else ""
    if not words:
        return True
    if not _is_news(words):
        return False
    record.msg, record.args = f"{record.getMessage()}: the database can't be used: {words}", None
    record.exc_info = record.exc_text = None
    return True


def _is_news(words: str) -> bool:
    present = time.monotonic()
    with _reporting:
        for old in [old for old, last in _reported.items() if present - last >= REPORT_EVERY]:
            del _reported[old]
        if words in _reported:
            return False
        _reported[words] = present
        return True


def _words_of_outage(fault: BaseException | None) -> str:
    """The driver's words if an outage or a lock timeout is behind the error."""
    if isinstance(fault, Busy):
        return _words_of_outage(fault.__cause__) or str(fault)
    if isinstance(fault, DBAPIError):
        return str(fault.orig) if is_outage(fault) or is_lock_timeout(fault) else ""
    if _is_of_driver(fault) and _is_outage_of_driver(fault):
        return str(fault)
    return ""


def _is_of_driver(fault: BaseException | None) -> bool:
    """Whether SQLite or psycopg raised it; psycopg is not imported for SQLite (9 MB)."""
    return isinstance(fault, sqlite3.Error) or hasattr(fault, "sqlstate")

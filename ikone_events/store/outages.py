"""Tells errors of the database from errors of the data."""

import logging

from sqlalchemy.exc import DataError, DBAPIError, IntegrityError, OperationalError, SQLAlchemyError

from ikone_events.domain.refusals import N_, Busy, Complaint, Outage

log = logging.getLogger(__name__)

# Exceptions for other layers: any error of the database, and errors of its driver.
DatabaseFault = SQLAlchemyError
DriverFault = DBAPIError

# SQLite: full, read-only, unreadable or missing (prefixes of error names).
_SQLITE = ("SQLITE_FULL", "SQLITE_READONLY", "SQLITE_IOERR", "SQLITE_CANTOPEN")
# PostgreSQL's error classes: no connection, no resources (also a full disk), shutdown.
_POSTGRESQL = ("08", "53", "57P")
_READ_ONLY = "25006"


def is_outage(fault: DBAPIError) -> bool:
    """Whether the database is full, read-only, unreachable or shutting down."""
    if fault.connection_invalidated:
        return True
    name = getattr(fault.orig, "sqlite_errorname", None)
    if name is not None:
        return str(name).startswith(_SQLITE)
    missing = "not of PostgreSQL"
    state = getattr(fault.orig, "sqlstate", missing)  # None while there is no connection at all
    return state is None or state == _READ_ONLY or state.startswith(_POSTGRESQL)


def is_about_data(fault: DBAPIError) -> bool:
    """Whether the data were refused, while other data can be stored."""
    return isinstance(fault, DataError | IntegrityError)


def is_lock_timeout(fault: DBAPIError) -> bool:
    """Whether waiting for a lock timed out."""
    words = str(fault.orig).lower()
    return "locked" in words or "lock timeout" in words or "deadlock detected" in words


def refusal_for(fault: DBAPIError) -> Busy | Outage | None:
    """The refusal for an error of the database; None for errors of the data."""
    if isinstance(fault, OperationalError) and is_lock_timeout(fault):
        return busy()
    if is_outage(fault):
        log.error("the database can't store anything: %s", fault.orig)
        text = N_("Nothing can be stored at this moment. Please try again later.")
        return Outage(Complaint(text))
    return None


def busy() -> Busy:
    """The refusal for a lock timeout."""
    return Busy(
        Complaint(N_("Too many people are writing at this moment. Nothing was stored; try again."))
    )

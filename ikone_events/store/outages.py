"""Which of a database's errors are about the database, and which about what was to be stored."""

import logging

from sqlalchemy.exc import DataError, DBAPIError, IntegrityError, OperationalError, SQLAlchemyError

from ikone_events.domain.refusals import N_, Busy, Complaint, Outage

log = logging.getLogger(__name__)

# What others catch: anything that fails around the database, and what its driver refused.
DatabaseFault = SQLAlchemyError
DriverFault = DBAPIError

# Full, read-only, unreadable or gone: SQLite's names of errors begin so.
_SQLITE = ("SQLITE_FULL", "SQLITE_READONLY", "SQLITE_IOERR", "SQLITE_CANTOPEN")
# PostgreSQL's classes: no connection, no resources (a full disk too), stopped by its operator.
_POSTGRESQL = ("08", "53", "57P")
_READ_ONLY = "25006"


def is_outage(fault: DBAPIError) -> bool:
    """Whether the database is full, read-only, out of reach or shutting down."""
    if fault.connection_invalidated:
        return True
    name = getattr(fault.orig, "sqlite_errorname", None)
    if name is not None:
        return str(name).startswith(_SQLITE)
    missing = "not of PostgreSQL"
    state = getattr(fault.orig, "sqlstate", missing)  # None while there is no connection at all
    return state is None or state == _READ_ONLY or state.startswith(_POSTGRESQL)


def is_about_data(fault: DBAPIError) -> bool:
    """Whether the same rows would be refused again, while others can be stored."""
    return isinstance(fault, DataError | IntegrityError)


def is_lock_timeout(fault: DBAPIError) -> bool:
    """Whether the database gave up waiting for a lock."""
    words = str(fault.orig).lower()
    return "locked" in words or "lock timeout" in words or "deadlock detected" in words


def refusal_for(fault: DBAPIError) -> Busy | Outage | None:
    """In words what is about the database; None for what is about the thing asked of it."""
    if isinstance(fault, OperationalError) and is_lock_timeout(fault):
        return busy()
    if is_outage(fault):
        log.error("the database can't store anything: %s", fault.orig)
        text = N_("Nothing can be stored at this moment. Please try again later.")
        return Outage(Complaint(text))
    return None


def busy() -> Busy:
    """What somebody is told who has waited for the lock in vain."""
    return Busy(
        Complaint(N_("Too many people are writing at this moment. Nothing was stored; try again."))
    )

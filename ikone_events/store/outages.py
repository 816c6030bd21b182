"""Which of a database's errors are about the database, and which about what was to be stored."""

from sqlalchemy.exc import DataError, DBAPIError, IntegrityError

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

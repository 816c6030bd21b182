"""Which of a database's errors mean that it can't work now, whoever asks and whatever for."""

from sqlalchemy.exc import DBAPIError, SQLAlchemyError

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

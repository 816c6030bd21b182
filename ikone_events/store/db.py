"""The database: connection settings, `transaction()` and the UTC column type."""

import logging
import math
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any, TypeVar, cast

from flask import Flask
from flask_sqlalchemy import SQLAlchemy
from flask_sqlalchemy.session import Session as FlaskSession
from sqlalchemy import (
    Connection,
    CursorResult,
    DateTime,
    Dialect,
    Engine,
    MetaData,
    Select,
    Text,
    UpdateBase,
    event,
    make_url,
)
from sqlalchemy.dialects import sqlite
from sqlalchemy.exc import DBAPIError
from sqlalchemy.orm import DeclarativeBase, Session
from sqlalchemy.types import TypeDecorator

from ikone_events.domain.refusals import Outage
from ikone_events.store import postgresql as _postgresql  # noqa: F401 - its listeners
from ikone_events.store.outages import busy, moved, refusal_for
from ikone_events.store.partial_indexes import add_postgresql_conditions
from ikone_events.store.running import running_app, this_context
from ikone_events.store.sqlite import path_of
from ikone_events.store.write_trial import WriteTrial
from ikone_events.store.writing import Writing, set_up_sqlite

if TYPE_CHECKING:
    from sqlalchemy.dialects import postgresql

LOCK_WAIT_SECONDS = 5
T = TypeVar("T")
log = logging.getLogger(__name__)
_LOCK_TIMEOUT = f"SET LOCAL lock_timeout = '{LOCK_WAIT_SECONDS}s'"

_NAMING = {
    "ix": "ix_%(table_name)s_%(column_0_N_name)s",
    "uq": "uq_%(table_name)s_%(column_0_N_name)s",
    "ck": "ck_%(table_name)s_%(constraint_name)s",
    "fk": "fk_%(table_name)s_%(column_0_N_name)s",
    "pk": "pk_%(table_name)s",
}


class Base(DeclarativeBase):
    """Base class of all tables."""

    metadata = MetaData(naming_convention=_NAMING)


class _Database(SQLAlchemy):
    def create_all(self, bind_key: str | list[str | None] | None = "__all__") -> None:
        """Create the tables without migrations (tests), in a new file if there is none."""
        if (path := path_of(self.engine.url)) is not None:
            path.touch(mode=0o600)
        super().create_all(bind_key)


class _Session(FlaskSession):
    """A session that joins the write transaction it is in."""

    def get_bind(self, *args: Any, **kwargs: Any) -> Connection | Engine:
        """The connection of `transaction()`, else the engine."""
        found = find_writing()
        return found.connection if found else super().get_bind(*args, **kwargs)


_OPTIONS = {"class_": _Session, "autoflush": False, "expire_on_commit": False}
db = _Database(model_class=Base, session_options=_OPTIONS)

# Keys of domain/folding.py in their own order, whatever the language of the database.
SortKey = Text().with_variant(Text(collation="C"), "postgresql")


class UTCDateTime(TypeDecorator[datetime]):
    """An aware moment in UTC; naive values raise ValueError."""

    impl = DateTime(timezone=True)
    cache_ok = True

    def process_bind_param(self, value: datetime | None, dialect: Dialect) -> datetime | None:
        """Convert to UTC; SQLite stores no zone. Raises ValueError for naive moments."""
        if value is None:
            return None
        if value.tzinfo is None:
            raise ValueError(f"naive datetime: {value!r}")
        moment = value.astimezone(UTC)
        return moment.replace(tzinfo=None) if dialect.name == "sqlite" else moment

    def process_result_value(self, value: datetime | None, _dialect: Dialect) -> datetime | None:
        """Aware UTC from both databases."""
        if value is None:
            return None
        return value.replace(tzinfo=UTC) if value.tzinfo is None else value.astimezone(UTC)


def init_app(app: Flask) -> None:
    """Set up the database by the SQLALCHEMY_… settings of the application."""
    if make_url(app.config["SQLALCHEMY_DATABASE_URI"]).get_backend_name() == "postgresql":
        add_postgresql_conditions()
    db.init_app(app)
    app.extensions["ikone_write_trial"] = WriteTrial()


def engine_options(url: str) -> dict[str, Any]:
    """Engine options for SQLAlchemy; errors are logged without parameters (personal data)."""
    if make_url(url).get_backend_name() == "sqlite":
        connect = {"timeout": LOCK_WAIT_SECONDS, "check_same_thread": False}
        return {"connect_args": connect, "hide_parameters": True}
    return {"pool_size": 8, "max_overflow": 8, "hide_parameters": True}


@event.listens_for(Engine, "begin")
def _begin(connection: Any) -> None:
    """Begin SQLite writes with the lock: upgrading a read transaction fails without waiting.

    In `transaction()` that has been done before the session joins.
    """
    driver = connection.connection.dbapi_connection
    if connection.dialect.name == "sqlite" and not driver.in_transaction:
        options = connection.get_execution_options()
        write, wait = options.get("write"), options.get("wait", LOCK_WAIT_SECONDS)
        set_up_sqlite(driver, connection.info, sync="FULL" if write else "", wait=wait)
        connection.exec_driver_sql("BEGIN IMMEDIATE" if write else "BEGIN")


# Fair, while SQLite's busy handler polls with growing sleeps, so that a thread could starve.
_write_lock = threading.Lock()
# Work for after the commit.
_WAKE, _ERASE = "wake", "erase"
# The write transactions that are open, by their application context, like sessions.
_open: dict[object, Writing] = {}


def is_writing() -> bool:
    """Whether this thread is inside a write transaction."""
    return find_writing() is not None


def find_writing() -> Writing | None:
    """The write transaction that this thread is in."""
    return _open.get(this_context())


def find_session() -> Session | None:
    """The session of this thread, if something has needed one."""
    sessions: Any = db.session.registry
    found: Session | None = sessions.registry.get(sessions.scopefunc())
    return found


@contextmanager
def transaction(*, durable: bool = True) -> Iterator[None]:
    """A write transaction: commits at the end, rolls back on any exception.

    Ends the reading transaction first, so that everything inside is read after the lock. Raises
    Busy if the lock is not available within LOCK_WAIT_SECONDS. A commit that is not `durable`
    survives a crash of the process, but on SQLite a power failure may undo it until the next
    durable commit.
    """
    if is_writing():
        raise RuntimeError("transaction() does not nest; services never open one")
    if (session := find_session()) is not None:
        if session.new or session.dirty or session.deleted:
            raise RuntimeError("changes were made outside a transaction")
        session.rollback()
    engine, began = db.engine, time.monotonic()
    sqlite = engine.dialect.name == "sqlite"
    if sqlite and not _write_lock.acquire(timeout=LOCK_WAIT_SECONDS):
        raise busy()
    try:
        with _outages_refused():
            wait = _rest_of_wait(began)
            writing = Writing(engine, durable=durable, wait=wait, lock_timeout=_LOCK_TIMEOUT)
            with _committed(writing):
                yield
    finally:
        if sqlite:
            _write_lock.release()
    _follow_up(engine, writing.asked)


def _rest_of_wait(began: float) -> float:
    """The seconds that are left for SQLite's own wait, rounded up to tenths."""
    rest = LOCK_WAIT_SECONDS - (time.monotonic() - began)
    return max(math.ceil(rest * 10) / 10, 0.0)


@contextmanager
def _outages_refused() -> Iterator[None]:
    """Turn errors of the database into refusals, and remember whether it takes writes."""
    trial: WriteTrial = running_app().extensions["ikone_write_trial"]
    try:
        yield
    except DBAPIError as fault:
        refusal = refusal_for(fault)
        if refusal is None:
            raise
        if isinstance(refusal, Outage):
            trial.note_failure(str(fault.orig))
        raise refusal from fault
    else:
        trial.note_success()


@contextmanager
def _committed(writing: Writing) -> Iterator[None]:
    """Commit at the end; raises Outage if SQLite's file is not in its place, before or after.

    A deletion is stored together with the fact that it has to leave the log, too.
    """
    scope, file = this_context(), writing.file
    _open[scope] = writing
    try:
        yield
        if (session := find_session()) is not None:
            session.flush()
        if _ERASE in writing.asked:
            running_app().extensions["ikone_eraser"].owe()
        if file is not None and not file.is_in_place():
            raise moved(file.path)
        writing.finish(find_session())
        if file is not None and not file.is_in_place():
            raise moved(file.path)
    except BaseException:
        if (session := find_session()) is not None:
            session.rollback()
        raise
    finally:
        del _open[scope]
        writing.close()


def _follow_up(engine: Engine, asked: set[str]) -> None:
    """Run the work for after the commit; raises nothing, because everything is stored."""
    try:
        if _WAKE in asked:
            running_app().extensions["ikone_wake"]()
    except Exception:
        log.exception("the worker was not woken; it will find the work at its next tick")
    eraser = running_app().extensions["ikone_eraser"]  # store/erasing.py, which imports this module
    if _ERASE in asked:
        eraser.erase(engine)
    else:
        eraser.catch_up(engine)


def for_update(wanted: Select[T], model: type[Base]) -> Select[T]:
    """The rows of a model, locked until the transaction ends and read again."""
    return wanted.with_for_update(of=model).execution_options(populate_existing=True)


def rows_written(statement: UpdateBase) -> int:
    """Execute an UPDATE or DELETE and return the number of rows; loaded objects stay unchanged."""
    statement = statement.execution_options(synchronize_session=False)
    result = cast(CursorResult[Any], db.session.execute(statement))
    return result.rowcount


def insert_into(model: type[Base]) -> "postgresql.Insert | sqlite.Insert":
    """An INSERT that can say what becomes of a row that is there already (ON CONFLICT)."""
    if db.engine.dialect.name != "postgresql":
        return sqlite.insert(model)
    from sqlalchemy.dialects import postgresql  # noqa: PLC0415 - 3 MB that SQLite does not need

    return postgresql.insert(model)


def ask_for_delivery() -> None:
    """Wake the worker after the commit; a lost call is harmless."""
    _ask(_WAKE)


def ask_for_erasure() -> None:
    """Empty the write-ahead log after the commit, because personal data were deleted.

    Statements that delete them are recognised (store/erasing.py); nobody else has to ask.
    """
    _ask(_ERASE)


def _ask(what: str) -> None:
    if writing := find_writing():
        writing.asked.add(what)

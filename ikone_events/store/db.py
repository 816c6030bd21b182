"""The database: connection settings, `transaction()` and the UTC column type."""

import logging
import math
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any, TypeVar, cast

from flask import Flask, current_app
from flask_sqlalchemy import SQLAlchemy
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
    text,
)
from sqlalchemy.dialects import sqlite
from sqlalchemy.exc import DBAPIError
from sqlalchemy.orm import DeclarativeBase, ORMExecuteState, Session
from sqlalchemy.types import TypeDecorator

from ikone_events.domain.refusals import Outage
from ikone_events.store import postgresql as _postgresql  # noqa: F401 - its listeners
from ikone_events.store.outages import busy, moved, refusal_for
from ikone_events.store.partial_indexes import add_postgresql_conditions
from ikone_events.store.sqlite import opened_file, path_of
from ikone_events.store.write_trial import WriteTrial

if TYPE_CHECKING:
    from sqlalchemy.dialects import postgresql

LOCK_WAIT_SECONDS = 5
T = TypeVar("T")
log = logging.getLogger(__name__)
_LOCK_TIMEOUT = text(f"SET LOCAL lock_timeout = '{LOCK_WAIT_SECONDS}s'")

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


db = _Database(model_class=Base, session_options={"autoflush": False, "expire_on_commit": False})


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
    """Begin SQLite writes with the lock: upgrading a read transaction fails without waiting."""
    if connection.dialect.name == "sqlite":
        options = connection.get_execution_options()
        driver = connection.connection.dbapi_connection
        if options.get("write"):
            sync = "FULL" if options.get("durable", True) else "NORMAL"
            if connection.info.get(_SYNC) != sync:
                driver.execute(f"PRAGMA synchronous={sync}")
                connection.info[_SYNC] = sync
        wait = options.get("wait", LOCK_WAIT_SECONDS)
        if connection.info.get(_WAIT) != wait:
            driver.execute(f"PRAGMA busy_timeout={int(wait * 1000)}")
            connection.info[_WAIT] = wait
        connection.exec_driver_sql("BEGIN IMMEDIATE" if options.get("write") else "BEGIN")


# SQLite's busy handler polls with growing sleeps, so waiting threads could starve; this lock is
# fair.
_write_lock = threading.Lock()
# Keys of Session.info: work for after the commit, and the connection that writes.
_WAKE, _ERASE, _WRITING = "wake", "erase", "writing"
# Keys of a pooled SQLite connection's info: how many seconds it waits for a lock, and how it syncs.
_WAIT, _SYNC = "wait", "sync"


@event.listens_for(Session, "do_orm_execute")
def _keep_changes(running: ORMExecuteState) -> None:
    """Flush changed rows before `populate_existing` overwrites them; there is no autoflush."""
    overwrites = running.execution_options.get("populate_existing")
    if running.is_select and not overwrites:
        overwrites = running.load_options._populate_existing  # noqa: SLF001 - where `get` puts it
    if overwrites:
        kinds = tuple(mapper.class_ for mapper in running.all_mappers)
        if any(isinstance(changed, kinds) for changed in running.session.dirty):
            running.session.flush()


def is_writing() -> bool:
    """Whether this thread is inside a write transaction."""
    return writing_connection() is not None


def writing_connection() -> Connection | None:
    """The connection of this thread's write transaction, if it is inside one."""
    sessions: Any = db.session.registry  # asked itself: no session is made, nor looked for twice
    session: Session | None = sessions.registry.get(sessions.scopefunc())
    return None if session is None else session.info.get(_WRITING)


@contextmanager
def transaction(*, durable: bool = True) -> Iterator[None]:
    """A write transaction: commits at the end, rolls back on any exception.

    Ends the reading transaction first, so that everything inside is read after the lock. Raises
    Busy if the lock is not available within LOCK_WAIT_SECONDS. A commit that is not `durable`
    survives a crash of the process, but on SQLite a power failure may undo it until the next
    durable commit.
    """
    session = db.session()
    if session.info.get(_WRITING):
        raise RuntimeError("transaction() does not nest; services never open one")
    if session.new or session.dirty or session.deleted:
        raise RuntimeError("changes were made outside a transaction")
    session.rollback()
    sqlite = db.engine.dialect.name == "sqlite"
    began = time.monotonic()
    if sqlite and not _write_lock.acquire(timeout=LOCK_WAIT_SECONDS):
        raise busy()
    try:
        options = {"write": True, "durable": durable, "wait": _rest_of_wait(began)}
        with _outages_refused(), _committed(session, options):
            yield
    finally:
        session.info.pop(_WRITING, None)
        asked = {name for name in (_WAKE, _ERASE) if session.info.pop(name, False)}
        if sqlite:
            _write_lock.release()
    _follow_up(asked)


def _rest_of_wait(began: float) -> float:
    """The seconds that are left for SQLite's own wait, rounded up to tenths."""
    rest = LOCK_WAIT_SECONDS - (time.monotonic() - began)
    return max(math.ceil(rest * 10) / 10, 0.0)


@contextmanager
def _outages_refused() -> Iterator[None]:
    """Turn errors of the database into refusals, and remember whether it takes writes."""
    trial: WriteTrial = current_app.extensions["ikone_write_trial"]
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
def _committed(session: Session, options: dict[str, Any]) -> Iterator[None]:
    """Commit at the end; raises Outage if SQLite's file is not in its place, before or after.

    A deletion is stored together with the fact that it has to leave the log, too.
    """
    try:
        connection = session.connection(execution_options=options)
        session.info[_WRITING] = connection
        file = opened_file(connection)
        if connection.dialect.name != "sqlite":
            connection.execute(_LOCK_TIMEOUT)
        yield
        session.flush()
        if session.info.get(_ERASE):
            current_app.extensions["ikone_eraser"].owe()
        if file is not None and not file.is_in_place():
            raise moved(file.path)
        session.commit()
        if file is not None and not file.is_in_place():
            raise moved(file.path)
    except BaseException:
        session.rollback()
        raise


def _follow_up(asked: set[str]) -> None:
    """Run the work for after the commit; raises nothing, because everything is stored."""
    try:
        if _WAKE in asked:
            current_app.extensions["ikone_wake"]()
    except Exception:
        log.exception("the worker was not woken; it will find the work at its next tick")
    eraser = current_app.extensions["ikone_eraser"]  # store/erasing.py, which imports this module
    if _ERASE in asked:
        eraser.erase(db.engine)
    else:
        eraser.catch_up(db.engine)


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
    db.session().info[_WAKE] = True


def ask_for_erasure() -> None:
    """Empty the write-ahead log after the commit, because personal data were deleted.

    Statements that delete them are recognised (store/erasing.py); nobody else has to ask.
    """
    db.session().info[_ERASE] = True

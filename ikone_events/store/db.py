"""The database: its connection settings, the one way to write, and the UTC column type."""

import logging
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from functools import cache
from operator import attrgetter
from typing import Any, cast

from flask import Flask, current_app
from flask_sqlalchemy import SQLAlchemy
from sqlalchemy import (
    CursorResult,
    DateTime,
    Dialect,
    Engine,
    MetaData,
    UpdateBase,
    event,
    inspect,
    make_url,
    text,
)
from sqlalchemy.exc import DBAPIError
from sqlalchemy.orm import DeclarativeBase, ORMExecuteState, Session, SessionTransaction
from sqlalchemy.types import TypeDecorator

from ikone_events.store.erasing import LogEraser
from ikone_events.store.outages import busy, refusal_for

LOCK_WAIT_SECONDS = 5
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
    """The common root of all tables."""

    metadata = MetaData(naming_convention=_NAMING)


db = SQLAlchemy(model_class=Base, session_options={"autoflush": False, "expire_on_commit": False})


class UTCDateTime(TypeDecorator[datetime]):
    """An aware moment; stored in UTC, handed out in UTC, naive values are a fault."""

    impl = DateTime(timezone=True)
    cache_ok = True

    def process_bind_param(self, value: datetime | None, dialect: Dialect) -> datetime | None:
        """Refuse naive moments; SQLite keeps no zone, so it gets UTC without one."""
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
    """Give the application its database, by its SQLALCHEMY_… settings."""
    db.init_app(app)
    app.extensions["ikone_eraser"] = LogEraser(usual_ms=LOCK_WAIT_SECONDS * 1000)


def engine_options(url: str) -> dict[str, Any]:
    """Connection settings for SQLAlchemy: SQLite's threads wait in Python, not in the file.

    A failed statement is logged without its parameters: they are names and addresses.
    """
    if make_url(url).get_backend_name() == "sqlite":
        connect = {"timeout": LOCK_WAIT_SECONDS, "check_same_thread": False}
        return {"connect_args": connect, "hide_parameters": True}
    return {"pool_pre_ping": True, "pool_size": 8, "max_overflow": 8, "hide_parameters": True}


@event.listens_for(Engine, "connect")
def _prepare_connection(connection: Any, _record: Any) -> None:
    if type(connection).__module__.startswith("sqlite3"):
        connection.isolation_level = None  # SQLAlchemy says BEGIN, see below
        for pragma in (
            "journal_mode=WAL",
            "synchronous=FULL",  # NORMAL may lose an acknowledged commit when power fails
            f"busy_timeout={LOCK_WAIT_SECONDS * 1000}",
            "foreign_keys=ON",
            "secure_delete=ON",  # a name that was deleted is not to be read from the file
            "temp_store=MEMORY",
        ):
            connection.execute(f"PRAGMA {pragma}")


@event.listens_for(Engine, "begin")
def _begin(connection: Any) -> None:
    """Writers take SQLite's lock at once: a read that turns into a write fails without waiting."""
    if connection.dialect.name == "sqlite":
        options = connection.get_execution_options()
        if options.get("write"):
            sync = "FULL" if options.get("lasting", True) else "NORMAL"
            connection.connection.dbapi_connection.execute(f"PRAGMA synchronous={sync}")
        connection.exec_driver_sql("BEGIN IMMEDIATE" if options.get("write") else "BEGIN")


# A fair queue for the threads of this process: SQLite's own busy handler polls with growing
# sleeps, and its unlucky waiters starve.
_write_lock = threading.Lock()
# What a transaction asks for after its commit.
_WAKE, _ERASE = "wake", "erase"
_LOCKS = "locks"


@event.listens_for(Session, "do_orm_execute")
def _keep_changes(running: ORMExecuteState) -> None:
    """Write out changed rows before a statement reads rows of their table anew.

    `populate_existing` overwrites loaded objects, and without autoflush their changes would be
    lost without a word.
    """
    anew = running.execution_options.get("populate_existing")
    if running.is_select and not anew:
        anew = running.load_options._populate_existing  # noqa: SLF001 - where `get` puts it
    if anew:
        kinds = tuple(mapper.class_ for mapper in running.all_mappers)
        if any(isinstance(changed, kinds) for changed in running.session.dirty):
            running.session.flush()


@event.listens_for(Session, "after_soft_rollback")
def _forget_locks(session: Session, _ended: SessionTransaction) -> None:
    """A rollback, also one to a savepoint, may have given the locks back."""
    session.info.pop(_LOCKS, None)


def locks_of_transaction() -> dict[str, object]:
    """The events that this transaction has locked, by slug; outside of one nothing is kept."""
    info = db.session().info
    locks: dict[str, object] = info.setdefault(_LOCKS, {}) if info.get("writing") else {}
    return locks


@contextmanager
def transaction(*, durable: bool = True) -> Iterator[None]:
    """Do everything inside in one write transaction, or nothing.

    Ends the reading transaction before it, so that everything inside is read after the lock.
    Raises Busy when the lock is not to be had within LOCK_WAIT_SECONDS. What is not `lasting`
    survives the end of every process, but on SQLite a power failure may take it back until the
    next transaction that is.
    """
    session = db.session()
    if session.info.get("writing"):
        raise RuntimeError("transaction() does not nest; services never open one")
    if session.new or session.dirty or session.deleted:
        raise RuntimeError("changes were made outside a transaction")
    session.rollback()
    sqlite = session.get_bind().dialect.name == "sqlite"
    if sqlite and not _write_lock.acquire(timeout=LOCK_WAIT_SECONDS):
        raise busy()
    session.info["writing"] = True
    try:
        try:
            options = {"write": True, "lasting": durable}
            connection = session.connection(execution_options=options)
            if not sqlite:
                connection.execute(_LOCK_TIMEOUT)
            yield
            session.commit()
        except BaseException:
            session.rollback()
            raise
    except DBAPIError as fault:
        if refusal := refusal_for(fault):
            raise refusal from fault
        raise
    finally:
        session.info.pop("writing", None)
        session.info.pop(_LOCKS, None)
        asked = {name for name in (_WAKE, _ERASE) if session.info.pop(name, False)}
        if sqlite:
            _write_lock.release()
    _follow_up(asked)


def _follow_up(asked: set[str]) -> None:
    """What had to wait for the commit. Raises nothing: everything is stored, whatever happens."""
    try:
        if _WAKE in asked:
            current_app.extensions["ikone_wake"]()
    except Exception:
        log.exception("the engine was not woken; its next tick finds what there is to do")
    eraser: LogEraser = current_app.extensions["ikone_eraser"]
    if _ERASE in asked:
        eraser.erase(db.engine)
    else:
        eraser.catch_up(db.engine)


def rows_written(statement: UpdateBase) -> int:
    """Execute an UPDATE or DELETE and return how many rows it met; loaded objects don't notice."""
    statement = statement.execution_options(synchronize_session=False)
    result = cast(CursorResult[Any], db.session.execute(statement))
    return result.rowcount


def ask_for_delivery() -> None:
    """Tell the engine after the commit that mails wait; a lost call is harmless."""
    db.session().info[_WAKE] = True


def ask_for_erasure() -> None:
    """Empty the log after the commit: somebody's details were deleted."""
    db.session().info[_ERASE] = True


def stored_values(row: Base, besides: tuple[str, ...] = ()) -> object:
    """Every value of a row, apart from those columns."""
    return _values_of(type(row), besides)(row)


@cache
def _values_of(model: type[Base], besides: tuple[str, ...]) -> Callable[[Base], object]:
    names = [column.key for column in inspect(model).column_attrs if column.key not in besides]
    return attrgetter(*names)

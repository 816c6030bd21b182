"""Inserting new rows by plain statements, which cost a third of the session's flush."""

from collections.abc import Iterator
from contextlib import contextmanager
from functools import cache
from typing import Any, TypeVar

from sqlalchemy import Insert, insert
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.orm import class_mapper, make_transient_to_detached

from ikone_events.store.db import Base, db

Row = TypeVar("Row", bound=Base)


def new_row(model: type[Row], **values: Any) -> Row:
    """An object with these values, made like one that was read: a tenth of the constructor's cost.

    No validator runs, so the caller gives the columns that follow others.
    """
    row: Row = class_mapper(model).class_manager.new_instance()
    vars(row).update(values)
    return row


def insert_row(row: Base) -> None:
    """Insert an object that is in no session, and set its id.

    It stays outside the session (`attach`). Columns without a value get their default in the
    database alone.
    """
    done = db.session.connection().execute(_insert(type(row)), _values(row))
    row.id = (done.inserted_primary_key or (None,))[0]  # type: ignore[attr-defined]


@contextmanager
def in_vain() -> Iterator[None]:
    """Undo what is inserted inside."""
    with db.session.connection().begin_nested() as attempt:
        yield
        attempt.rollback()


def attach(row: Base) -> None:
    """Make an inserted object one of the session, as if it had been read; columns without a value
    are read when they are used.
    """
    make_transient_to_detached(row)
    db.session.add(row)


def insert_unless_known(row: Base, unique: str) -> bool:
    """The same, unless there is a row with this value in a unique column; tells whether it was.

    The object gets no id.
    """
    connection = db.session.connection()
    wanted = _insert_unless(type(row), unique, connection.dialect.name)
    return connection.execute(wanted, _values(row)).rowcount == 1


def _values(row: Base) -> dict[str, Any]:
    return {name: value for name, value in vars(row).items() if name in _columns(type(row))}


@cache
def _insert_unless(model: type[Base], unique: str, dialect: str) -> Insert:
    insert_of = postgresql.insert if dialect == "postgresql" else sqlite.insert
    return insert_of(model).on_conflict_do_nothing(index_elements=[unique])


@cache
def _insert(model: type[Base]) -> Insert:
    return insert(model)


@cache
def _columns(model: type[Base]) -> frozenset[Any]:
    return frozenset(column.key for column in model.__table__.columns)

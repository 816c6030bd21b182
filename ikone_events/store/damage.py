"""Rows that can't be read: a damaged moment, bytes that are no UTF-8, a value of another type.

SQLite stores any value in any column, and one such row fails the query that reads a hundred. What
the workers read in a loop is read here: damaged rows are left out and reported.
"""

import logging
from collections.abc import Sequence
from datetime import UTC, datetime
from functools import cache
from types import NoneType
from typing import Any, TypeVar

from sqlalchemy import ColumnElement, LargeBinary, Select, String, cast, inspect, select, update
from sqlalchemy.exc import DataError, OperationalError, SQLAlchemyError
from sqlalchemy.orm.interfaces import ORMOption
from sqlalchemy.types import TypeDecorator

from ikone_events.store.db import Base, UTCDateTime, db, rows_written

Model = TypeVar("Model", bound=Base)

_UNREADABLE = "unreadable"  # a key of Session.info
_NO_UTF8 = "could not decode to utf-8"

log = logging.getLogger(__name__)


def is_damage(fault: BaseException) -> bool:
    """Whether a stored value could not be read, while the database works."""
    if isinstance(fault, OperationalError):
        return _NO_UTF8 in str(fault.orig).lower()
    if isinstance(fault, SQLAlchemyError):
        return isinstance(fault, DataError)
    return isinstance(fault, ValueError | TypeError | AttributeError | LookupError)


def readable(
    wanted: Select[Any], model: type[Model], *options: ORMOption, **execution: Any
) -> list[Model]:
    """The rows of a model, without those that can't be read, which are reported."""
    whole = wanted.options(*options).execution_options(**execution)
    try:
        return list(db.session.scalars(whole).all())
    except Exception as fault:
        if not is_damage(fault):
            raise
    key = _key_of(model)
    found: list[Model] = []
    for number in db.session.scalars(wanted.with_only_columns(key)).all():
        try:
            found += db.session.scalars(whole.where(key == number))
        except Exception as fault:
            if not is_damage(fault):
                raise
            report(f"{model.__tablename__} {number} can't be read")
    return found


def report(words: str) -> None:
    """Note something that can't be done because of damage, for the worker's alarm."""
    log.error("%s; “verify” says more", words)
    db.session().info.setdefault(_UNREADABLE, {})[words] = True


def reported() -> list[str]:
    """What was reported in this session, which then forgets it."""
    return list(db.session().info.pop(_UNREADABLE, {}))


def unreadable_columns(model: type[Base], number: object) -> list[str]:
    """The columns of a row whose values can't be read, or are of another type."""
    row = _key_of(model) == number
    return [column.key for column in _columns_of(model) if not _is_readable(column, row)]


def value_of(column: Any, row: ColumnElement[bool], default: Any) -> Any:
    """One value of a row, or the default if it can't be read."""
    return db.session.scalar(select(column).where(row)) if _is_readable(column, row) else default


def mend(model: type[Base], number: object, *, now: datetime) -> list[str]:
    """Overwrite the values of a row that can't be read; returns the names of their columns.

    Text keeps what can be read of it, a moment becomes `now`, anything optional becomes empty.
    """
    row, damaged = _key_of(model) == number, unreadable_columns(model, number)
    for name in damaged:
        value = _substitute(getattr(model, name), row, now)
        rows_written(update(model).where(row).values({name: value}))
    return damaged


def fits(column: Any, value: object) -> bool:
    """Whether a value that was read is of the column's type."""
    return value is None or isinstance(value, _python_type(column))


@cache
def _columns_of(model: type[Base]) -> tuple[Any, ...]:
    """The columns of a model, without those of a type that Flask-Security defines."""
    columns = [getattr(model, column.key) for column in inspect(model).column_attrs]
    return tuple(
        column
        for column in columns
        if isinstance(column.type, UTCDateTime) or not isinstance(column.type, TypeDecorator)
    )


def _is_readable(column: Any, row: ColumnElement[bool]) -> bool:
    try:
        return fits(column, db.session.scalar(select(column).where(row)))
    except Exception as fault:
        if not is_damage(fault):
            raise
        return False


def _python_type(column: Any) -> type:
    kind = column.type
    found: type = (kind.impl_instance if isinstance(kind, TypeDecorator) else kind).python_type
    return found


def _substitute(column: Any, row: ColumnElement[bool], now: datetime) -> object:
    if column.property.columns[0].nullable:
        return None
    kind = _python_type(column)
    if kind is datetime:
        return now.astimezone(UTC)
    if kind is not str:
        return kind()
    raw = db.session.scalar(select(cast(column, LargeBinary)).where(row))
    return raw.decode("utf-8", "replace") if isinstance(raw, bytes) else ""


def _key_of(model: type[Base]) -> Any:
    """The primary key; several columns as one text."""
    keys = (inspect(model).get_property_by_column(c).key for c in inspect(model).primary_key)
    key, *others = (getattr(model, name) for name in keys)
    for other in others:
        key = cast(key, String) + "/" + cast(other, String)
    return key


def damaged_rows(model: type[Base]) -> Sequence[tuple[object, list[str]]]:
    """The rows of a model with damaged values, by key, with the names of their columns."""
    columns, key = _columns_of(model), _key_of(model)
    try:
        rows = db.session.execute(select(*columns).execution_options(yield_per=500))
        kinds = [(_python_type(column), NoneType) for column in columns]
        if all(all(map(isinstance, row, kinds)) for row in rows):
            return []
    except Exception as fault:
        if not is_damage(fault):
            raise
    numbers = db.session.scalars(select(key)).all()
    found = [(number, unreadable_columns(model, number)) for number in numbers]
    return [(number, names) for number, names in found if names]

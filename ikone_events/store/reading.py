"""Single rows read directly through the driver, which is five times faster than a session.

For the few statements that most requests of the public run. Inside a write transaction they are
read there.
"""

from collections.abc import Callable
from typing import Any, NamedTuple

from sqlalchemy import Engine, Select
from sqlalchemy.exc import OperationalError

from ikone_events.store.db import db, is_writing

Row = tuple[Any, ...]


class _Plan(NamedTuple):
    """A compiled statement: the order of its parameters, if any, and its columns' conversions."""

    sql: str
    parameters: tuple[str, ...]
    conversions: tuple[Callable[[Any], Any] | None, ...]


_plans: dict[tuple[int, str], _Plan] = {}


def read_row(statement: Select[Any], **values: Any) -> Row | None:
    """The row of a statement whose only parameters are these.

    The statement must be built once. Raises OperationalError if the database can't be read.
    """
    if is_writing():
        found = db.session.connection().execute(statement, values).one_or_none()
        return None if found is None else tuple(found)
    engine = db.engine
    plan = _plan(statement, engine)
    bound: Any = tuple(values[name] for name in plan.parameters) if plan.parameters else values
    try:
        row = _row(engine, plan.sql, bound)
    except engine.dialect.loaded_dbapi.Error as fault:
        raise OperationalError(plan.sql, None, fault) from fault
    if row is None:
        return None
    return tuple(
        value if convert is None else convert(value)
        for value, convert in zip(row, plan.conversions, strict=True)
    )


def _row(engine: Engine, sql: str, values: Any) -> Row | None:
    connection = engine.raw_connection()
    try:
        cursor = connection.cursor()
        cursor.execute(sql, values)
        found: Row | None = cursor.fetchone()
        return found
    except engine.dialect.loaded_dbapi.Error:
        connection.invalidate()  # do not return it to the pool
        raise
    finally:
        connection.close()


def _plan(statement: Select[Any], engine: Engine) -> _Plan:
    key = id(statement), engine.dialect.name
    if key not in _plans:
        dialect = engine.dialect
        compiled = statement.compile(dialect=dialect)
        kinds = [column.type.dialect_impl(dialect) for column in statement.selected_columns]
        _plans[key] = _Plan(
            str(compiled),
            tuple(compiled.positiontup or ()) if compiled.positional else (),
            tuple(kind.result_processor(dialect, None) for kind in kinds),
        )
    return _plans[key]

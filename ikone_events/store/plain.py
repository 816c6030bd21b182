"""Plain statements for single rows: compiled once, handed directly to the driver.

The few statements that every request of the public and every registration run cost a fifth that
way of what they cost through a session, or a tenth of a flush. Inside a write transaction they run
there.
"""

from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import contextmanager, nullcontext
from functools import cache, lru_cache
from types import MappingProxyType
from typing import Any, NamedTuple, TypeVar, cast

from sqlalchemy import Column, Dialect, Engine, Select, Table, Update, insert
from sqlalchemy.orm import ClassManager, class_mapper, make_transient_to_detached
from sqlalchemy.sql.schema import ScalarElementColumnDefault

from ikone_events.store.db import Base, UTCDateTime, db, find_writing, insert_into
from ikone_events.store.postgresql import without_transaction
from ikone_events.store.writing import Writing, translated

Row = tuple[Any, ...]
Object = TypeVar("Object", bound=Base)
Convert = Callable[[Any], Any]
Key = TypeVar("Key")
_SAVEPOINT = "in_vain"


class _Plan(NamedTuple):
    """A compiled statement: the order of its parameters, if any, and all conversions.

    Those of columns that are read go by their number. `constants` are values of the statement
    itself, or of columns that are not given.
    """

    sql: str
    parameters: tuple[str, ...]
    outgoing: Mapping[str, Convert]
    incoming: Mapping[int, Convert] = MappingProxyType({})
    constants: Mapping[str, Any] = MappingProxyType({})


def read_row(statement: Select[Any], **values: Any) -> Row | None:
    """The row of a statement whose only parameters are these; it must be built once."""
    bind = _bind()
    plan = _plan_of(id(statement), bind.dialect, statement)
    row: Row | None = _run(bind, plan, values, lambda cursor: cursor.fetchone())
    if row is None or not plan.incoming:
        return row
    converted = list(row)
    for number, convert in plan.incoming.items():
        converted[number] = convert(converted[number])
    return tuple(converted)


def update_rows(statement: Update, **values: Any) -> int:
    """Run an UPDATE that was built once; returns the number of rows."""
    bind = _bind()
    plan = _plan_of(id(statement), bind.dialect, statement)
    rows: int = _run(bind, plan, values, lambda cursor: cursor.rowcount)
    return rows


def new_row(model: type[Object], **values: Any) -> Object:
    """An object with these values, made like one that was read: a tenth of the constructor's cost.

    No validator runs, so the caller gives the columns that follow others.
    """
    row: Object = _manager(model).new_instance()
    vars(row).update(values)
    return row


def complete(row: Base, **values: Any) -> None:
    """Give more values to an object that is in no session."""
    vars(row).update(values)


def insert_row(row: Base) -> None:
    """Insert an object that is in no session, and set its id.

    It stays outside the session (`attach`). Columns without a value get their default in the
    database alone.
    """
    values, bind = _values(row), _bind()
    plan = _insert_plan(type(row), tuple(values), bind.dialect)
    if bind.dialect.name == "sqlite":
        number = _run(bind, plan, values, lambda cursor: cursor.lastrowid)
    else:
        (number,) = _run(bind, plan, values, lambda cursor: cursor.fetchone())
    complete(row, id=number)


def insert_unless_known(row: Base, unique: str) -> bool:
    """The same, unless there is a row with this value in a unique column; returns whether it was.

    The object gets no id.
    """
    values, bind = _values(row), _bind()
    plan = _insert_plan(type(row), tuple(values), bind.dialect, unique)
    return bool(_run(bind, plan, values, lambda cursor: cursor.rowcount) == 1)


def attach(row: Base) -> None:
    """Make an inserted object one of the session, as if it had been read; columns without a value
    are read when they are used.
    """
    make_transient_to_detached(row)
    db.session.add(row)


@contextmanager
def in_vain() -> Iterator[None]:
    """Undo what is inserted inside, by plain statements."""
    nothing: dict[str, Any] = {}
    _run(_bind(), _Plan(f"SAVEPOINT {_SAVEPOINT}", (), nothing), nothing, bool)
    yield
    for words in (f"ROLLBACK TO SAVEPOINT {_SAVEPOINT}", f"RELEASE SAVEPOINT {_SAVEPOINT}"):
        _run(_bind(), _Plan(words, (), nothing), nothing, bool)


def _bind() -> Writing | Engine:
    """Where a statement runs: in the write transaction of this thread, or alone."""
    return find_writing() or db.engine


def _run(
    bind: Writing | Engine, plan: _Plan, values: dict[str, Any], take: Callable[[Any], Any]
) -> Any:
    """Run a statement and take the result from its cursor. Raises DBAPIError."""
    bound = _bound(plan, values)
    if isinstance(bind, Engine):
        return _run_alone(bind, plan.sql, bound, take)
    try:
        return take(bind.driver.execute(plan.sql, bound))
    except bind.error as fault:
        raise bind.failed(fault, plan.sql) from fault


def _bound(plan: _Plan, values: dict[str, Any]) -> Any:
    """The parameters as the driver takes them; `values` belong to this call."""
    values.update(plan.constants)
    for name, convert in plan.outgoing.items():
        values[name] = convert(values[name])
    return tuple(map(values.__getitem__, plan.parameters)) if plan.parameters else values


def _run_alone(engine: Engine, sql: str, bound: Any, take: Callable[[Any], Any]) -> Any:
    error = engine.dialect.loaded_dbapi.Error
    try:
        connection = engine.raw_connection()
    except error as fault:
        raise translated(fault, sql, engine.dialect) from fault
    alone = without_transaction(connection.dbapi_connection)
    try:
        with alone if engine.dialect.name == "postgresql" else nullcontext():
            cursor = connection.cursor()
            cursor.execute(sql, bound)
            return take(cursor)
    except error as fault:
        connection.invalidate()  # do not return it to the pool
        raise translated(fault, sql, engine.dialect) from fault
    finally:
        connection.close()


_plans: dict[tuple[int, str], _Plan] = {}


def _plan_of(number: int, dialect: Dialect, statement: Select[Any] | Update) -> _Plan:
    plan = _plans.get((number, dialect.name))
    if plan is None:
        compiled = statement.compile(dialect=dialect)
        columns = statement.selected_columns if isinstance(statement, Select) else ()
        plan = _plans[number, dialect.name] = _Plan(
            str(compiled),
            tuple(compiled.positiontup or ()) if compiled.positional else (),
            {},
            _present(
                (number, column.type.dialect_impl(dialect).result_processor(dialect, None))
                for number, column in enumerate(columns)
            ),
            _present(compiled.params.items()),
        )
    return plan


@cache
def _insert_plan(
    model: type[Base], names: tuple[str, ...], dialect: Dialect, unless: str = ""
) -> _Plan:
    table = cast(Table, model.__table__)
    statement: Any = insert(table)
    if unless:
        statement = insert_into(model).on_conflict_do_nothing(index_elements=[unless])
    elif dialect.name == "postgresql":
        statement = statement.returning(table.c.id)
    compiled = statement.compile(dialect=dialect, column_keys=list(names))
    return _Plan(
        str(compiled),
        tuple(compiled.positiontup or ()) if compiled.positional else (),
        _present((name, _converter(table.c[name], dialect)) for name in compiled.params),
        constants={column.key: _constant(column) for column in compiled.insert_prefetch},
    )


def _converter(column: Column[Any], dialect: Dialect) -> Convert | None:
    """How a value becomes one of the driver."""
    if isinstance(column.type, UTCDateTime):
        return _converter_of_moments(dialect)
    return column.type.dialect_impl(dialect).bind_processor(dialect)


@cache
def _converter_of_moments(dialect: Dialect) -> Convert | None:
    """The same for all columns: most moments of a person's rows are the same one."""
    convert = UTCDateTime().dialect_impl(dialect).bind_processor(dialect)
    return lru_cache(16)(convert) if convert else None


@cache
def _manager(model: type[Object]) -> ClassManager[Object]:
    return class_mapper(model).class_manager


def _present(pairs: Iterable[tuple[Key, Any]]) -> dict[Key, Any]:
    return {key: value for key, value in pairs if value is not None}


def _constant(column: Column[Any]) -> Any:
    """The default of a column; ids that are made for each row have to be given."""
    default = column.default
    if not isinstance(default, ScalarElementColumnDefault):
        raise TypeError(f"{column} needs a value")
    return default.arg


def _values(row: Base) -> dict[str, Any]:
    columns = _columns(type(row))
    return {name: value for name, value in vars(row).items() if name in columns}


@cache
def _columns(model: type[Base]) -> frozenset[str]:
    return frozenset(column.key for column in model.__table__.columns)

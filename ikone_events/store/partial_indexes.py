"""Indexes on the rows that meet a literal condition, on both databases.

SQLAlchemy imports the dialect of PostgreSQL (3 MB) for an index with a condition for it, so these
conditions are added when the database turns out to be PostgreSQL.
"""

from sqlalchemy import Index, TextClause

_ON_POSTGRESQL: list[tuple[Index, TextClause]] = []


def partial_index(
    name: str,
    column: str,
    *more: str,
    where: TextClause,
    on_sqlite: TextClause | None = None,
    unique: bool = False,
) -> Index:
    """An index; `on_sqlite` is its condition there, if it is another one."""
    on_sqlite = where if on_sqlite is None else on_sqlite
    index = Index(name, column, *more, unique=unique, sqlite_where=on_sqlite)
    _ON_POSTGRESQL.append((index, where))
    return index


def add_postgresql_conditions() -> None:
    """Give the indexes their conditions for PostgreSQL."""
    for index, where in _ON_POSTGRESQL:
        index.dialect_options["postgresql"]["where"] = where

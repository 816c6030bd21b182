"""Counters of rate limits that several processes share, in a table of PostgreSQL."""

from collections.abc import Iterable, Mapping
from datetime import datetime, timedelta
from functools import cached_property
from typing import Any, NamedTuple

from sqlalchemy import Engine, String, TextClause, create_engine, delete, event, text
from sqlalchemy.orm import Mapped, mapped_column

from ikone_events.store.db import Base, UTCDateTime, rows_written

# An upsert of a deleted row would wait for the end of the deleting transaction; nobody counts in a
# window that ended this long ago.
_KEPT = timedelta(hours=2)


class RateLimitCounter(Base):
    """How many requests were counted for a key until the end of its window.

    The migration makes the table UNLOGGED: counting writes nothing to the log, so its commits wait
    for no disk, and a crash of the database empties it.
    """

    __tablename__ = "rate_limit_counter"

    key: Mapped[str] = mapped_column(String(64), primary_key=True)
    hits: Mapped[int]
    ends_at: Mapped[datetime] = mapped_column(UTCDateTime)


class Count(NamedTuple):
    """Requests counted in the running window, and the seconds until it ends."""

    hits: int
    seconds_left: float


# The keys are sorted, so that two requests never wait for each other.
_ADD = text(
    "INSERT INTO rate_limit_counter AS t (key, hits, ends_at)"
    " SELECT key, 1, now() + seconds * interval '1 second'"
    " FROM unnest(cast(:keys AS text[]), cast(:seconds AS int[])) AS new (key, seconds)"
    " ORDER BY key"
    " ON CONFLICT (key) DO UPDATE SET"
    " hits = CASE WHEN t.ends_at <= now() THEN 1 ELSE t.hits + 1 END,"
    " ends_at = CASE WHEN t.ends_at <= now() THEN excluded.ends_at ELSE t.ends_at END"
    " RETURNING key, hits, extract(epoch FROM ends_at - now())"
)
_READ = text(
    "SELECT key, hits, extract(epoch FROM ends_at - now()) FROM rate_limit_counter"
    " WHERE key = ANY(cast(:keys AS text[])) AND ends_at > now()"
)


class LimitTable:
    """Counts in autocommit on connections of its own, which give up soon.

    Every method raises SQLAlchemyError if the database does not answer in time.
    """

    def __init__(self, url: str) -> None:
        self._url = url

    @cached_property
    def engine(self) -> Engine:
        """Opened by the first request, not before the process forks."""
        engine = create_engine(
            self._url,
            isolation_level="AUTOCOMMIT",
            pool_size=2,
            max_overflow=2,
            pool_timeout=1,
            connect_args={"connect_timeout": 2},
            hide_parameters=True,
        )
        event.listen(engine, "connect", _limit_waiting)
        return engine

    def add(self, windows: Mapping[str, int]) -> dict[str, Count]:
        """Count one request for each key, whose window has so many seconds; returns the counts."""
        return self._counts(_ADD, keys=list(windows), seconds=list(windows.values()))

    def read(self, keys: Iterable[str]) -> dict[str, Count]:
        """The counts of those keys whose window has not ended."""
        return self._counts(_READ, keys=list(keys))

    def _counts(self, statement: TextClause, **values: list[Any]) -> dict[str, Count]:
        with self.engine.connect() as connection:
            rows = connection.execute(statement, values).all()
        return {key: Count(hits, float(left)) for key, hits, left in rows}


def _limit_waiting(connection: object, _record: object) -> None:
    with connection.cursor() as cursor:  # type: ignore[attr-defined]  # a connection of psycopg
        cursor.execute("SET lock_timeout = '500ms'")
        cursor.execute("SET statement_timeout = '1s'")


def drop_ended_windows(now: datetime) -> None:
    """Delete counters whose window has ended long ago."""
    rows_written(delete(RateLimitCounter).where(RateLimitCounter.ends_at <= now - _KEPT))

"""Counters of rate limits that several processes share, in a table of PostgreSQL."""

from collections.abc import Iterable, Mapping
from datetime import datetime, timedelta
from functools import cached_property
from typing import NamedTuple

from sqlalchemy import (
    Engine,
    Executable,
    String,
    case,
    create_engine,
    delete,
    event,
    extract,
    func,
    select,
)
from sqlalchemy.dialects.postgresql import insert
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


_COUNT = (
    RateLimitCounter.key,
    RateLimitCounter.hits,
    extract("epoch", RateLimitCounter.ends_at - func.now()),
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
        table = RateLimitCounter
        rows = [
            {"key": key, "hits": 1, "ends_at": func.now() + timedelta(seconds=seconds)}
            for key, seconds in sorted(windows.items())  # in one order: two requests never deadlock
        ]
        wanted = insert(table).values(rows)
        over = table.ends_at <= func.now()
        again = {
            "hits": case((over, 1), else_=table.hits + 1),
            "ends_at": case((over, wanted.excluded.ends_at), else_=table.ends_at),
        }
        upsert = wanted.on_conflict_do_update(index_elements=["key"], set_=again)
        return self._counts(upsert.returning(*_COUNT))

    def read(self, keys: Iterable[str]) -> dict[str, Count]:
        """The counts of those keys whose window has not ended."""
        running = RateLimitCounter.key.in_(list(keys)) & (RateLimitCounter.ends_at > func.now())
        return self._counts(select(*_COUNT).where(running))

    def _counts(self, statement: Executable) -> dict[str, Count]:
        with self.engine.connect() as connection:
            rows = connection.execute(statement).all()
        return {key: Count(hits, float(left)) for key, hits, left in rows}


def _limit_waiting(connection: object, _record: object) -> None:
    with connection.cursor() as cursor:  # type: ignore[attr-defined]  # a connection of psycopg
        cursor.execute("SET lock_timeout = '500ms'")
        cursor.execute("SET statement_timeout = '1s'")


def drop_ended_windows(now: datetime) -> None:
    """Delete counters whose window has ended long ago."""
    rows_written(delete(RateLimitCounter).where(RateLimitCounter.ends_at <= now - _KEPT))

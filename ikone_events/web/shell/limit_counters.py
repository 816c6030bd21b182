"""What counts the requests of the rate limits: this process, or all processes together."""

import logging
import time
from collections.abc import Callable, Iterator, Sequence
from math import ceil
from typing import Protocol, cast

from limits import RateLimitItem
from limits.storage import MemoryStorage, Storage, storage_from_string
from limits.strategies import MovingWindowRateLimiter

from ikone_events.config import Settings
from ikone_events.store.operating.rate_limits import Count, LimitTable

# After a failure of the shared counters the process counts alone for this time.
PAUSE_SECONDS = 60
_REDIS_SECONDS = 0.5

log = logging.getLogger(__name__)
Wanted = Sequence[tuple[RateLimitItem, str]]


class Counters(Protocol):
    """Counts requests by limit and key; both methods return the seconds to wait, or 0."""

    def hit(self, wanted: Wanted) -> int:
        """Count one request for each limit and key."""

    def look(self, wanted: Wanted) -> int:
        """Like hit, without counting."""


class WindowCounters:
    """Moving windows in the memory of the process, or in Redis; refused requests do not count."""

    def __init__(self, storage: Storage | None = None) -> None:
        self._window = MovingWindowRateLimiter(storage or MemoryStorage())

    def hit(self, wanted: Wanted) -> int:
        """Count one request for each limit and key."""
        return self._longest(self._window.hit, wanted)

    def look(self, wanted: Wanted) -> int:
        """Like hit, without counting."""
        return self._longest(self._window.test, wanted)

    def _longest(self, ask: Callable[[RateLimitItem, str], bool], wanted: Wanted) -> int:
        waits = (0 if ask(item, key) else self._wait(item, key) for item, key in wanted)
        return max(waits, default=0)

    def _wait(self, item: RateLimitItem, key: str) -> int:
        free_again = self._window.get_window_stats(item, key).reset_time
        return max(ceil(free_again - time.time()), 1)


class TableCounters:
    """Windows in a table of PostgreSQL, which begin with their first request."""

    def __init__(self, table: LimitTable) -> None:
        self._table = table

    def hit(self, wanted: Wanted) -> int:
        """Count one request for each limit and key by one statement; refused ones count too."""
        limits = dict(_by_key(wanted))
        counts = self._table.add({key: item.get_expiry() for key, item in limits.items()})
        return self._longest(limits, counts, spare=1)

    def look(self, wanted: Wanted) -> int:
        """Like hit, without counting."""
        limits = dict(_by_key(wanted))
        return self._longest(limits, self._table.read(limits), spare=0)

    @staticmethod
    def _longest(limits: dict[str, RateLimitItem], counts: dict[str, Count], *, spare: int) -> int:
        waits = (
            max(ceil(count.seconds_left), 1)
            for key, count in counts.items()
            if count.hits >= limits[key].amount + spare
        )
        return max(waits, default=0)


def _by_key(wanted: Wanted) -> Iterator[tuple[str, RateLimitItem]]:
    return ((key, item) for item, key in wanted)


class SharedCounters:
    """Counters of all processes; while they fail, those of this process.

    A failure refuses nobody: it is logged, and for PAUSE_SECONDS nothing is asked of them.
    """

    def __init__(self, connect: Callable[[], Counters], own: Counters) -> None:
        self._connect = connect
        self._shared: Counters | None = None
        self._own = own
        self._next_try = 0.0

    def hit(self, wanted: Wanted) -> int:
        """Count one request for each limit and key."""
        return self._ask(lambda counters: counters.hit(wanted))

    def look(self, wanted: Wanted) -> int:
        """Like hit, without counting."""
        return self._ask(lambda counters: counters.look(wanted))

    def _ask(self, ask: Callable[[Counters], int]) -> int:
        if time.monotonic() >= self._next_try:
            try:
                if self._shared is None:
                    self._shared = self._connect()
                found = ask(self._shared)
                self._next_try = 0.0
                return found
            except Exception as fault:  # noqa: BLE001 - whatever a driver raises: nobody is refused
                self._next_try = time.monotonic() + PAUSE_SECONDS
                log.error("rate limits are counted by this process alone: %s", type(fault).__name__)
        return ask(self._own)


def counters_for(settings: Settings) -> Counters:
    """Redis if the engine is there, else the table if the database is PostgreSQL, else memory."""
    own = WindowCounters()
    if settings.engine_url.startswith("redis"):
        return SharedCounters(lambda: WindowCounters(_redis(settings.engine_url)), own)
    if settings.database_url.startswith("postgresql"):
        return SharedCounters(lambda: TableCounters(LimitTable(settings.database_url)), own)
    return own


def _redis(url: str) -> Storage:
    seconds = {"socket_timeout": _REDIS_SECONDS, "socket_connect_timeout": _REDIS_SECONDS}
    return cast(Storage, storage_from_string(url, key_prefix="ikone-limits", **seconds))

"""Rendered public pages, kept while nothing that they show has changed.

A mailing sends hundreds of people to one page within a minute. Only the database's version of the
event and the clock decide whether a kept page is still true, so several processes need no word
between them. Each sign-up makes a new version, mostly without anything to be seen on the page: then
the page is kept whose `shows` is the same.
"""

import threading
from collections import OrderedDict
from collections.abc import Hashable
from dataclasses import dataclass
from datetime import datetime

MOST_PAGES = 256


@dataclass(frozen=True, slots=True, kw_only=True)
class KeptPage:
    """A page, the version it shows, and the stretch of time for which it is true.

    `shows` is everything that the page was made from.
    """

    body: bytes
    etag: str
    version: Hashable
    shows: object
    true_from: datetime | None
    true_until: datetime | None

    def holds(self, version: Hashable, now: datetime) -> bool:
        """Whether the page is still true."""
        return (
            version == self.version
            and (self.true_from is None or self.true_from <= now)
            and (self.true_until is None or now < self.true_until)
        )


class PageCache:
    """The latest version of at most MOST_PAGES pages; those not asked for longest go first."""

    def __init__(self) -> None:
        self._pages: OrderedDict[Hashable, KeptPage] = OrderedDict()
        self._lock = threading.Lock()

    def find(self, key: Hashable, version: Hashable, now: datetime) -> KeptPage | None:
        """The kept page if it is still true."""
        with self._lock:
            page = self._pages.get(key)
            if page is None or not page.holds(version, now):
                return None
            self._pages.move_to_end(key)
            return page

    def find_same(self, key: Hashable, shows: object) -> KeptPage | None:
        """The kept page if it was made from the same."""
        with self._lock:
            page = self._pages.get(key)
            return page if page is not None and page.shows == shows else None

    def keep(self, key: Hashable, page: KeptPage) -> None:
        """Keep a page in the place of its older version."""
        with self._lock:
            self._pages[key] = page
            self._pages.move_to_end(key)
            while len(self._pages) > MOST_PAGES:
                self._pages.popitem(last=False)

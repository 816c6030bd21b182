"""Rendered public pages, kept in memory while nothing that they show has changed.

A mailing sends hundreds of people to one page within a minute, and calendar programs ask every few
hours. Only the database's version and the clock decide whether a cached page is still right, so
several processes need not tell each other anything. Every sign-up raises the version of its event,
mostly without a visible change: then the page is kept whose `shows` is the same.
"""

import hashlib
import threading
from collections import OrderedDict
from collections.abc import Callable, Hashable
from dataclasses import dataclass
from datetime import datetime
from typing import TypeVar

from flask import Response, current_app, request

from ikone_events.services.installation import now
from ikone_events.store.calendars.feeds import FeedVersion
from ikone_events.web.shell.i18n import page_locale

MOST_PAGES = 512
HTML = "text/html; charset=utf-8"
CALENDAR = "text/calendar; charset=utf-8"
ATOM = "application/atom+xml; charset=utf-8"

Moments = tuple[datetime | None, ...]
Shows = TypeVar("Shows")


@dataclass(frozen=True, slots=True)
class PageSource:
    """What a page is made from: equal `shows` give equal bytes.

    `moments`: when the page may become another one although no row changes.
    """

    shows: object
    render: Callable[[], bytes]
    moments: Moments = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class CachedPage:
    """A page, the version it shows, and the stretch of time in which it is right."""

    body: bytes
    etag: str
    shows: object
    version: Hashable = None
    right_from: datetime | None = None
    right_until: datetime | None = None

    def is_right(self, version: Hashable, moment: datetime) -> bool:
        """Whether the page still shows what the database holds."""
        return (
            version == self.version
            and (self.right_from is None or self.right_from <= moment)
            and (self.right_until is None or moment < self.right_until)
        )


class PageCache:
    """The latest version of at most MOST_PAGES pages; the least recently used go first."""

    def __init__(self) -> None:
        self._pages: OrderedDict[Hashable, CachedPage] = OrderedDict()
        self._lock = threading.Lock()

    def find(self, key: Hashable) -> CachedPage | None:
        """The page last kept under this key, right or not."""
        with self._lock:
            page = self._pages.get(key)
            if page is not None:
                self._pages.move_to_end(key)
            return page

    def keep(self, key: Hashable, page: CachedPage) -> None:
        """Keep a page in the place of its older version."""
        with self._lock:
            self._pages[key] = page
            self._pages.move_to_end(key)
            while len(self._pages) > MOST_PAGES:
                self._pages.popitem(last=False)

    def clear(self) -> None:
        """Forget all pages, as a new process would."""
        with self._lock:
            self._pages.clear()


def page_cache() -> PageCache:
    """The cache of the running application."""
    found: PageCache = current_app.extensions.setdefault("ikone_pages", PageCache())
    return found


def cached_page(
    name: Hashable,
    version: Hashable,
    read: Callable[[], PageSource],
    moment: datetime | None = None,
) -> CachedPage:
    """The page of this name in the language of the request, made only if it has changed.

    `read` is called unless the cached page has this version; a version of None is never right.
    `moment` is the time that `read` looks at, now unless given.
    """
    key = (name, page_locale(), request.script_root)
    moment = moment or now()
    pages = page_cache()
    before = pages.find(key)
    if before is not None and version is not None and before.is_right(version, moment):
        return before
    page = _made(read(), version, moment, before)
    pages.keep(key, page)
    return page


def cached_feed(
    version: FeedVersion,
    content_type: str,
    *,
    read: Callable[[], Shows],
    render: Callable[[Shows], bytes],
) -> Response:
    """The feed of this address; `read` gives everything that `render` makes it from."""

    def source() -> PageSource:
        shows = read()
        return PageSource(shows, lambda: render(shows))

    page = cached_page(request.path, version, source)
    return revalidated(page.body, content_type, etag=page.etag, changed_at=version.changed_at)


def _made(
    source: PageSource, version: Hashable, moment: datetime, before: CachedPage | None
) -> CachedPage:
    same = before if before is not None and before.shows == source.shows else None
    body = same.body if same else source.render()
    since, until = _stretch(source.moments, moment)
    return CachedPage(
        body=body,
        etag=same.etag if same else etag_of(body),
        shows=source.shows,
        version=version,
        right_from=since,
        right_until=until,
    )


def _stretch(moments: Moments, moment: datetime) -> tuple[datetime | None, datetime | None]:
    """The stretch of time around a moment in which none of the others passes (from, until)."""
    known = [each for each in moments if each is not None]
    before = [each for each in known if each <= moment]
    after = [each for each in known if each > moment]
    return max(before, default=None), min(after, default=None)


def etag_of(body: bytes) -> str:
    """The same for the same bytes, in every process."""
    return hashlib.sha256(body).hexdigest()[:32]


def revalidated(
    body: str | bytes,
    content_type: str = HTML,
    *,
    etag: str = "",
    changed_at: datetime | None = None,
) -> Response:
    """A page that clients keep and ask about each time: 304 for those who have these bytes.

    `etag` saves hashing the body. Nothing in between may keep it: the language depends on a cookie.
    """
    body = body.encode() if isinstance(body, str) else body
    headers = {"ETag": f'"{etag or etag_of(body)}"', "Cache-Control": "private, no-cache"}
    response = Response(body, headers=headers, content_type=content_type)
    if changed_at is not None:
        response.last_modified = changed_at
    if "If-None-Match" in request.headers or "If-Modified-Since" in request.headers:
        response.make_conditional(request)
    return response

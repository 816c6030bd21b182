"""Cache of rendered public pages in memory.

A mailing sends hundreds of people to one page within a minute, and calendar programs ask every few
hours. Whether a cached page is valid follows from the database's version and the clock alone, so
processes need no communication. Where a version may rise without a visible change, a page whose
`shows` is unchanged is not rendered again.
"""

import hashlib
import threading
from collections import OrderedDict
from collections.abc import Callable, Hashable
from dataclasses import dataclass
from datetime import datetime
from typing import TypeVar

from flask import Response, current_app, request

from ikone_events.services.installation import get_identity, now
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
    """What a page is rendered from: equal `shows`, unless None, give equal bytes.

    `moments`: when the page may change although no row does.
    """

    render: Callable[[], bytes]
    moments: Moments = ()
    shows: object = None


@dataclass(frozen=True, slots=True, kw_only=True)
class CachedPage:
    """A rendered page, its version, and the time in which it is valid."""

    body: bytes
    etag: str
    shows: object
    version: Hashable = None
    valid_from: datetime | None = None
    valid_until: datetime | None = None

    def is_valid(self, version: Hashable, moment: datetime) -> bool:
        """Whether the page is valid for this version at this moment."""
        return (
            version == self.version
            and (self.valid_from is None or self.valid_from <= moment)
            and (self.valid_until is None or moment < self.valid_until)
        )


class PageCache:
    """The latest version of at most MOST_PAGES pages; drops the least recently used."""

    def __init__(self) -> None:
        self._pages: OrderedDict[Hashable, CachedPage] = OrderedDict()
        self._lock = threading.Lock()

    def find(self, key: Hashable) -> CachedPage | None:
        """The page stored under this key, valid or not."""
        with self._lock:
            page = self._pages.get(key)
            if page is not None:
                self._pages.move_to_end(key)
            return page

    def keep(self, key: Hashable, page: CachedPage) -> None:
        """Store a page in place of its older version."""
        with self._lock:
            self._pages[key] = page
            self._pages.move_to_end(key)
            while len(self._pages) > MOST_PAGES:
                self._pages.popitem(last=False)

    def clear(self) -> None:
        """Remove all pages."""
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
    """The page of this name in the language of the request; rendered only if it has changed.

    `read` is called unless the cached page is valid; with a version of None it always is.
    `moment` is the time that `read` uses, by default now.
    """
    key = (name, page_locale(), request.script_root)
    moment = moment or now()
    pages = page_cache()
    before = pages.find(key)
    if before is not None and version is not None and before.is_valid(version, moment):
        return before
    page = _rendered(read(), version, moment, before)
    pages.keep(key, page)
    return page


def cached_feed(
    version: FeedVersion,
    content_type: str,
    *,
    read: Callable[[], Shows],
    render: Callable[[Shows], bytes],
) -> Response:
    """The feed of this URL; `read` returns what `render` needs besides the name of the office."""

    def source() -> PageSource:
        shows = read()
        return PageSource(lambda: render(shows), shows=(shows, get_identity().organisation))

    page = cached_page(request.path, version if version.events else None, source)
    return revalidated(page.body, content_type, etag=page.etag, changed_at=version.changed_at)


def _rendered(
    source: PageSource, version: Hashable, moment: datetime, before: CachedPage | None
) -> CachedPage:
    known = before is not None and source.shows is not None and before.shows == source.shows
    same = before if known else None
    body = same.body if same else source.render()
    since, until = _validity(source.moments, moment)
    return CachedPage(
        body=body,
        etag=same.etag if same else _etag_of(body),
        shows=source.shows,
        version=version,
        valid_from=since,
        valid_until=until,
    )


def _validity(moments: Moments, moment: datetime) -> tuple[datetime | None, datetime | None]:
    """From when and until when the page of this moment is valid."""
    known = [each for each in moments if each is not None]
    before = [each for each in known if each <= moment]
    after = [each for each in known if each > moment]
    return max(before, default=None), min(after, default=None)


def _etag_of(body: bytes) -> str:
    """Hash of the bytes, the same in every process."""
    return hashlib.sha256(body).hexdigest()[:32]


def revalidated(
    body: str | bytes,
    content_type: str = HTML,
    *,
    etag: str = "",
    changed_at: datetime | None = None,
) -> Response:
    """A response that clients revalidate each time: 304 for those who have these bytes.

    `etag` saves hashing the body. It is weak, because the response may be compressed afterwards.
    Proxies may not store the response: the language depends on a cookie.
    """
    body = body.encode() if isinstance(body, str) else body
    headers = {"ETag": f'W/"{etag or _etag_of(body)}"', "Cache-Control": "private, no-cache"}
    response = Response(body, headers=headers, content_type=content_type)
    if changed_at is not None:
        response.last_modified = changed_at
    if "If-None-Match" in request.headers or "If-Modified-Since" in request.headers:
        response.make_conditional(request)
    return response

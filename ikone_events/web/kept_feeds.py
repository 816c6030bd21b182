"""Answers to programs that ask every few hours: mostly that nothing has changed.

The version of all that a feed shows is one small query. A feed that is kept under this version is
neither read nor rendered again, and who holds it already gets 304.
"""

import hashlib
from collections.abc import Callable, Hashable
from typing import TypeVar

from flask import Response, current_app, request

from ikone_events.services.office import now
from ikone_events.store.feeds import Version
from ikone_events.web.i18n import page_locale
from ikone_events.web.page_cache import KeptPage, PageCache

CALENDAR = "text/calendar; charset=utf-8"
ATOM = "application/atom+xml; charset=utf-8"

Shows = TypeVar("Shows")


def kept_feed(
    version: Version,
    *,
    content_type: str,
    read: Callable[[], Shows],
    render: Callable[[Shows], bytes],
) -> Response:
    """The feed of this address; `read` gives everything that `render` makes it from."""
    cache: PageCache = current_app.extensions["ikone_pages"]
    key = (request.path, page_locale())
    page = cache.find(key, version, now())
    if page is None:
        page = _made(cache, key, version, read(), render)
        cache.keep(key, page)
    response = Response(page.body, content_type=content_type)
    if version.changed_at is not None:
        response.last_modified = version.changed_at
    return revalidated(response, page.etag)


def _made(
    cache: PageCache,
    key: Hashable,
    version: Version,
    shows: Shows,
    render: Callable[[Shows], bytes],
) -> KeptPage:
    """A sign-up is a new version, but nothing to be seen in a feed."""
    same = cache.find_same(key, shows)
    body = same.body if same else render(shows)
    return KeptPage(
        body=body,
        etag=same.etag if same else tag_of(body),
        version=version,
        shows=shows,
        true_from=None,
        true_until=None,
    )


def tag_of(body: bytes) -> str:
    """What tells these bytes from any others."""
    return hashlib.sha256(body).hexdigest()[:32]


def revalidated(response: Response, tag: str) -> Response:
    """With the means to ask "anything new?" at no cost."""
    response.set_etag(tag)
    response.headers["Cache-Control"] = "private, no-cache"
    response.make_conditional(request)
    return response

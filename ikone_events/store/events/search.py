"""Finds events by title, series, place and slug."""

from datetime import datetime

from sqlalchemy import select

from ikone_events.domain.folding import search_key
from ikone_events.domain.search_query import SearchQuery
from ikone_events.store.accounts.models import Organiser
from ikone_events.store.db import db
from ikone_events.store.events.models import Event
from ikone_events.store.events.queries import visible_events
from ikone_events.store.paging import PAGE_SIZE, Page, load_page, slice_page

_TEXTS = (Event.slug, Event.title, Event.title_en, Event.series, Event.place)


def search_events(
    organiser: Organiser,
    query: SearchQuery,
    *,
    now: datetime,
    number: int = 1,
    size: int = PAGE_SIZE,
) -> Page[Event]:
    """One page of the events that the organiser may see.

    First the one with this slug, then coming ones, the next first, then past ones, the latest
    first. Events are few: they are folded here, without a key in their row.
    """
    wanted = visible_events(organiser).with_only_columns(
        Event.id, Event.starts_at, Event.ends_at, *_TEXTS
    )
    found = []
    for row in db.session.execute(wanted):
        slug, *texts = row[3:]
        key = search_key(slug, *(text or "" for text in texts))
        if all(any(spelling in key for spelling in spellings) for spellings in query.words):
            far = abs((row.starts_at - now).total_seconds())
            found.append((slug != query.text.casefold(), row.ends_at <= now, far, row.id))
    page = slice_page([number for *_order, number in sorted(found)], number=number, size=size)
    return load_page(page, select(Event).where(Event.id.in_(page.rows)))

"""Finds people by words: the conditions, and the search over all events."""

from datetime import datetime

from sqlalchemy import ColumnElement, and_, case, func, or_, select
from sqlalchemy.orm import joinedload

from ikone_events.domain.search_query import SearchQuery
from ikone_events.store.accounts.models import Organiser
from ikone_events.store.directory.naming import named_by
from ikone_events.store.events.models import Event
from ikone_events.store.events.queries import visible_events
from ikone_events.store.paging import PAGE_SIZE, Page, load_page, paginate_hits
from ikone_events.store.registering.models import IS_ACTIVE, Registration


def named(words: str) -> list[ColumnElement[bool]]:
    """One condition per word: name, address, or administration as typed or matched, contain it."""
    return named_by(words, Registration.search_key, Registration.organisation_id)


def search_people_everywhere(
    organiser: Organiser,
    query: SearchQuery,
    *,
    now: datetime,
    number: int = 1,
    size: int = PAGE_SIZE,
) -> Page[Registration]:
    """One page of the people of all events that the organiser may see.

    First whoever has the address, then whose name begins so; of them the next events first, then
    past ones, the latest first. Anonymised people are not found.
    """
    rank, is_gone = _rank(query).label("rank"), (~IS_ACTIVE).label("is_gone")
    found = select(Registration.id, Registration.event_id, rank, is_gone).where(
        Registration.anonymised_at.is_(None), *named(query.text)
    )
    if not organiser.sees_all:
        # Behind `coalesce`, so that no index is taken: one pass costs less than many look-ups.
        events = visible_events(organiser).with_only_columns(Event.id)
        found = found.where(func.coalesce(Registration.event_id, 0).in_(events))
    hits = found.cte("hits")
    ordered = select(hits.c.id).join(Event, Event.id == hits.c.event_id)
    ordered = ordered.order_by(hits.c.rank, *_soonest(now), hits.c.is_gone, hits.c.id)
    page = paginate_hits(ordered, hits, number=number, size=size)
    loaded = joinedload(Registration.event), joinedload(Registration.organisation)
    return load_page(
        page, select(Registration).where(Registration.id.in_(page.rows)).options(*loaded)
    )


def _rank(query: SearchQuery) -> ColumnElement[int]:
    """0: the address; 1: first or last name begins with each word; 2: anything else."""
    begins = and_(*(_begins(spellings[0]) for spellings in query.words))
    return case((Registration.email_key == query.address, 0), (begins, 1), else_=2)


def _begins(word: str) -> ColumnElement[bool]:
    """Whether the last name, or the first name behind its tab, begins with a word."""
    key = Registration.name_key
    return or_(key.startswith(word, autoescape=True), key.contains(f"\t{word}", autoescape=True))


def _soonest(
    now: datetime,
) -> tuple[ColumnElement[int], ColumnElement[datetime], ColumnElement[datetime]]:
    """The order of events: coming ones by date, then past ones, the latest first."""
    is_past = case((Event.ends_at > now, 0), else_=1)
    return is_past, case((Event.ends_at > now, Event.starts_at)).asc(), Event.starts_at.desc()

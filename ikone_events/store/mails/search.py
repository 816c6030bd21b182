"""Finds mails of all events by recipient and subject, and the last mail to each person."""

from collections.abc import Iterable

from sqlalchemy import ColumnElement, case, func, or_, select
from sqlalchemy.orm import aliased, joinedload

from ikone_events.domain.folding import search_key
from ikone_events.domain.search_query import SearchQuery
from ikone_events.store.accounts.models import Organiser
from ikone_events.store.db import db
from ikone_events.store.events.models import Event
from ikone_events.store.events.queries import visible_events
from ikone_events.store.mails.log import WITHOUT_BODIES
from ikone_events.store.mails.models import OutboxMail
from ikone_events.store.paging import PAGE_SIZE, Page, load_page, paginate_hits
from ikone_events.store.registering.models import Registration

# Behind `coalesce`, so that no other index is taken: the search reads the one that covers it.
_EVENT = func.coalesce(OutboxMail.event_id, 0)
_SUBSCRIBER = func.coalesce(OutboxMail.subscriber_id, 0)


def search_mails_everywhere(
    organiser: Organiser,
    query: SearchQuery,
    *,
    news: bool,
    number: int = 1,
    size: int = PAGE_SIZE,
) -> Page[OutboxMail]:
    """One page of the mails of all events that the organiser may see, without bodies.

    `news`: also those to subscribers and contacts.
    Those to the address come first, then the newest. A message id finds its mail. Only columns of
    `ix_outbox_mail_search` are read for that, since a scan of the bodies takes seconds.
    """
    visible = _visible(organiser, news=news)
    by_id = OutboxMail.message_id == query.message_id
    if query.message_id and db.session.scalar(select(OutboxMail.id).where(*visible, by_id)):
        visible, contained = [*visible, by_id], []
    else:
        contained = _contained(query)
    rank = case((_begins(query), 0), else_=1).label("rank")
    hits = select(OutboxMail.id, rank).where(*visible, *contained).cte("hits")
    ordered = select(hits.c.id).order_by(hits.c.rank, hits.c.id.desc())
    page = paginate_hits(ordered, hits, number=number, size=size)
    events, people = joinedload(OutboxMail.event), joinedload(OutboxMail.registration)
    wanted = WITHOUT_BODIES.where(OutboxMail.id.in_(page.rows)).options(events, people)
    return load_page(page, wanted)


def _begins(query: SearchQuery) -> ColumnElement[bool]:
    """Whether it is to the address, or to one that begins with the first word."""
    first = f"{search_key(query.address)} " if query.address else query.words[0][0]
    return OutboxMail.search_key.startswith(first, autoescape=True)


def _visible(organiser: Organiser, *, news: bool) -> list[ColumnElement[bool]]:
    found: list[ColumnElement[bool]] = [_EVENT != 0]
    if not organiser.sees_all:
        found = [_EVENT.in_(visible_events(organiser).with_only_columns(Event.id))]
    if news:
        return found
    other = aliased(OutboxMail)  # the index of the search does not hold contacts
    to_contacts = select(other.id).where(other.contact_id.is_not(None))
    return [*found, _SUBSCRIBER == 0, OutboxMail.id.not_in(to_contacts)]


def _contained(query: SearchQuery) -> list[ColumnElement[bool]]:
    key = OutboxMail.search_key
    return [
        or_(*(key.contains(word, autoescape=True) for word in spellings))
        for spellings in query.words
    ]


def last_mails_to(people: Iterable[Registration]) -> dict[int, OutboxMail]:
    """The newest mail to each of these people without its bodies, by the person's id."""
    numbers = [person.id for person in people]
    newest = (
        select(func.max(OutboxMail.id))
        .where(OutboxMail.registration_id.in_(numbers))
        .group_by(OutboxMail.registration_id)
    )
    mails = db.session.scalars(WITHOUT_BODIES.where(OutboxMail.id.in_(newest)))
    return {mail.registration_id: mail for mail in mails if mail.registration_id}

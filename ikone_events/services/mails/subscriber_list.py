"""The list of subscribers as organisers see it and take it away."""

from collections.abc import Iterator
from dataclasses import dataclass

from sqlalchemy import func, select
from sqlalchemy.orm import joinedload

from ikone_events.domain.refusals import N_, Complaint, NotFound
from ikone_events.domain.times import to_local
from ikone_events.services.installation import get_installation
from ikone_events.services.spreadsheets import Row
from ikone_events.store.db import db
from ikone_events.store.mails.subscribers import NETWORK, Subscriber
from ikone_events.store.paging import Page, paginate
from ikone_events.store.searching import containing

SUBSCRIBER_COLUMNS = ("email", "about", "locale", "subscribed_at", "confirmed_at")


@dataclass(frozen=True, slots=True)
class Numbers:
    """How many get the announcements, how many still have to confirm, who waits for an opening."""

    confirmed: int
    pending: int
    interested: int


def count_subscribers() -> Numbers:
    """The figures above the list, each an address and what it asked for."""
    network, known = Subscriber.topic == NETWORK, Subscriber.confirmed_at.is_not(None)
    found = db.session.execute(
        select(
            func.count().filter(network, known),
            func.count().filter(~known),
            func.count().filter(~network, known),
        ).select_from(Subscriber)
    ).one()
    return Numbers(*found)


def search_subscribers(words: str = "", *, number: int = 1) -> Page[Subscriber]:
    """Subscribers by a part of their address, in its order."""
    wanted = select(Subscriber).where(*containing(words, [Subscriber.email]))
    wanted = wanted.options(joinedload(Subscriber.event))
    return paginate(wanted.order_by(Subscriber.email_key, Subscriber.id), number=number)


def get_subscriber(public_id: str) -> Subscriber:
    """One subscriber by the name the row has outside; raises NotFound."""
    found = db.session.scalar(select(Subscriber).where(Subscriber.public_id == public_id))
    if found is None:
        raise NotFound(Complaint(N_("There is no such subscriber.")))
    return found


def subscriber_rows() -> Iterator[Row]:
    """Every subscriber for a table, in the order of the list."""
    zone = get_installation().settings.timezone
    wanted = select(Subscriber).options(joinedload(Subscriber.event))
    for found in db.session.scalars(wanted.order_by(Subscriber.email_key, Subscriber.id)):
        moments = (found.created_at, found.confirmed_at)
        asked, confirmed = (
            to_local(moment, zone).isoformat(timespec="seconds") if moment else None
            for moment in moments
        )
        yield {
            "email": found.email,
            "about": found.event.slug if found.event else NETWORK,
            "locale": found.locale,
            "subscribed_at": asked,
            "confirmed_at": confirmed,
        }

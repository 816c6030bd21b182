"""Series of events: free text at each event, so one series may be spelled in several ways."""

from dataclasses import dataclass

from sqlalchemy import func, select

from ikone_events.domain.refusals import N_, Complaint, NotFound
from ikone_events.domain.words import series_slug
from ikone_events.store.db import db
from ikone_events.store.events.models import Event
from ikone_events.store.events.queries import PUBLIC_STATES


@dataclass(frozen=True, slots=True)
class Series:
    """A series that the public may see, by the name that its latest event gives it."""

    slug: str
    name: str
    spellings: frozenset[str]


def get_series(slug: str) -> Series:
    """The series by its short name; raises NotFound, for those of drafts alone too."""
    latest = func.max(Event.starts_at)
    rows = db.session.execute(
        select(Event.series)
        .where(Event.state.in_(PUBLIC_STATES), Event.series != "")
        .group_by(Event.series)
        .order_by(latest.desc(), Event.series)
    )
    spellings = [name for (name,) in rows if series_slug(name) == slug]
    if not spellings:
        raise NotFound(Complaint(N_("There is no such series.")))
    return Series(slug, spellings[0], frozenset(spellings))

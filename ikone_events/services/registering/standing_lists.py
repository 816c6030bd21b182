"""Standing sign-ups to a series as organisers see them: a searched list, and a spreadsheet."""

from collections.abc import Iterator

from sqlalchemy import Select, or_, select

from ikone_events.domain.folding import search_words
from ikone_events.domain.times import iso_local
from ikone_events.services.documents.spreadsheets import Row
from ikone_events.services.installation import get_installation
from ikone_events.store.db import db
from ikone_events.store.paging import PAGE_SIZE, Page, paginate
from ikone_events.store.registering.standing import StandingSignUp

_AS_STORED = ("email", "salutation", "title", "first_name", "last_name", "position", "locale")
STANDING_COLUMNS = (*_AS_STORED, "organisation", "signed_up_at", "confirmed_at", "entered_by")


def search_standing(
    slug: str, words: str = "", *, number: int = 1, size: int = PAGE_SIZE
) -> Page[StandingSignUp]:
    """The sign-ups to a series that have these words in name, address or body, by name."""
    return paginate(_of_series(slug, words), number=number, size=size)


def _of_series(slug: str, words: str = "") -> Select[StandingSignUp]:
    wanted = select(StandingSignUp).where(StandingSignUp.series_slug == slug)
    for spellings in search_words(words):
        key = StandingSignUp.search_key
        wanted = wanted.where(or_(*(key.contains(word, autoescape=True) for word in spellings)))
    return wanted.order_by(StandingSignUp.last_name, StandingSignUp.first_name, StandingSignUp.id)


def standing_rows(slug: str) -> Iterator[Row]:
    """All sign-ups to a series as rows of a spreadsheet, by name."""
    zone = get_installation().settings.timezone
    for found in db.session.scalars(_of_series(slug)):
        yield {
            **{name: getattr(found, name) for name in _AS_STORED},
            "organisation": found.organisation_text,
            "signed_up_at": iso_local(found.created_at, zone),
            "confirmed_at": iso_local(found.confirmed_at, zone),
            "entered_by": found.entered_by,
        }

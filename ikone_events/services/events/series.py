"""Series: what is set for one, the day of its next event, and names that look alike."""

from collections.abc import Iterable
from datetime import date, datetime
from difflib import SequenceMatcher

from ikone_events.domain.events.series import Rhythm, next_day
from ikone_events.domain.header_text import stored_text_complaints
from ikone_events.domain.refusals import N_, Complaint, NotFound, UnfitInput
from ikone_events.domain.times import to_local
from ikone_events.domain.typed_links import links_in, text_link_complaints
from ikone_events.domain.words import series_slug
from ikone_events.services.installation import get_installation
from ikone_events.services.plan.plans import is_holiday
from ikone_events.store.db import db, insert_into
from ikone_events.store.events.models import Event
from ikone_events.store.events.series import (
    SeriesSettings,
    last_start,
    settings_of,
    spellings_of,
)

LONGEST_TEXT = 20_000
# From this share of equal letters on, two names are probably meant to be one.
_SIMILAR = 0.82


def next_day_of(event: Event, now: datetime) -> date:
    """The local day of the next event like this one: after the last one of its series.

    An event without a series is followed four weeks later.
    """
    last, rhythm = event.starts_at, Rhythm.FOUR_WEEKS
    if event.series:
        slug = series_slug(event.series)
        last = last_start(spellings_of(slug)) or last
        rhythm = Rhythm(settings_of(slug).rhythm)
    today = to_local(now, event.zone).date()
    day = to_local(last, event.zone).date()
    return next_day(day, rhythm, after=today, is_holiday=is_holiday)


def save_series(
    slug: str,
    *,
    text: str,
    text_en: str,
    rhythm: str,
    standing: bool,
    actor: str,
    now: datetime,
) -> SeriesSettings:
    """Set what a series has. Raises NotFound and UnfitInput."""
    if not spellings_of(slug):
        raise NotFound(Complaint(N_("There is no such series.")))
    found = [
        *stored_text_complaints(text, LONGEST_TEXT, "text"),
        *stored_text_complaints(text_en, LONGEST_TEXT, "text_en"),
    ]
    former, hosts = settings_of(slug), get_installation().settings.link_hosts
    kept = links_in(former.text, former.text_en)
    found += text_link_complaints(text, hosts, "text", kept)
    found += text_link_complaints(text_en, hosts, "text_en", kept)
    if rhythm not in tuple(Rhythm):
        found.append(Complaint(N_("There is no such rhythm."), about="rhythm"))
    if found:
        raise UnfitInput(found)
    values = {
        "text": text,
        "text_en": text_en,
        "rhythm": rhythm,
        "standing": standing,
        "changed_at": now,
        "changed_by": actor,
    }
    row = insert_into(SeriesSettings).values(slug=slug, **values)
    db.session.execute(row.on_conflict_do_update(index_elements=["slug"], set_=values))
    return settings_of(slug)


def similar_series(name: str, names: Iterable[str]) -> list[str]:
    """Those of the names of series for which this one is easily mistaken, though it is another.

    Spellings with the same slug are one series, so they are no mistake.
    """
    slug = series_slug(name)
    others = {series_slug(each): each for each in names}
    others.pop(slug, None)
    return [each for other, each in others.items() if name and _share(slug, other) >= _SIMILAR]


def _share(one: str, other: str) -> float:
    return SequenceMatcher(None, one, other).ratio()

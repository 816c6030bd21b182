"""The figures of years and series: the events of each, counted together."""

from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass
from datetime import date, datetime

from ikone_events.domain.figures.event_figures import EventFigures
from ikone_events.domain.figures.periods import PeriodFigures, add_up, attended_by_quarter
from ikone_events.domain.figures.press import year_sentence
from ikone_events.domain.words import LOCALES
from ikone_events.services.figures.events import figures_for
from ikone_events.services.installation import get_identity
from ikone_events.store.events.models import Event


@dataclass(frozen=True, slots=True)
class Period:
    """Some events by date, the figures of each by id, and those of all together."""

    events: tuple[Event, ...]
    each: Mapping[int, EventFigures]
    whole: PeriodFigures

    @property
    def by_quarter(self) -> dict[int, int]:
        """How many people attended in each quarter."""
        return attended_by_quarter((event.day, self.each[event.id]) for event in self.events)


def years_of(events: Iterable[Event]) -> list[int]:
    """The years of these events, the newest first."""
    return sorted({event.day.year for event in events}, reverse=True)


def period_of(events: Collection[Event], now: datetime) -> Period:
    """The figures of some events; a constant number of queries."""
    return _period(events, figures_for(events, now))


def periods_by_year(
    events: Collection[Event], years: Collection[int], now: datetime
) -> dict[int, Period]:
    """The figures of these years; as many queries as for one."""
    by_year: dict[int, list[Event]] = {year: [] for year in years}
    for event in events:
        if event.day.year in by_year:
            by_year[event.day.year].append(event)
    figures = figures_for([event for found in by_year.values() for event in found], now)
    return {year: _period(found, figures) for year, found in by_year.items()}


def year_sentences(figures: PeriodFigures, year: int, *, of_members: int) -> dict[str, str]:
    """The sentence for the report of a year by language; of a network with so many members."""
    name = get_identity().organisation
    return {
        locale: year_sentence(
            figures, year, organisation=name, of_members=of_members, locale=locale
        )
        for locale in LOCALES
    }


def last_day(year: int, today: date) -> date:
    """The day as of which a year's members are counted: its last one, or today while it runs."""
    return min(date(year, 12, 31), today)


def _period(events: Collection[Event], figures: Mapping[int, EventFigures]) -> Period:
    each = {event.id: figures[event.id] for event in events}
    ordered = sorted(events, key=lambda event: (event.starts_at, event.id))
    return Period(tuple(ordered), each, add_up(each.values()))

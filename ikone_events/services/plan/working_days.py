"""The public holidays of the installation's state, by the package `holidays`."""

from datetime import date
from functools import lru_cache

from holidays import country_holidays

from ikone_events.services.installation import get_installation


def is_holiday(day: date) -> bool:
    """Whether nobody works on this day by law, where the installation is (IKONE_HOLIDAYS)."""
    return day in _holidays(get_installation().settings.holidays, day.year)


@lru_cache(maxsize=32)
def _holidays(place: str, year: int) -> frozenset[date]:
    country, _, part = place.partition("-")
    return frozenset(country_holidays(country, subdiv=part or None, years=year))

"""Series of events: their rhythm, and the day of the next event."""

from collections.abc import Callable, Mapping
from datetime import date, timedelta
from enum import StrEnum

from ikone_events.domain.refusals import N_


class Rhythm(StrEnum):
    """How far the events of a series are apart; the day of the week stays."""

    WEEKLY = "weekly"
    FORTNIGHTLY = "fortnightly"
    FOUR_WEEKS = "four_weeks"
    MONTHLY = "monthly"
    QUARTERLY = "quarterly"


RHYTHM_LABELS: Mapping[Rhythm, str] = {
    Rhythm.WEEKLY: N_("Every week"),
    Rhythm.FORTNIGHTLY: N_("Every two weeks"),
    Rhythm.FOUR_WEEKS: N_("Every four weeks"),
    Rhythm.MONTHLY: N_("Every month, on the same weekday of the month"),
    Rhythm.QUARTERLY: N_("Every three months, on the same weekday of the month"),
}
_WEEKS: Mapping[Rhythm, int] = {Rhythm.WEEKLY: 1, Rhythm.FORTNIGHTLY: 2, Rhythm.FOUR_WEEKS: 4}
_MONTHS: Mapping[Rhythm, int] = {Rhythm.MONTHLY: 1, Rhythm.QUARTERLY: 3}
_WEEK = timedelta(weeks=1)


def next_day(
    last: date, rhythm: Rhythm, *, after: date, is_holiday: Callable[[date], bool]
) -> date:
    """The first day of the rhythm after the last event and after a day, usually today.

    A public holiday is skipped: the event is a week later, and the rhythm goes on from the day that
    it would have been.
    """
    day = last
    while True:
        day = _following(day, rhythm, weekday_of_month(last))
        moved = day
        while is_holiday(moved):
            moved += _WEEK
        if moved > max(last, after):
            return moved


def weekday_of_month(day: date) -> int:
    """0 for the first Tuesday of a month, and so on; 4 for the fifth, which few months have."""
    return (day.day - 1) // 7


def _following(day: date, rhythm: Rhythm, number: int) -> date:
    if rhythm in _WEEKS:
        return day + _WEEKS[rhythm] * _WEEK
    months = day.year * 12 + day.month - 1 + _MONTHS[rhythm]
    first = date(months // 12, months % 12 + 1, 1)
    day_of_week = first + timedelta(days=(day.weekday() - first.weekday()) % 7)
    found = day_of_week + number * _WEEK
    # The last one, where there is no fifth.
    return found if found.month == first.month else found - _WEEK

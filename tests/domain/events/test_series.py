"""The rhythm of a series: the weekday stays, public holidays are skipped."""

from datetime import date, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ikone_events.domain.events.series import Rhythm, next_day, weekday_of_month

DAYS = st.dates(date(2020, 1, 1), date(2090, 1, 1))


def after(last: date, rhythm: Rhythm, *holidays: date, today: date = date(2000, 1, 1)) -> date:
    return next_day(last, rhythm, after=today, is_holiday=holidays.__contains__)


@pytest.mark.parametrize(
    ("last", "rhythm", "expected"),
    [
        (date(2026, 3, 3), Rhythm.MONTHLY, date(2026, 4, 7)),  # the first Tuesday
        (date(2026, 12, 14), Rhythm.MONTHLY, date(2027, 1, 11)),  # the second Monday
        (date(2026, 3, 31), Rhythm.MONTHLY, date(2026, 4, 28)),  # no fifth Tuesday: the last
        (date(2026, 3, 3), Rhythm.QUARTERLY, date(2026, 6, 2)),
        (date(2026, 3, 3), Rhythm.FOUR_WEEKS, date(2026, 3, 31)),
        (date(2026, 3, 3), Rhythm.FORTNIGHTLY, date(2026, 3, 17)),
        (date(2026, 3, 3), Rhythm.WEEKLY, date(2026, 3, 10)),
    ],
)
def test_weekday_stays(last: date, rhythm: Rhythm, expected: date) -> None:
    assert after(last, rhythm) == expected


def test_holiday_moves_the_date_by_a_week() -> None:
    easter = date(2026, 4, 6)
    assert after(date(2026, 3, 2), Rhythm.MONTHLY, easter) == date(2026, 4, 13)


def test_fifth_weekday_comes_back_where_there_is_one() -> None:
    last = date(2026, 3, 31)
    assert after(last, Rhythm.MONTHLY, today=date(2026, 6, 1)) == date(2026, 6, 30)


def test_next_day_is_in_the_future() -> None:
    assert after(date(2020, 1, 7), Rhythm.MONTHLY, today=date(2026, 3, 2)) == date(2026, 3, 3)


@given(DAYS, st.sampled_from(Rhythm), st.integers(-60, 900), st.sets(st.integers(1, 900)))
def test_next_day_is_later_no_holiday_and_the_same_weekday(
    last: date, rhythm: Rhythm, later: int, free: set[int]
) -> None:
    holidays = {last + timedelta(days=number) for number in free if number % 5 == 0}
    today = last + timedelta(days=later)
    found = after(last, rhythm, *holidays, today=today)
    assert found > max(last, today)
    assert found.weekday() == last.weekday()
    assert found not in holidays


@given(DAYS)
def test_monthly_dates_keep_their_place_in_the_month(last: date) -> None:
    found, number = after(last, Rhythm.MONTHLY), weekday_of_month(last)
    assert weekday_of_month(found) == number or (number == 4 and weekday_of_month(found) == 3)
    assert (found.year * 12 + found.month) - (last.year * 12 + last.month) == 1

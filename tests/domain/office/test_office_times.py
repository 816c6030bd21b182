"""Mornings and working days, also across weekends, holidays and both changes of the clock."""

from datetime import UTC, date, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ikone_events.domain.office.mails import morning_of, urgent_until
from ikone_events.domain.plan.times import is_working_day

BERLIN = "Europe/Berlin"
EASTER = {date(2026, 4, 3), date(2026, 4, 6)}  # Good Friday and Easter Monday


def is_holiday(day: date) -> bool:
    return day in EASTER


def local(text: str) -> datetime:
    return datetime.fromisoformat(text).replace(tzinfo=ZoneInfo(BERLIN)).astimezone(UTC)


@pytest.mark.parametrize(
    ("moment", "expected"),
    [
        ("2026-03-02 07:29", None),
        ("2026-03-02 07:30", date(2026, 3, 2)),
        ("2026-03-02 11:59", date(2026, 3, 2)),
        ("2026-03-02 12:00", None),
        ("2026-03-07 08:00", None),  # a Saturday
        ("2026-03-29 08:00", None),  # the Sunday on which summer time begins
        ("2026-03-30 07:29", None),
        ("2026-03-30 07:30", date(2026, 3, 30)),  # half past five in UTC, a day later than six
        ("2026-03-27 07:30", date(2026, 3, 27)),
        ("2026-10-26 07:30", date(2026, 10, 26)),
        ("2026-04-03 08:00", None),
        ("2026-04-06 08:00", None),
        ("2026-04-07 08:00", date(2026, 4, 7)),
    ],
)
def test_morning_is_half_past_seven_to_noon_of_working_days(
    moment: str, expected: date | None
) -> None:
    assert morning_of(local(moment), BERLIN, is_holiday) == expected


@pytest.mark.parametrize(
    ("now", "expected"),
    [
        ("2026-03-02 10:00", "2026-03-04 10:00"),  # Monday to Wednesday
        ("2026-03-05 10:00", "2026-03-09 10:00"),  # Thursday to Monday
        ("2026-03-06 10:00", "2026-03-10 10:00"),  # Friday to Tuesday
        ("2026-03-07 10:00", "2026-03-11 00:00"),  # Saturday: all of Monday and of Tuesday
        ("2026-03-08 23:59", "2026-03-11 00:00"),
        ("2026-04-01 16:00", "2026-04-07 16:00"),  # over Easter
        ("2026-03-27 10:00", "2026-03-31 10:00"),  # into summer time
        ("2026-10-23 10:00", "2026-10-27 10:00"),  # out of it
        ("2026-03-26 02:30", "2026-03-30 02:30"),  # a night in between lacks that time
    ],
)
def test_two_working_days_are_counted_by_the_local_clock(now: str, expected: str) -> None:
    assert urgent_until(local(now), BERLIN, is_holiday) == local(expected)


MOMENTS = st.integers(0, 2 * 365 * 24 * 60).map(
    lambda minutes: datetime(2026, 1, 1, tzinfo=UTC) + timedelta(minutes=minutes)
)


@given(MOMENTS, st.timedeltas(timedelta(0), timedelta(days=5)))
def test_what_is_urgent_stays_urgent(now: datetime, later: timedelta) -> None:
    assert urgent_until(now, BERLIN, is_holiday) <= urgent_until(now + later, BERLIN, is_holiday)


@given(MOMENTS)
def test_urgent_span_holds_two_working_days(now: datetime) -> None:
    until = urgent_until(now, BERLIN, is_holiday).astimezone(ZoneInfo(BERLIN))
    first = now.astimezone(ZoneInfo(BERLIN)).date()
    days = [first + timedelta(days=n) for n in range((until.date() - first).days)]
    assert sum(is_working_day(day, is_holiday) for day in days) == 2

"""When steps are due: offsets, working days, office hours, the nights the clocks change."""

from datetime import UTC, date, datetime, time, timedelta
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ikone_events.domain.plan.times import (
    CLOSES,
    OPENS,
    Anchor,
    Anchors,
    Timing,
    Unit,
    check_timing,
    due_at,
    is_working_day,
)
from ikone_events.domain.refusals import UnfitInput

BERLIN = ZoneInfo("Europe/Berlin")
# Good Friday, Easter Monday, Labour Day, Unity Day and Christmas of 2026.
HOLIDAYS = {date(2026, 4, 3), date(2026, 4, 6), date(2026, 5, 1), date(2026, 12, 25)}


def is_holiday(day: date) -> bool:
    return day in HOLIDAYS


def local(text: str) -> datetime:
    return datetime.fromisoformat(text).replace(tzinfo=BERLIN).astimezone(UTC)


def anchors(start: str, end: str | None = None, deadline: str | None = None) -> Anchors:
    starts_at = local(start)
    ends_at = local(end) if end else starts_at + timedelta(hours=2)
    return Anchors(
        starts_at=starts_at,
        ends_at=ends_at,
        deadline=local(deadline) if deadline else None,
        retention_until=ends_at + timedelta(days=90),
        zone="Europe/Berlin",
    )


def due(timing: Timing, dates: Anchors) -> str:
    return f"{due_at(timing, dates, is_holiday).astimezone(BERLIN):%Y-%m-%d %H:%M}"


BEFORE = {"anchor": Anchor.START, "unit": Unit.WORKING_DAYS, "amount": -1, "at": time(10)}


@pytest.mark.parametrize(
    ("timing", "start", "expected"),
    [
        (Timing(**BEFORE), "2026-03-10 14:00", "2026-03-09 10:00"),
        (Timing(**BEFORE), "2026-03-09 14:00", "2026-03-06 10:00"),  # Monday: the Friday before
        (Timing(**BEFORE), "2026-04-07 14:00", "2026-04-02 10:00"),  # after Easter: Maundy Thursday
        (
            Timing(anchor=Anchor.END, unit=Unit.WORKING_DAYS, amount=1, at=time(9)),
            "2026-04-30 14:00",
            "2026-05-04 09:00",  # over Labour Day and the weekend
        ),
        (
            Timing(anchor=Anchor.START, unit=Unit.HOURS, amount=-1),
            "2026-03-10 14:00",
            "2026-03-10 13:00",
        ),
        (Timing(anchor=Anchor.START, amount=-7), "2026-03-10 14:00", "2026-03-03 14:00"),
        (Timing(anchor=Anchor.DEADLINE), "2026-03-10 14:00", "2026-03-10 14:00"),  # none is set
    ],
)
def test_offset_counts_from_its_anchor(timing: Timing, start: str, expected: str) -> None:
    assert due(timing, anchors(start)) == expected


def test_days_keep_the_time_of_day_over_the_change_of_clocks() -> None:
    """In the night to 29 March the clocks go forward; a week before 10:00 is 10:00."""
    assert due(Timing(anchor=Anchor.START, amount=-7), anchors("2026-04-01 10:00")) == (
        "2026-03-25 10:00"
    )
    hours = Timing(anchor=Anchor.START, amount=-7 * 24, unit=Unit.HOURS)
    assert due(hours, anchors("2026-04-01 10:00")) == "2026-03-25 09:00"


@pytest.mark.parametrize(
    ("day", "expected"),
    [
        ("2026-03-29", "2026-03-29 03:30"),  # 02:30 does not exist that night
        ("2026-10-25", "2026-10-25 02:30"),  # exists twice: the first one is meant
    ],
)
def test_time_in_the_night_of_the_clocks_is_still_a_time(day: str, expected: str) -> None:
    timing = Timing(anchor=Anchor.START, amount=0, at=time(2, 30))
    assert due(timing, anchors(f"{day} 18:00")) == expected


def test_office_hours_move_a_reminder_to_an_earlier_working_hour() -> None:
    day_before = Timing(anchor=Anchor.START, amount=-1, office_hours=True)
    assert due(day_before, anchors("2026-03-09 10:00")) == "2026-03-06 10:00"
    assert due(day_before, anchors("2026-03-11 20:00")) == "2026-03-10 18:00"
    assert due(day_before, anchors("2026-03-11 07:00")) == "2026-03-09 18:00"


def test_office_hours_move_a_follow_up_to_a_later_working_hour() -> None:
    after = Timing(anchor=Anchor.END, unit=Unit.HOURS, amount=1, office_hours=True)
    assert due(after, anchors("2026-03-06 16:00")) == "2026-03-09 08:00"
    assert due(after, anchors("2026-03-05 04:00")) == "2026-03-05 08:00"


def test_fixed_time_stays_where_it_is() -> None:
    moment = local("2026-03-07 23:00")
    timing = Timing(anchor=Anchor.FIXED, fixed=moment)
    assert due_at(timing, anchors("2026-03-10 14:00"), is_holiday) == moment


moments = st.datetimes(datetime(2026, 1, 2), datetime(2026, 12, 20)).map(  # noqa: DTZ001
    lambda naive: naive.replace(second=0, microsecond=0, tzinfo=UTC)
)
timings = st.builds(
    Timing,
    anchor=st.sampled_from([Anchor.START, Anchor.END, Anchor.DEADLINE]),
    amount=st.integers(-60, 60),
    unit=st.sampled_from(list(Unit)),
    at=st.none() | st.times().map(lambda t: t.replace(second=0, microsecond=0)),
    office_hours=st.just(False),
)


@given(moments, timings)
def test_office_hours_never_pass_the_anchor_and_always_lie_on_a_working_day(
    start: datetime, timing: Timing
) -> None:
    dates = Anchors(
        starts_at=start,
        ends_at=start + timedelta(hours=2),
        deadline=None,
        retention_until=start + timedelta(days=90),
        zone="Europe/Berlin",
    )
    free = due_at(timing, dates, is_holiday)
    values = {name: getattr(timing, name) for name in Timing.__slots__}
    moved = due_at(Timing(**{**values, "office_hours": True}), dates, is_holiday)
    clock = moved.astimezone(BERLIN)

    assert is_working_day(clock.date(), is_holiday)
    assert OPENS <= clock.time() <= CLOSES
    before = free < dates.at(timing.anchor)
    assert moved <= free if before else moved >= free


@pytest.mark.parametrize(
    "timing",
    [
        Timing(anchor=Anchor.START, amount=-400),
        Timing(anchor=Anchor.START, amount=-1, unit=Unit.HOURS, at=time(9)),
        Timing(anchor=Anchor.FIXED),
        Timing(anchor=Anchor.START, fixed=local("2026-03-07 10:00")),
    ],
)
def test_timing_without_meaning_is_refused(timing: Timing) -> None:
    with pytest.raises(UnfitInput):
        check_timing(timing)

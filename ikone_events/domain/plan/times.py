"""When a step is due: an anchor of the event, an offset, a time of day, working hours.

Callers pass a function that knows the public holidays.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from enum import StrEnum
from zoneinfo import ZoneInfo

from ikone_events.domain.refusals import N_, Complaint, UnfitInput

IsHoliday = Callable[[date], bool]

# Automatic mails are sent on working days between these hours (public-sector guide).
OPENS, CLOSES = time(8), time(18)
_SUNDAY_AND_SATURDAY = 5
MOST = 366
_DAY = timedelta(days=1)


class Anchor(StrEnum):
    """The date of an event from which a step is timed; `fixed` is independent of the event."""

    START = "start"
    END = "end"
    DEADLINE = "deadline"
    RETENTION = "retention"
    FIXED = "fixed"


class Unit(StrEnum):
    """The unit of an offset."""

    MINUTES = "minutes"
    HOURS = "hours"
    DAYS = "days"
    WORKING_DAYS = "working_days"


ANCHOR_LABELS: Mapping[Anchor, str] = {
    Anchor.START: N_("Start of the event"),
    Anchor.END: N_("End of the event"),
    Anchor.DEADLINE: N_("Registration deadline"),
    Anchor.RETENTION: N_("End of the retention period"),
    Anchor.FIXED: N_("Specific date and time"),
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Timing:
    """An offset from an anchor; a negative `amount` is before it.

    `at` is a local time of day, for offsets in days. `fixed` is the moment for Anchor.FIXED.
    """

    anchor: Anchor
    amount: int = 0
    unit: Unit = Unit.DAYS
    at: time | None = None
    office_hours: bool = False
    fixed: datetime | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Anchors:
    """The dates of an event in UTC. Without a deadline registration ends at the start."""

    starts_at: datetime
    ends_at: datetime
    deadline: datetime | None
    retention_until: datetime
    zone: str

    def at(self, anchor: Anchor) -> datetime:
        """The moment of an anchor."""
        moments = {
            Anchor.START: self.starts_at,
            Anchor.END: self.ends_at,
            Anchor.DEADLINE: self.deadline or self.starts_at,
            Anchor.RETENTION: self.retention_until,
        }
        return moments[anchor]


def check_timing(timing: Timing) -> None:
    """Raise UnfitInput for an invalid timing."""
    found: list[Complaint] = []
    if abs(timing.amount) > MOST * (24 * 60 if timing.unit is Unit.MINUTES else 1):
        found.append(Complaint(N_("Please choose an offset of at most a year."), about="amount"))
    if timing.at is not None and timing.unit in (Unit.MINUTES, Unit.HOURS):
        text = N_("A time of day goes with offsets in days only.")
        found.append(Complaint(text, about="at"))
    if (timing.anchor is Anchor.FIXED) != (timing.fixed is not None):
        found.append(Complaint(N_("Please enter a date and a time."), about="fixed"))
    if found:
        raise UnfitInput(found)


def due_at(timing: Timing, anchors: Anchors, is_holiday: IsHoliday) -> datetime:
    """When a step is due, in UTC.

    With office hours a step before its anchor moves to an earlier working hour, and a step after
    its anchor to a later one.
    """
    if timing.fixed is not None:
        return timing.fixed
    anchor, zone = anchors.at(timing.anchor), ZoneInfo(anchors.zone)
    due = _offset(anchor, timing, zone, is_holiday)
    if not timing.office_hours:
        return due
    local = due.astimezone(zone).replace(tzinfo=None)
    moved = _earlier(local, is_holiday) if due < anchor else _later(local, is_holiday)
    return due if moved == local else _moment(moved, zone)


def is_working_day(day: date, is_holiday: IsHoliday) -> bool:
    """Monday to Friday, unless it is a public holiday."""
    return day.weekday() < _SUNDAY_AND_SATURDAY and not is_holiday(day)


def _offset(anchor: datetime, timing: Timing, zone: ZoneInfo, is_holiday: IsHoliday) -> datetime:
    """Minutes and hours are absolute; days keep the local time of day."""
    if timing.unit is Unit.MINUTES:
        return anchor + timedelta(minutes=timing.amount)
    if timing.unit is Unit.HOURS:
        return anchor + timedelta(hours=timing.amount)
    local = anchor.astimezone(zone).replace(tzinfo=None)
    if timing.unit is Unit.DAYS:
        day = local.date() + timedelta(days=timing.amount)
    else:
        day = _working_days_from(local.date(), timing.amount, is_holiday)
    if day == local.date() and timing.at is None:
        return anchor
    return _moment(datetime.combine(day, timing.at or local.time()), zone)


def _working_days_from(day: date, amount: int, is_holiday: IsHoliday) -> date:
    """The working day `amount` working days after a day, or before it."""
    step = _DAY if amount > 0 else -_DAY
    for _ in range(abs(amount)):
        day += step
        while not is_working_day(day, is_holiday):
            day += step
    return day


def _earlier(local: datetime, is_holiday: IsHoliday) -> datetime:
    if local.time() < OPENS:
        local = datetime.combine(local.date() - _DAY, CLOSES)
    elif local.time() > CLOSES:
        local = datetime.combine(local.date(), CLOSES)
    while not is_working_day(local.date(), is_holiday):
        local -= _DAY
    return local


def _later(local: datetime, is_holiday: IsHoliday) -> datetime:
    if local.time() < OPENS:
        local = datetime.combine(local.date(), OPENS)
    elif local.time() > CLOSES:
        local = datetime.combine(local.date() + _DAY, OPENS)
    while not is_working_day(local.date(), is_holiday):
        local += _DAY
    return local


def _moment(local: datetime, zone: ZoneInfo) -> datetime:
    """The moment of a local time: an hour later if skipped, the first if it occurs twice."""
    return local.replace(tzinfo=zone, fold=0).astimezone(UTC)

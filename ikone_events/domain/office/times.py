"""When mails to the office leave: in the morning of working days, and when little time is left."""

from datetime import UTC, date, datetime, time, timedelta
from zoneinfo import ZoneInfo

from ikone_events.domain.plan.times import IsHoliday, is_working_day

# Local time. A worker that begins later catches up until noon: a list of the morning is of no use
# in the afternoon, and what is urgent comes at once.
MORNING, NOON = time(7, 30), time(12)
URGENT_DAYS = 2
_DAY = timedelta(days=1)


def morning_of(now: datetime, zone: str, is_holiday: IsHoliday) -> date | None:
    """The local day whose morning mails may be written now; None at any other time."""
    local = now.astimezone(ZoneInfo(zone))
    if not MORNING <= local.time() < NOON or not is_working_day(local.date(), is_holiday):
        return None
    return local.date()


def urgent_until(now: datetime, zone: str, is_holiday: IsHoliday) -> datetime:
    """The moment from now on that two working days are left to; UTC.

    A working day ends at the same local time on the next one. Saturdays, Sundays and holidays are
    as long as nothing: on them one counts from the beginning of the next working day.
    """
    local = now.astimezone(ZoneInfo(zone)).replace(tzinfo=None)
    if not is_working_day(local.date(), is_holiday):
        local = datetime.combine(_next_working_day(local.date(), is_holiday), time(0))
    day = local.date()
    for _ in range(URGENT_DAYS):
        day = _next_working_day(day, is_holiday)
    return datetime.combine(day, local.time(), ZoneInfo(zone)).astimezone(UTC)


def _next_working_day(day: date, is_holiday: IsHoliday) -> date:
    day += _DAY
    while not is_working_day(day, is_holiday):
        day += _DAY
    return day

"""The mails to the office: who gets which, what is urgent enough for one, and when they leave."""

from collections.abc import Collection, Iterator, Mapping
from datetime import UTC, date, datetime, time, timedelta
from enum import StrEnum
from zoneinfo import ZoneInfo

from ikone_events.domain.account_roles import AccountRole
from ikone_events.domain.events.todo_facts import Severity, Target, ToDo
from ikone_events.domain.operating.alarms import HARMLESS, Alarm
from ikone_events.domain.plan.times import IsHoliday, is_working_day
from ikone_events.domain.refusals import N_


class OfficeMail(StrEnum):
    """A mail to the office; the values are the names of fields and of columns."""

    ALARMS = "alarm_mails"
    DIGEST = "digest_mails"
    REGISTRATIONS = "registration_mails"


OFFICE_MAIL_LABELS: Mapping[OfficeMail, str] = {
    OfficeMail.ALARMS: N_("At once, when something is urgent"),
    OfficeMail.DIGEST: N_("To do, on working days at 7:30"),
    OfficeMail.REGISTRATIONS: N_("New registrations, on working days at 7:30"),
}
OFFICE_MAIL_HINTS: Mapping[OfficeMail, str] = {
    OfficeMail.ALARMS: N_(
        "When a step is blocked or e-mails fail and fewer than two working days are left. Sent to "
        "the contact of the event and to administrators."
    ),
    OfficeMail.DIGEST: N_("Your list from “Today”, only when there is something on it."),
    OfficeMail.REGISTRATIONS: N_("Who has registered since the last list, for each event."),
}
# Whoever may settle something. Viewers may export no lists of people, so they get none by mail.
_WORKING = frozenset({AccountRole.ADMIN.value, AccountRole.ORGANISER.value})
_WITHOUT_ASKING = frozenset({OfficeMail.ALARMS, OfficeMail.DIGEST})


def may_get_office_mails(role: str) -> bool:
    """Whether accounts of this role are offered mails to the office."""
    return role in _WORKING


def may_see_events(role: str) -> bool:
    """Whether accounts of this role are offered a calendar of events."""
    return role in _WORKING or role == AccountRole.VIEWER


def wants(which: OfficeMail, role: str, chosen: bool | None) -> bool:
    """Whether an account gets a mail; `chosen` is None while nobody has decided."""
    if not may_get_office_mails(role):
        return False
    return which in _WITHOUT_ASKING if chosen is None else chosen


AT_ONCE = frozenset({Alarm.MAILBOX, Alarm.TROUBLE})
# What a digest can report: while it is written mails leave, or wait for the mail server.
IN_DIGEST = HARMLESS


def causes(todo: ToDo, failed_mailings: Collection[int], provider: str) -> Iterator[str]:
    """The names of the causes of an urgent entry; none for one that can wait.

    A missing room is one cause, whatever it blocks. Each mailing that fails is one, and 0 stands
    for single mails. Another `provider` of the room that fails too is another cause.
    """
    if todo.severity is not Severity.DANGER:
        return
    if todo.target is Target.MAIL:
        yield from (f"mail-{number}" for number in sorted(failed_mailings))
    elif todo.target is Target.DOOR:
        yield f"{Target.DOOR.value}-{provider}"
    elif todo.target is Target.STEPS:
        yield f"step-{todo.step_id}"
    else:
        yield todo.target.value


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

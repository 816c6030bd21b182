"""The one place that turns moments into words and local times into moments.

Two looks: pages are short and keep day and month, and number and "Uhr", together with no-break
spaces; mails are long and use plain spaces only, because plain text is searched, quoted and
pasted. Moments are aware UTC; the zone is always the event's own. Babel parses a pattern once and
keeps it, days are remembered, so a call costs microseconds.
"""

import re
from datetime import UTC, date, datetime, time
from functools import lru_cache
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from babel import Locale
from babel.dates import format_date

from ikone_events.domain.refusals import N_, Complaint, UnfitInput

BERLIN = "Europe/Berlin"
NBSP = "\u00a0"

WORDS = {"de": "d. MMMM y", "en": "d MMMM y"}
LONG = {"de": "EEEE, d. MMMM y", "en": "EEEE, d MMMM y"}
MEDIUM = {"de": f"EE, d.{NBSP}MMMM{NBSP}y", "en": f"EE, d{NBSP}MMMM{NBSP}y"}
NUMERIC = {"de": "dd.MM.y", "en": f"d{NBSP}MMM{NBSP}y"}
_GERMAN_DAY = re.compile(r"(\d{1,2})\.\s?(\d{1,2})\.\s?(\d{4})")
# In the night in which the clocks go back, an hour is shown twice; the first is summer time.
_TWICE = {"de": ("Sommerzeit", "Winterzeit"), "en": ("summer time", "winter time")}


def read_day(text: str) -> date:
    """A day as Germans type it (31.1.2026, also with spaces) or in ISO 8601; raises ValueError."""
    if german := _GERMAN_DAY.fullmatch(text):
        return date(int(german[3]), int(german[2]), int(german[1]))
    return date.fromisoformat(text)


def known_zone(zone: str) -> ZoneInfo:
    """The named time zone, or UnfitInput: a wrong name must not end as a server error."""
    try:
        return ZoneInfo(zone)
    except (ZoneInfoNotFoundError, ValueError, OSError) as error:
        unknown = Complaint(N_("There is no time zone called “%(zone)s”."), {"zone": zone})
        raise UnfitInput(unknown) from error


def local_to_utc(value: datetime, zone: str, *, about: str | None = None) -> datetime:
    """The moment the clocks show `value`; refused when they show it never or twice."""
    if value.tzinfo is not None:
        raise ValueError("a local time carries no zone of its own")
    tz = known_zone(zone)
    values = {"date": value.date(), "time": time_words(value.time())}
    try:
        first, second = (value.replace(tzinfo=tz, fold=fold).astimezone(UTC) for fold in (0, 1))
        back = first.astimezone(tz).replace(tzinfo=None, fold=0)
    except OverflowError as error:
        text = N_("%(date)s is too far away for a calendar.")
        raise UnfitInput(Complaint(text, values, about)) from error
    if back != value.replace(fold=0):
        text = N_("On %(date)s there is no %(time)s: the clocks go forward that night.")
        raise UnfitInput(Complaint(text, values, about))
    if first != second:
        text = N_("On %(date)s there are two times %(time)s: the clocks go back that night.")
        raise UnfitInput(Complaint(text, values, about))
    return first


def to_local(moment: datetime, zone: str) -> datetime:
    """The same moment on the clocks of a zone; a naive moment is a fault of the caller."""
    if moment.tzinfo is None:
        raise ValueError("a moment needs a zone, UTC by rule")
    return moment.astimezone(known_zone(zone))


def date_words(day: date, *, locale: str, zone: str | None = None) -> str:
    """Within a sentence of a mail: "12. Januar 2021", "12 January 2021"."""
    return _day(_local_day(day, zone), WORDS[locale], locale)


def date_medium(day: date, *, locale: str, zone: str | None = None) -> str:
    """For pages: "Di., 12. Januar 2021", "Tue, 12 January 2021", kept together."""
    return _day(_local_day(day, zone), MEDIUM[locale], locale)


def date_numeric(day: date, *, locale: str, zone: str | None = None) -> str:
    """For tables and subjects: "12.01.2021", "12 Jan 2021"."""
    return _day(_local_day(day, zone), NUMERIC[locale], locale)


def clock(moment: datetime, *, zone: str) -> str:
    """ "9:00" or "17:30": hours without a leading zero, the same in both languages."""
    return _clock(to_local(moment, zone))


def time_words(at: time) -> str:
    """ "9:00": a time of day, on whatever clocks."""
    return f"{at.hour}:{at.minute:02d}"


def typed_words(local: datetime, *, locale: str) -> str:
    """ "12.01.2021, 10:00": what was typed as a local time, to be compared by people."""
    return f"{_day(local.date(), NUMERIC[locale], locale)}, {_clock(local)}"


def month_short(moment: datetime, *, locale: str, zone: str) -> str:
    """ "Jan.": for tiles."""
    return _day(to_local(moment, zone).date(), "MMM", locale)


def moment_utc(moment: datetime) -> str:
    """ "2021-01-12 09:00 UTC": for those who look after the machine."""
    return f"{to_local(moment, 'UTC'):%Y-%m-%d %H:%M} UTC"


def moment_page(moment: datetime, *, locale: str, zone: str) -> str:
    """ "Mo., 11. Januar 2021, 9:00 Uhr" for pages."""
    return _page_moment(to_local(moment, zone), locale) + _zone_note(zone, locale, NBSP)


def moment_mail(moment: datetime, *, locale: str, zone: str) -> str:
    """ "Montag, 11. Januar 2021, 9:00 Uhr" for mails."""
    return _mail_moment(to_local(moment, zone), locale) + _zone_note(zone, locale, " ")


def span_page(starts_at: datetime, ends_at: datetime, *, locale: str, zone: str) -> str:
    """ "Di., 12. Januar 2021, 10:00–12:00 Uhr" for pages; over midnight both days are named."""
    start, end = to_local(starts_at, zone), to_local(ends_at, zone)
    note = _zone_note(zone, locale, NBSP)
    if start.date() != end.date():
        between = "bis" if locale == "de" else "to"
        return f"{_page_moment(start, locale)} {between} {_page_moment(end, locale)}{note}"
    day = _day(start.date(), MEDIUM[locale], locale)
    begins = _clock_once(start, locale, NBSP).removesuffix(f"{NBSP}Uhr")
    return f"{day}, {begins}–{_clock_once(end, locale, NBSP)}{note}"


def span_mail(starts_at: datetime, ends_at: datetime, *, locale: str, zone: str) -> str:
    """ "Dienstag, 12. Januar 2021, 10:00 bis 12:00 Uhr" for mails and calendar texts."""
    start, end = to_local(starts_at, zone), to_local(ends_at, zone)
    note = _zone_note(zone, locale, " ")
    between = "bis" if locale == "de" else "to"
    if start.date() != end.date():
        return f"{_mail_moment(start, locale)} {between} {_mail_moment(end, locale)}{note}"
    day = _day(start.date(), LONG[locale], locale)
    begins = _clock_once(start, locale, " ").removesuffix(" Uhr")
    return f"{day}, {begins} {between} {_clock_once(end, locale, ' ')}{note}"


def _local_day(day: date, zone: str | None) -> date:
    if not isinstance(day, datetime):
        return day
    if zone is None:
        raise ValueError("the day of a moment depends on the zone: name it")
    return to_local(day, zone).date()


@lru_cache(maxsize=4096)
def _day(day: date, pattern: str, locale: str) -> str:
    return format_date(day, pattern, locale=_locale(locale))


@lru_cache
def _locale(name: str) -> Locale:
    return Locale.parse(name)


def _clock(local: datetime) -> str:
    return time_words(local.time())


def _clock_once(local: datetime, locale: str, space: str) -> str:
    """The time with "Uhr", and which one is meant where the clocks show it twice."""
    which = _TWICE[locale][local.fold].replace(" ", space)
    twice = local.replace(fold=0).utcoffset() != local.replace(fold=1).utcoffset()
    note = f"{space}({which})" if twice else ""
    return f"{_clock(local)}{_uhr(locale, space)}{note}"


def _page_moment(local: datetime, locale: str) -> str:
    day = _day(local.date(), MEDIUM[locale], locale)
    return f"{day}, {_clock_once(local, locale, NBSP)}"


def _mail_moment(local: datetime, locale: str) -> str:
    day = _day(local.date(), LONG[locale], locale)
    return f"{day}, {_clock_once(local, locale, ' ')}"


def _uhr(locale: str, space: str) -> str:
    return f"{space}Uhr" if locale == "de" else ""


def _zone_note(zone: str, locale: str, space: str) -> str:
    """Germans in Germany need no note; everybody else is told whose clocks are meant."""
    if zone == BERLIN:
        return "" if locale == "de" else f" (German{space}time)"
    name = zone.replace("_", " ").replace(" ", space)
    return f" (Zeitzone{space}{name})" if locale == "de" else f" ({name}{space}time)"

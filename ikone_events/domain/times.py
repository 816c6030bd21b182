"""The only place that formats moments as text and converts local times into moments.

Pages use a short format with no-break spaces, mails a long one with plain spaces. Moments are aware
UTC; the zone is that of the event. Formatted days, moments and spans are cached.
"""

import re
from datetime import UTC, date, datetime, time, timedelta
from functools import lru_cache
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError, available_timezones

from babel.dates import format_date, format_timedelta

from ikone_events.domain.refusals import N_, Complaint, UnfitInput

BERLIN = "Europe/Berlin"
_CONTINENTS = frozenset(
    {"Africa", "America", "Antarctica", "Arctic", "Asia", "Atlantic", "Australia", "Europe"}
    | {"Indian", "Pacific"}
)
NBSP = "\u00a0"

WORDS = {"de": "d. MMMM y", "en": "d MMMM y"}
LONG = {"de": "EEEE, d. MMMM y", "en": "EEEE, d MMMM y"}
MEDIUM = {"de": f"EE, d.{NBSP}MMMM{NBSP}y", "en": f"EE, d{NBSP}MMMM{NBSP}y"}
BRIEF = {"de": f"EE, d.{NBSP}MMM", "en": f"EE, d{NBSP}MMM"}
BRIEF_YEAR = {"de": f"d.{NBSP}MMM{NBSP}y", "en": f"d{NBSP}MMM{NBSP}y"}
NUMERIC = {"de": "dd.MM.y", "en": f"d{NBSP}MMM{NBSP}y"}
MONTH_DAY = {"de": f"d.{NBSP}MMMM", "en": f"d{NBSP}MMMM"}
SHORT_DAY = {"de": f"d.{NBSP}MMM", "en": f"d{NBSP}MMM"}
_GERMAN_DAY = re.compile(r"(\d{1,2})\.\s?(\d{1,2})\.\s?(\d{4})")
_GERMAN_MOMENT = re.compile(
    r"(?:[^\W\d]+\.?,?\s+)?"  # a day of the week
    r"(\d{1,2}\.\s?\d{1,2}\.\s?\d{4}),?\s+(?:um\s+)?"
    r"(\d{1,2})(?:[:.](\d{2})(?:\s?Uhr)?|\s?Uhr)"
)
# When the clocks go back, one hour occurs twice; the first is in summer time.
_TWICE = {"de": ("Sommerzeit", "Winterzeit"), "en": ("summer time", "winter time")}


def read_day(text: str) -> date:
    """A date from German notation (31.1.2026, also with spaces) or ISO 8601; raises ValueError."""
    if german := _GERMAN_DAY.fullmatch(text):
        return date(int(german[3]), int(german[2]), int(german[1]))
    return date.fromisoformat(text)


def read_local(text: str) -> datetime:
    """A local time as browsers send it, or in German notation (31.1.2026 10:00); no zone.

    Raises ValueError.
    """
    if german := _GERMAN_MOMENT.fullmatch(text):
        return datetime.combine(read_day(german[1]), time(int(german[2]), int(german[3] or 0)))
    moment = datetime.fromisoformat(text)
    if moment.tzinfo is not None or len(text) < len("2026-01-31T10:00"):
        raise ValueError(text)
    return moment.replace(microsecond=0)


def known_zone(zone: str) -> ZoneInfo:
    """The named time zone; raises UnfitInput."""
    try:
        return ZoneInfo(zone)
    except (ZoneInfoNotFoundError, ValueError, OSError) as error:
        unknown = Complaint(N_("There is no time zone called “%(zone)s”."), {"zone": zone})
        raise UnfitInput(unknown) from error


@lru_cache(maxsize=1)
def zone_names() -> tuple[str, ...]:
    """The time zones to choose from, by name: those of places, and UTC."""
    places = (name for name in available_timezones() if name.partition("/")[0] in _CONTINENTS)
    return (*sorted(places), "UTC")


def local_to_utc(value: datetime, zone: str, *, about: str | None = None) -> datetime:
    """The moment of a local time; raises UnfitInput if it does not exist or occurs twice."""
    if value.tzinfo is not None:
        raise ValueError("a local time must have no time zone")
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


def moved_along(moment: datetime, *, old: datetime, new: datetime, zone: str) -> datetime:
    """A moment as far from `new` as it was from `old`, on the clocks of the zone.

    Where the zone skips or repeats that time, the distance in hours counts.
    """
    at, before, after = (to_local(each, zone).replace(tzinfo=None) for each in (moment, old, new))
    try:
        return local_to_utc(after + (at - before), zone)
    except UnfitInput:
        return new + (moment - old)


def to_local(moment: datetime, zone: str) -> datetime:
    """The local time of a moment in a zone; raises ValueError for a naive moment."""
    if moment.tzinfo is None:
        raise ValueError("a moment needs a time zone, not a naive datetime")
    return moment.astimezone(known_zone(zone))


def iso_local(moment: datetime | None, zone: str) -> str | None:
    """The local time with its offset, for tables; None if there is none."""
    return to_local(moment, zone).isoformat(timespec="seconds") if moment else None


def date_words(day: date, *, locale: str, zone: str | None = None) -> str:
    """ "12. Januar 2021", "12 January 2021" for mails."""
    return _day(_local_day(day, zone), WORDS[locale], locale)


def date_medium(day: date, *, locale: str, zone: str | None = None) -> str:
    """ "Di., 12. Januar 2021", "Tue, 12 January 2021" for pages."""
    return _day(_local_day(day, zone), MEDIUM[locale], locale)


def date_numeric(day: date, *, locale: str, zone: str | None = None) -> str:
    """ "12.01.2021", "12 Jan 2021" for tables and subjects."""
    return _day(_local_day(day, zone), NUMERIC[locale], locale)


def clock(moment: datetime, *, zone: str) -> str:
    """ "9:00" or "17:30": hours without a leading zero, the same in both languages."""
    return time_words(to_local(moment, zone).time())


def time_words(at: time) -> str:
    """ "9:00": a time of day."""
    return f"{at.hour}:{at.minute:02d}"


def typed_words(local: datetime, *, locale: str) -> str:
    """ "12.01.2021, 10:00": a local time as it was typed."""
    return f"{_day(local.date(), NUMERIC[locale], locale)}, {time_words(local.time())}"


def month_short(moment: datetime, *, locale: str, zone: str) -> str:
    """ "Jan.": for tiles."""
    return _day(to_local(moment, zone).date(), "MMM", locale)


def week_words(monday: date, *, locale: str) -> str:
    """ "2.–8. November", "30. Nov.–6. Dez.", "2–8 November": a week from Monday to Sunday."""
    sunday = monday + timedelta(days=6)
    if monday.month == sunday.month:
        first = _day(monday, "d." if locale == "de" else "d", locale)
        return f"{first}–{_day(sunday, MONTH_DAY[locale], locale)}"
    return "–".join(_day(each, SHORT_DAY[locale], locale) for each in (monday, sunday))


def month_words(day: date, *, locale: str) -> str:
    """ "November 2020": a month."""
    return _day(day, "MMMM y", locale)


def moment_utc(moment: datetime) -> str:
    """ "2021-01-12 09:00 UTC" for administrators."""
    return f"{to_local(moment, 'UTC'):%Y-%m-%d %H:%M} UTC"


@lru_cache(maxsize=512)
def moment_page(moment: datetime, *, locale: str, zone: str) -> str:
    """ "Mo., 11. Januar 2021, 9:00 Uhr" for pages."""
    return _page_moment(to_local(moment, zone), locale) + _zone_note(zone, locale, NBSP)


@lru_cache(maxsize=512)
def moment_mail(moment: datetime, *, locale: str, zone: str) -> str:
    """ "Montag, 11. Januar 2021, 9:00 Uhr" for mails."""
    return _mail_moment(to_local(moment, zone), locale) + _zone_note(zone, locale, " ")


def moment_said(moment: datetime, *, locale: str, zone: str) -> str:
    """ "11. Januar um 9:00 Uhr", "11 January at 9:00": a near moment within a sentence."""
    local = to_local(moment, zone)
    at = "um" if locale == "de" else "at"
    day, clock_words = (
        _day(local.date(), MONTH_DAY[locale], locale),
        _clock_once(local, locale, NBSP),
    )
    return f"{day} {at} {clock_words}{_zone_note(zone, locale, NBSP)}"


def moment_brief(moment: datetime, now: datetime, *, locale: str, zone: str) -> str:
    """ "Mo., 11. Jan., 9:00 Uhr" for lists of moments; of another year the day and the year."""
    local = to_local(moment, zone)
    if local.year != to_local(now, zone).year:
        return _day(local.date(), BRIEF_YEAR[locale], locale)
    return f"{_day(local.date(), BRIEF[locale], locale)}, {_clock_once(local, locale, NBSP)}"


@lru_cache(maxsize=512)
def span_page(starts_at: datetime, ends_at: datetime, *, locale: str, zone: str) -> str:
    """ "Di., 12. Januar 2021, 10:00–12:00 Uhr" for pages; over midnight both days are named."""
    start, end = to_local(starts_at, zone), to_local(ends_at, zone)
    note, last = _zone_note(zone, locale, NBSP), _last_day(end)
    ends = _clock_at_end(end, locale, NBSP)
    if start.date() != last:
        between = "bis" if locale == "de" else "to"
        until = f"{_day(last, MEDIUM[locale], locale)}, {ends}"
        return f"{_page_moment(start, locale)} {between} {until}{note}"
    day = _day(start.date(), MEDIUM[locale], locale)
    begins = _clock_once(start, locale, NBSP).removesuffix(f"{NBSP}Uhr")
    return f"{day}, {begins}–{ends}{note}"


@lru_cache(maxsize=512)
def span_mail(starts_at: datetime, ends_at: datetime, *, locale: str, zone: str) -> str:
    """ "Dienstag, 12. Januar 2021, 10:00 bis 12:00 Uhr" for mails and calendar texts."""
    start, end = to_local(starts_at, zone), to_local(ends_at, zone)
    note, last = _zone_note(zone, locale, " "), _last_day(end)
    between, ends = "bis" if locale == "de" else "to", _clock_at_end(end, locale, " ")
    if start.date() != last:
        until = f"{_day(last, LONG[locale], locale)}, {ends}"
        return f"{_mail_moment(start, locale)} {between} {until}{note}"
    day = _day(start.date(), LONG[locale], locale)
    begins = _clock_once(start, locale, " ").removesuffix(" Uhr")
    return f"{day}, {begins} {between} {ends}{note}"


def remaining_words(left: timedelta, *, locale: str) -> str:
    """ "in 12 Minuten", "in 3 hours": begun minutes; hours and days from two of them on."""
    minutes = timedelta(minutes=max(-(-left // timedelta(minutes=1)), 1))
    return format_timedelta(
        minutes, granularity="minute", threshold=2, add_direction=True, locale=locale
    )


def _last_day(end: datetime) -> date:
    """The local day on which an event ends: the day before, if it ends at midnight."""
    return end.date() - timedelta(days=1) if end.time() == time.min else end.date()


def _clock_at_end(end: datetime, locale: str, space: str) -> str:
    """The time of an end; midnight is 24:00 of the day before."""
    words = _clock_once(end, locale, space)
    midnight = time_words(time.min)
    return words.replace(midnight, "24:00", 1) if end.time() == time.min else words


def _local_day(day: date, zone: str | None) -> date:
    if not isinstance(day, datetime):
        return day
    if zone is None:
        raise ValueError("the day of a moment needs a zone")
    return to_local(day, zone).date()


@lru_cache(maxsize=4096)
def _day(day: date, pattern: str, locale: str) -> str:
    return format_date(day, pattern, locale=locale)


def _clock_once(local: datetime, locale: str, space: str) -> str:
    """The time with "Uhr", and with summer or winter time if it occurs twice."""
    which = _TWICE[locale][local.fold].replace(" ", space)
    twice = local.replace(fold=0).utcoffset() != local.replace(fold=1).utcoffset()
    note = f"{space}({which})" if twice else ""
    uhr = f"{space}Uhr" if locale == "de" else ""
    return f"{time_words(local.time())}{uhr}{note}"


def _page_moment(local: datetime, locale: str) -> str:
    day = _day(local.date(), MEDIUM[locale], locale)
    return f"{day}, {_clock_once(local, locale, NBSP)}"


def _mail_moment(local: datetime, locale: str) -> str:
    day = _day(local.date(), LONG[locale], locale)
    return f"{day}, {_clock_once(local, locale, ' ')}"


def _zone_note(zone: str, locale: str, space: str) -> str:
    """The zone in words; none for German times in German texts."""
    if zone == BERLIN:
        return "" if locale == "de" else f" (German{space}time)"
    name = zone.replace("_", " ").replace(" ", space)
    return f" (Zeitzone{space}{name})" if locale == "de" else f" ({name}{space}time)"

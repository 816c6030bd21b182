"""Template filters: moments, labels and sizes in the language of the page."""

import re
from collections.abc import Callable
from datetime import date, datetime
from typing import Protocol

from babel import Locale
from flask import Flask

from ikone_events.domain import times
from ikone_events.domain.events.facts import FORMAT_LABELS, EventFormat, Mode
from ikone_events.domain.registering.registration import MODE_LABELS
from ikone_events.domain.registering.status import registration_status
from ikone_events.services.documents.markdown import to_html
from ikone_events.services.installation import now
from ikone_events.web.shell.badges import badge_of
from ikone_events.web.shell.i18n import gettext, page_locale, translate

_NUMBER = re.compile(r"\+?\d(?:[ /().–-]*\d){5,}")


class Spanning(Protocol):
    """Anything with a start, an end and a time zone."""

    starts_at: datetime
    ends_at: datetime
    zone: str


def init_app(app: Flask) -> None:
    """Register the filters below and the badge functions."""
    app.jinja_env.filters.update(_FILTERS)
    app.jinja_env.globals.update(badge_of=badge_of, registration_status=registration_status)


def span_words(event: Spanning) -> str:
    """Date and times of an event in the language of the page."""
    return times.span_page(event.starts_at, event.ends_at, locale=page_locale(), zone=event.zone)


def _unbroken(span: str) -> str:
    """The words of a span for a page: a word joiner keeps its times on one line."""
    return span.replace("–", "–\u2060")


def moment_words(value: datetime, zone: str = times.BERLIN) -> str:
    """Date and time in the language of the page."""
    return times.moment_page(value, locale=page_locale(), zone=zone)


def _brief(value: datetime, zone: str = times.BERLIN) -> str:
    return times.moment_brief(value, now(), locale=page_locale(), zone=zone)


def _day(value: date, zone: str = times.BERLIN) -> str:
    return times.date_medium(value, locale=page_locale(), zone=zone)


def _day_short(value: date, zone: str = times.BERLIN) -> str:
    return times.date_numeric(value, locale=page_locale(), zone=zone)


def clock_words(value: datetime, zone: str = times.BERLIN) -> str:
    """The time of day in the language of the page."""
    hour = times.clock(value, zone=zone)
    return f"{hour}{times.NBSP}Uhr" if page_locale() == "de" else hour


def _tile_month(value: datetime, zone: str) -> str:
    return times.month_short(value, locale=page_locale(), zone=zone)


def _iso(value: datetime, zone: str = times.BERLIN) -> str:
    return times.to_local(value, zone).isoformat(timespec="minutes")


def _size(number: int) -> str:
    """A file size in kB, from one megabyte on in MB with one decimal place."""
    if number < 1024 * 1024:
        return f"{max(1, round(number / 1024))}{times.NBSP}kB"
    megabytes = f"{number / 1024 / 1024:.1f}"
    return f"{megabytes.replace('.', ',') if page_locale() == 'de' else megabytes}{times.NBSP}MB"


def language_name(tag: str) -> str:
    """The name of a language in that of the page; the tag itself if it has none."""
    return str(Locale.parse(page_locale()).languages.get(tag.partition("-")[0], tag))


def _phone_parts(text: str) -> tuple[str, str, str]:
    """The number at the beginning of a text, the address that calls it, and the rest.

    Behind the number often stands a PIN. Without a number there, the rest is everything.
    """
    text = text.strip()
    if not (found := _NUMBER.match(text)):
        return "", "", text
    number = found[0]
    # The zero in brackets is not dialled after the code of a country.
    dialled = number.replace("(0)", "") if number.startswith("+") else number
    return number, f"tel:{re.sub(r'[^+0-9]', '', dialled)}", text[found.end() :]


_FILTERS: dict[str, Callable[..., object]] = {
    "span": lambda event: _unbroken(span_words(event)),
    "unbroken": _unbroken,
    "moment": moment_words,
    "brief": _brief,
    "day": _day,
    "day_short": _day_short,
    "clock": clock_words,
    "tile_day": lambda value, zone: times.to_local(value, zone).day,
    "tile_month": _tile_month,
    "iso": _iso,
    "file_size": _size,
    "language_name": language_name,
    "phone_parts": _phone_parts,
    "format_label": lambda value: gettext(FORMAT_LABELS[EventFormat(value)]),
    "mode_label": lambda value: gettext(MODE_LABELS[Mode(value)]),
    "translate": translate,
    "markdown": to_html,
}

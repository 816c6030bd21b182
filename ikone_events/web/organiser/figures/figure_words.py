"""Figures in words, and the rows of their charts."""

from collections import Counter
from collections.abc import Iterable, Mapping
from datetime import date, datetime, timedelta

from ikone_events.domain.directory.administrations import label_of_kind
from ikone_events.domain.figures.channels import CHANNELS
from ikone_events.domain.times import month_words, to_local, week_words
from ikone_events.web.shell.i18n import gettext as _
from ikone_events.web.shell.i18n import page_locale

Rows = list[tuple[str, int]]
# More weeks than these would hide the course: then months.
_MOST_WEEKS = 12


def by_time(moments: Iterable[datetime], zone: str) -> tuple[str, Rows]:
    """What the rows are, and registrations by week, or by month where they took longer."""
    days = sorted(to_local(moment, zone).date() for moment in moments)
    mondays = Counter(day - timedelta(days=day.weekday()) for day in days)
    first, last = min(mondays, default=None), max(mondays, default=None)
    if first is None or last is None or (last - first).days // 7 >= _MOST_WEEKS:
        months = Counter(day.replace(day=1) for day in days)
        return _("Month"), [
            (month_words(each, locale=page_locale()), number)
            for each, number in sorted(months.items())
        ]
    weeks = [first + timedelta(weeks=n) for n in range((last - first).days // 7 + 1)]
    return _("Week"), [(week_words(each, locale=page_locale()), mondays[each]) for each in weeks]


def kind_rows(numbers: Mapping[str, int] | None) -> Rows:
    """Numbers by kind of body in the language of the page."""
    return [(_(label_of_kind(kind)), number) for kind, number in (numbers or {}).items()]


def channel_rows(numbers: Mapping[str, int] | None) -> Rows:
    """Registrations by the link they came from; none if there was only the plain one."""
    if not numbers or not any(numbers.keys() - {""}):
        return []
    return [
        (_channel_words(name) if name else _("Without a mark"), number)
        for name, number in numbers.items()
    ]


def _channel_words(name: str) -> str:
    """The label of a channel; a name of another version stands for itself."""
    return _(CHANNELS[name]) if name in CHANNELS else name


def percent(share: float | None) -> str:
    """A share in words; "" where it is not known."""
    return "" if share is None else _("%(number)d percent", number=round(share * 100))


def today_in(now: datetime, zone: str) -> date:
    """The local day of a moment."""
    return to_local(now, zone).date()

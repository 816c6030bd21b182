"""Form fields for local times, days and numbers: an error keeps what was typed."""

import re
from datetime import date, datetime, time
from typing import Any

from wtforms import Field, IntegerField
from wtforms.widgets import DateInput, DateTimeLocalInput, TimeInput

from ikone_events.domain.refusals import Complaint, UnfitInput
from ikone_events.domain.times import local_to_utc, read_day, read_local, to_local
from ikone_events.web.shell.forms import typed_line
from ikone_events.web.shell.i18n import gettext as _

_DIGITS = 9
# Browsers send seconds when the step of the field asks for them; they are ignored.
_CLOCK = re.compile(r"([01]?\d|2[0-3]):([0-5]\d)(?::[0-5]\d)?")


class _TypedField(Field):
    """A value that browsers send as text; None when the field is empty."""

    def process_formdata(self, valuelist: list[str]) -> None:
        """Parse what the browser sent."""
        text = typed_line(valuelist[0]) if valuelist else ""
        self.data = self.parse(text) if text else None

    def parse(self, text: str) -> Any:
        """Return the value of a text; raises ValueError with the words for the page."""
        raise NotImplementedError

    def format(self) -> str:
        """Return the value as the browser sends it."""
        raise NotImplementedError

    def _value(self) -> str:
        if self.raw_data:
            return str(self.raw_data[0])
        return "" if self.data is None else self.format()


class LocalTime(_TypedField):
    """A date and time on the event's clocks, without a zone."""

    widget = DateTimeLocalInput()

    def parse(self, text: str) -> datetime:
        """Read what browsers send, or German notation where they show a plain field."""
        try:
            return read_local(text)
        except ValueError as fault:
            words = _("Please enter a date and a time, such as 12.01.2021 10:00.")
            raise ValueError(words) from fault

    def format(self) -> str:
        """Return "2021-01-12T10:00"."""
        return f"{self.data:%Y-%m-%dT%H:%M}"


class ClockTime(_TypedField):
    """A time of day."""

    widget = TimeInput()

    def parse(self, text: str) -> time:
        """Read "9:30" or "09:30"."""
        found = _CLOCK.fullmatch(text)
        if found is None:
            raise ValueError(_("Please enter a time of day, such as 09:30."))
        return time(int(found[1]), int(found[2]))

    def format(self) -> str:
        """Return "09:30"."""
        return f"{self.data:%H:%M}"


class Day(_TypedField):
    """A date."""

    widget = DateInput()

    def parse(self, text: str) -> date:
        """Read "2026-01-31" or "31.01.2026"."""
        try:
            return read_day(text)
        except ValueError as fault:
            raise ValueError(_("Please enter a date, such as 31.01.2026.")) from fault

    def format(self) -> str:
        """Return "2026-01-31"."""
        return str(self.data)


class WholeNumber(IntegerField):
    """A whole number of at most nine digits; None when the field is empty."""

    def process_formdata(self, valuelist: list[str]) -> None:
        """Read a number; raises ValueError with the words for the page."""
        self.data = None
        text = typed_line(valuelist[0]) if valuelist else ""
        if not text:
            return
        if not (text.isascii() and text.removeprefix("-").isdigit() and len(text) <= _DIGITS):
            raise ValueError(_("Please enter a whole number."))
        self.data = int(text)


def moment_of(field: LocalTime, zone: str, found: list[Complaint]) -> datetime | None:
    """Return the moment in UTC; adds a complaint for a time that is skipped or ambiguous."""
    if field.data is None:
        return None
    try:
        return local_to_utc(field.data, zone, about=field.short_name)
    except UnfitInput as refusal:
        found.extend(refusal.complaints)
        return None


def local_time(moment: datetime | None, zone: str) -> datetime | None:
    """Return a moment on the clocks of a zone, without the zone, for a form."""
    return to_local(moment, zone).replace(tzinfo=None) if moment else None


def typed(value: Any) -> str:
    """Return a field's value as text with uniform line ends, so that two forms compare."""
    return "\n".join(str("" if value is None else value).splitlines()).strip()

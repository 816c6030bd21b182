"""Form fields of our own: local times as browsers send them, told in our words when wrong."""

import re
from datetime import UTC, datetime, time
from typing import Any

from wtforms import Field, IntegerField
from wtforms.widgets import DateTimeLocalInput, TimeInput

from ikone_events.domain.refusals import Complaint, UnfitInput
from ikone_events.domain.times import local_to_utc, to_local
from ikone_events.web.organiser.words import gettext as _

_DIGITS = 9
# Browsers send seconds when the step of the field asks for them; a plan has no use for them.
_CLOCK = re.compile(r"([01]?\d|2[0-3]):([0-5]\d)(?::[0-5]\d)?")
_PATTERNS = ("%Y-%m-%dT%H:%M", "%Y-%m-%dT%H:%M:%S", "%Y-%m-%d %H:%M")


class LocalTime(Field):
    """A date and time on the clocks of the event; what was typed is kept as it is."""

    widget = DateTimeLocalInput()

    def process_formdata(self, valuelist: list[str]) -> None:
        """Read what the browser sent; an empty field is no time."""
        self.data = None
        text = valuelist[0].strip() if valuelist else ""
        if not text:
            return
        for pattern in _PATTERNS:
            try:
                self.data = datetime.strptime(text, pattern)  # noqa: DTZ007 - local by meaning
            except ValueError:
                continue
            return
        raise ValueError(_("Please enter a date and a time, such as 12.01.2021 10:00."))

    def _value(self) -> str:
        if self.raw_data:
            return str(self.raw_data[0])
        return f"{self.data:%Y-%m-%dT%H:%M}" if self.data else ""


class ClockTime(Field):
    """A time of day, or none; what was typed is kept as it is."""

    widget = TimeInput()

    def process_formdata(self, valuelist: list[str]) -> None:
        """Read "9:30" or "09:30"; an empty field is no time."""
        self.data = None
        text = valuelist[0].strip() if valuelist else ""
        if not text:
            return
        found = _CLOCK.fullmatch(text)
        if found is None:
            raise ValueError(_("Please enter a time of day, such as 09:30."))
        self.data = time(int(found[1]), int(found[2]))

    def _value(self) -> str:
        if self.raw_data:
            return str(self.raw_data[0])
        return f"{self.data:%H:%M}" if self.data else ""


class WholeNumber(IntegerField):
    """A whole number, or nothing."""

    def process_formdata(self, valuelist: list[str]) -> None:
        """Read a number; what is none is told in our words."""
        self.data = None
        text = valuelist[0].strip() if valuelist else ""
        if not text:
            return
        if not (text.isascii() and text.removeprefix("-").isdigit() and len(text) <= _DIGITS):
            raise ValueError(_("Please enter a whole number."))
        self.data = int(text)


def moment_of(field: LocalTime, zone: str, found: list[Complaint]) -> datetime | None:
    """The moment in UTC; a time the clocks never show, or show twice, is complained about."""
    if field.data is None:
        return None
    try:
        return local_to_utc(field.data, zone, about=field.short_name)
    except UnfitInput as refusal:
        found.extend(refusal.complaints)
        return None


def local_time(moment: datetime | None, zone: str) -> datetime | None:
    """A moment as the event's clocks show it, for a form."""
    return to_local(moment or datetime.now(UTC), zone).replace(tzinfo=None) if moment else None


def typed(value: Any) -> str:
    """A field's value as text, line ends alike, so that two forms can be compared."""
    return "\n".join(str("" if value is None else value).splitlines()).strip()

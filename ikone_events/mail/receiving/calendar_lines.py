"""The few lines of a foreign calendar object that the parser gets.

Time zone definitions above all are left out: the parser would expand rules such as FREQ=SECONDLY,
and keep the zone for all later objects. The names of zones, also those of Windows, are enough.
"""

import re
from dataclasses import dataclass, field

_FOLD = re.compile(r"(?:\r\n|\n|\r)[ \t]")
_FOLD_OF_BYTES = re.compile(rb"(?:\r\n|\n|\r)[ \t]")
_LINE_END = re.compile(r"\r\n|\n|\r")
_NAME = re.compile(r"([A-Za-z0-9-]{1,40})([;:])")
_OF_ANSWERS = {"UID", "SEQUENCE", "DTSTAMP", "ATTENDEE", "COMMENT", "RECURRENCE-ID"}
_OF_PROPOSALS = {"DTSTART", "DTEND", "DURATION"}
_WANTED = _OF_ANSWERS | _OF_PROPOSALS
_CALENDAR, _EVENT = "VCALENDAR", "VEVENT"
_MOST_LINES = 20_000
_MOST_WANTED = 200
_MOST_CHARACTERS = 8_000
_MOST_DEPTH = 10


class TooMuchError(Exception):
    """The object is larger than any answer of a calendar."""


@dataclass(slots=True)
class CalendarLines:
    """METHOD, the wanted lines of each VEVENT, and the number of other components.

    `attendees` are the ATTENDEE lines of all events, which `text` leaves out. `is_cut`: an event
    has more lines than any answer.
    """

    method: str = ""
    events: list[list[str]] = field(default_factory=list)
    attendees: list[str] = field(default_factory=list)
    others: int = 0
    is_cut: bool = False

    @property
    def text(self) -> str:
        """A calendar object with the one event."""
        (lines,) = self.events
        inside = (f"BEGIN:{_EVENT}", *lines, f"END:{_EVENT}")
        return "\r\n".join((f"BEGIN:{_CALENDAR}", *inside, f"END:{_CALENDAR}", ""))

    @property
    def uid(self) -> str:
        """The UID of the first event, or ""."""
        lines = (line for event in self.events for line in event if line[:3].upper() == "UID")
        return next((line.partition(":")[2].strip() for line in lines), "")

    @property
    def of_series(self) -> bool:
        """Whether it is about one date of a series."""
        return any(line.upper().startswith("RECURRENCE-ID") for e in self.events for line in e)


def unfolded(data: bytes) -> bytes:
    """Unfold before decoding: lines may be folded inside a character (RFC 5545 section 3.1)."""
    return _FOLD_OF_BYTES.sub(b"", data)


def read_calendar_lines(text: str) -> CalendarLines | None:
    """The lines of an object; None if the text has no VCALENDAR. Raises TooMuchError."""
    lines = _LINE_END.split(_FOLD.sub("", text.replace("\0", "")))
    if len(lines) > _MOST_LINES:
        raise TooMuchError
    found, path = CalendarLines(), list[str]()
    begun = False
    for line in lines:
        named = _NAME.match(line)
        if named is None:
            continue
        name, value = named[1].upper(), line[named.end() :].strip().upper()
        if name == "BEGIN":
            path.append(value)
            begun = begun or value == _CALENDAR
            _begin(found, path)
        elif name == "END":
            del path[-1:]
        else:
            _keep(found, path, name, line)
    return found if begun else None


def _begin(found: CalendarLines, path: list[str]) -> None:
    if len(path) > _MOST_DEPTH:
        raise TooMuchError
    if path == [_CALENDAR, _EVENT]:
        found.events.append([])
    elif path[:1] == [_CALENDAR] and path[1:] in (["VTODO"], ["VJOURNAL"], ["VFREEBUSY"]):
        found.others += 1


def _keep(found: CalendarLines, path: list[str], name: str, line: str) -> None:
    if path == [_CALENDAR] and name == "METHOD":
        found.method = found.method or line.partition(":")[2].strip().upper()
    elif path == [_CALENDAR, _EVENT] and name in _WANTED:
        lines = found.attendees if name == "ATTENDEE" else found.events[-1]
        if len(lines) < _MOST_WANTED:
            lines.append(line[:_MOST_CHARACTERS])
        else:
            found.is_cut = True

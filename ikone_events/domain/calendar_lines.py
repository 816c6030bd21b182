"""The finished bytes of a calendar object as lines: how they lie, and what they are nested in.

Strict, because these bytes are our own: what a tolerant parser would read all the same is a fault.
"""

import re
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import dataclass
from functools import lru_cache

from ikone_events.domain.refusals import N_, Complaint

LONGEST_LINE = 75
_BEGIN, _END = "BEGIN:VEVENT", "END:VEVENT"

_BARE_BREAK = re.compile(rb"\r(?!\n)|(?<!\r)\n")
_CUT_CHARACTER = re.compile(rb"\r\n [\x80-\xbf]")
_CONTROLS = re.compile("[\x00-\x08\x0a-\x1f\x7f-\x9f]")
_VALUE = r'(?:"[^"]*"|[^";:,]*)'
_LINE = re.compile(rf"([A-Z][A-Z0-9-]*)((?:;[A-Z][A-Z0-9-]*={_VALUE}(?:,{_VALUE})*)*):(.*)")
_PARAMETER = re.compile(rf";([A-Z][A-Z0-9-]*)=({_VALUE}(?:,{_VALUE})*)")


@dataclass(frozen=True, slots=True)
class Line:
    """One property as it stands in the object, unfolded."""

    name: str
    parameters: str
    value: str


@dataclass(frozen=True, slots=True)
class Object:
    """The lines of a calendar and of each of its events."""

    calendar: tuple[Line, ...]
    events: tuple[tuple[Line, ...], ...]


def lines_of(data: bytes) -> Object | tuple[Complaint, ...]:
    """The object's lines, or why there are none."""
    if complaint := _of_bytes(data):
        return (complaint,)
    text = data.decode("utf-8").replace("\r\n ", "")
    rows = text.removesuffix("\r\n").split("\r\n")
    if any(_CONTROLS.search(row) for row in rows):
        return (Complaint(N_("The calendar entry holds control characters.")),)
    lines = [_line(row) for row in rows]
    if None in lines:
        return (Complaint(N_("The calendar entry holds a line that is no property.")),)
    return _nested([line for line in lines if line]) or (
        Complaint(N_("The parts of the calendar entry are not nested as they must be.")),
    )


@lru_cache(maxsize=512)
def _line(row: str) -> Line | None:
    """Lines that are the same for everybody are taken apart once."""
    found = _LINE.fullmatch(row)
    return Line(found[1], found[2], found[3]) if found else None


def _of_bytes(data: bytes) -> Complaint | None:
    if data.startswith(b"\xef\xbb\xbf"):
        return Complaint(N_("The calendar entry begins with a byte order mark."))
    if not data.endswith(b"\r\n") or _BARE_BREAK.search(data):
        return Complaint(N_("A line of the calendar entry does not end as mail programs need it."))
    longest = max(map(len, data.split(b"\r\n")))
    if longest > LONGEST_LINE:
        text = N_("A line of the calendar entry holds %(octets)d octets; 75 are allowed.")
        return Complaint(text, {"octets": longest})
    if _CUT_CHARACTER.search(data):
        return Complaint(N_("A line of the calendar entry is folded inside a character."))
    with suppress(UnicodeDecodeError):
        data.decode("utf-8")
        return None
    return Complaint(N_("The calendar entry is not written in UTF-8."))


def _nested(lines: list[Line]) -> Object | None:
    """One calendar around events; nothing inside an event, nothing of the calendar behind one."""
    rows = [f"{line.name}:{line.value}" if line.name in ("BEGIN", "END") else "" for line in lines]
    if (rows[0], rows[-1]) != ("BEGIN:VCALENDAR", "END:VCALENDAR"):
        return None
    first = rows.index(_BEGIN) if _BEGIN in rows else len(rows) - 1
    if any(rows[1:first]):
        return None
    events = list(_events(lines[first:-1], rows[first:-1]))
    if None in events:
        return None
    return Object(tuple(lines[1:first]), tuple(event for event in events if event is not None))


def _events(lines: list[Line], rows: list[str]) -> Iterator[tuple[Line, ...] | None]:
    """The lines of each event; None where something else begins or ends."""
    start = 0
    while start < len(rows):
        end = rows.index(_END, start) if _END in rows[start:] else start
        if rows[start] != _BEGIN or any(rows[start + 1 : end]) or end == start:
            yield None
            return
        yield tuple(lines[start + 1 : end])
        start = end + 1


def parameter(line: Line, name: str) -> str:
    """The value of a parameter, or nothing."""
    found: dict[str, str] = dict(_PARAMETER.findall(line.parameters))
    return found.get(name, "")

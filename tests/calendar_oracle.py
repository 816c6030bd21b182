"""Strict reader of finished calendar objects; it shares no code with what makes them.

Two looks: one at the lines, stricter than any parser, and `checked`, which reads with icalendar.
Because the bytes are our own, whatever only a tolerant parser would read is a fault.
"""

import re
from collections.abc import Callable, Iterable, Iterator
from contextlib import suppress
from dataclasses import dataclass
from datetime import datetime

from icalendar import Calendar

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


def lines_of(data: bytes) -> Object | tuple[str, ...]:
    """The object's lines, or why there are none."""
    if complaint := _of_bytes(data):
        return (complaint,)
    text = data.decode("utf-8").replace("\r\n ", "")
    rows = text.removesuffix("\r\n").split("\r\n")
    if any(_CONTROLS.search(row) for row in rows):
        return ("The calendar entry holds control characters.",)
    lines = [_line(row) for row in rows]
    if None in lines:
        return ("The calendar entry holds a line that is no property.",)
    return _nested([line for line in lines if line]) or (
        "The parts of the calendar entry are not nested as they must be.",
    )


def _line(row: str) -> Line | None:
    """Lines that are the same for everybody are taken apart once."""
    found = _LINE.fullmatch(row)
    return Line(found[1], found[2], found[3]) if found else None


def _of_bytes(data: bytes) -> str | None:
    if data.startswith(b"\xef\xbb\xbf"):
        return "The calendar entry begins with a byte order mark."
    if not data.endswith(b"\r\n") or _BARE_BREAK.search(data):
        return "A line of the calendar entry does not end as mail programs need it."
    longest = max(map(len, data.split(b"\r\n")))
    if longest > LONGEST_LINE:
        return f"A line of the calendar entry holds {longest} octets; 75 are allowed."
    if _CUT_CHARACTER.search(data):
        return "A line of the calendar entry is folded inside a character."
    with suppress(UnicodeDecodeError):
        data.decode("utf-8")
        return None
    return "The calendar entry is not written in UTF-8."


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


MOST_SEQUENCE = 2**31 - 1
REQUEST, CANCEL = "REQUEST", "CANCEL"

# Every property an object of ours may hold; anything else came in through a text.
PERSONAL = frozenset({"ORGANIZER", "ATTENDEE", "X-MICROSOFT-DISALLOW-COUNTER"})
REQUIRED = frozenset({"UID", "SEQUENCE", "DTSTAMP", "DTSTART", "DTEND", "SUMMARY", "STATUS"})
DESCRIBING = frozenset({"DESCRIPTION", "LOCATION", "URL", "TRANSP", "CLASS", "LAST-MODIFIED"})
PROPERTIES = REQUIRED | DESCRIBING | PERSONAL
FRAME = frozenset({"VERSION", "PRODID"})
OF_FEEDS = frozenset({"NAME", "X-WR-CALNAME", "REFRESH-INTERVAL", "X-PUBLISHED-TTL", "SOURCE"})

_STATUS = {REQUEST: "CONFIRMED", CANCEL: "CANCELLED"}
# In calendars to subscribe to somebody may still wait for a place.
_STATES = frozenset({*_STATUS.values(), "TENTATIVE"})
_TEXTS = ("SUMMARY", "DESCRIPTION", "LOCATION")
_MOMENTS = ("DTSTAMP", "DTSTART", "DTEND", "LAST-MODIFIED")

_TEXT = re.compile(r"(?:[^\\;,]|\\[\\;,n])*")
_UID = re.compile(r"[^\s,;\\\"\x00-\x20\x7f-\U0010ffff]{1,255}")
_MOMENT = re.compile(r"(\d{4})(\d\d)(\d\d)T(\d\d)(\d\d)(\d\d)Z")
_SEQUENCE = re.compile(r"0|[1-9]\d{0,9}")
_ADDRESS = re.compile(r"https?://[!-~]+")
_TOKEN = re.compile(r"[\w.-]{20}")
_SITE = re.compile(r"https?://[^/]+")


def checked_mail(
    data: bytes, *, method: str | None, attendee: str = "", organiser: str = ""
) -> bytes:
    """The same bytes of one person's object; `method` is None for a download."""
    assert not personal_complaints(data, method=method, attendee=attendee, organiser=organiser)
    return data


def checked_feed(data: bytes) -> bytes:
    """The same bytes of what everybody may read, with any number of events."""
    assert not public_complaints(data)
    return data


def personal_complaints(
    data: bytes, *, method: str | None, attendee: str = "", organiser: str = ""
) -> tuple[str, ...]:
    """What is wrong with one person's object; `attendee` and `organiser` are mail addresses.

    Without a method it is a copy for download: it asks nobody, so it names neither.
    """
    read = lines_of(data)
    if not isinstance(read, Object):
        return read
    if len(read.events) != 1:
        return ("The calendar entry holds no event, or more than one.",)
    found = [
        *_of_frame(read.calendar, FRAME, method),
        *_of_event(read.events[0], PROPERTIES if method else PROPERTIES - PERSONAL),
    ]
    if method and not found:
        event = {line.name: line for line in read.events[0]}
        found += _of_persons(event, attendee, organiser)
        if event["STATUS"].value != _STATUS.get(method):
            found.append("The calendar entry says another state than its purpose.")
    if ("CLASS", "PRIVATE") not in {(line.name, line.value) for line in read.events[0]}:
        found.append("The calendar entry of a person is not private.")
    if _leads_to_a_person(read):
        found.append("The calendar entry holds the link to a personal page.")
    return tuple(found)


def order_complaints(objects: Iterable[bytes]) -> tuple[str, ...]:
    """What is wrong with the order in which objects arrived (RFC 5546, 2.1.5).

    Each is newer than those of the same UID before it, and nothing follows a CANCEL. A mail that
    arrives twice has the same bytes.
    """
    newest: dict[str, tuple[int, datetime, str, bytes]] = {}
    found = []
    for data in objects:
        calendar = Calendar.from_ical(data)
        (event,) = calendar.events
        uid, method = str(event["UID"]), str(calendar["METHOD"])
        place = int(event["SEQUENCE"]), event["DTSTAMP"].dt
        before = newest.get(uid)
        if before is not None and before[3] != data:
            if place <= before[:2]:
                found.append(f"{uid}: {place} arrives after {before[:2]}: calendars ignore it.")
            if before[2] == CANCEL != method:
                found.append(f"{uid}: an invitation follows its withdrawal.")
        newest[uid] = (*place, method, data)
    return tuple(found)


def public_complaints(data: bytes) -> tuple[str, ...]:
    """What is wrong with a calendar that anybody may read."""
    read = lines_of(data)
    if not isinstance(read, Object):
        return read
    found = _of_frame(read.calendar, FRAME | OF_FEEDS, None)
    for event in read.events:
        found += _of_event(event, PROPERTIES - PERSONAL)
        if _reveals_a_secret(event):
            found.append("A public calendar contains somebody's personal link.")
    return tuple(found)


def checked(data: bytes) -> bytes:
    """The same bytes; icalendar must read them as events with only our properties, each once."""
    calendar = Calendar.from_ical(data)
    assert isinstance(calendar, Calendar)
    assert not calendar.errors
    assert not calendar.get_missing_tzids()
    assert all(component.name == "VEVENT" for component in calendar.subcomponents)
    for event in calendar.events:
        names = {name.upper() for name in event}
        assert not event.errors
        assert REQUIRED <= names <= PROPERTIES
        assert not event.subcomponents
        assert not any(isinstance(event[name], list) for name in names)
    return data


def _of_frame(lines: tuple[Line, ...], allowed: frozenset[str], method: str | None) -> list[str]:
    """The calendar's own lines: only ours, each once, and the method that the mail announces."""
    names = [line.name for line in lines]
    values = {line.name: line.value for line in lines}
    found = [*_only_once(names, allowed | {"METHOD"})]
    if not values.keys() >= FRAME or values["VERSION"] != "2.0":
        found.append("The calendar entry does not say which format it has.")
    if values.get("METHOD") != method:
        found.append("The calendar entry and its e-mail do not agree on what it is for.")
    return found


def _of_event(lines: tuple[Line, ...], allowed: frozenset[str]) -> list[str]:
    names = [line.name for line in lines]
    found = list(_only_once(names, allowed))
    if missing := sorted(REQUIRED.difference(names)):
        return [*found, f"The calendar entry lacks {', '.join(missing)}."]
    event = {line.name: line for line in lines}
    found += [complaint for rule in _RULES if (complaint := rule(event))]
    return found


def _leads_to_a_person(read: Object) -> bool:
    """In any property: calendars are shared, and whoever has this link acts as the person."""
    lines = [*read.calendar, *(line for event in read.events for line in event)]
    sites = [_SITE.match(line.value) for line in lines if line.name == "URL"]
    return any(
        re.search(re.escape(site[0]) + r"(/[^/\s]+)*/r/[\w.-]{20}", line.value + line.parameters)
        for site in sites
        if site
        for line in lines
    )


def _reveals_a_secret(event: tuple[Line, ...]) -> bool:
    """A personal link or a door: whoever holds it acts as that person, or enters the room."""
    host = next((line.value.partition("/events/")[0] for line in event if line.name == "URL"), "")
    links = (f"{host}/r/", f"{host}/door/")
    rests = (rest for link in links for line in event for rest in line.value.split(link)[1:])
    return bool(host) and any(_TOKEN.match(rest) for rest in rests)


def _only_once(names: list[str], allowed: frozenset[str]) -> Iterable[str]:
    if strangers := sorted(set(names) - allowed):
        yield f"The calendar entry holds what is not ours: {', '.join(strangers)}."
    if len(names) != len(set(names)):
        yield "The calendar entry says something twice."


def _wrong_uid(event: dict[str, Line]) -> str | None:
    if _UID.fullmatch(event["UID"].value):
        return None
    return "The number of the calendar entry is damaged."


def _wrong_sequence(event: dict[str, Line]) -> str | None:
    value = event["SEQUENCE"].value
    if _SEQUENCE.fullmatch(value) and int(value) <= MOST_SEQUENCE:
        return None
    return "The version of the calendar entry is no number that programs take."


def _wrong_times(event: dict[str, Line]) -> str | None:
    """Moments in UTC that exist, the end after the start."""
    for name in _MOMENTS:
        line = event.get(name)
        if line and (line.parameters or not _is_moment(line.value)):
            return f"A time of the calendar entry is no moment in UTC: {name}."
    if event["DTSTART"].value >= event["DTEND"].value:
        return "The calendar entry ends before it begins."
    return None


def _wrong_texts(event: dict[str, Line]) -> str | None:
    if all(_TEXT.fullmatch(event[name].value) for name in _TEXTS if name in event):
        return None
    return "A text of the calendar entry is not written as programs read it."


def _wrong_address(event: dict[str, Line]) -> str | None:
    line = event.get("URL")
    if line is None or _ADDRESS.fullmatch(line.value):
        return None
    return "The link of the calendar entry is no web address."


def _wrong_state(event: dict[str, Line]) -> str | None:
    if event["STATUS"].value in _STATES:
        return None
    return "The calendar entry says another state than its purpose."


_RULES: tuple[Callable[[dict[str, Line]], str | None], ...] = (
    _wrong_uid,
    _wrong_sequence,
    _wrong_times,
    _wrong_texts,
    _wrong_address,
    _wrong_state,
)


def _is_moment(value: str) -> bool:
    found = _MOMENT.fullmatch(value)
    with suppress(ValueError):
        return found is not None and bool(datetime(*map(int, found.groups())))  # type: ignore[arg-type]  # noqa: DTZ001
    return False


def _of_persons(event: dict[str, Line], attendee: str, organiser: str) -> Iterable[str]:
    """Answers come back only if the one who is invited is the one who is written to."""
    invited, host = event.get("ATTENDEE"), event.get("ORGANIZER")
    if invited is None or invited.value != f"mailto:{attendee}":
        yield "The calendar entry invites somebody else than the e-mail writes to."
    elif parameter(invited, "RSVP") != "TRUE":
        yield "The calendar entry does not ask for an answer."
    if host is None or host.value != f"mailto:{organiser}":
        yield "Answers to the calendar entry would go to another mailbox than ours."

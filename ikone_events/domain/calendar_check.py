"""Our own checker of calendar objects: the finished bytes, before they are queued or served.

Two looks. The quick one goes over the lines of every single object and costs microseconds; the full
one reads an object back with icalendar and is for once a revision of an event, because what differs
between people is bounded by grammar. Complaints are in words: the page about calendars shows them.
"""

import re
from collections.abc import Callable, Iterable
from contextlib import suppress
from datetime import datetime
from functools import lru_cache

from icalendar import Calendar

from ikone_events.domain.calendar_lines import Line, Object, lines_of, parameter
from ikone_events.domain.refusals import N_, Complaint, UnfitInput

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


class CalendarError(UnfitInput):
    """A calendar object that is not what it was meant to be; nothing is queued or served."""


def checked_letter(
    data: bytes, *, method: str | None, attendee: str = "", organiser: str = ""
) -> bytes:
    """The same bytes, or CalendarError: one person's object, `method` None for a download."""
    complaints = personal_complaints(data, method=method, attendee=attendee, organiser=organiser)
    if complaints:
        raise CalendarError(complaints)
    return data


def checked_feed(data: bytes) -> bytes:
    """The same bytes, or CalendarError: what everybody may read, with any number of events."""
    if complaints := public_complaints(data):
        raise CalendarError(complaints)
    return data


def personal_complaints(
    data: bytes, *, method: str | None, attendee: str = "", organiser: str = ""
) -> tuple[Complaint, ...]:
    """What is wrong with one person's object; `attendee` and `organiser` are mail addresses.

    Without a method it is a copy for download: it asks nobody, so it names neither.
    """
    read = lines_of(data)
    if not isinstance(read, Object):
        return read
    if len(read.events) != 1:
        return (Complaint(N_("The calendar entry holds no event, or more than one.")),)
    found = [
        *_of_frame(read.calendar, FRAME, method),
        *_of_event(read.events[0], PROPERTIES if method else PROPERTIES - PERSONAL),
    ]
    if method and not found:
        event = {line.name: line for line in read.events[0]}
        found += _of_persons(event, attendee, organiser)
        if event["STATUS"].value != _STATUS.get(method):
            found.append(Complaint(N_("The calendar entry says another state than its purpose.")))
    return tuple(found)


def public_complaints(data: bytes) -> tuple[Complaint, ...]:
    """What is wrong with a calendar that anybody may read."""
    read = lines_of(data)
    if not isinstance(read, Object):
        return read
    found = _of_frame(read.calendar, FRAME | OF_FEEDS, None)
    for event in read.events:
        found += _of_event(event, PROPERTIES - PERSONAL)
        if _tells_a_secret(event):
            found.append(Complaint(N_("A public calendar holds somebody's personal link.")))
    return tuple(found)


def checked(data: bytes) -> bytes:
    """The same bytes, or CalendarError when icalendar does not read events with only our lines."""
    try:
        calendar = Calendar.from_ical(data)
    except ValueError as error:
        raise CalendarError(Complaint(N_("The calendar entry can't be read."))) from error
    if not isinstance(calendar, Calendar) or calendar.errors or calendar.get_missing_tzids():
        raise CalendarError(Complaint(N_("The calendar entry is damaged.")))
    if any(component.name != "VEVENT" for component in calendar.subcomponents):
        raise CalendarError(Complaint(N_("The calendar holds something else than events.")))
    for event in calendar.events:
        names = {name.upper() for name in event}
        if event.errors or not names >= REQUIRED or not names <= PROPERTIES or event.subcomponents:
            raise CalendarError(Complaint(N_("An event of the calendar is damaged.")))
        if any(isinstance(event[name], list) for name in names):
            raise CalendarError(Complaint(N_("An event of the calendar says something twice.")))
    return data


def _of_frame(
    lines: tuple[Line, ...], allowed: frozenset[str], method: str | None
) -> list[Complaint]:
    """The calendar's own lines: only ours, each once, and the method that the letter announces."""
    names = [line.name for line in lines]
    values = {line.name: line.value for line in lines}
    found = [*_only_once(names, allowed | {"METHOD"})]
    if not values.keys() >= FRAME or values["VERSION"] != "2.0":
        found.append(Complaint(N_("The calendar entry does not say which format it has.")))
    if values.get("METHOD") != method:
        text = N_("The calendar entry and its letter do not agree on what it is for.")
        found.append(Complaint(text))
    return found


def _of_event(lines: tuple[Line, ...], allowed: frozenset[str]) -> list[Complaint]:
    names = [line.name for line in lines]
    found = list(_only_once(names, allowed))
    if missing := sorted(REQUIRED.difference(names)):
        text = N_("The calendar entry lacks %(names)s.")
        return [*found, Complaint(text, {"names": ", ".join(missing)})]
    event = {line.name: line for line in lines}
    found += [complaint for rule in _RULES if (complaint := rule(event))]
    return found


def _tells_a_secret(event: tuple[Line, ...]) -> bool:
    """A personal link: whoever holds it acts as that person, and enters the room."""
    host = next((line.value.partition("/events/")[0] for line in event if line.name == "URL"), "")
    rests = (rest for line in event for rest in line.value.split(f"{host}/r/")[1:])
    return bool(host) and any(_TOKEN.match(rest) for rest in rests)


def _only_once(names: list[str], allowed: frozenset[str]) -> Iterable[Complaint]:
    if strangers := sorted(set(names) - allowed):
        text = N_("The calendar entry holds what is not ours: %(names)s.")
        yield Complaint(text, {"names": ", ".join(strangers)})
    if len(names) != len(set(names)):
        yield Complaint(N_("The calendar entry says something twice."))


def _wrong_uid(event: dict[str, Line]) -> Complaint | None:
    if _UID.fullmatch(event["UID"].value):
        return None
    return Complaint(N_("The number of the calendar entry is damaged."))


def _wrong_sequence(event: dict[str, Line]) -> Complaint | None:
    value = event["SEQUENCE"].value
    if _SEQUENCE.fullmatch(value) and int(value) <= MOST_SEQUENCE:
        return None
    return Complaint(N_("The version of the calendar entry is no number that programs take."))


def _wrong_times(event: dict[str, Line]) -> Complaint | None:
    """Moments in UTC that exist, the end after the start."""
    for name in _MOMENTS:
        line = event.get(name)
        if line and (line.parameters or not _is_moment(line.value)):
            text = N_("A time of the calendar entry is no moment in UTC: %(name)s.")
            return Complaint(text, {"name": name})
    if event["DTSTART"].value >= event["DTEND"].value:
        return Complaint(N_("The calendar entry ends before it begins."))
    return None


def _wrong_texts(event: dict[str, Line]) -> Complaint | None:
    if all(_TEXT.fullmatch(event[name].value) for name in _TEXTS if name in event):
        return None
    return Complaint(N_("A text of the calendar entry is not written as programs read it."))


def _wrong_address(event: dict[str, Line]) -> Complaint | None:
    line = event.get("URL")
    if line is None or _ADDRESS.fullmatch(line.value):
        return None
    return Complaint(N_("The link of the calendar entry is no web address."))


def _wrong_state(event: dict[str, Line]) -> Complaint | None:
    if event["STATUS"].value in _STATES:
        return None
    return Complaint(N_("The calendar entry says another state than its purpose."))


_RULES: tuple[Callable[[dict[str, Line]], Complaint | None], ...] = (
    _wrong_uid,
    _wrong_sequence,
    _wrong_times,
    _wrong_texts,
    _wrong_address,
    _wrong_state,
)


@lru_cache(maxsize=512)
def _is_moment(value: str) -> bool:
    found = _MOMENT.fullmatch(value)
    with suppress(ValueError):
        return found is not None and bool(datetime(*map(int, found.groups())))  # type: ignore[arg-type]  # noqa: DTZ001
    return False


def _of_persons(event: dict[str, Line], attendee: str, organiser: str) -> Iterable[Complaint]:
    """Answers come back only if the one who is invited is the one who is written to."""
    invited, host = event.get("ATTENDEE"), event.get("ORGANIZER")
    if invited is None or invited.value != f"mailto:{attendee}":
        yield Complaint(N_("The calendar entry invites somebody else than the letter writes to."))
    elif parameter(invited, "RSVP") != "TRUE":
        yield Complaint(N_("The calendar entry does not ask for an answer."))
    if host is None or host.value != f"mailto:{organiser}":
        yield Complaint(N_("Answers to the calendar entry would go to another mailbox than ours."))

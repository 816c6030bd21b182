"""Calendar objects: one person's invitation in mails, all public events in the feed.

Objects are built by icalendar's classes and never changed as bytes. Texts, names and addresses are
cleaned first; values that can't be cleaned are refused. Times are UTC; the description gives the
local time. UIDs in mails are secret (knowing one is enough to cancel the entry in Thunderbird),
UIDs in feeds are public: they must never be the same. Calendars are shared with delegates and
teams, so a person's entry is private and links to the door of the video room, never to the
personal page.
"""

import re
from collections.abc import Iterable
from contextlib import suppress
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from functools import lru_cache

from icalendar import Calendar, Event, vCalAddress, vDatetime, vInt, vText, vUri
from icalendar.parser import Contentline
from icalendar.parser_tools import DEFAULT_ENCODING

from ikone_events.domain.calendars.description import description
from ikone_events.domain.header_text import ascii_address, clean_text, one_line
from ikone_events.domain.mails.facts import EventSummary, Invitation, Links, Recipient, Sender
from ikone_events.domain.mails.kinds import CANCEL
from ikone_events.domain.refusals import N_, Complaint, UnfitInput
from ikone_events.domain.salutation import full_name

PRODID = "-//Ikone Events//Ikone Events//DE"
POLL_EVERY = timedelta(hours=6)
MOST_SEQUENCE = 2**31 - 1
_LONGEST_LINE = 75
_INSIDE_A_CHARACTER = range(0x80, 0xC0)  # bytes of UTF-8 before which no line may break

_UID = re.compile(r'[^\s,;\\"\x00-\x20\x7f-\U0010ffff]{1,255}')
_PERSONAL_PAGES = ("r", "door", "speaker", "speaker-door", "upload")
_TOKEN = re.compile(r"[\w.-]{20}")
# Double quotes and carets are escaped in parameters, where half of the programs show the escapes.
_UNFIT_IN_NAMES = str.maketrans({'"': "'", "\\": "/", "^": "ˆ"})


class CalendarError(UnfitInput):
    """Values from which no valid calendar object can be made; nothing is queued or served."""


class _Text(vText):
    """TEXT that keeps a backslash before an N: icalendar 7.3 takes `C:\\Neu` for a line break."""

    __slots__ = ()

    def to_ical(self) -> bytes:
        text = str(self).replace("\\", "\\\\").replace(";", "\\;").replace(",", "\\,")
        return text.replace("\n", "\\n").encode(DEFAULT_ENCODING)


@dataclass(frozen=True, slots=True, kw_only=True)
class PublicEntry:
    """An event in a feed; `changed_at` is its last change, which keeps ETags stable.

    `word` is a prefix of the title, because few programs show the status of subscribed events.
    `private` entries are in one person's calendar and show how that person is registered. `brief`
    ones are reminders in the calendar of the office: nobody meets anywhere.
    """

    summary: EventSummary
    uid: str
    sequence: int
    changed_at: datetime
    cancelled: bool = False
    tentative: bool = False
    word: str = ""
    private: bool = False
    brief: bool = False


def calendar_object(
    summary: EventSummary,
    recipient: Recipient,
    *,
    links: Links,
    invitation: Invitation,
    method: str | None,
    sender: Sender,
) -> bytes:
    """The object for one person; without a method it is a download that asks for no answer."""
    _check_number(invitation.uid, invitation.sequence)
    above, below = _frame(method)
    shared = _shared_lines(summary, recipient.locale, method, sender)
    lines = {**shared, **_stamped(_utc(invitation.stamp))}
    # In what _check_number lets pass, nothing is to be escaped.
    lines["UID"] = _folded(f"UID:{invitation.uid}")
    lines["SEQUENCE"] = _folded(f"SEQUENCE:{invitation.sequence}")
    if links.door:
        lines |= _lines(_of_door(summary, recipient.locale, links.door))
    if method is not None:
        attendee = _attendee(recipient, invitation.partstat)
        lines["ATTENDEE"] = _folded(Contentline.from_parts("ATTENDEE", attendee.params, attendee))
    return b"\r\n".join((*above, *lines.values(), *below))


@lru_cache(maxsize=64)
def _shared_lines(
    summary: EventSummary, locale: str, method: str | None, sender: Sender
) -> dict[str, bytes]:
    """The lines that are the same for all people, in the order of icalendar.

    Lines of a person are there too, but empty.
    """
    event = _event(summary, locale=locale, door="")
    event["CLASS"] = vText("PRIVATE")
    event["STATUS"] = vText("CANCELLED" if method == CANCEL else "CONFIRMED")
    if method is not None:
        event["X-MICROSOFT-DISALLOW-COUNTER"] = vText("TRUE")
        event["ORGANIZER"] = _address(sender.address, sender.name)
        event["ATTENDEE"] = vText("")
    event.update(dict.fromkeys(("UID", "SEQUENCE", "DTSTAMP"), vText("")))
    return _lines(event)


@lru_cache(maxsize=4)
def _frame(method: str | None) -> tuple[list[bytes], list[bytes]]:
    """The lines above and below the properties of the only event."""
    calendar = _calendar()
    if method is not None:
        calendar.add("method", method)
    calendar.add_component(Event())
    lines = [_folded(line) for line in calendar.content_lines()]
    end = lines.index(b"END:VEVENT")
    return lines[:end], lines[end:]


@lru_cache(maxsize=64)
def _stamped(stamp: datetime) -> dict[str, bytes]:
    """The DTSTAMP; a mailing repeats it, and so do registrations in the same second."""
    return _lines(Event({"DTSTAMP": vDatetime(stamp)}))


def _lines(event: Event) -> dict[str, bytes]:
    """The folded lines of its properties, in the order of icalendar."""
    return {name: _folded(event.content_line(name, event[name])) for name in event.sorted_keys()}


def public_event(entry: PublicEntry, *, locale: str) -> bytes:
    """One event for everybody: without attendee, method and personal link."""
    calendar = _calendar()
    calendar.add_component(_public_component(entry, locale))
    return _written(calendar)


def public_feed(entries: Iterable[PublicEntry], *, locale: str, name: str, source: str) -> bytes:
    """The feed at the address `source`; the same entries give the same bytes.

    Events from which no valid object can be made are left out.
    """
    calendar = _calendar()
    calendar.add("name", _Text(one_line(name)))
    calendar.add("x-wr-calname", _Text(one_line(name)))
    calendar.add("refresh-interval", POLL_EVERY, parameters={"VALUE": "DURATION"})
    calendar.add("x-published-ttl", "PT6H")
    calendar.add("source", source, parameters={"VALUE": "URI"})
    for entry in entries:
        with suppress(UnfitInput):
            calendar.add_component(_public_component(entry, locale))
    return _written(calendar)


def _written(calendar: Calendar) -> bytes:
    """The result of calendar.to_ical()."""
    return b"\r\n".join(map(_folded, calendar.content_lines()))


def _folded(line: str) -> bytes:
    """The result of line.to_ical(), which counts character by character, twenty times slower.

    Lines break before 75 bytes, not inside a character and not behind a backslash or caret.
    """
    data, parts, start = line.encode(), [], 0
    while len(data) - start >= _LONGEST_LINE:
        end = start + _LONGEST_LINE - 1
        while data[end] in _INSIDE_A_CHARACTER:
            end -= 1
        if data[end - 1] in b"\\^" and end - 1 > start:
            end -= 1
        parts.append(data[start:end])
        start = end
    return b"\r\n ".join((*parts, data[start:]))


def _calendar() -> Calendar:
    # Calendar.new() would add a random UID: a new calendar in Outlook, a new ETag each time.
    calendar = Calendar()
    calendar.add("version", "2.0")
    calendar.add("prodid", PRODID)
    return calendar


def _event(summary: EventSummary, *, locale: str, door: str) -> Event:
    """A new event; the parts that do not depend on the person are cached."""
    event = Event()
    event.update(_common(summary))
    event.update(_of_door(summary, locale, door) if door else _without_door(summary, locale))
    return event


@lru_cache(maxsize=64)
def _common(summary: EventSummary) -> Event:
    starts_at, ends_at = _utc(summary.starts_at), _utc(summary.ends_at)
    if starts_at >= ends_at:
        raise CalendarError(Complaint(N_("The calendar entry ends before it begins.")))
    event = Event()
    event["DTSTART"], event["DTEND"] = vDatetime(starts_at), vDatetime(ends_at)
    event["SUMMARY"] = _Text(one_line(summary.title))
    event["TRANSP"], event["CLASS"] = vText("OPAQUE"), vText("PUBLIC")
    return event


@lru_cache(maxsize=64)
def _without_door(summary: EventSummary, locale: str) -> Event:
    return _of_door(summary, locale, "")


def _of_door(summary: EventSummary, locale: str, door: str) -> Event:
    event = Event()
    event["LOCATION"] = _Text(one_line(summary.place) or door or "Online")
    event["DESCRIPTION"] = _Text(description(summary, locale, door))
    event["URL"] = vUri(door or summary.public_url)
    return event


def _check_number(uid: str, sequence: int) -> None:
    """Raise CalendarError for a UID or SEQUENCE that no program takes."""
    if not _UID.fullmatch(uid):
        raise CalendarError(Complaint(N_("The number of the calendar entry is damaged.")))
    if not 0 <= sequence <= MOST_SEQUENCE:
        text = N_("The version of the calendar entry is no number that programs take.")
        raise CalendarError(Complaint(text))


def _public_component(entry: PublicEntry, locale: str) -> Event:
    event = _event(entry.summary, locale=locale, door="")
    if entry.private:
        event["CLASS"] = vText("PRIVATE")
    _check_number(entry.uid, entry.sequence)
    event["UID"], event["SEQUENCE"] = vText(entry.uid), vInt(entry.sequence)
    event["DTSTAMP"] = event["LAST-MODIFIED"] = vDatetime(_utc(entry.changed_at))
    state = "TENTATIVE" if entry.tentative else "CONFIRMED"
    event.add("status", "CANCELLED" if entry.cancelled else state)
    if entry.word:
        event["SUMMARY"] = _Text(one_line(f"{entry.word}: {entry.summary.title}"))
    if entry.brief:
        del event["LOCATION"]
        event["DESCRIPTION"] = _Text(clean_text(entry.summary.public_url))
    if entry.cancelled or entry.brief:
        event["TRANSP"] = vText("TRANSPARENT")
    if _contains_personal_link(event, entry.summary.public_url):
        raise CalendarError(Complaint(N_("A public calendar contains somebody's personal link.")))
    return event


def _contains_personal_link(event: Event, public_url: str) -> bool:
    """Whether a text contains a personal link, which gives access to a registration."""
    site = public_url.partition("/events/")[0].removesuffix("/organise")
    texts = [str(event.get(name, "")) for name in ("SUMMARY", "DESCRIPTION", "LOCATION")]
    links = (f"{site}/{page}/" for page in _PERSONAL_PAGES)
    rests = (rest for link in links for text in texts for rest in text.split(link)[1:])
    return any(_TOKEN.match(rest) for rest in rests)


def _attendee(recipient: Recipient, partstat: str) -> vCalAddress:
    name = full_name("", recipient.first_name, recipient.last_name)
    attendee = _address(recipient.email, name)
    attendee.params["CUTYPE"] = "INDIVIDUAL"
    attendee.params["ROLE"] = "REQ-PARTICIPANT"
    attendee.params["PARTSTAT"] = partstat
    attendee.params["RSVP"] = "TRUE"
    return attendee


def _address(address: str, name: str) -> vCalAddress:
    """A mailto: address; the CN avoids what RFC 6868 escapes, as not all programs decode it."""
    mailbox = ascii_address(address)
    cal_address = vCalAddress(f"mailto:{mailbox}")
    cal_address.params["CN"] = (one_line(name) or mailbox).translate(_UNFIT_IN_NAMES)
    return cal_address


def _utc(moment: datetime) -> datetime:
    if moment.tzinfo is None:
        raise ValueError("a calendar takes no naive time")
    return moment.astimezone(UTC).replace(microsecond=0)

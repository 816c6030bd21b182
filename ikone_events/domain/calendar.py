"""Calendar objects: one person's invitation in letters, all public events in the feed.

Built by icalendar's own classes; the bytes are never touched afterwards. One-off events are written
in UTC, so no client can get a time zone wrong; the local time stands in the description. A UID in a
letter is a secret (whoever knows it can cancel the entry in Thunderbird), a UID in the feed is
public: they must never be the same.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from functools import lru_cache

from icalendar import Calendar, Event, vCalAddress, vText
from icalendar.parser import Contentline
from icalendar.parser_tools import DEFAULT_ENCODING

from ikone_events.domain.calendar_check import (
    CalendarError,
    checked,
    checked_feed,
    checked_letter,
    public_complaints,
)
from ikone_events.domain.calendar_texts import description_of, location_of
from ikone_events.domain.header_text import ascii_address, one_line
from ikone_events.domain.mail_facts import EventSummary, Invitation, Links, Recipient, Sender
from ikone_events.domain.messages import CANCEL
from ikone_events.domain.refusals import N_, Complaint, UnfitInput
from ikone_events.domain.salutation import full_name

PRODID = "-//Ikone Events//Ikone Events//DE"
POLL_EVERY = timedelta(hours=6)

# Double quotes and carets are escaped in parameters, where half of the programs show the escapes.
_UNFIT_IN_NAMES = str.maketrans({'"': "'", "\\": "/", "^": "ˆ"})


class _Text(vText):
    """TEXT that keeps a backslash before an N: icalendar 7.3 takes `C:\\Neu` for a line break."""

    __slots__ = ()

    def to_ical(self) -> bytes:
        text = str(self).replace("\\", "\\\\").replace(";", "\\;").replace(",", "\\,")
        return text.replace("\n", "\\n").encode(DEFAULT_ENCODING)


@dataclass(frozen=True, slots=True, kw_only=True)
class PublicEntry:
    """An event as the feed tells it; `changed_at` is its last change, so that an ETag holds.

    `word` stands before the title, because few programs show the status of foreign calendars.
    """

    summary: EventSummary
    uid: str
    sequence: int
    changed_at: datetime
    cancelled: bool = False
    tentative: bool = False
    word: str = ""


def calendar_object(
    summary: EventSummary,
    recipient: Recipient,
    *,
    links: Links,
    invitation: Invitation,
    method: str | None,
    sender: Sender,
) -> bytes:
    """The object for one person; method None makes a copy for download that asks no answer."""
    _prove(summary, recipient.locale, bool(links.room), method, sender)
    data = _personal(
        summary, recipient, room=links.room, invitation=invitation, method=method, sender=sender
    )
    if method is None:
        return checked_letter(data, method=None)
    invited, host = ascii_address(recipient.email), ascii_address(sender.address)
    return checked_letter(data, method=method, attendee=invited, organiser=host)


def _personal(
    summary: EventSummary,
    recipient: Recipient,
    *,
    room: str,
    invitation: Invitation,
    method: str | None,
    sender: Sender,
) -> bytes:
    event = _event(summary, locale=recipient.locale, room=room)
    event.add("uid", invitation.uid)
    event.add("sequence", invitation.sequence)
    event.add("dtstamp", _utc(invitation.stamp))
    event.add("status", "CANCELLED" if method == CANCEL else "CONFIRMED")
    calendar = _calendar()
    if method is not None:
        calendar.add("method", method)
        event.add("x-microsoft-disallow-counter", "TRUE")
        event["ORGANIZER"] = _address(sender.address, sender.name)
        event["ATTENDEE"] = _attendee(recipient, invitation.partstat)
    calendar.add_component(event)
    return _written(calendar)


def public_event(entry: PublicEntry, *, locale: str) -> bytes:
    """One event for everybody: no attendee, no method, no secret link."""
    calendar = _calendar()
    calendar.add_component(_public_component(entry, locale))
    return checked_feed(checked(_written(calendar)))


def public_feed(entries: Iterable[PublicEntry], *, locale: str, name: str, source: str) -> bytes:
    """The calendar to subscribe to at `source`; the same entries give the same bytes.

    An event that our checker refuses is left out: it must not take all others with it.
    """
    calendar = _calendar()
    calendar.add("name", _Text(one_line(name)))
    calendar.add("x-wr-calname", _Text(one_line(name)))
    calendar.add("refresh-interval", POLL_EVERY, parameters={"VALUE": "DURATION"})
    calendar.add("x-published-ttl", "PT6H")
    calendar.add("source", source, parameters={"VALUE": "URI"})
    for entry in (entry for entry in entries if _is_fit(entry, locale)):
        calendar.add_component(_public_component(entry, locale))
    return checked_feed(_written(calendar))


@lru_cache(maxsize=2048)
def _is_fit(entry: PublicEntry, locale: str) -> bool:
    """By the quick look: the full one would cost a full calendar two seconds after each start."""
    calendar = _calendar()
    try:
        calendar.add_component(_public_component(entry, locale))
    except UnfitInput:
        return False
    return not public_complaints(_written(calendar))


@lru_cache(maxsize=256)
def _prove(
    summary: EventSummary, locale: str, has_room: bool, method: str | None, sender: Sender
) -> None:
    """Read a specimen back, once a revision: what differs between people is bounded by grammar."""
    room = f"{summary.public_url}/room" if has_room else ""
    specimen = Invitation(uid="specimen", sequence=0, stamp=summary.starts_at)
    whom = Recipient(email=sender.address, locale=locale)
    data = _personal(summary, whom, room=room, invitation=specimen, method=method, sender=sender)
    (event,) = Calendar.from_ical(checked(data)).events
    read = [event.start, event.end, *(str(event[name]) for name in ("SUMMARY", "DESCRIPTION"))]
    meant: list[object] = [_utc(summary.starts_at), _utc(summary.ends_at)]
    meant += [one_line(summary.title), description_of(summary, locale, room)]
    if read != meant:
        raise CalendarError(Complaint(N_("The calendar entry does not read back as it was meant.")))


def _written(calendar: Calendar) -> bytes:
    """What calendar.to_ical() gives; lines that are the same for everybody are folded once."""
    lines = [_folded(line) for line in calendar.content_lines() if line]
    return b"\r\n".join(lines) + b"\r\n"


@lru_cache(maxsize=512)
def _folded(line: Contentline) -> bytes:
    data: bytes = line.to_ical()  # type: ignore[no-untyped-call]  # not annotated there
    return data


def _calendar() -> Calendar:
    # Calendar.new() would add a random UID: a new calendar in Outlook, a new ETag each time.
    calendar = Calendar()
    calendar.add("version", "2.0")
    calendar.add("prodid", PRODID)
    return calendar


def _event(summary: EventSummary, *, locale: str, room: str) -> Event:
    """A fresh event; what does not depend on the person is built once."""
    event = Event()
    event.update(_common(summary))
    event.update(_of_room(summary, locale, room) if room else _without_room(summary, locale))
    return event


@lru_cache(maxsize=64)
def _common(summary: EventSummary) -> Event:
    event = Event()
    event.add("dtstart", _utc(summary.starts_at))
    event.add("dtend", _utc(summary.ends_at))
    event.add("summary", _Text(one_line(summary.title)))
    event.add("transp", "OPAQUE")
    event.add("class", "PUBLIC")
    return event


@lru_cache(maxsize=64)
def _without_room(summary: EventSummary, locale: str) -> Event:
    return _of_room(summary, locale, "")


def _of_room(summary: EventSummary, locale: str, room: str) -> Event:
    event = Event()
    event.add("location", _Text(location_of(summary, locale, room)))
    event.add("description", _Text(description_of(summary, locale, room)))
    event.add("url", room or summary.public_url)
    return event


def _public_component(entry: PublicEntry, locale: str) -> Event:
    event = _event(entry.summary, locale=locale, room="")
    event.add("uid", entry.uid)
    event.add("sequence", entry.sequence)
    event.add("dtstamp", _utc(entry.changed_at))
    event.add("last-modified", _utc(entry.changed_at))
    state = "TENTATIVE" if entry.tentative else "CONFIRMED"
    event.add("status", "CANCELLED" if entry.cancelled else state)
    if entry.word:
        event["SUMMARY"] = _Text(one_line(f"{entry.word}: {entry.summary.title}"))
    if entry.cancelled:
        event["TRANSP"] = vText("TRANSPARENT")
    return event


def _attendee(recipient: Recipient, partstat: str) -> vCalAddress:
    name = full_name("", recipient.first_name, recipient.last_name)
    attendee = _address(recipient.email, name)
    attendee.params["CUTYPE"] = "INDIVIDUAL"
    attendee.params["ROLE"] = "REQ-PARTICIPANT"
    attendee.params["PARTSTAT"] = partstat
    attendee.params["RSVP"] = "TRUE"
    return attendee


def _address(address: str, name: str) -> vCalAddress:
    """mailto: with a CN without what RFC 6868 escapes: not all programs decode that."""
    mailbox = ascii_address(address)
    cal_address = vCalAddress(f"mailto:{mailbox}")
    cal_address.params["CN"] = (one_line(name) or mailbox).translate(_UNFIT_IN_NAMES)
    return cal_address


def _utc(moment: datetime) -> datetime:
    if moment.tzinfo is None:
        raise ValueError("a calendar takes no naive time")
    return moment.astimezone(UTC).replace(microsecond=0)

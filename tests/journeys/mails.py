"""Checks of every mail, read from the bytes that a mail server received."""

import re
from dataclasses import dataclass
from datetime import UTC, datetime
from email.message import EmailMessage
from itertools import pairwise

import icalendar
import vobject

from tests.mailbox import Received

SENDER = "events@example.org"
CLOSING = {"de": "Freundliche Grüße", "en": "Kind regards"}
FOREIGN_CLOSING = {"de": "Kind regards", "en": "Freundliche Grüße"}


@dataclass(frozen=True, kw_only=True)
class Expected:
    """Who a mail is for, in which language, and whose names must not stand in it."""

    email: str
    locale: str
    others: tuple[str, ...]


@dataclass(frozen=True, kw_only=True)
class Entry:
    """A calendar object as a program sees it that is not ours."""

    method: str
    uid: str
    sequence: int
    stamp: datetime
    status: str
    starts_at: datetime
    ends_at: datetime
    organizer: str
    attendees: tuple[str, ...]
    asks: tuple[str, ...]
    location: str
    url: str


def check_mails(mails: list[Received], expected: Expected) -> None:
    """Check all mails of one person: each by itself, then their order and references."""
    ids = [str(mail.message["Message-ID"]) for mail in mails]
    assert len(set(ids)) == len(ids)
    for number, mail in enumerate(mails):
        _check_headers(mail.message, expected)
        follows = mail.message["References"], mail.message["In-Reply-To"]
        assert follows == ((None, None) if number == 0 else (ids[0], ids[0])), mail.subject
        _check_content(mail, expected)
    _check_entries(mails, expected)


def _check_headers(message: EmailMessage, expected: Expected) -> None:
    sender, to = message["From"].addresses, message["To"].addresses
    assert [(a.display_name, a.addr_spec) for a in sender] == [("IKONE DS", SENDER)]
    assert [a.addr_spec for a in to] == [expected.email]
    assert message["Cc"] is None
    assert message["Bcc"] is None
    domain = re.escape(SENDER.rpartition("@")[2])
    assert re.fullmatch(rf"<[0-9a-f]{{32}}@{domain}>", str(message["Message-ID"]))
    assert message["Auto-Submitted"] == "auto-generated"
    assert message["Reply-To"].addresses[0].addr_spec == "wilma.organisaria@example.org"
    assert message["Date"].datetime.tzinfo is not None


def _check_content(mail: Received, expected: Expected) -> None:
    html = (mail.part("text/html") or b"").decode()
    assert f'<html lang="{expected.locale}">' in html
    for text in (mail.text, html):
        assert CLOSING[expected.locale] in text, text
        assert FOREIGN_CLOSING[expected.locale] not in text, text
        assert personal_link(mail.text) in text
        assert not re.search(r"\{[{%]|None|Undefined", text), text
    everything = _everything(mail.message)
    for other in expected.others:
        assert other not in everything, f"{other} in “{mail.subject}” to {expected.email}"


def _everything(message: EmailMessage) -> str:
    """Headers and all decoded parts: a name in base64 is a name."""
    parts = [part.get_payload(decode=True) for part in message.walk()]
    return str(message.items()) + "".join(p.decode() for p in parts if isinstance(p, bytes))


def personal_link(text: str) -> str:
    """The address of the person's own page, as it stands in a mail."""
    found = re.search(r"(http://127\.0\.0\.1:\d+/r/[^/\s]+)(?:\s|$)", text)
    assert found is not None, text
    return found[1]


def door_link(text: str) -> str:
    """The address of the person's door page; "" if the mail has none."""
    found = re.search(r"http://127\.0\.0\.1:\d+/r/[^/\s]+/room\b", text)
    return found[0] if found else ""


def _check_entries(mails: list[Received], expected: Expected) -> None:
    """One UID, rising numbers, one attendee, a door only where the mail has one.

    Only another date and the end ask again: they raise the sequence, all else the stamp alone.

    The door is the entry's own: calendars are shared, so the personal link stays in the mail.
    """
    carrying = [mail for mail in mails if mail.calendar is not None]
    entries = [entry_of(mail) for mail in carrying]
    for before, entry in pairwise(entries):
        dates = {(each.starts_at, each.ends_at) for each in (before, entry)}
        asks_again = len(dates) > 1 or entry.method == "CANCEL"
        assert entry.sequence == before.sequence + asks_again
        assert entry.stamp > before.stamp
    assert [entry.sequence for entry in entries[:1]] in ([], [0])
    assert len({entry.uid for entry in entries}) <= 1
    for mail, entry in zip(carrying, entries, strict=True):
        assert entry.organizer == f"mailto:{SENDER}"
        assert entry.attendees == (f"mailto:{expected.email}",)
        door = door_link(mail.text)
        assert "/r/" not in (mail.calendar or b"").replace(b"\r\n ", b"").decode()
        found = re.fullmatch(r"http://127\.0\.0\.1:\d+/door/[\w.-]+", entry.url)
        assert (found is not None) == (door != "")
        assert found is None or entry.location == entry.url


def entry_of(mail: Received) -> Entry:
    """The calendar part, read alike by two programs and named alike by its header."""
    data = mail.calendar
    assert data is not None, mail.subject
    assert data.endswith(b"END:VCALENDAR\r\n")
    assert all(len(line) <= 75 for line in data.split(b"\r\n"))
    entry = _read_by_icalendar(data)
    assert entry == _read_by_vobject(data)
    assert _calendar_part(mail.message).get_param("method") == entry.method
    assert mail.part("application/ics") == data
    return entry


def _calendar_part(message: EmailMessage) -> EmailMessage:
    """The last of the alternatives, which stand first in the mail."""
    assert message.get_content_type() == "multipart/mixed"
    alternative = next(iter(message.iter_parts()))
    kinds = [part.get_content_type() for part in alternative.iter_parts()]
    assert kinds == ["text/plain", "text/html", "text/calendar"]
    return list(alternative.iter_parts())[-1]


def _read_by_icalendar(data: bytes) -> Entry:
    calendar = icalendar.Calendar.from_ical(data)
    (event,) = calendar.events
    assert not calendar.errors
    assert not event.errors
    attendees = event.get("ATTENDEE")
    attendees = attendees if isinstance(attendees, list) else [attendees]
    return Entry(
        method=str(calendar["METHOD"]),
        uid=str(event["UID"]),
        sequence=int(event["SEQUENCE"]),
        stamp=event["DTSTAMP"].dt,
        status=str(event["STATUS"]),
        starts_at=event.start.astimezone(UTC),
        ends_at=event.end.astimezone(UTC),
        organizer=str(event["ORGANIZER"]),
        attendees=tuple(str(attendee) for attendee in attendees),
        asks=tuple(f"{a.params['RSVP']} {a.params['PARTSTAT']}" for a in attendees),
        location=str(event["LOCATION"]),
        url=str(event["URL"]),
    )


def _read_by_vobject(data: bytes) -> Entry:
    calendar = vobject.readOne(data.decode())
    (event,) = calendar.vevent_list
    attendees = event.attendee_list
    return Entry(
        method=calendar.method.value,
        uid=event.uid.value,
        sequence=int(event.sequence.value),
        stamp=event.dtstamp.value.astimezone(UTC),
        status=event.status.value,
        starts_at=event.dtstart.value.astimezone(UTC),
        ends_at=event.dtend.value.astimezone(UTC),
        organizer=event.organizer.value,
        attendees=tuple(attendee.value for attendee in attendees),
        asks=tuple(f"{a.rsvp_param} {a.partstat_param}" for a in attendees),
        location=event.location.value,
        url=event.url.value,
    )

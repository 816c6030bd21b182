"""No values make a damaged object, and the tests' strict reader finds every kind of damage."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest

from ikone_events.domain.calendars.invitation import (
    CalendarError,
    PublicEntry,
    calendar_object,
    public_event,
    public_feed,
)
from ikone_events.domain.mails.facts import EventSummary, Invitation, Links, Recipient, Sender
from tests.calendar_oracle import (
    checked,
    order_complaints,
    personal_complaints,
    public_complaints,
)

NOW = datetime(2026, 3, 2, 8, tzinfo=UTC)
SENDER = Sender(name="IKONE", address="events@ikone.example.org")
TOKEN = "abcdefghijklmnopqrstuvwxyz.AbC-_1"
DOOR = f"https://x.example/door/{TOKEN}"
ROOM = f"https://x.example/r/{TOKEN}/room"


def summary(**changes: object) -> EventSummary:
    values: dict[str, object] = {
        "title": "Digitale Dörfer",
        "summary": "Ü" * 60,
        "starts_at": datetime(2026, 4, 1, 9, tzinfo=UTC),
        "ends_at": datetime(2026, 4, 1, 11, tzinfo=UTC),
        "zone": "Europe/Berlin",
        "format": "online",
        "organisation": "IKONE",
        "contact_email": "fragen@ikone.example.org",
        "public_url": "https://x.example/events/doerfer",
        "register_url": "https://x.example/events/doerfer/register",
    }
    return EventSummary(**{**values, **changes})  # type: ignore[arg-type]


def made(method: str | None = "REQUEST", *, door: str = "", **changes: object) -> bytes:
    return calendar_object(
        summary(**changes),
        Recipient(email="anna@example.org", locale="de", first_name="Anna", last_name="B."),
        links=Links(
            manage=f"https://x.example/r/{TOKEN}",
            privacy="https://x.example/p",
            room=ROOM if door else "",
            door=door,
        ),
        invitation=Invitation(uid="0b5f-secret@x.example", sequence=2, stamp=NOW),
        method=method,
        sender=SENDER,
    )


def found(data: bytes, method: str | None = "REQUEST") -> list[str]:
    return [
        str(complaint)
        for complaint in personal_complaints(
            data, method=method, attendee="anna@example.org", organiser=SENDER.address
        )
    ]


def feed_of(*entries: PublicEntry) -> bytes:
    return public_feed(
        entries, locale="de", name="Termine", source="https://x.example/calendar.ics"
    )


def entry(uid: str = "doerfer@x.example", **changes: object) -> PublicEntry:
    return PublicEntry(summary=summary(**changes), uid=uid, sequence=4, changed_at=NOW)


@pytest.mark.parametrize("method", ["REQUEST", "CANCEL", None])
@pytest.mark.parametrize("door", ["", DOOR])
def test_our_own_objects_pass(method: str | None, door: str) -> None:
    assert found(made(method, door=door), method) == []


def _with(old: bytes, new: bytes) -> bytes:
    data = made()
    assert old in data
    return data.replace(old, new)


CUT = made().replace("ÜÜ".encode(), b"\xc3\r\n \x9c", 1)
FAULTS = [
    (b"\xef\xbb\xbf" + made(), "byte order mark"),
    (made().replace(b"\r\n", b"\n"), "does not end"),
    (made()[:-2], "does not end"),
    (_with(b"CLASS:", b"X\rCLASS:"), "does not end"),
    (_with(b"CLASS:PRIVATE", b"CLASS:" + b"P" * 80), "holds 86 octets"),
    (CUT, "inside a character"),
    (_with(b"CLASS:PRIVATE", b"CLASS:\xff"), "UTF-8"),
    (_with(b"CLASS:PRIVATE", b"CLASS:\x0b"), "control characters"),
    (_with(b"CLASS:PRIVATE", "CLASS:\u0085".encode()), "control characters"),
    (_with(b"CLASS:PRIVATE", b"just words"), "no property"),
    (_with(b"CLASS:PRIVATE", b'CLASS;X="a:PUBLIC'), "no property"),
    (_with(b"END:VEVENT\r\n", b""), "nested"),
    (_with(b"CLASS:PRIVATE", b"BEGIN:VALARM\r\nEND:VALARM"), "nested"),
    (_with(b"BEGIN:VEVENT", b"BEGIN:VTODO"), "nested"),
    (_with(b"END:VEVENT", b"END:VEVENT\r\nX-LATE:1"), "nested"),
    (made() + made(), "nested"),
    (made().replace(b"BEGIN:VEVENT", b"BEGIN:VEVENT\r\nEND:VEVENT\r\nBEGIN:VEVENT"), "more"),
    (made().replace(b"END:VEVENT", b"END:VEVENT\r\nBEGIN:VEVENT\r\nUID:1\r\nEND:VEVENT"), "more"),
    (_with(b"METHOD:REQUEST", b"METHOD:PUBLISH"), "do not agree"),
    (_with(b"METHOD:REQUEST\r\n", b""), "do not agree"),
    (_with(b"METHOD:REQUEST", b"METHOD:REQUEST\r\nMETHOD:REQUEST"), "twice"),
    (_with(b"METHOD:REQUEST", b"METHOD:REQUEST\r\nX-WR-CALNAME:New"), "X-WR-CALNAME"),
    (_with(b"VERSION:2.0", b"VERSION:1.0"), "which format"),
    (_with(b"CLASS:PRIVATE", b"ATTACH:https://x.example"), "ATTACH"),
    (_with(b"CLASS:PRIVATE", b"STATUS:CONFIRMED"), "twice"),
    (_with(b"CLASS:PRIVATE", b"CLASS:PUBLIC"), "not private"),
    (_with(b"LOCATION:Online", f"LOCATION:{ROOM}".encode()), "personal page"),
    (_with(b"SEQUENCE:2\r\n", b""), "lacks SEQUENCE"),
    (_with(b"UID:0b5f-secret@x.example", b"UID:"), "number"),
    (_with(b"SEQUENCE:2", b"SEQUENCE:2147483648"), "version"),
    (_with(b"SEQUENCE:2", b"SEQUENCE:-1"), "version"),
    (_with(b"DTSTAMP:20260302T080000Z", b"DTSTAMP:20260302T080000"), "DTSTAMP"),
    (_with(b"DTSTART:20260401", b"DTSTART:20260431"), "DTSTART"),
    (_with(b"DTSTART:", b"DTSTART;TZID=Europe/Berlin:"), "DTSTART"),
    (_with(b"DTEND:20260401T11", b"DTEND:20260401T09"), "ends before"),
    (_with(b"SUMMARY:Digitale", b"SUMMARY:A;B"), "not written"),
    (_with(b"SUMMARY:Digitale", b"SUMMARY:A\\x"), "not written"),
    (_with(b"URL:https", b"URL:javascript"), "no web address"),
    (_with(b"STATUS:CONFIRMED", b"STATUS:CANCELLED"), "another state"),
    (_with(b"STATUS:CONFIRMED", b"STATUS:MAYBE"), "another state"),
    (_with(b"mailto:anna@example.org", b"mailto:eva@example.org"), "somebody else"),
    (_with(b"RSVP=TRUE", b"RSVP=FALSE"), "ask for an answer"),
    (_with(b"mailto:events@", b"mailto:noreply@"), "another mailbox"),
]


@pytest.mark.parametrize(("data", "words"), FAULTS)
def test_fault_is_found_and_described(data: bytes, words: str) -> None:
    assert any(words in text for text in found(data)), found(data)


@pytest.mark.parametrize(
    "data",
    [
        b"",
        b"hello",
        b"BEGIN:VCALENDAR\r\nEND:VCALENDAR\r\nBEGIN:VCALENDAR\r\nEND:VCALENDAR\r\n",
        made().replace(b"SUMMARY", b"X-INJECTED"),
        made().replace(b"CLASS:PRIVATE", b"CLASS:PRIVATE\r\nATTACH:https://x"),
        made().replace(b"SEQUENCE:2", b"SEQUENCE:two"),
        made().replace(b"DTSTART:20260401T090000Z", b"DTSTART;TZID=Nowhere:20260401T090000"),
        made().replace(b"CLASS:PRIVATE", b"CLASS:PRIVATE\r\nCLASS:PUBLIC"),
    ],
)
def test_reading_by_icalendar_finds_damage(data: bytes) -> None:
    with pytest.raises((AssertionError, ValueError)):
        checked(data)


def test_download_names_nobody() -> None:
    assert any("not ours: ATTENDEE" in text for text in found(made(), None))


def test_cancel_must_have_its_method() -> None:
    assert found(made("REQUEST"), "CANCEL")
    assert found(made("CANCEL").replace(b"STATUS:CANCELLED", b"STATUS:CONFIRMED"), "CANCEL")


def test_event_that_ends_before_it_begins_makes_no_object() -> None:
    with pytest.raises(CalendarError, match="ends before"):
        made(ends_at=datetime(2026, 4, 1, 8, tzinfo=UTC))


@pytest.mark.parametrize("uid", ["", "a b", "a;b", "a\r\nATTENDEE:x", "ü", "u" * 256])
def test_damaged_uid_makes_no_object(uid: str) -> None:
    with pytest.raises(CalendarError, match="number"):
        public_event(entry(uid), locale="de")


@pytest.mark.parametrize("sequence", [-1, 2**31])
def test_sequence_beyond_31_bits_makes_no_object(sequence: int) -> None:
    with pytest.raises(CalendarError, match="version"):
        public_event(replace(entry(), sequence=sequence), locale="de")


def test_event_within_one_second_makes_no_object() -> None:
    """An object knows whole seconds only."""
    start = datetime(2026, 4, 1, 9, tzinfo=UTC)
    with pytest.raises(CalendarError, match="ends before"):
        made(starts_at=start, ends_at=start.replace(microsecond=900))


def test_feeds_pass_with_one_event_with_many_and_with_none() -> None:
    assert public_complaints(public_event(entry(), locale="de")) == ()
    assert public_complaints(feed_of(entry("a"), entry("b"))) == ()
    assert public_complaints(feed_of()) == ()


@pytest.mark.parametrize("method", ["REQUEST", "CANCEL", None])
def test_entry_of_a_person_leads_to_the_door_and_never_to_the_personal_page(
    method: str | None,
) -> None:
    """Delegates and teams read calendars: the personal page stays in the mail's own text."""
    data = made(method, door=DOOR).replace(b"\r\n ", b"")
    assert f"LOCATION:{DOOR}\r\n".encode() in data
    assert f"URL:{DOOR}\r\n".encode() in data
    assert b"CLASS:PRIVATE\r\n" in data
    assert b"/r/" not in data


@pytest.mark.parametrize(
    ("old", "new", "words"),
    [
        (b"CLASS:PUBLIC", b"ATTENDEE:mailto:anna@example.org", "ATTENDEE"),
        (b"CLASS:PUBLIC", b"ORGANIZER:mailto:anna@example.org", "ORGANIZER"),
        (b"VERSION:2.0", b"VERSION:2.0\r\nMETHOD:PUBLISH", "do not agree"),
        (b"CLASS:PUBLIC", f"LOCATION:{ROOM}"[:75].encode(), "personal link"),
        (b"CLASS:PUBLIC", f"LOCATION:{DOOR}"[:75].encode(), "personal link"),
    ],
)
def test_feed_holds_no_person_and_no_door(old: bytes, new: bytes, words: str) -> None:
    data = public_event(entry(), locale="de").replace(b"LOCATION:Online\r\n", b"")
    texts = [str(complaint) for complaint in public_complaints(data.replace(old, new))]
    assert any(words in text for text in texts), texts


@pytest.mark.parametrize("secret", [ROOM, DOOR])
def test_feed_leaves_out_an_event_that_reveals_a_secret_and_keeps_the_others(secret: str) -> None:
    leaky = entry("leaky", summary=f"Kommen Sie: {secret}")
    data = feed_of(entry("a"), leaky, entry("b"))
    assert [line for line in data.split(b"\r\n") if line.startswith(b"UID")] == [b"UID:a", b"UID:b"]
    with pytest.raises(CalendarError, match="personal link"):
        public_event(leaky, locale="de")


def test_links_that_only_look_alike_are_no_secret() -> None:
    talk = "https://forum.example.com/r/gemeinden-und-staedte-in-der-pfalz/1"
    assert public_event(entry(summary=talk), locale="de")


def _numbered(method: str, sequence: int, second: int) -> bytes:
    stamp = (NOW + timedelta(seconds=second)).strftime("%Y%m%dT%H%M%SZ")
    return (
        f"BEGIN:VCALENDAR\r\nMETHOD:{method}\r\nBEGIN:VEVENT\r\nUID:a\r\nSEQUENCE:{sequence}\r\n"
        f"DTSTAMP:{stamp}\r\nEND:VEVENT\r\nEND:VCALENDAR\r\n"
    ).encode()


@pytest.mark.parametrize(
    ("arrived", "faults"),
    [
        ([("REQUEST", 0, 0), ("REQUEST", 0, 1), ("REQUEST", 1, 1), ("CANCEL", 2, 2)], 0),
        ([("REQUEST", 0, 1), ("REQUEST", 0, 1)], 0),
        ([("REQUEST", 0, 1), ("REQUEST", 0, 0)], 1),
        ([("REQUEST", 1, 1), ("REQUEST", 0, 2)], 1),
        ([("REQUEST", 0, 0), ("CANCEL", 0, 0)], 1),
        ([("CANCEL", 1, 0), ("REQUEST", 2, 1)], 1),
    ],
)
def test_order_of_arrival_is_checked(arrived: list[tuple[str, int, int]], faults: int) -> None:
    assert len(order_complaints(_numbered(*each) for each in arrived)) == faults

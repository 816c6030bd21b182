"""Objects of every kind read by parsers that did not write them: icalendar, vobject and libical.

Any text in any field that reaches an object must give one event with our properties only, and read
back equal after our documented cleaning: `one_line`, `clean_text`, and names without double quotes,
backslashes and carets, which programs unquote differently.
"""

from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest
import vobject
from hypothesis import assume, given, settings
from hypothesis import strategies as st
from icalendar import Calendar, Event

from ikone_events.domain.calendars.invitation import (
    PublicEntry,
    calendar_object,
    public_event,
    public_feed,
)
from ikone_events.domain.header_text import ascii_address, clean_text, one_line
from ikone_events.domain.mails.facts import EventSummary, Invitation, Links, Recipient, Sender
from tests.calendar_oracle import PROPERTIES, checked, checked_feed, checked_mail
from tests.effort import by_night
from tests.libical import Component
from tests.libical import read as read_by_libical

pytestmark = pytest.mark.slow

NOW = datetime(2026, 3, 2, 8, tzinfo=UTC)
ROOM = "https://x.example/door/abcdefghijklmnopqrstuvwxyz.AbC-_1"
UID = "5d0c7a9e-6a44-4a2e-9a53-0d4c2f3c9b11@x.example"
METHODS = ["REQUEST", "CANCEL", None]
# What programs trip over: escapes, folds, separators, RFC 6868, breaks that are none in ASCII.
SPECIAL = [
    *"\\;,:\"'^=?<>&\t\r\n\0\x0b\x1b\x7f\x85\u2028\u2029\ufeff\ud800ß🎉",
    *(
        "\\n",
        "\\N",
        "\r\n",
        "^n",
        "^'",
        "BEGIN:VEVENT",
        "\nATTENDEE:mailto:x@y.zz",
        "=?utf-8?q?a?=",
    ),
]
TEXT = st.lists(st.text(st.characters(), max_size=30) | st.sampled_from(SPECIAL), max_size=8).map(
    "".join
)
LOCAL = st.from_regex(
    r"[A-Za-z0-9!#$%&'*+/=?^_`{|}~-]{1,20}(\.[A-Za-z0-9!#$%&'*+=?^_-]{1,9})?", fullmatch=True
)
DOMAIN = st.from_regex(r"([a-z0-9]([a-z0-9-]{0,20}[a-z0-9])?\.){1,3}[a-z]{2,8}", fullmatch=True)
ADDRESS = st.builds("{}@{}".format, LOCAL, DOMAIN)
MOMENT = st.datetimes(
    min_value=datetime(1971, 1, 1),  # noqa: DTZ001 - bounds are naive there
    max_value=datetime(2200, 1, 1),  # noqa: DTZ001
    timezones=st.just(UTC),
)
ZONES = ["Europe/Berlin", "Europe/London", "America/New_York", "Asia/Kolkata", "Pacific/Chatham"]


def summary(**changes: object) -> EventSummary:
    values: dict[str, object] = {
        "title": "Digitale Dörfer",
        "summary": "Was ein Dorf braucht.",
        "starts_at": datetime(2026, 4, 1, 9, tzinfo=UTC),
        "ends_at": datetime(2026, 4, 1, 11, tzinfo=UTC),
        "zone": "Europe/Berlin",
        "format": "hybrid",
        "organisation": "IKONE",
        "contact_email": "fragen@ikone.example.org",
        "public_url": "https://x.example/events/doerfer",
        "register_url": "https://x.example/events/doerfer/register",
    }
    return EventSummary(**{**values, **changes})  # type: ignore[arg-type]


def made(
    method: str | None = "REQUEST",
    *,
    room: str = ROOM,
    who: Recipient | None = None,
    sender: Sender | None = None,
    partstat: str = "NEEDS-ACTION",
    sequence: int = 3,
    **changes: object,
) -> bytes:
    anna = Recipient(email="anna@example.org", locale="de", first_name="Anna", last_name="B.")
    who, sender = who or anna, sender or Sender(name="IKONE", address="events@ikone.example.org")
    data = calendar_object(
        summary(**changes),
        who,
        links=Links(manage="https://x.example/m", privacy="https://x.example/p", door=room),
        invitation=Invitation(uid=UID, sequence=sequence, stamp=NOW, partstat=partstat),
        method=method,
        sender=sender,
    )
    attendee, organiser = ascii_address(who.email), ascii_address(sender.address)
    return checked_mail(data, method=method, attendee=attendee, organiser=organiser)


def entry(uid: str = "doerfer@x.example", **changes: object) -> PublicEntry:
    return PublicEntry(summary=summary(**changes), uid=uid, sequence=4, changed_at=NOW)


OFF = replace(entry("off"), cancelled=True, word="Abgesagt")
POSTPONED = replace(entry("later"), tentative=True, word="Verschoben")


def feed_of(*entries: PublicEntry, name: str = "Termine") -> bytes:
    source = "https://x.example/calendar.ics"
    return checked_feed(public_feed(entries, locale="de", name=name, source=source))


def by_icalendar(data: bytes) -> Event:
    (event,) = Calendar.from_ical(checked(data)).events
    return event


def by_libical(data: bytes) -> Component:
    reading = read_by_libical(data)
    assert reading.errors == 0
    assert reading.keeps_rules
    assert reading.root.kind == "VCALENDAR"
    (event,) = reading.root.components
    assert event.kind == "VEVENT"
    assert event.components == []
    return event


def by_vobject(data: bytes):  # type: ignore[no-untyped-def]  # published without types
    return vobject.readOne(data.decode("utf-8")).vevent


@pytest.mark.parametrize("method", METHODS)
@pytest.mark.parametrize("room", ["", ROOM])
def test_every_kind_of_object_keeps_the_rules_of_libical(method: str | None, room: str) -> None:
    data = made(method, room=room)
    root = read_by_libical(data).root
    assert by_libical(data).names <= PROPERTIES
    assert [each.value for each in root.properties if each.name == "METHOD"] == [method] * bool(
        method
    )


def test_feeds_keep_the_rules_of_libical_and_vobject() -> None:
    for data in (
        public_event(entry(), locale="de"),
        feed_of(entry("a"), OFF, entry("b"), POSTPONED, name="IKONE; Termine"),
        feed_of(),
    ):
        reading = read_by_libical(data)
        assert (reading.errors, reading.keeps_rules) == (0, True)
        events = getattr(vobject.readOne(data.decode("utf-8")), "vevent_list", [])
        assert len(events) == len(reading.root.components) == len(Calendar.from_ical(data).events)


def test_libical_finds_what_is_wrong() -> None:
    """A binding that always says yes would prove nothing."""
    assert not read_by_libical(made().replace(b"ORGANIZER", b"X-HOST")).keeps_rules
    assert not read_by_libical(made("CANCEL").replace(b"DTSTAMP", b"X-STAMP")).keeps_rules
    assert read_by_libical(made().replace(b"TRANSP:OPAQUE", b"TRANSP")).errors > 0


@pytest.mark.parametrize("partstat", ["NEEDS-ACTION", "ACCEPTED", "DECLINED", "TENTATIVE"])
def test_updates_are_read_alike_by_all(partstat: str) -> None:
    data = made(partstat=partstat, sequence=2**31 - 1)
    attendee = by_libical(data).get("ATTENDEE")
    assert attendee.parameters["PARTSTAT"] == partstat
    assert by_vobject(data).attendee.params["PARTSTAT"] == [partstat]
    assert by_icalendar(data)["ATTENDEE"].params["PARTSTAT"] == partstat
    assert by_libical(data).get("SEQUENCE").value == "2147483647"


@settings(max_examples=by_night(300, 60))
@given(
    title=TEXT,
    summary=TEXT,
    place=TEXT,
    dial_in=TEXT,
    contact_name=TEXT,
    contact_phone=TEXT,
    method=st.sampled_from(METHODS),
    locale=st.sampled_from(["de", "en"]),
)
def test_any_text_reads_back_equal_in_three_parsers(
    method: str | None, locale: str, **texts: str
) -> None:
    who = Recipient(email="anna@example.org", locale=locale)
    assume(one_line(texts["title"]))  # events have one; libical complains of an empty value
    data = made(method, who=who, **texts)
    ours, libical, other = by_icalendar(data), by_libical(data), by_vobject(data)
    assert {name.upper() for name in ours} == libical.names == {c.name for c in other.getChildren()}
    assert libical.names <= PROPERTIES
    location = one_line(texts["place"]) or ROOM
    assert ours["SUMMARY"] == one_line(texts["title"])
    assert ours["LOCATION"] == location
    assert clean_text(texts["summary"]) in ours["DESCRIPTION"]
    for name in ("SUMMARY", "LOCATION", "DESCRIPTION"):
        assert libical.get(name).value == ours[name]
        assert getattr(other, name.lower()).value == ours[name]


@settings(max_examples=by_night(300, 60))
@given(first_name=TEXT, last_name=TEXT, office=TEXT, email=ADDRESS, sender=ADDRESS)
def test_any_name_and_address_reads_back_equal_in_three_parsers(
    first_name: str, last_name: str, office: str, email: str, sender: str
) -> None:
    who = Recipient(email=email, locale="de", first_name=first_name, last_name=last_name)
    data = made(who=who, sender=Sender(name=office, address=sender))
    ours, libical, other = by_icalendar(data), by_libical(data), by_vobject(data)
    meant = {
        "ATTENDEE": (one_line(f"{first_name} {last_name}"), ascii_address(email)),
        "ORGANIZER": (one_line(office), ascii_address(sender)),
    }
    for name, (words, address) in meant.items():
        known = (words or address).translate(str.maketrans('"\\^', "'/ˆ"))
        assert str(ours[name]) == f"mailto:{address}"
        assert ours[name].params["CN"] == known
        assert libical.get(name).value == f"mailto:{address}"
        assert libical.get(name).parameters["CN"] == known
        assert getattr(other, name.lower()).value == f"mailto:{address}"
        assert getattr(other, name.lower()).params["CN"] == [known]


@settings(max_examples=by_night(200, 40))
@given(starts_at=MOMENT, minutes=st.integers(1, 60 * 24 * 10), zone=st.sampled_from(ZONES))
def test_any_moment_in_any_zone_is_the_stored_one(
    starts_at: datetime, minutes: int, zone: str
) -> None:
    starts_at = starts_at.replace(microsecond=0)
    ends_at = starts_at + timedelta(minutes=minutes)
    data = made(starts_at=starts_at, ends_at=ends_at, zone=zone)
    event, other = by_icalendar(data), by_vobject(data)
    assert (event.start, event.end) == (starts_at, ends_at)
    assert (other.dtstart.value, other.dtend.value) == (starts_at, ends_at)
    libical = by_libical(data)
    assert libical.get("DTSTART").value == f"{starts_at:%Y%m%dT%H%M%SZ}"
    assert libical.get("DTEND").value == f"{ends_at:%Y%m%dT%H%M%SZ}"


@settings(max_examples=by_night(150, 30))
@given(title=TEXT, summary=TEXT, place=TEXT, contact_name=TEXT, name=TEXT)
def test_any_text_in_a_feed_reads_back_equal(name: str, **texts: str) -> None:
    assume(one_line(texts["title"]))
    data = feed_of(entry(**texts), name=f"IKONE: {name}")
    event = by_icalendar(data)
    assert event["SUMMARY"] == one_line(texts["title"])
    assert not {"ATTENDEE", "ORGANIZER"} & set(event)
    assert by_libical(data).get("SUMMARY").value == one_line(texts["title"])
    assert by_vobject(data).summary.value == one_line(texts["title"])
    # icalendar 7.3 does not know NAME as a text and leaves its escapes; libical does.
    assert read_by_libical(data).root.get("NAME").value == one_line(f"IKONE: {name}")

"""Calendar objects hold what clients need, whatever people write into titles and names."""

import re
from dataclasses import replace
from datetime import UTC, datetime

import pytest
import vobject
from hypothesis import given, settings
from hypothesis import strategies as st
from icalendar import Calendar, Event
from icalendar.parser import Contentline, Contentlines

from ikone_events.domain.calendars.invitation import (
    PublicEntry,
    calendar_object,
    public_event,
    public_feed,
)
from ikone_events.domain.header_text import one_line
from ikone_events.domain.mails.facts import EventSummary, Invitation, Links, Recipient, Sender
from ikone_events.domain.refusals import UnfitInput
from tests.calendar_oracle import PROPERTIES, checked
from tests.effort import by_night

NOW = datetime(2021, 1, 4, 8, 30, 15, 999, tzinfo=UTC)
SENDER = Sender(name="IKONE Veranstaltungen", address="events@ikone.example.org")
LINKS = Links(manage="https://x.example/r/tok", privacy="https://x.example/privacy")
ROOM = "https://x.example/door/tok"
DOOR = Links(manage=LINKS.manage, privacy=LINKS.privacy, room=f"{LINKS.manage}/room", door=ROOM)
INVITATION = Invitation(uid="0b5f6b9e-secret", sequence=2, stamp=NOW)


def summary(**changes: object) -> EventSummary:
    values: dict[str, object] = {
        "title": "Digitale Dörfer",
        "summary": "Was ein Dorf braucht; Teil 1, mit Übung.\nZweite Zeile.",
        "starts_at": datetime(2021, 1, 12, 9, tzinfo=UTC),
        "ends_at": datetime(2021, 1, 12, 11, tzinfo=UTC),
        "zone": "Europe/Berlin",
        "format": "online",
        "organisation": "IKONE",
        "contact_email": "fragen@ikone.example.org",
        "public_url": "https://x.example/events/doerfer",
        "register_url": "https://x.example/events/doerfer/register",
    }
    return EventSummary(**{**values, **changes})  # type: ignore[arg-type]


def recipient(**changes: str) -> Recipient:
    values = {"email": "anna@example.org", "locale": "de", "first_name": "Anna"}
    return Recipient(**{**values, "last_name": "Beispiel", **changes})


def made(
    *,
    method: str | None = "REQUEST",
    links: Links = LINKS,
    who: Recipient | None = None,
    **changes: object,
) -> bytes:
    return calendar_object(
        summary(**changes),
        who or recipient(),
        links=links,
        invitation=INVITATION,
        method=method,
        sender=SENDER,
    )


def read(data: bytes) -> tuple[Calendar, Event]:
    calendar = Calendar.from_ical(data)
    assert isinstance(calendar, Calendar)
    (event,) = calendar.events
    return calendar, event


def test_request_holds_every_property() -> None:
    calendar, event = read(made())
    assert calendar["METHOD"] == "REQUEST"
    assert calendar["VERSION"] == "2.0"
    assert "UID" not in calendar
    assert event["UID"] == "0b5f6b9e-secret"
    assert event["SEQUENCE"] == 2
    assert event["DTSTAMP"].to_ical() == b"20210104T083015Z"
    assert event["DTSTART"].to_ical() == b"20210112T090000Z"
    assert event["DTEND"].to_ical() == b"20210112T110000Z"
    assert (event["STATUS"], event["TRANSP"], event["CLASS"]) == ("CONFIRMED", "OPAQUE", "PRIVATE")
    assert event["URL"] == "https://x.example/events/doerfer"
    assert event["X-MICROSOFT-DISALLOW-COUNTER"] == "TRUE"
    assert event.subcomponents == []


def test_request_names_one_organiser_and_one_attendee() -> None:
    _, event = read(made())
    organiser, attendee = event["ORGANIZER"], event["ATTENDEE"]
    assert str(organiser) == "mailto:events@ikone.example.org"
    assert dict(organiser.params) == {"CN": "IKONE Veranstaltungen"}
    assert str(attendee) == "mailto:anna@example.org"
    assert dict(attendee.params) == {
        "CN": "Anna Beispiel",
        "CUTYPE": "INDIVIDUAL",
        "ROLE": "REQ-PARTICIPANT",
        "PARTSTAT": "NEEDS-ACTION",
        "RSVP": "TRUE",
    }


def test_lines_end_with_crlf_and_hold_at_most_75_octets() -> None:
    data = made(title="Ü" * 150, summary="Grüße, " * 80)
    assert data.endswith(b"END:VCALENDAR\r\n")
    assert data.count(b"\n") == data.count(b"\r\n") == data.count(b"\r")
    for line in data.split(b"\r\n"):
        assert len(line) <= 75
        line.decode("utf-8")


def test_cancel_withdraws_the_same_entry() -> None:
    calendar, event = read(made(method="CANCEL"))
    assert calendar["METHOD"] == "CANCEL"
    assert event["STATUS"] == "CANCELLED"
    assert event["UID"] == "0b5f6b9e-secret"
    assert event["SUMMARY"] == "Digitale Dörfer"
    assert event["LOCATION"] == "Online"
    assert str(event["ATTENDEE"]) == "mailto:anna@example.org"


def test_online_location_is_the_door_only_when_the_room_is_open_to_the_person() -> None:
    assert read(made())[1]["LOCATION"] == "Online"
    event = read(made(links=DOOR))[1]
    assert event["LOCATION"] == ROOM
    assert event["URL"] == ROOM
    assert event["DESCRIPTION"].startswith(f"Teilnehmen: {ROOM}\n")


def test_hybrid_keeps_the_place_and_names_the_door_first() -> None:
    event = read(made(links=DOOR, format="hybrid", place="Rathaus, Saal 1\nKaiserslautern"))[1]
    assert event["LOCATION"] == "Rathaus, Saal 1 Kaiserslautern"
    assert event["DESCRIPTION"].startswith(f"Teilnehmen: {ROOM}\n")
    assert event["URL"] == ROOM


def test_description_states_local_time_with_the_zone() -> None:
    german = read(made())[1]["DESCRIPTION"]
    assert "Wann: Dienstag, 12. Januar 2021, 10:00 bis 12:00 Uhr (Zeitzone Europe/Berlin)" in german
    english = read(made(who=recipient(locale="en")))[1]["DESCRIPTION"]
    assert "When: Tuesday, 12 January 2021, 10:00 to 12:00 (German time)" in english


def test_description_of_an_open_room_states_dial_in_and_opening() -> None:
    opens = datetime(2021, 1, 12, 8, 45, tzinfo=UTC)
    text = read(made(links=DOOR, dial_in="+49 631 1, PIN 23", room_opens_at=opens))[1][
        "DESCRIPTION"
    ]
    assert "Per Telefon: +49 631 1, PIN 23" in text
    assert "ab 9:45 Uhr" in text


def test_personal_management_link_stays_out_of_calendars_that_colleagues_see() -> None:
    assert b"r/tok" not in made()


def test_download_copy_asks_nobody() -> None:
    calendar, event = read(made(method=None))
    assert "METHOD" not in calendar
    assert "ATTENDEE" not in event
    assert "ORGANIZER" not in event
    assert event["UID"] == "0b5f6b9e-secret"


def test_public_event_has_no_person_no_method_and_the_time_of_the_last_change() -> None:
    entry = PublicEntry(summary=summary(), uid="doerfer@public", sequence=4, changed_at=NOW)
    calendar, event = read(public_event(entry, locale="de"))
    assert "METHOD" not in calendar
    assert "ATTENDEE" not in event
    assert "ORGANIZER" not in event
    assert event["UID"] == "doerfer@public"
    assert event["DTSTAMP"].to_ical() == b"20210104T083015Z"
    assert event["LOCATION"] == "Online"


FEED = "https://x.example/calendar.ics?lang=en"


def feed(*entries: PublicEntry) -> bytes:
    return public_feed(entries, locale="de", name="IKONE; Termine", source=FEED)


def test_feed_is_stable_named_and_keeps_cancelled_events() -> None:
    entries = [
        PublicEntry(summary=summary(), uid="a", sequence=0, changed_at=NOW),
        PublicEntry(summary=summary(), uid="b", sequence=1, changed_at=NOW, cancelled=True),
    ]
    data = feed(*entries)
    assert data == feed(*entries)
    calendar = Calendar.from_ical(checked(data))
    assert [event["STATUS"] for event in calendar.events] == ["CONFIRMED", "CANCELLED"]
    assert [event["TRANSP"] for event in calendar.events] == ["OPAQUE", "TRANSPARENT"]
    assert b"\r\nNAME:IKONE\\; Termine\r\n" in data
    assert b"X-WR-CALNAME:IKONE\\; Termine\r\n" in data
    assert b"REFRESH-INTERVAL;VALUE=DURATION:PT6H" in data
    assert b"X-PUBLISHED-TTL:PT6H" in data
    assert f"SOURCE;VALUE=URI:{FEED}\r\n".encode() in data


def test_uncertain_entry_shows_it_in_status_and_title() -> None:
    entry = PublicEntry(
        summary=summary(), uid="a", sequence=0, changed_at=NOW, tentative=True, word="Warteliste"
    )
    event = Calendar.from_ical(checked(feed(entry))).events[0]
    assert event["STATUS"] == "TENTATIVE"
    assert event["SUMMARY"].startswith("Warteliste: ")


def test_foreign_domains_travel_as_xn_on_both_sides() -> None:
    data = calendar_object(
        summary(),
        recipient(email="amt@dörfer.example"),
        links=LINKS,
        invitation=INVITATION,
        method="REQUEST",
        sender=Sender(name="", address="events@dörfer.example"),
    )
    _, event = read(data)
    assert str(event["ATTENDEE"]) == "mailto:amt@xn--drfer-jua.example"
    assert str(event["ORGANIZER"]) == "mailto:events@xn--drfer-jua.example"


def test_naive_time_is_refused() -> None:
    with pytest.raises(ValueError, match="naive"):
        made(starts_at=datetime(2021, 1, 12, 9))  # noqa: DTZ001 - the point of the test


@pytest.mark.parametrize("email", ["a@b\r\nATTENDEE:mailto:x@y", "a b@c.de", "a;b@c.de", ""])
def test_unfit_address_is_refused(email: str) -> None:
    with pytest.raises(UnfitInput):
        made(who=recipient(email=email))


def test_vobject_reads_the_same() -> None:
    component = vobject.readOne(made(title="A; B, C\\Neu", place="Haus, Hof").decode())
    assert component.method.value == "REQUEST"
    assert component.vevent.summary.value == "A; B, C\\Neu"
    assert component.vevent.location.value == "Haus, Hof"
    assert component.vevent.dtstart.value == datetime(2021, 1, 12, 9, tzinfo=UTC)
    assert component.vevent.attendee.params["CN"] == ["Anna Beispiel"]


TEXT = st.text(max_size=120)


@settings(max_examples=by_night(200, 40))
@given(title=TEXT, summary=TEXT, place=TEXT, first_name=TEXT, last_name=TEXT)
def test_any_text_gives_one_event_with_only_our_properties(
    title: str, summary: str, place: str, first_name: str, last_name: str
) -> None:
    who = recipient(first_name=first_name, last_name=last_name)
    data = checked(made(title=title, summary=summary, place=place, who=who))
    _, event = read(data)
    assert {name.upper() for name in event} <= PROPERTIES
    assert event["SUMMARY"] == one_line(title)
    assert event["LOCATION"] == (one_line(place) or "Online")
    name = one_line(f"{first_name} {last_name}").translate(str.maketrans('"\\^', "'/ˆ"))
    assert event["ATTENDEE"].params["CN"] == (name or "anna@example.org")
    other = vobject.readOne(data.decode("utf-8")).vevent
    assert other.summary.value == one_line(title)
    assert {line.name for line in other.getChildren()} <= PROPERTIES


DOORS = st.builds("https://x.example/door/{}".format, st.text("ab-_.1", min_size=1, max_size=80))


@settings(max_examples=by_night(200, 40))
@given(
    title=TEXT,
    place=TEXT,
    names=st.lists(TEXT, min_size=2, max_size=2),
    doors=st.lists(st.just("") | DOORS, min_size=2, max_size=2),
    method=st.sampled_from(["REQUEST", "CANCEL", None]),
)
def test_second_person_gets_their_own_lines_folded_and_ordered_as_icalendar_does(
    names: list[str], doors: list[str], method: str | None, title: str, place: str
) -> None:
    people = [
        recipient(email=f"p{number}@x.example", last_name=n) for number, n in enumerate(names)
    ]
    _, data = (
        made(method=method, links=replace(LINKS, door=door), who=who, title=title, place=place)
        for who, door in zip(people, doors, strict=True)
    )
    unfolded = data.decode().replace("\r\n ", "").split("\r\n")
    assert data == Contentlines(map(Contentline, unfolded)).to_ical()
    calendar, event = read(data)
    order = [name for name, _ in calendar.property_items()]
    assert [re.split("[:;]", line, maxsplit=1)[0] for line in unfolded if line] == order
    assert event["LOCATION"] == (one_line(place) or doors[1] or "Online")
    assert event["URL"] == (doors[1] or summary().public_url)
    joins = re.findall("(?m)^Teilnehmen: (.*)$", event["DESCRIPTION"])
    assert joins == [doors[1]] * bool(doors[1])
    if method:
        assert str(event["ATTENDEE"]) == "mailto:p1@x.example"

"""Calls of BigBlueButton are signed as its documentation says; its answers are read with care."""

import json
from collections.abc import Mapping
from datetime import timedelta
from urllib.parse import parse_qs, urlsplit

import pytest

from ikone_events.domain.rooms.bigbluebutton import (
    checksum,
    create_parameters,
    join_parameters,
    read_answer,
    read_report,
    signed_address,
)
from ikone_events.domain.rooms.providers import Presence, Room, RoomRole, Visitor
from tests.factories import NOW

# docs.bigbluebutton.org, "API Security Model": the string is theirs, with its SHA-1
# 1fcbb0c4fc1f039f73aa6d697d2db9ba7f803f17; this is SHA-256 of the same string.
SECRET = "639259d4-9dd8-4b25-bf01-95f9567eaf4b"
QUERY = "name=Test+Meeting&meetingID=abc123&attendeePW=111222&moderatorPW=333444"
SHA_256 = "da9185f7f333cfdfcd6eeac32dca3777510c4c436020d8b887ba5515bd1d189e"
ROOM = Room(key="a1" * 20, title="Workshop", starts_at=NOW, ends_at=NOW + timedelta(hours=2))


def test_checksum_is_that_of_the_documented_example() -> None:
    assert checksum("create", QUERY, SECRET) == SHA_256


def test_address_sends_the_query_that_is_signed() -> None:
    parameters = {
        "name": "Test Meeting",
        "meetingID": "abc123",
        "attendeePW": "111222",
        "moderatorPW": "333444",
    }
    wanted = f"https://bbb.example.org/bigbluebutton/api/create?{QUERY}&checksum={SHA_256}"
    for server in ("", "/", "/api", "/api/"):
        base = f"https://bbb.example.org/bigbluebutton{server}"
        assert signed_address(base, "create", parameters, SECRET) == wanted


def test_room_is_made_with_what_the_server_takes() -> None:
    made = create_parameters(ROOM, secret=SECRET, report_url="https://we.example.org/rooms/x")
    assert made == create_parameters(
        ROOM, secret=SECRET, report_url=made["meta_analytics-callback-url"]
    )
    assert 2 <= len(made["meetingID"]) <= 256
    assert "," not in made["meetingID"]
    assert made["meetingKeepEvents"] == "true"
    assert made["record"] == "false"


@pytest.mark.parametrize(
    "title", ["Ä", "🏳️‍🌈" * 100, "👩‍👩‍👧‍👦" * 50, "A" * 200, "🇩🇪" * 100, "\u202e" * 80]
)
def test_names_of_rooms_fit(title: str) -> None:
    room = Room(key=ROOM.key, title=title, starts_at=NOW, ends_at=NOW)
    name = create_parameters(room, secret=SECRET, report_url="")["name"]
    assert 2 <= len(name) <= 64


def test_visitor_is_described_by_role_and_opaque_id() -> None:
    room = Room(key=ROOM.key, title="", starts_at=NOW, ends_at=NOW, session="1531155809613")
    joins = join_parameters(room, Visitor("Anna Muster", RoomRole.MODERATOR, "f0" * 20))
    address = signed_address("https://bbb.example.org/bigbluebutton", "join", joins, SECRET)
    sent = {name: value for name, [value] in parse_qs(urlsplit(address).query).items()}
    assert sent["role"] == "MODERATOR"
    assert sent["createTime"] == "1531155809613"
    assert sent["userID"] == "f0" * 20
    assert sent["fullName"] == "Anna Muster"
    assert join_parameters(room, Visitor("", RoomRole.VIEWER, "x"))["fullName"] == "Gast"


ANSWER = b"""<response><returncode>SUCCESS</returncode><createTime>%s</createTime><attendees>
<attendee><userID>a</userID><fullName>Anna &amp; Co</fullName><role>VIEWER</role></attendee>
<attendee><userID>m</userID><fullName>Max</fullName><role>MODERATOR</role></attendee>
<attendee><userID></userID></attendee><other/></attendees></response>"""


def test_answer_contains_session_and_people() -> None:
    answer = read_answer(ANSWER % b" 1531155809613 ")
    assert answer.session == "1531155809613"
    assert list(answer.presences) == [
        Presence("a", "Anna & Co"),
        Presence("m", "Max", RoomRole.MODERATOR),
    ]


@pytest.mark.parametrize("time", [b"", b"now", b"9" * 21, b"1,2", b"-5"])
def test_answer_with_another_session_has_none(time: bytes) -> None:
    assert read_answer(ANSWER % time).session == ""


BOMB = b"""<!DOCTYPE a [<!ENTITY a "lol"><!ENTITY b "&a;&a;&a;&a;">]>
<response><returncode>SUCCESS</returncode><createTime>&b;</createTime></response>"""
FILE = b"""<!DOCTYPE a [<!ENTITY a SYSTEM "file:///etc/passwd">]>
<response><returncode>&a;</returncode></response>"""


@pytest.mark.parametrize(
    "body",
    [
        b"",
        b"<html><body>Willkommen</body></html>",
        b"<!doctype html><html></html>",
        b"<response><returncode>MAYBE</returncode></response>",
        b"<response><returncode>SUCCESS</returncode>",
        b"\xff\xfe\x00",
        b'<?xml version="1.0" encoding="utf-99"?><response/>',
        BOMB,
        FILE,
        b"<a>" * 100 + b"</a>" * 100,
        b"<response>" + b"<a/>" * 60_000 + b"</response>",
    ],
)
def test_answer_in_another_form_is_refused(body: bytes) -> None:
    with pytest.raises(ValueError):  # noqa: PT011 - that is all that is promised
        read_answer(body)


def _report(*attendees: object, **changes: object) -> bytes:
    whole: Mapping[str, object] = {
        "meeting_id": ROOM.key,
        "internal_meeting_id": "352a60fedcbc58a8675de586234db2674cdaf329-1691427974352",
        "data": {"attendees": list(attendees)},
        **changes,
    }
    return json.dumps(whole).encode()


def test_report_contains_seconds_by_person() -> None:
    report = read_report(
        _report(
            {"ext_user_id": "a", "duration": 1602},
            {"ext_user_id": "a", "duration": 60},
            {"ext_user_id": "b", "duration": 61.9},
        )
    )
    assert (report.key, report.session) == (ROOM.key, "1691427974352")
    assert report.seconds == {"a": 1602, "b": 61}


def test_report_leaves_out_what_makes_no_sense() -> None:
    report = read_report(
        _report(
            {"ext_user_id": 45, "duration": 1},
            {"ext_user_id": "a", "duration": -1},
            {"ext_user_id": "b", "duration": float("nan")},
            {"ext_user_id": "c", "duration": float("inf")},
            {"ext_user_id": "d", "duration": 10**400},
            {"ext_user_id": "e", "duration": "60"},
            {"ext_user_id": "f", "duration": True},
            {"ext_user_id": "", "duration": 60},
            "g",
            None,
        )
    )
    assert report.seconds == {}


@pytest.mark.parametrize(
    "body",
    [
        b"",
        b"[]",
        b"null",
        b"[" * 100_000,
        b"\xff",
        _report(internal_meeting_id="x"),
        _report(internal_meeting_id=5),
        _report(meeting_id=None),
        _report(data=[]),
        _report(data={"attendees": {}}),
    ],
)
def test_report_in_another_form_is_refused(body: bytes) -> None:
    with pytest.raises(ValueError):  # noqa: PT011 - that is all that is promised
        read_report(body)

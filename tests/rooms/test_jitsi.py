"""Jitsi on loopback: a token opens one room for one person."""

from datetime import datetime, timedelta
from urllib.parse import urlsplit

import pytest
from flask import Flask

from ikone_events.domain.rooms.jitsi import token_claims
from ikone_events.domain.rooms.providers import ProviderKind, Room, RoomRole, Visitor
from ikone_events.services.rooms.entering import (
    join_address,
    moderator_id,
    open_room,
    visitor_of,
)
from ikone_events.services.rooms.registry import provider_for
from tests.factories import NOW, make_event, make_registration
from tests.rooms.jitsi_server import JitsiServer, made_token, read_token

DURING = NOW + timedelta(days=14, minutes=5)


def test_person_enters_with_a_token_of_their_own(app: Flask, jitsi: JitsiServer) -> None:
    event = make_event(app, room_provider="jitsi", room_url="")
    anna = make_registration(app, event, first_name="Anna", last_name="Muster")
    with app.app_context():
        assert not open_room(event, now=DURING).made
        user = jitsi.enter(join_address(event, visitor_of(anna), now=DURING), DURING)
        assert user == {
            "id": visitor_of(anna).opaque_id,
            "name": "Anna Muster",
            "moderator": "false",
            "affiliation": "member",
        }
        speaker = Visitor("", RoomRole.MODERATOR, moderator_id(event.id, "x"))
        user = jitsi.enter(join_address(event, speaker, now=DURING), DURING)
    assert (user["name"], user["moderator"]) == ("Gast", "true")
    assert jitsi.calls == []  # neither for the room nor for the address


def test_token_is_of_one_room(app: Flask, jitsi: JitsiServer) -> None:
    event, other = (make_event(app, room_provider="jitsi") for _ in range(2))
    anna = make_registration(app, event)
    with app.app_context():
        address = join_address(event, visitor_of(anna), now=DURING)
        room = urlsplit(join_address(other, visitor_of(anna), now=DURING)).path
    with pytest.raises(ValueError, match="room"):
        jitsi.enter(address.replace(urlsplit(address).path, room), DURING)


def test_token_is_valid_from_a_minute_before_until_two_hours_after_the_end(
    app: Flask, jitsi: JitsiServer
) -> None:
    event = make_event(app, room_provider="jitsi")
    anna = make_registration(app, event)

    def opens(moment: datetime) -> bool:
        try:
            jitsi.enter(address, moment)
        except ValueError:
            return False
        return True

    with app.app_context():
        address = join_address(event, visitor_of(anna), now=DURING)
    second, late = timedelta(seconds=1), event.ends_at + timedelta(hours=2)
    early = DURING - timedelta(seconds=60)
    assert [opens(at) for at in (early - second, early, late - second, late)] == [
        False,
        True,
        True,
        False,
    ]


def test_tenant_of_a_server_is_the_subject() -> None:
    room = Room(key="a" * 40, title="", starts_at=NOW, ends_at=NOW)
    visitor = Visitor("Anna", RoomRole.VIEWER, "x")
    subjects = {
        server: token_claims(server, "app", room, visitor, NOW)["sub"]
        for server in ("https://Meet.Example.org/", "https://meet.example.org/Ikone/")
    }
    assert list(subjects.values()) == ["meet.example.org", "ikone"]


def test_check_says_whether_the_server_answers(app: Flask, jitsi: JitsiServer) -> None:
    with app.app_context():
        provider = provider_for(ProviderKind.JITSI)
        assert provider.check() == ()
        jitsi.status = 502
        assert [str(each) for each in provider.check()] == [
            "The video server answers with an error (502)."
        ]


def test_token_of_rfc_7515_is_read_by_the_test_server() -> None:
    """The server of these tests verifies what others have signed (RFC 7515, A.1)."""
    claims = {"a": 1}
    assert read_token(made_token(claims, "s", algorithm="HS256"), "s") == claims
    with pytest.raises(ValueError, match="signature"):
        read_token(made_token(claims, "t", algorithm="HS256"), "s")

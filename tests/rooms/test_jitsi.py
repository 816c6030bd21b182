"""Jitsi on loopback: a token opens one room for one person."""

import base64
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
from ikone_events.services.rooms.providers.jitsi import JitsiMeet
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


def test_check_reports_whether_the_server_answers(app: Flask, jitsi: JitsiServer) -> None:
    with app.app_context():
        provider = provider_for(ProviderKind.JITSI)
        assert provider.check() == ()
        jitsi.status = 502
        assert [str(each) for each in provider.check()] == [
            "The video server answers with an error (502)."
        ]


def test_claims_have_the_form_of_the_documented_example() -> None:
    """From lib-jitsi-meet, doc/tokens.md; we send no group, avatar or address, and name a room."""
    documented = {
        "context": {
            "user": {
                "avatar": "https:/gravatar.com/avatar/abc123",
                "name": "John Doe",
                "email": "jdoe@example.com",
                "id": "abcd:a1b2c3-d4e5f6-0abc1-23de-abcdef01fedcba",
            },
            "group": "a123-123-456-789",
        },
        "aud": "jitsi",
        "iss": "my_client",
        "sub": "meet.jit.si",
        "room": "*",
        "exp": 1500006923,
    }
    room = Room(key="a" * 40, title="", starts_at=NOW, ends_at=NOW)
    visitor = Visitor("John Doe", RoomRole.VIEWER, "x")
    claims = token_claims("https://meet.jit.si", "my_client", room, visitor, NOW)
    assert claims.keys() == documented.keys() | {"nbf"}
    for name in ("aud", "iss", "sub"):
        assert claims[name] == documented[name]
    assert claims["room"] == room.key
    assert claims["context"]["user"].keys() & {"avatar", "email"} == set()


def test_advice_warns_of_the_lobby_and_of_a_short_secret(app: Flask, jitsi: JitsiServer) -> None:
    with app.app_context():
        provider = provider_for(ProviderKind.JITSI)
    assert isinstance(provider, JitsiMeet)
    assert "lobby" in str(provider.advice()[0])
    assert len(provider.advice()) == 2
    assert len(JitsiMeet(provider.server, "a", "short").advice()) == 3


def test_test_server_verifies_the_example_of_rfc_7515() -> None:
    """Appendix A.1: HMAC-SHA-256 over a header and claims with line breaks in them."""
    key = "AyM1SysPpbyDfgZld3umj1qzKObwVMkoqQ-EstJQLr_T-1qS0gZH75aKtMN3Yj0iPS4hcgUuTwjAzZr1Z9CAow=="
    token = (
        "eyJ0eXAiOiJKV1QiLA0KICJhbGciOiJIUzI1NiJ9"
        ".eyJpc3MiOiJqb2UiLA0KICJleHAiOjEzMDA4MTkzODAsDQogImh0dHA6Ly9leGFtcGxlLmNvbS9pc19yb290Ijp0"
        "cnVlfQ"
        ".dBjftJeZ4CVP-mB92K27uhbUJU1p1r_wW1gFWFOEjXk"
    )
    claims = read_token(token, base64.urlsafe_b64decode(key))
    assert claims == {"iss": "joe", "exp": 1300819380, "http://example.com/is_root": True}
    with pytest.raises(ValueError, match="signature"):
        read_token(made_token(claims, "t", algorithm="HS256"), "s")

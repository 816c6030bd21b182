"""BigBlueButton on loopback: rooms are made, people get in, and whatever goes wrong has words."""

from datetime import timedelta

import pytest
from flask import Flask
from flask.testing import FlaskClient

from ikone_events.domain.rooms.providers import (
    Presence,
    ProviderKind,
    RoomRole,
    RoomUnavailable,
    Visitor,
)
from ikone_events.services.rooms import outgoing
from ikone_events.services.rooms.call_guard import CallGuard
from ikone_events.services.rooms.entering import (
    join_address,
    keep_room,
    moderator_id,
    open_room,
    room_key,
    room_of,
    visitor_of,
)
from ikone_events.services.rooms.registry import provider_for
from ikone_events.store.db import db, transaction
from ikone_events.store.events.models import Event
from ikone_events.store.events.queries import find_event
from ikone_events.store.rooms.sessions import find_session, note_session
from tests.factories import NOW, door_path, make_event, make_registration, personal_path
from tests.rooms.bbb_server import BbbServer, Manner

KIND = ProviderKind.BIGBLUEBUTTON


def _open(event: Event, after: float = 0) -> str:
    """What a press at the door does, so many seconds after NOW."""
    moment = NOW + timedelta(seconds=after)
    opened = open_room(event, now=moment)
    with transaction():
        keep_room(event, opened, now=moment)
    return opened.session


def _holds(event: Event, after: float) -> float:
    """The same for the guard of calls."""
    moment = NOW + timedelta(seconds=after)
    opened = open_room(event, now=moment)
    if opened.made:
        with transaction():
            keep_room(event, opened, now=moment)
    return opened.holds


def test_person_enters_the_room_that_was_made_for_the_event(app: Flask, bbb: BbbServer) -> None:
    event = make_event(app, room_provider="bbb", room_url="", title="Ä" * 200)
    anna = make_registration(app, event, first_name="Anna", last_name="Muster")
    with app.app_context():
        _open(event)
        received = bbb.enter(join_address(event, visitor_of(anna), now=NOW))
        [presence] = provider_for(KIND).attendance(room_of(event))
        assert presence == Presence(visitor_of(anna).opaque_id, "Anna Muster")
    assert received["role"] == "VIEWER"
    assert not {anna.email, anna.public_id, event.slug} & set(received.values())
    assert bbb.meetings[received["meetingID"]].parameters["name"] == "Ä" * 63 + "…"


def test_longest_name_of_emoji_gets_in(app: Flask, bbb: BbbServer) -> None:
    event = make_event(app, room_provider="bbb", title="👩‍👩‍👧‍👦" * 28)
    anna = make_registration(app, event, first_name="👩‍👩‍👧‍👦" * 14, last_name="🇩🇪" * 50)
    with app.app_context():
        _open(event)
        received = bbb.enter(join_address(event, visitor_of(anna), now=NOW))
    assert len(received["fullName"]) <= 64


def test_speaker_is_moderator(app: Flask, bbb: BbbServer) -> None:
    event = make_event(app, room_provider="bbb")
    with app.app_context():
        _open(event)
        speaker = Visitor("Paula", RoomRole.MODERATOR, moderator_id(event.id, "x"))
        assert bbb.enter(join_address(event, speaker, now=NOW))["role"] == "MODERATOR"


def test_room_is_asked_for_again_only_after_a_while(app: Flask, bbb: BbbServer) -> None:
    event = make_event(app, room_provider="bbb")
    with app.app_context():
        first = _open(event)
        assert [_open(event, 15), _open(event, 29)] == [first, first]
        assert bbb.names() == ["create"]
        assert _open(event, 300) == first
        assert bbb.names() == ["create", "create"]


@pytest.mark.parametrize("looked", [0, 6, 21, 30])
def test_meeting_ended_by_mistake_keeps_people_out_for_half_a_minute(
    app: Flask, bbb: BbbServer, looked: int
) -> None:
    """The worker has just seen people in it, and somebody presses every three seconds."""
    event, second = make_event(app, room_provider="bbb"), 0
    guard = CallGuard(lambda: float(second))
    with app.app_context():
        first, seen = _open(event), []
        for second in range(0, 90, 3):
            moment = NOW + timedelta(seconds=second)
            if second == looked:
                with transaction():
                    key = room_key(event)
                    note_session(event.id, first, provider="bbb", key=key, now=moment)
                bbb.expire(key)
            guard.ask("room", lambda: _holds(event, second))  # noqa: B023 - called at once
            session = find_session(event.id, "bbb")
            assert session is not None
            seen.append((second, session.session))
        db.session.rollback()
    back = next(second for second, session in seen if session != first)
    assert looked < back <= looked + 30
    assert bbb.names().count("create") <= 1 + 90 / 30


def test_room_that_has_expired_is_made_again_and_old_links_are_not_taken(
    app: Flask, bbb: BbbServer
) -> None:
    event = make_event(app, room_provider="bbb")
    anna = make_registration(app, event)
    with app.app_context():
        first = _open(event)
        old = join_address(event, visitor_of(anna), now=NOW)
        bbb.expire(room_key(event))
        assert _open(event, 300) != first
        bbb.enter(join_address(event, visitor_of(anna), now=NOW))
    with pytest.raises(ValueError, match="mismatchCreateTimeParam"):
        bbb.enter(old)


def test_changed_title_leaves_the_room_the_same(app: Flask, bbb: BbbServer) -> None:
    event = make_event(app, room_provider="bbb")
    with app.app_context():
        first = _open(event)
        event.title = "Ein anderer Titel"
        assert _open(event, 300) == first


def test_link_before_the_room_was_opened_is_refused(app: Flask, bbb: BbbServer) -> None:
    event = make_event(app, room_provider="bbb")
    anna = make_registration(app, event)
    with app.app_context(), pytest.raises(RoomUnavailable, match="not been opened"):
        join_address(event, visitor_of(anna), now=NOW)
    assert bbb.calls == []


def test_address_of_a_person_calls_nobody(app: Flask, bbb: BbbServer) -> None:
    event = make_event(app, room_provider="bbb")
    anna = make_registration(app, event)
    with app.app_context():
        _open(event)
        bbb.calls.clear()
        join_address(event, visitor_of(anna), now=NOW)
    assert bbb.calls == []


def test_room_ends_when_it_is_asked_to_or_is_over_already(app: Flask, bbb: BbbServer) -> None:
    event = make_event(app, room_provider="bbb")
    with app.app_context():
        _open(event)
        provider, room = provider_for(KIND), room_of(event)
        provider.end(room)
        bbb.expire(room.key)
        provider.end(room)
        assert provider.attendance(room) == ()


MANNERS = {
    Manner.HANGS_UP: "broke off",
    Manner.BROKEN: "error (500)",
    Manner.HTML: "like a BigBlueButton",
    Manner.HUGE: "",
    Manner.BOMB: "like a BigBlueButton",
    Manner.OTHER_ALGORITHM: "not accept the secret",
    Manner.ODD_SESSION: "refuses",
    Manner.REDIRECTS: "",
}


@pytest.mark.parametrize("manner", MANNERS)
def test_server_that_misbehaves_makes_no_room(app: Flask, bbb: BbbServer, manner: Manner) -> None:
    bbb.manner = manner
    event = make_event(app, room_provider="bbb")
    with app.app_context():
        with pytest.raises(RoomUnavailable) as refused:
            open_room(event, now=NOW)
        assert find_session(event.id, "bbb") is None
    assert MANNERS[manner] in str(refused.value)


def test_slow_server_is_not_waited_for_long(
    app: Flask, bbb: BbbServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(outgoing, "SECONDS", 0.3)
    bbb.manner = Manner.SLOW  # for as long as nobody gives up
    event = make_event(app, room_provider="bbb")
    with app.app_context(), pytest.raises(RoomUnavailable):
        open_room(event, now=NOW)


def test_check_reports_what_is_wrong_and_makes_no_room(app: Flask, bbb: BbbServer) -> None:
    with app.app_context():
        provider = provider_for(KIND)
        assert provider.check() == ()
        bbb.secret = "another"
        assert [str(each) for each in provider.check()] == [
            "The video server does not accept the secret."
        ]
        bbb.secret, bbb.manner = provider.secret, Manner.HTML  # type: ignore[attr-defined]
        assert len(provider.check()) == 1
    assert bbb.meetings == {}


def test_secret_stands_in_no_representation(app: Flask, bbb: BbbServer) -> None:
    with app.app_context():
        for kind in (KIND, ProviderKind.JITSI):
            provider = provider_for(kind)
            assert provider.secret not in repr(provider)  # type: ignore[attr-defined]


def _versions(event: Event) -> tuple[int, int]:
    db.session.rollback()
    found = find_event(event.slug)
    assert found is not None
    return found.content_version, found.lock_version


def test_meeting_does_not_change_the_versions_of_contents(app: Flask, bbb: BbbServer) -> None:
    event = make_event(app, room_provider="bbb")
    with app.app_context():
        before = _versions(event)
        _open(event)
        assert _versions(event) == before


def test_no_page_asks_a_provider(app: Flask, bbb: BbbServer, client: FlaskClient) -> None:
    event = make_event(
        app,
        state="dispatched",
        room_provider="bbb",
        starts_at=NOW,
        ends_at=NOW + timedelta(hours=1),
    )
    anna = make_registration(app, event)
    with app.app_context():
        _open(event)
    bbb.under_lock.clear()
    paths = [
        personal_path(app, anna),
        personal_path(app, anna, "/room"),
        personal_path(app, anna, "/room?go=1"),
        door_path(app, anna),
        f"/events/{event.slug}",
    ]
    assert [client.get(path).status_code for path in paths] == [200] * len(paths)
    assert bbb.under_lock == []

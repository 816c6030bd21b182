"""The way into a room of a plain link, and ids that say nothing."""

import pytest
from flask import Flask

from ikone_events.domain.rooms.providers import RoomRole, RoomUnavailable, Visitor
from ikone_events.services.rooms.entering import (
    attendee_id,
    join_address,
    keep_room,
    moderator_id,
    open_room,
    room_key,
    visitor_of,
)
from ikone_events.store.db import transaction
from tests.factories import NOW, make_event, make_registration


def test_plain_link_leads_everybody_to_the_link_and_moderators_to_theirs(app: Flask) -> None:
    event = make_event(app, moderator_url="https://video.example.org/leitung")
    anna = make_registration(app, event)
    with app.app_context():
        opened = open_room(event, now=NOW)
        with transaction():
            keep_room(event, opened, now=NOW)
        assert join_address(event, visitor_of(anna), now=NOW) == event.room_url
        speaker = Visitor("Paula", RoomRole.MODERATOR, moderator_id(event.id, "x"))
        assert join_address(event, speaker, now=NOW) == "https://video.example.org/leitung"


def test_room_without_link_can_not_be_opened(app: Flask) -> None:
    event = make_event(app, room_url="")
    with app.app_context(), pytest.raises(RoomUnavailable, match="missing"):
        open_room(event, now=NOW)


@pytest.mark.parametrize("kind", ["bbb", "jitsi"])
def test_room_of_a_provider_that_is_not_set_up_is_refused(app: Flask, kind: str) -> None:
    event = make_event(app, room_provider=kind)
    anna = make_registration(app, event)
    with app.app_context():
        with pytest.raises(RoomUnavailable, match="not set up"):
            open_room(event, now=NOW)
        with pytest.raises(RoomUnavailable, match="not set up"):
            join_address(event, visitor_of(anna), now=NOW)


def test_provider_is_not_called_inside_a_transaction(app: Flask) -> None:
    event = make_event(app)
    with app.app_context(), transaction(), pytest.raises(RuntimeError):
        open_room(event, now=NOW)


def test_ids_for_providers_reveal_nothing_and_differ(app: Flask) -> None:
    event, other = make_event(app), make_event(app)
    anna = make_registration(app, event)
    with app.app_context():
        ids = [
            room_key(event),
            room_key(other),
            attendee_id(event.id, anna.public_id),
            attendee_id(other.id, anna.public_id),
            moderator_id(event.id, anna.public_id),
        ]
        assert ids[0] == room_key(event)
    assert len(set(ids)) == len(ids)
    for opaque in ids:
        assert not {event.slug, anna.public_id, anna.email, str(anna.last_name)} & {opaque}
        assert anna.public_id not in opaque


def test_visitor_has_the_name_of_the_person_or_none(app: Flask) -> None:
    anna = make_registration(app, make_event(app), first_name="Anna", last_name="Muster")
    with app.app_context():
        assert visitor_of(anna).name == "Anna Muster"
        assert visitor_of(anna, name="").name == ""

"""Choosing what makes the video room: what is offered, kept, refused and shown to whom."""

from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest
from flask import Flask
from sqlalchemy import select

from ikone_events.domain.events.draft import EventDraft, RoomChoice, check_draft, check_room
from ikone_events.domain.events.facts import Facts, State
from ikone_events.domain.events.needs import needs_room
from ikone_events.domain.operating.dataset_records import room_of
from ikone_events.domain.refusals import UnfitInput
from ikone_events.domain.rooms.door import has_door
from ikone_events.services.events.copying import copy_event
from ikone_events.services.installation import Installation
from ikone_events.services.mails.values import links_of
from ikone_events.store.db import db, transaction
from ikone_events.store.events.models import Event
from tests.factories import NOW, make_event, make_registration
from tests.web.organiser.conftest import Browser
from tests.web.organiser.events.test_editing import filled

SECRET_LINK = "https://video.example.org/leitung-geheim"


@pytest.fixture
def set_up(app: Flask) -> None:
    """Jitsi is set up, BigBlueButton is not."""
    known: Installation = app.extensions["ikone_installation"]
    jitsi = {"jitsi_url": "https://meet.example.org", "jitsi_app_id": "a", "jitsi_secret": "b" * 32}
    app.extensions["ikone_installation"] = replace(known, settings=replace(known.settings, **jitsi))


def _stored(app: Flask, event: Event) -> Event:
    with app.app_context():
        return db.session.scalars(select(Event).where(Event.id == event.id)).one()


def _room(**changes: Any) -> dict[str, Any]:
    return {"room_provider": "link", "room_url": "", "dial_in": "", **changes}


def test_link_alone_is_no_choice(app: Flask, team: Browser) -> None:
    event = make_event(app, room_url="")
    for path in ("", "/edit"):
        page = team.get(f"/organise/events/{event.slug}{path}").text
        assert 'name="room_provider"' not in page
        assert 'name="room_url"' in page


def test_what_is_set_up_is_offered(app: Flask, set_up: None, team: Browser) -> None:
    event = make_event(app)
    for path in ("", "/edit"):
        page = team.get(f"/organise/events/{event.slug}{path}").text
        assert '<option value="jitsi">Jitsi Meet</option>' in page
        assert 'value="bbb"' not in page
    answer = team.post(f"/organise/events/{event.slug}/room", _room(room_provider="bbb"))
    assert answer.status_code == 422
    assert _stored(app, event).room_provider == "link"


def test_room_is_chosen_on_the_overview(app: Flask, set_up: None, team: Browser) -> None:
    event = make_event(app)
    answer = team.post(f"/organise/events/{event.slug}/room", _room(room_provider="jitsi"))
    assert answer.status_code == 303
    assert _stored(app, event).room_provider == "jitsi"
    assert "Der Videoraum ist gespeichert." in team.get(f"/organise/events/{event.slug}").text


def test_choice_stays_although_its_provider_is_not_set_up_any_more(
    app: Flask, team: Browser
) -> None:
    event = make_event(app, room_provider="bbb", room_url="")
    page = team.get(f"/organise/events/{event.slug}/edit").text
    assert '<option selected value="bbb">BigBlueButton</option>' in page
    fields = filled(edit_version="1", room_provider="bbb", dial_in="+49 1")
    assert team.post(f"/organise/events/{event.slug}/edit", fields).status_code == 303
    stored = _stored(app, event)
    assert (stored.room_provider, stored.dial_in) == ("bbb", "+49 1")
    answer = team.post(f"/organise/events/{event.slug}/room", _room(room_provider="bbb"))
    assert answer.status_code == 303


def test_pin_and_moderators_link_are_kept_and_shown_to_editors_alone(
    app: Flask, team: Browser, viewer: Browser
) -> None:
    event = make_event(app)
    typed = _room(room_url="https://v.example.org/r", room_pin="123 456", moderator_url=SECRET_LINK)
    assert team.post(f"/organise/events/{event.slug}/room", typed).status_code == 303
    stored = _stored(app, event)
    assert (stored.room_pin, stored.moderator_url) == ("123 456", SECRET_LINK)
    assert SECRET_LINK in team.get(f"/organise/events/{event.slug}").text
    assert SECRET_LINK not in viewer.get(f"/organise/events/{event.slug}").text


def test_unfit_room_is_refused_at_its_fields(app: Flask, team: Browser) -> None:
    event = make_event(app)
    typed = _room(room_url="https://v.example.org/r", moderator_url="ftp://x", room_pin="1" * 51)
    answer = team.post(f"/organise/events/{event.slug}/room", typed)
    assert answer.status_code == 422
    assert 'id="moderator_url-error"' in answer.text
    assert 'id="room_pin-error"' in answer.text
    assert _stored(app, event).moderator_url == ""
    form = filled(edit_version="1", moderator_url="javascript:alert(1)")
    assert team.post(f"/organise/events/{event.slug}/edit", form).status_code == 422


def test_page_states_that_another_room_notifies_nobody(app: Flask, team: Browser) -> None:
    out, before = make_event(app, state="dispatched"), make_event(app)
    words = "Den Raum können Sie jederzeit ändern"
    assert words in team.get(f"/organise/events/{out.slug}").text
    assert words not in team.get(f"/organise/events/{before.slug}").text


def test_provider_that_makes_rooms_is_a_room(app: Flask) -> None:
    times = {"starts_at": NOW, "ends_at": NOW + timedelta(hours=1)}
    known = {
        provider: needs_room(Facts(now=NOW, state=State.OPEN, room_provider=provider, **times))
        for provider in ("link", "bbb", "jitsi")
    }
    assert [provider for provider, lack in known.items() if lack] == ["link"]
    assert has_door("dispatched", "", "bbb")
    assert not has_door("open", "", "bbb")
    assert not has_door("dispatched", "", "link")


def test_dispatched_event_with_a_provider_links_to_the_door(app: Flask) -> None:
    event = make_event(app, state="dispatched", room_provider="bbb", room_url="")
    anna = make_registration(app, event)
    with app.app_context():
        links = links_of(event, anna)
    assert links.room.endswith("/room")
    assert "/door/" in links.door


def test_event_with_a_provider_lacks_no_link(app: Flask, team: Browser) -> None:
    event = make_event(app, room_provider="bbb", room_url="")
    page = team.get(f"/organise/events/{event.slug}").text
    assert "Zugangslink eintragen" not in page
    assert "Noch kein Link" not in page


def test_copy_keeps_the_provider_and_neither_link_nor_pin(app: Flask) -> None:
    source = make_event(
        app, room_provider="bbb", room_pin="1", moderator_url=SECRET_LINK, dial_in="+49 1"
    )
    with app.app_context(), transaction():
        copy = copy_event(source, title="Neu", title_en="", starts_at=NOW, actor="x", now=NOW)
        found = (copy.room_provider, copy.room_url, copy.room_pin, copy.moderator_url, copy.dial_in)
    assert found == ("bbb", "", "", "", "")


def test_dataset_names_the_provider() -> None:
    video = {"url": "https://v.example.org/r", "pin": "12", "dial_in": "+49 1"}
    rooms = {
        str(provider): room_of({**video, "provider": provider})["room_provider"]
        for provider in (None, "static", "link", "bbb", "jitsi")
    }
    assert rooms == {
        "None": "link",
        "static": "link",
        "link": "link",
        "bbb": "bbb",
        "jitsi": "jitsi",
    }
    assert room_of(video) == {
        "room_provider": "link",
        "room_url": "https://v.example.org/r",
        "room_pin": "12",
        "moderator_url": "",
        "dial_in": "+49 1",
    }


def test_unknown_provider_is_refused() -> None:
    for check in (
        lambda: check_room(RoomChoice(room_provider="zoom"), hosts=()),
        lambda: check_draft(
            EventDraft(
                title="x",
                starts_at=NOW,
                ends_at=NOW + timedelta(hours=1),
                room_provider="zoom",
            )
        ),
    ):
        with pytest.raises(UnfitInput, match="no such kind of room"):
            check()

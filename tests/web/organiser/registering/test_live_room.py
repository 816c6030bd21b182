"""The office enters the room of its event from the live board, as a moderator."""

from datetime import timedelta

import pytest
from flask import Flask

from tests.factories import NOW
from tests.web.organiser.conftest import Browser
from tests.web.organiser.registering.test_live import path_of, running_event
from tests.web.visitor import everything

ROOM = "https://video.example.org/raum-geheim"
MODERATORS = "https://video.example.org/moderation"
BUTTON = "Videoraum in neuem Tab öffnen"


@pytest.mark.parametrize("moderator_url", [MODERATORS, ""])
def test_board_leads_in_as_moderator_and_records_nothing(
    app: Flask, team: Browser, moderator_url: str
) -> None:
    event = running_event(app, moderator_url=moderator_url, room_url=ROOM)
    board = team.get(path_of(event))
    assert BUTTON in board.text
    before = everything(app)
    pressed = team.post(path_of(event, "/room"))
    page = team.get(pressed.headers["Location"])
    assert page.headers["Refresh"] == f"0; url={moderator_url or ROOM}"
    assert page.headers["Cache-Control"] == "no-store"
    assert f'href="{path_of(event)}"' in page.text
    assert everything(app) == before
    looked = team.get(path_of(event, "/room"))
    assert (looked.status_code, looked.headers["Location"]) == (303, path_of(event))


@pytest.mark.parametrize(
    ("values", "shown"),
    [
        ({}, True),
        ({"starts_at": NOW + timedelta(minutes=60)}, True),
        ({"starts_at": NOW + timedelta(minutes=61)}, False),
        ({"format": "hybrid", "place": "Rathaus"}, True),
        ({"format": "on_site", "place": "Rathaus"}, False),
        ({"room_url": ""}, False),
        ({"state": "cancelled"}, False),
    ],
)
def test_button_is_there_as_long_as_the_room_is(
    app: Flask, team: Browser, values: dict[str, object], shown: bool
) -> None:
    event = running_event(app, **values)
    assert (BUTTON in team.get(path_of(event)).text) is shown
    leads = team.post(path_of(event, "/room")).headers["Location"]
    assert leads == path_of(event, "/room?go=1" if shown else "/room")


def test_who_only_looks_on_has_no_way_in(app: Flask, viewer: Browser) -> None:
    event = running_event(app)
    assert BUTTON not in viewer.get(path_of(event)).text
    assert viewer.post(path_of(event, "/room")).status_code == 403

"""Looking at pages asks no video server: all pages of all roles, with rooms of both providers."""

from collections.abc import Mapping

import pytest
from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy import update

from ikone_events.store.db import db, transaction
from ikone_events.store.events.models import Event
from tests.effort import by_night
from tests.factories import NOW, FixedClock
from tests.journeys.filled_app import PASSWORD, PEOPLE, fill
from tests.journeys.pages import WHO
from tests.rooms.bbb_server import BbbServer
from tests.rooms.jitsi_server import JitsiServer
from tests.web.visitor import token_of

pytestmark = [pytest.mark.slow]


_OF_PERSONS = ("/r/", "/door/", "/speaker")


@pytest.mark.parametrize("kind", by_night(["bbb", "jitsi"], ["bbb"]))
def test_looking_at_every_page_asks_no_video_server(
    app: Flask, clock: FixedClock, bbb: BbbServer, jitsi: JitsiServer, kind: str
) -> None:
    names = fill(app)
    with app.app_context(), transaction():
        db.session.execute(update(Event).values(room_provider=kind, room_url=""))
    clock.moment = NOW
    looked = {who: _look(app.test_client(), who, names) for who in WHO}
    assert all(looked.values()), looked
    assert looked["visitor"] > 50
    assert (bbb.calls, bbb.under_lock, jitsi.calls) == ([], [], [])


def _look(client: FlaskClient, who: str, names: Mapping[str, str]) -> int:
    """Everything that somebody may look at, and what a press at a door leads to."""
    if who in PEOPLE:
        token = token_of(client.get("/login"))
        known = {"email": PEOPLE[who], "password": PASSWORD, "csrf_token": token}
        assert client.post("/login", data=known).status_code == 303
    shown = 0
    for path in {stop.path.format(**names, language="de") for stop in WHO[who].values()}:
        mark = "&" if "?" in path else "?"
        after = ("go=1", "go=opening", "go=failed") if path.startswith(_OF_PERSONS) else ()
        for query in ("", *(f"{mark}{each}" for each in after)):
            shown += client.get(path + query).status_code == 200
    return shown

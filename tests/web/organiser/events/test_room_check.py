"""Asking the server of a typed link whether it answers: by a press alone, and never the link."""

from collections.abc import Callable
from dataclasses import replace
from ipaddress import ip_address
from pathlib import Path

import pytest
from flask import Flask

from ikone_events.config import Settings
from ikone_events.services.rooms.outgoing import RESOLVER
from tests.factories import make_event, make_settings
from tests.lying_servers import saying, serving
from tests.web.organiser.conftest import Browser

ANSWERS = "antwortet. Ob es den Raum gibt"


@pytest.fixture
def settings(data_dir: Path) -> Settings:
    """With limits."""
    return make_settings(data_dir, rate_limits=True)


@pytest.fixture
def named(app: Flask) -> None:
    """Servers on loopback may be called."""
    known = app.extensions["ikone_installation"]
    settings = replace(known.settings, outgoing_hosts=("127.0.0.1",))
    app.extensions["ikone_installation"] = replace(known, settings=settings)


@pytest.fixture
def check(app: Flask, team: Browser) -> Callable[..., str]:
    """What the page says after the press."""

    def press(**values: str) -> str:
        event = make_event(app, **values)
        path = f"/organise/events/{event.slug}"
        answer = team.post(f"{path}/room/check")
        assert (answer.status_code, answer.location) == (303, path)
        return team.get(f"{path}?lang=de").text

    return press


def test_server_is_asked_and_not_the_room(check: Callable[..., str], named: None) -> None:
    with serving(saying(b"", status="404 Gone")) as server:
        host = f"127.0.0.1:{server.port}"
        page = check(room_url=f"http://{host}/geheim?pwd=1", moderator_url=f"http://{host}/leitung")
        assert f"„{host}“ {ANSWERS}" in page
        assert "Gespeicherten Link prüfen" in page
        [heard] = server.heard
    assert heard.startswith(b"HEAD / HTTP/1.1\r\n")
    assert b"geheim" not in heard


def test_faults_are_said_in_words(app: Flask, check: Callable[..., str], named: None) -> None:
    with serving(saying(b"", status="503 Busy")) as server:
        page = check(room_url=f"http://127.0.0.1:{server.port}/a")
    assert "„127.0.0.1“ antwortet, aber mit einem Fehler (503)." in page
    page = check(room_url=f"http://127.0.0.1:{server.port}/a")
    assert "„127.0.0.1“ ist nicht erreichbar." in page
    app.extensions[RESOLVER] = lambda _host: []
    assert "Einen Server mit dem Namen „mett.example.org“ gibt es nicht" in check(
        room_url="https://mett.example.org/raum"
    )


def test_ones_own_network_is_not_called(app: Flask, check: Callable[..., str]) -> None:
    with serving(saying(b"")) as server:
        app.extensions[RESOLVER] = lambda _host: [ip_address("127.0.0.1")]
        page = check(room_url=f"https://meet.example.org:{server.port}/a")
        assert f"Port {server.port}" in page
        assert "liegt in Ihrem eigenen Netz" in check(room_url="https://meet.example.org/a")
        assert server.heard == []


def test_only_who_may_edit_asks_and_only_for_a_link(
    app: Flask, team: Browser, viewer: Browser, check: Callable[..., str]
) -> None:
    event = make_event(app)
    path = f"/organise/events/{event.slug}/room/check"
    assert viewer.post(path).status_code == 403
    assert team.get(path).status_code == 405
    assert "Gespeicherten Link prüfen" not in check(room_url="")
    page = check(room_provider="bbb", room_url="https://127.0.0.1/alt")
    assert "Gespeicherten Link prüfen" not in page
    assert "eigenen Netz" not in page


def test_checks_are_limited(app: Flask, team: Browser) -> None:
    event = make_event(app, room_url="")
    path = f"/organise/events/{event.slug}/room/check"
    assert {team.post(path).status_code for _ in range(30)} == {303}
    assert team.post(path).status_code == 429

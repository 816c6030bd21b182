"""An installation with BigBlueButton and Jitsi, both on loopback."""

from collections.abc import Iterator
from pathlib import Path

import pytest
from flask import Flask

from ikone_events.config import Settings
from ikone_events.store import db as store_db
from tests.factories import FixedClock, make_settings
from tests.rooms import bbb_server, jitsi_server
from tests.rooms.bbb_server import BbbServer
from tests.rooms.days import Day
from tests.rooms.jitsi_server import JitsiServer


@pytest.fixture(scope="session")
def kept_bbb() -> Iterator[BbbServer]:
    """The BigBlueButton of this process."""
    with bbb_server.bbb_server() as server:
        yield server


@pytest.fixture(scope="session")
def kept_jitsi() -> Iterator[JitsiServer]:
    """The Jitsi Meet of this process."""
    with jitsi_server.jitsi_server() as server:
        yield server


@pytest.fixture
def bbb(kept_bbb: BbbServer) -> Iterator[BbbServer]:
    """A BigBlueButton that lets people in, and knows of each call whether we held our lock."""
    kept_bbb.reset(lock_held=store_db._write_lock.locked)
    yield kept_bbb
    assert not any(kept_bbb.under_lock), "a provider was called inside a transaction"


@pytest.fixture
def jitsi(kept_jitsi: JitsiServer) -> JitsiServer:
    """A Jitsi Meet that wants tokens."""
    kept_jitsi.status = 200
    kept_jitsi.calls.clear()
    return kept_jitsi


@pytest.fixture
def settings(data_dir: Path, bbb: BbbServer, jitsi: JitsiServer, database: str) -> Settings:
    """Settings with both, on the database of the test."""
    return make_settings(
        data_dir,
        database_url=database,
        bbb_url=bbb.address,
        bbb_secret=bbb_server.SECRET,
        jitsi_url=jitsi.address,
        jitsi_app_id=jitsi_server.APP_ID,
        jitsi_secret=jitsi_server.SECRET,
        outgoing_hosts=("localhost",),
    )


@pytest.fixture
def day(app: Flask, bbb: BbbServer, clock: FixedClock, database: str) -> Day:
    """An event that begins in five minutes."""
    return Day(app, bbb, clock)

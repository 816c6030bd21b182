"""The worker's sign of life, also after a long silence."""

import secrets
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from flask import Flask
from sqlalchemy import select

from ikone_events.app import create_app
from ikone_events.config import Settings
from ikone_events.store.db import db, transaction
from ikone_events.store.letters import Heartbeat
from ikone_events.store.schema import migrate

MONDAY = datetime(2026, 11, 16, 8, 30, tzinfo=UTC)


class Clock:
    """A clock that a test puts forward."""

    present = MONDAY

    def __call__(self) -> datetime:
        return self.present


@pytest.fixture
def clock() -> Clock:
    """A clock of the test's own."""
    return Clock()


@pytest.fixture
def app(tmp_path: Path, clock: Clock) -> Iterator[Flask]:
    """An installation whose worker runs when the test says so."""
    settings = Settings(
        secret_key=secrets.token_urlsafe(48), base_url="http://localhost", data_dir=tmp_path
    )
    app = create_app(settings, clock=clock)
    with app.app_context():
        migrate()
        yield app
        db.session.remove()
        db.engine.dispose()


def _beats() -> dict[str, datetime]:
    db.session.rollback()
    return {beat.worker: beat.beat_at for beat in db.session.scalars(select(Heartbeat))}


def test_worker_beats_again_after_days_of_silence(app: Flask, clock: Clock) -> None:
    app.extensions["ikone_engine"].run_once()
    clock.present = MONDAY + timedelta(days=2)
    app.extensions["ikone_engine"].run_once()
    assert list(_beats().values()) == [clock.present]


def test_worker_forgets_others_that_fell_silent(app: Flask, clock: Clock) -> None:
    with transaction():
        db.session.add(Heartbeat(worker="gone:1", beat_at=MONDAY - timedelta(days=2)))
        db.session.add(Heartbeat(worker="busy:2", beat_at=MONDAY - timedelta(hours=2)))
    app.extensions["ikone_engine"].run_once()
    assert "gone:1" not in _beats()
    assert "busy:2" in _beats()

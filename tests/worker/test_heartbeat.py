"""The worker's sign of life, also after a long silence."""

from datetime import datetime, timedelta

from flask import Flask
from sqlalchemy import select

from ikone_events.services.operating.health import engine_health
from ikone_events.store.db import db
from ikone_events.store.mails.models import Heartbeat
from ikone_events.worker.engine import Engine
from tests.factories import (
    NOW,
    FixedClock,
    make_event,
    make_heartbeat,
    make_mail,
    make_registration,
)


def _work(app: Flask) -> dict[str, datetime]:
    """Let this process's worker run once; the beats of all workers."""
    app.extensions["ikone_engine"].run_once()
    with app.app_context():
        return {beat.worker: beat.beat_at for beat in db.session.scalars(select(Heartbeat))}


def test_worker_beats_again_after_days_of_silence(app: Flask, clock: FixedClock) -> None:
    _work(app)
    clock.move(days=2)
    assert list(_work(app).values()) == [clock()]


def test_worker_forgets_others_that_fell_silent(app: Flask) -> None:
    make_heartbeat(app, NOW - timedelta(days=2), worker="gone:1")
    make_heartbeat(app, NOW - timedelta(hours=2), worker="busy:2")
    beats = _work(app)
    assert "gone:1" not in beats
    assert "busy:2" in beats


def test_worker_that_ends_as_it_should_leaves_no_sign(app: Flask) -> None:
    """A sign that grows old would call it alive, and a restore would wait for minutes."""
    make_heartbeat(app, worker="other:1")
    engine: Engine = app.extensions["ikone_engine"]
    engine.start()
    with app.app_context():
        engine.beat()
    engine.stop()
    with app.app_context():
        assert list(db.session.scalars(select(Heartbeat.worker))) == ["other:1"]


def test_mails_that_were_put_off_still_wait(app: Flask) -> None:
    """A mail server that is down puts them off: the alarm must not say that none waits."""
    person = make_registration(app, make_event(app))
    make_mail(app, person, state="queued", due_at=NOW + timedelta(hours=1))
    with app.app_context():
        assert engine_health(NOW).queued == 1

"""A mail server that can't be reached: asked ever more rarely, and no mail pays for it."""

from collections.abc import Iterator
from dataclasses import replace
from datetime import timedelta
from itertools import pairwise

import pytest
from flask import Flask

from ikone_events.config import Settings
from ikone_events.mail.sending.outcomes import LONGEST_SERVER_PAUSE, server_pause
from ikone_events.services.mails import mail_server
from ikone_events.services.operating.health import engine_health
from ikone_events.store.db import db, transaction
from ikone_events.store.events.models import Event
from ikone_events.store.mails.models import Heartbeat, OutboxMail
from tests.factories import NOW, FixedClock, make_event, make_mail, make_registration
from tests.rows import work
from tests.scripted_smtp import ScriptedServer, Turn

pytestmark = pytest.mark.slow


@pytest.fixture
def server() -> Iterator[ScriptedServer]:
    with ScriptedServer() as running:
        running.script = lambda turn: "421 4.3.2 Down" if turn.stage == "CONNECT" else ""
        yield running


@pytest.fixture
def settings(settings: Settings, server: ScriptedServer) -> Settings:
    return replace(settings, smtp_url=server.url)


@pytest.fixture
def event(app: Flask) -> Event:
    return make_event(app)


@pytest.fixture
def mail(app: Flask, event: Event) -> OutboxMail:
    return make_mail(app, make_registration(app, event))


def stored(app: Flask, mail: OutboxMail) -> OutboxMail:
    with app.app_context():
        found = db.session.get_one(OutboxMail, mail.id, populate_existing=True)
        db.session.expunge(found)
        return found


def let_pass(app: Flask, clock: FixedClock, *, minutes: int) -> None:
    for _ in range(minutes // 3):
        clock.move(minutes=3)
        work(app)


def test_pauses_between_attempts_grow_up_to_a_bound(
    app: Flask, mail: OutboxMail, server: ScriptedServer, clock: FixedClock
) -> None:
    moments: list[float] = []
    for minute in (*range(8), *range(8, 75, 3)):
        clock.moment = NOW + timedelta(minutes=minute)
        before = server.connections
        work(app)
        if server.connections > before:
            moments.append((clock.moment - NOW).total_seconds())

    gaps = [later - earlier for earlier, later in pairwise(moments)]
    assert 60 <= gaps[0] <= 60 * 1.2 + 60
    assert 300 <= gaps[1] <= 300 * 1.2 + 180
    assert all(900 <= gap <= LONGEST_SERVER_PAUSE * 1.2 + 180 for gap in gaps[2:])
    assert len(gaps) >= 4


def test_other_mails_and_triggers_cause_no_attempt_in_the_pause(
    app: Flask, event: Event, mail: OutboxMail, server: ScriptedServer
) -> None:
    work(app)
    for _ in range(5):
        make_mail(app, make_registration(app, event))
        work(app)

    assert server.connections == 1


def test_mails_survive_days_without_a_server_and_leave_when_it_is_back(
    app: Flask, event: Event, mail: OutboxMail, server: ScriptedServer, clock: FixedClock
) -> None:
    other = make_mail(app, make_registration(app, event))
    for _ in range(3 * 4):
        assert work(app) == 0
        clock.move(hours=6)
    work(app)

    for waiting in (stored(app, mail), stored(app, other)):
        assert (waiting.state, waiting.tries, waiting.tries_before) == ("queued", 0, 0)
    with app.app_context():
        assert engine_health(clock()).refused_at == NOW

    server.script = lambda _turn: ""
    let_pass(app, clock, minutes=18)

    assert {stored(app, each).state for each in (mail, other)} == {"sent"}
    assert stored(app, mail).tries == 1
    with app.app_context():
        assert engine_health(clock()).refused_at is None
        assert db.session.query(Heartbeat).one().refusals == 0


def test_pauses_begin_anew_after_an_acceptance(
    app: Flask, event: Event, mail: OutboxMail, server: ScriptedServer, clock: FixedClock
) -> None:
    let_pass(app, clock, minutes=30)
    server.script = lambda _turn: ""
    let_pass(app, clock, minutes=18)
    assert stored(app, mail).state == "sent"
    server.script = lambda turn: "421 4.3.2 Down" if turn.stage == "CONNECT" else ""
    make_mail(app, make_registration(app, event))
    work(app)

    with app.app_context():
        beat = db.session.query(Heartbeat).one()
        assert beat.retry_at is not None
        assert timedelta(seconds=60) <= beat.retry_at - clock() <= timedelta(seconds=72)


def test_organiser_who_sends_now_does_not_wait_for_the_pause(
    app: Flask, event: Event, mail: OutboxMail, server: ScriptedServer, clock: FixedClock
) -> None:
    let_pass(app, clock, minutes=30)
    server.script = lambda _turn: ""
    clock.move(seconds=1)
    assert work(app) == 0

    with app.app_context(), transaction():
        mail_server.send_now(db.session.get_one(Event, event.id), now=clock())

    assert work(app) == 1


def test_another_machine_is_not_held_up(
    app: Flask, mail: OutboxMail, server: ScriptedServer
) -> None:
    work(app)
    with app.app_context():
        [beat] = db.session.query(Heartbeat).all()
        machine, _, process = beat.worker.rpartition(":")
        assert not mail_server.may_be_tried(f"{machine}:{process}0", now=NOW)
        assert mail_server.may_be_tried(f"{machine}x:{process}", now=NOW)


def test_tries_count_attempts_at_the_mail_alone(
    app: Flask, mail: OutboxMail, server: ScriptedServer, clock: FixedClock
) -> None:
    asked: list[Turn] = []

    def put_off(turn: Turn) -> str:
        if turn.stage != "RCPT":
            return ""
        asked.append(turn)
        return "451 later"

    let_pass(app, clock, minutes=30)
    server.script = put_off
    let_pass(app, clock, minutes=18)

    assert 0 < stored(app, mail).tries == len(asked)


def test_longest_pause_applies_to_long_configured_ones() -> None:
    pauses = [server_pause(1, (7200,), seed=str(number)) for number in range(50)]
    assert all(timedelta(seconds=900) <= pause <= timedelta(seconds=1080) for pause in pauses)
    assert len(set(pauses)) > 5

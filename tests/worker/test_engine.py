"""The engine inside a process: woken by a commit, ticking by itself, stopping cleanly."""

import gc
import threading
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from pathlib import Path

import pytest
from flask import Flask

from ikone_events.app import create_app
from ikone_events.config import Settings
from ikone_events.domain.registering.registration import Status
from ikone_events.services.registering.registrations import Applicant, register
from ikone_events.store.db import db, transaction
from ikone_events.worker.engine import Engine, open_queue
from tests.conftest import lay_tables
from tests.dovecot import dovecot
from tests.factories import (
    NOW,
    FixedClock,
    make_event,
    make_mail,
    make_registration,
    make_settings,
)
from tests.foreign_mails import EVA, UID, exchange
from tests.mailbox import Mailbox
from tests.patience import wait_for
from tests.postgres import fresh_database
from tests.scripted_imap import SILENT, ScriptedImap
from tests.scripted_smtp import ScriptedServer

# Huey leaves its threads' PostgreSQL connections to the garbage collector, and says so.
pytestmark = pytest.mark.filterwarnings("ignore::pytest.PytestUnraisableExceptionWarning")


@pytest.fixture(autouse=True, scope="module")
def _collected() -> Iterator[None]:
    """Let them be collected here, where that is no fault, and not in whatever test comes later."""
    yield
    gc.collect()


ENGINES = [
    "embedded",
    pytest.param("postgres", marks=pytest.mark.postgres),
]


@pytest.fixture(params=ENGINES)
def settings(
    request: pytest.FixtureRequest, tmp_path: Path, mailbox: Mailbox
) -> Iterator[Settings]:
    common = {"smtp_url": mailbox.url, "mail_per_minute": 600_000, "tick_seconds": 1}
    if request.param == "embedded":
        yield make_settings(tmp_path, **common)
    else:
        with fresh_database(laid=True) as url:
            yield make_settings(tmp_path, database_url=url, engine_url=url, **common)


Start = Callable[..., Flask]


@pytest.fixture
def installed(settings: Settings, clock: FixedClock, empty_database: Path) -> Iterator[Start]:
    """Makes an application with other settings; its engine is stopped in the end."""
    apps = []

    def install(**changes: object) -> Flask:
        own = replace(settings, **changes)  # type: ignore[arg-type]
        app = create_app(own, clock=clock)
        lay_tables(app, own, empty_database)
        apps.append(app)
        return app

    yield install
    for app in apps:
        app.extensions["ikone_engine"].stop()
        with app.app_context():
            db.session.remove()
            db.engine.dispose()


@pytest.fixture
def running(installed: Start) -> Flask:
    """The application with its worker threads at work."""
    app = installed()
    app.extensions["ikone_engine"].start()
    return app


def test_registration_sends_its_mail_by_itself(running: Flask, mailbox: Mailbox) -> None:
    event = make_event(running)
    applicant = Applicant(
        first_name="Eva",
        last_name="Muster",
        email="eva@example.org",
        organisation="Stadt Trier",
        locale="de",
    )

    with running.app_context(), transaction():
        assert register(event.slug, applicant, now=NOW) is Status.CONFIRMED

    wait_for(lambda: mailbox.received)
    assert mailbox.received[0].recipient == "eva@example.org"


def test_each_wake_up_is_heard_without_a_tick(installed: Start, mailbox: Mailbox) -> None:
    """Also the one that comes at the very moment in which the worker begins or ends its run."""
    app = installed(tick_seconds=1000)
    engine: Engine = app.extensions["ikone_engine"]
    engine.start()
    registration = make_registration(app, make_event(app))
    for number in range(1, 13):
        make_mail(app, registration)
        engine.wake()
        wait_for(lambda number=number: len(mailbox.received) == number)


def test_lone_mails_need_neither_a_tick_nor_a_look_into_the_queue(
    installed: Start, monkeypatch: pytest.MonkeyPatch
) -> None:
    """And the second one finds the connection of the first open."""
    monkeypatch.setattr("ikone_events.worker.engine._LOOK_SECONDS", 1000.0)
    monkeypatch.setattr("ikone_events.worker.work._KEEP_SECONDS", 1000.0)
    with ScriptedServer() as server:
        app = installed(tick_seconds=1000, smtp_url=server.url)
        engine: Engine = app.extensions["ikone_engine"]
        engine.start()
        registration = make_registration(app, make_event(app))
        for number in (1, 2):
            make_mail(app, registration)
            engine.wake()
            wait_for(lambda number=number: len(server.taken) == number)
        engine.stop()
        assert server.connections == 1


def test_threads_that_ask_at_one_moment_get_one_queue(app: Flask) -> None:
    engine: Engine = app.extensions["ikone_engine"]
    start = threading.Barrier(8)

    def open_one() -> int:
        start.wait()
        return id(engine.huey)

    with ThreadPoolExecutor(8) as pool:
        jobs = [pool.submit(open_one) for _ in range(8)]
    assert len({job.result() for job in jobs}) == 1
    engine.stop()


@pytest.mark.postgres
def test_two_processes_may_open_the_queue_at_one_moment(tmp_path: Path) -> None:
    """Huey makes its tables by itself; PostgreSQL lets "if not exists" fail when two do so."""
    with fresh_database() as url, ThreadPoolExecutor() as pool:
        settings = make_settings(tmp_path, engine_url=url)
        start = threading.Barrier(4)

        def open_one() -> int:
            start.wait()
            queue = open_queue(settings)
            number: int = queue.pending_count()
            queue.storage.close()
            return number

        assert [job.result() for job in [pool.submit(open_one) for _ in range(4)]] == [0] * 4


def test_lost_wake_up_costs_one_tick(running: Flask, mailbox: Mailbox) -> None:
    running.extensions["ikone_wake"] = lambda: None
    make_mail(running, make_registration(running, make_event(running)))

    wait_for(lambda: mailbox.received)


def test_engine_that_cannot_be_reached_does_not_spoil_the_request(
    running: Flask, caplog: pytest.LogCaptureFixture
) -> None:
    engine: Engine = running.extensions["ikone_engine"]
    engine.stop()
    engine.huey.storage.close()
    broken = Engine(
        running, make_settings(Path("/nonexistent"), engine_url="postgresql://127.0.0.1:1/x")
    )

    broken.wake()

    assert "next tick" in caplog.text


def test_mailbox_that_hangs_holds_up_no_mail_and_no_stop(
    installed: Start, mailbox: Mailbox
) -> None:
    with ScriptedImap(lambda name: SILENT if name == "LOGIN" else None) as imap:
        app = installed(imap_url=imap.url)
        make_mail(app, make_registration(app, make_event(app)))
        engine: Engine = app.extensions["ikone_engine"]
        engine.start()
        wait_for(lambda: imap.heard and mailbox.received)
        engine.stop()
        assert "LOGIN" in imap.heard[-1], "it still waits for an answer"


@pytest.mark.imap
def test_engine_reads_the_mailbox_by_itself(installed: Start) -> None:
    box = dovecot().mailbox()
    app = installed(imap_url=box.url)
    person = make_registration(app, make_event(app), email=EVA, calendar_uid=UID)
    make_mail(app, person, state="sent", calendar_uid=UID, calendar_sequence=0)
    box.put(exchange())
    app.extensions["ikone_engine"].start()
    wait_for(lambda: box.subjects("Ikone/processed"))

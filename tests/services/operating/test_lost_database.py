"""The SQLite file is moved away while the program runs: nothing replaces it, and it comes back."""

import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy import select

from ikone_events.app import create_app
from ikone_events.config import Settings, settings_from_environment
from ikone_events.domain.refusals import Outage
from ikone_events.services.operating.verification import faults
from ikone_events.store.db import db, transaction
from ikone_events.store.events.queries import find_event, lock_event
from ikone_events.store.operating import first_start
from ikone_events.store.operating.first_start import SchemaError
from ikone_events.store.operating.schema import migrate
from ikone_events.store.registering.models import Registration
from tests.factories import NOW, make_event, make_heartbeat, make_settings
from tests.programs import environment, start
from tests.services.operating.installations import call, lay_event
from tests.web.visitor import PERSON, outcome_of, sign_up, token_of

PATH = "/events/workshop/register"
pytestmark = pytest.mark.filterwarnings("ignore::pytest.PytestUnraisableExceptionWarning")


@pytest.fixture
def settings(tmp_path: Path) -> Settings:
    return make_settings(tmp_path / "data")


@pytest.fixture
def database(settings: Settings) -> Path:
    return settings.data_dir / "ikone.db"


@contextmanager
def moved(path: Path) -> Iterator[Path]:
    """The path leads nowhere for a while; yields where the file or folder is."""
    elsewhere = path.with_name("elsewhere")
    path.rename(elsewhere)
    try:
        yield elsewhere
    finally:
        assert not path.exists(), "something was made in its place"
        elsewhere.rename(path)


@pytest.mark.parametrize("lost", ["ikone.db", ""], ids=["file", "folder"])
def test_lost_file_is_an_outage_until_it_is_back(
    app: Flask, client: FlaskClient, settings: Settings, lost: str
) -> None:
    lay_event(app, "workshop")
    make_heartbeat(app)
    token = token_of(client.get(PATH))
    with moved(settings.data_dir / lost):
        for path in ("/", "/events/workshop", "/readyz"):
            assert client.get(path).status_code == 503, path
        answer = client.post(PATH, data={**PERSON, "csrf_token": token})
        assert (answer.status_code, outcome_of(answer)) == (503, "busy")

    assert client.get("/readyz").status_code == 200
    assert client.post(PATH, data={**PERSON, "csrf_token": token}).status_code == 303
    with app.app_context():
        assert list(faults(NOW)) == []


def test_another_file_in_the_place_is_used(app: Flask, client: FlaskClient, database: Path) -> None:
    lay_event(app, "workshop")
    with app.app_context():
        db.engine.dispose()
        shutil.copy(database, database.with_name("copy"))
    assert sign_up(client, "workshop").status_code == 303
    for name in ("ikone.db", "ikone.db-wal", "ikone.db-shm"):
        database.with_name(name).rename(database.with_name(f"former-{name}"))
    database.with_name("copy").rename(database)

    assert sign_up(client, "workshop", email="second@example.org").status_code == 303
    with app.app_context():
        people = db.session.scalars(select(Registration.email)).all()
        assert people == ["second@example.org"]
        assert list(faults(NOW)) == []


def test_empty_file_in_the_place_is_an_outage(
    app: Flask, client: FlaskClient, database: Path
) -> None:
    lay_event(app, "workshop")
    client.get(PATH)
    database.rename(database.with_name("elsewhere"))
    database.touch()
    for path in ("/", "/events/workshop", "/readyz"):
        assert client.get(path).status_code == 503, path


@pytest.mark.parametrize("replaced", [False, True])
def test_write_into_a_moved_file_is_not_acknowledged(
    app: Flask, database: Path, replaced: bool
) -> None:
    slug = make_event(app).slug

    def write_while_it_is_moved() -> None:
        with transaction():
            lock_event(slug).title = "lost"
            database.rename(elsewhere)
            if replaced:
                shutil.copy(elsewhere, database)

    elsewhere = database.with_name("elsewhere")
    with app.app_context(), pytest.raises(Outage):
        write_while_it_is_moved()

    elsewhere.rename(database)
    with app.app_context():
        found = find_event(slug)
        assert found is not None
        assert found.title != "lost"


def test_lost_database_is_not_replaced_at_the_next_start(app: Flask, database: Path) -> None:
    make_event(app)
    with app.app_context():
        migrate()
        db.session.remove()
        db.engine.dispose()
    database.rename(database.with_name("elsewhere"))
    backup = ("backup", str(database.with_name("backup.zip")))
    for words in (("event", "list"), ("verify",), ("doctor",), ("worker", "--once"), backup):
        result = call(app, *words)
        assert result.exit_code == 1, words
        assert "Traceback" not in result.output
        assert not isinstance(result.exception, Exception) or isinstance(
            result.exception, SystemExit
        )
        assert not database.exists(), words
    assert "db upgrade --create" in call(app, "event", "list").output

    database.touch()
    with app.app_context(), pytest.raises(SchemaError, match="empty"):
        migrate()


@pytest.mark.parametrize("mounted", [True, False])
def test_first_start_waits_for_the_file_system_of_the_data(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, mounted: bool
) -> None:
    point = "/" if mounted else tmp_path
    table = tmp_path / "fstab"
    table.write_text(f"# disks\nUUID=1 {point} ext4 defaults 0 2\nUUID=2 none swap sw 0 0\n")
    monkeypatch.setattr(first_start, "FSTAB", table)
    app = create_app(make_settings(tmp_path / "data"))
    result = call(app, "event", "list")
    assert (result.exit_code, (tmp_path / "data/ikone.db").exists()) == (not mounted, mounted)
    assert ("not mounted" in result.output) != mounted
    with app.app_context():
        db.engine.dispose()


@pytest.mark.slow
def test_upgrade_creates_in_place_of_a_lost_database_when_asked(tmp_path: Path) -> None:
    own, log, database = environment(tmp_path), tmp_path / "log", tmp_path / "ikone.db"
    app = create_app(settings_from_environment(own))
    with app.app_context():
        migrate()
        db.engine.dispose()
    database.unlink()

    status, words = start("db", "upgrade", environment=own, log=log).end()
    assert (status, database.exists()) == ("1", False)
    assert "--create" in words
    assert "Traceback" not in words

    assert start("db", "upgrade", "--create", environment=own, log=log).end()[0] == "0"
    result = call(app, "event", "list")
    assert (result.exit_code, result.output) == (0, "")
    with app.app_context():
        db.engine.dispose()


def test_restore_creates_in_place_of_a_lost_database(
    app: Flask, database: Path, tmp_path: Path
) -> None:
    lay_event(app, "workshop")
    file = tmp_path / "backup.zip"
    assert call(app, "event", "list").exit_code == 0
    assert call(app, "backup", str(file)).exit_code == 0
    with app.app_context():
        db.engine.dispose()
    database.unlink()

    result = call(app, "restore", str(file))

    assert result.exit_code == 0, result.output
    assert "workshop" in call(app, "event", "list").output
    database.rename(database.with_name("elsewhere"))
    assert call(app, "event", "list").exit_code == 1

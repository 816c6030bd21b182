"""`doctor`: good news, risks and faults, one a line; and it sends nothing."""

import sys
from collections.abc import Iterator
from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import pytest
from flask import Flask
from sqlalchemy import delete

from ikone_events.app import create_app
from ikone_events.config import Settings
from ikone_events.demo.catcher import free_port
from ikone_events.services.operating.doctor import findings
from ikone_events.services.operating.doctor.findings import Level
from ikone_events.store.db import db, transaction
from ikone_events.store.operating.identity import InstallationSettings
from tests.factories import (
    NOW,
    FixedClock,
    make_event,
    make_heartbeat,
    make_mail,
    make_pause,
    make_registration,
    make_settings,
)
from tests.mailbox import Mailbox
from tests.postgres import fresh_database
from tests.scripted_imap import ScriptedImap
from tests.services.operating.installations import call


@pytest.fixture
def imap() -> Iterator[ScriptedImap]:
    with ScriptedImap() as server:
        yield server


@pytest.fixture
def settings(tmp_path: Path, mailbox: Mailbox, imap: ScriptedImap) -> Settings:
    folder = tmp_path / "data"
    folder.mkdir(mode=0o700)
    return make_settings(
        folder,
        smtp_url=mailbox.url,
        base_url="https://events.example.org",
        trusted_proxies=1,
        rate_limits=True,
        imap_url=imap.url,
        authserv_id="mx.example.org",
    )


def lines(app: Flask) -> list[str]:
    result = call(app, "doctor")
    assert isinstance(result.exception, SystemExit | None), result.exception
    found = result.output.splitlines()
    assert all(line.split(":")[0] in ("ok", "warning", "fault") for line in found), found
    assert (result.exit_code == 1) == any(line.startswith("fault") for line in found)
    return found


def bad(app: Flask) -> list[str]:
    """Everything but the good news, and but for this machine's disk."""
    return [line for line in lines(app) if not line.startswith("ok") and "MB are free" not in line]


def other(settings: Settings, clock: FixedClock, **changes: object) -> list[str]:
    """The bad news of the same house under other settings."""
    app = create_app(replace(settings, **changes), clock=clock)
    found = bad(app)
    with app.app_context():
        db.engine.dispose()
    return found


def test_healthy_house_has_only_good_news(app: Flask, mailbox: Mailbox) -> None:
    make_heartbeat(app)
    assert bad(app) == []
    found = "\n".join(lines(app))
    for about in (
        "database: sqlite",
        "tables: version",
        "mail server: 127.0.0.1",
        "time: it is",
        "mailbox: ",
    ):
        assert f"ok: {about}" in found
    assert mailbox.received == []


def test_missing_typst_is_named(app: Flask, monkeypatch: pytest.MonkeyPatch) -> None:
    with app.app_context():
        assert {f.level for f in findings(NOW) if f.about == "pdf"} == {Level.OK}
        monkeypatch.setitem(sys.modules, "typst", None)
        [found] = [f for f in findings(NOW) if f.about == "pdf"]
    assert (found.level, "typst is missing" in str(found)) == (Level.WARNING, True)


def test_sick_engine_is_reported_in_the_words_of_the_overview(app: Flask) -> None:
    assert any(line.startswith("fault: engine: Sending is not running") for line in bad(app))
    make_heartbeat(app, refused_at=NOW - timedelta(minutes=4), refusal="535 wrong password")
    make_mail(app, make_registration(app, make_event(app)), due_at=NOW + timedelta(hours=1))
    make_mail(app, make_registration(app, make_event(app)), state="failed")
    make_pause(app)
    found = "\n".join(bad(app))
    assert "fault: engine: A backup was put back" in found
    assert "4 minutes: “535 wrong password”" in found
    assert "warning: mails: 1 could not be delivered" in found


def test_worker_from_the_future_means_a_clock_that_jumped(app: Flask) -> None:
    make_heartbeat(app, NOW + timedelta(hours=2))
    assert any("lies in the future" in line for line in bad(app))


def test_mail_server_that_is_away_or_refuses_us_is_quoted(
    app: Flask, settings: Settings, clock: FixedClock, mailbox: Mailbox
) -> None:
    make_heartbeat(app)
    found = other(settings, clock, smtp_url=f"smtp://127.0.0.1:{free_port()}?tls=none")
    assert ["refused" in line for line in found] == [True]
    found = other(settings, clock, smtp_url=mailbox.url.replace("none", "starttls"))
    assert ["STARTTLS" in line for line in found] == [True]
    found = other(settings, clock, smtp_url=mailbox.url.replace("//", "//me:secret@"))
    assert len(found) == 1
    assert found[0].startswith("fault: mail server: ")
    assert "secret" not in found[0]


def test_mailbox_that_cannot_be_opened_is_reported_in_its_servers_words(
    app: Flask, settings: Settings, clock: FixedClock, imap: ScriptedImap
) -> None:
    make_heartbeat(app)
    imap.script = lambda name: "TAG NO no such user" if name == "LOGIN" else None
    found = bad(app)
    assert len(found) == 1
    assert found[0] == "fault: mailbox: eva at 127.0.0.1/INBOX: no such user"
    imap.script = lambda name: "* 1 EXISTS" if name == "SELECT" else None
    assert ["no durable UIDs" in line for line in bad(app)] == [True]
    found = other(settings, clock, imap_url=f"imap://eva:geheim@127.0.0.1:{free_port()}?tls=none")
    assert ["refused" in line for line in found] == [True]


def test_mailbox_that_gets_no_answers_is_a_risk(
    app: Flask, settings: Settings, clock: FixedClock, imap: ScriptedImap
) -> None:
    make_heartbeat(app)
    assert ["are not read" in line for line in other(settings, clock, imap_url="")] == [True]
    assert ["IKONE_AUTHSERV_ID" in line for line in other(settings, clock, authserv_id="")] == [
        True
    ]
    as_somebody = imap.url.replace("eva:", "someone%40example.org:")
    found = other(settings, clock, imap_url=as_somebody)
    assert ["do answers arrive there?" in line for line in found] == [True]
    as_sender = imap.url.replace("eva:", "Events%40example.org:")
    assert other(settings, clock, imap_url=as_sender) == []


def test_address_without_tls_is_a_fault(app: Flask, settings: Settings, clock: FixedClock) -> None:
    make_heartbeat(app)
    found = other(settings, clock, base_url="http://events.example.org")
    assert [line for line in found if line.startswith("fault: address: http://events")]
    found = other(settings, clock, trusted_proxies=0, rate_limits=False, privacy_contact="")
    assert [line.split(":")[0] for line in found] == ["warning"] * 3


def test_source_of_each_value_is_shown(app: Flask, settings: Settings, clock: FixedClock) -> None:
    unset = {"organisation": "", "address": "", "privacy_contact": ""}
    with app.app_context(), transaction():
        db.session.add(InstallationSettings(id=1, organisation="Amt", accent="#006b2d"))
    found = "\n".join(lines(app))
    assert "organisation: IKONE DS (from IKONE_ORGANISATION; what was entered in the" in found
    assert "accent: #006b2d (entered in the browser)" in found
    assert "logo: none" in found
    lacking = create_app(replace(settings, **unset), clock=clock)
    found = "\n".join(lines(lacking))
    assert "organisation: Amt (entered in the browser)" in found
    assert "address is neither entered in the browser nor set by IKONE_ADDRESS" in found
    assert "privacy_contact is neither" in found
    with app.app_context(), transaction():
        db.session.execute(delete(InstallationSettings))
    assert "organisation: IKONE DS (default)" in "\n".join(lines(lacking))
    with lacking.app_context():
        db.engine.dispose()


def test_database_that_is_away_is_one_fault_and_the_rest_is_looked_at(
    settings: Settings, clock: FixedClock
) -> None:
    away = f"postgresql://postgres@127.0.0.1:{free_port()}/x"
    found = other(settings, clock, database_url=away)
    assert len(found) == 1
    assert found[0].startswith("fault: database: can't be reached: ")


def test_database_without_tables_or_of_another_version_is_a_fault(
    app: Flask, settings: Settings, clock: FixedClock, tmp_path: Path
) -> None:
    found = other(settings, clock, data_dir=tmp_path / "empty")
    assert any("ikone.db is missing" in line for line in found)
    with app.app_context(), db.engine.begin() as connection:
        connection.exec_driver_sql("UPDATE alembic_version SET version_num = '9999'")
    assert any("version 9999 is newer" in line for line in bad(app))


def test_queue_that_cannot_be_reached_is_a_fault(
    app: Flask, settings: Settings, clock: FixedClock
) -> None:
    make_heartbeat(app)
    found = other(settings, clock, engine_url=f"redis://127.0.0.1:{free_port()}")
    assert ["queue: redis" in line for line in found] == [True]


@pytest.mark.postgres
def test_postgresql_is_shown_with_its_clock(settings: Settings, clock: FixedClock) -> None:
    with fresh_database() as url:
        app = create_app(replace(settings, database_url=url), clock=clock)
        assert call(app, "event", "list").exit_code == 0
        make_heartbeat(app)
        found = lines(app)
        assert any(line.startswith("ok: database: postgresql") for line in found)
        assert "ok: clock: agrees with the database's" in found
        assert any("fsync is off" in line for line in found), "the tests' own server"
        with app.app_context(), db.engine.begin() as connection:
            connection.exec_driver_sql("DROP TABLE heartbeat")
        found = lines(app)
        assert [line for line in found if "aborted" in line] == [], "one fault makes no others"
        with app.app_context():
            db.engine.dispose()


def test_env_file_that_others_can_read_is_a_risk(
    app: Flask, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    make_heartbeat(app)
    folder = tmp_path / "open"
    folder.mkdir(mode=0o755)
    (folder / ".env").write_text("X=1")
    (folder / ".env").chmod(0o644)
    monkeypatch.chdir(folder)
    assert any("others can read" in line for line in bad(app))
    (folder / ".env").chmod(0o600)
    assert bad(app) == []

"""Dated backups: the oldest goes, and only when the new one is whole; their age is shown."""

import fcntl
import os
from dataclasses import replace
from pathlib import Path

import pytest
from flask import Flask

from ikone_events.app import create_app
from ikone_events.config import Settings
from ikone_events.services.backup_note import latest_backup
from ikone_events.store.db import db
from tests.factories import NOW, FixedClock, make_event, make_heartbeat, make_settings
from tests.services.operating.installations import call

STAMP = "ikone-localhost-2026-03-"


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    return tmp_path / "backups"


def names(folder: Path) -> list[str]:
    return sorted(path.name for path in folder.iterdir())


def back_up(app: Flask, folder: Path, keep: int = 2) -> str:
    result = call(app, "backup", "--keep", str(keep), str(folder))
    assert result.exit_code == 0, result.output
    return result.output


def test_oldest_backup_beyond_the_number_is_removed(
    app: Flask, clock: FixedClock, folder: Path
) -> None:
    for _day in range(3):
        output = back_up(app, folder)
        clock.move(days=1)
    assert names(folder) == [f"{STAMP}03T090000Z.zip", f"{STAMP}04T090000Z.zip"]
    assert f"removed: {folder}/{STAMP}02T090000Z.zip" in output
    assert folder.stat().st_mode & 0o077 == 0
    back_up(app, folder, keep=1)
    assert names(folder) == [f"{STAMP}05T090000Z.zip"]


def test_backups_of_one_second_are_kept_in_order(app: Flask, folder: Path) -> None:
    for _ in range(12):
        back_up(app, folder)
    assert names(folder) == [f"{STAMP}02T090000Z-11.zip", f"{STAMP}02T090000Z-12.zip"]


def test_foreign_files_stay_and_what_a_killed_backup_left_goes(app: Flask, folder: Path) -> None:
    folder.mkdir()
    foreign = [
        "ikone-example.org-2020-01-01T000000Z.zip",
        "ikone-localhost-2020-01-01.zip",
        "ikone-localhost-of-the-boss.zip",
        "photos.zip",
    ]
    for name in (*foreign, "ikone-localhost-2020-01-01T000000Z.zip.part"):
        (folder / name).touch()
    (folder / "ikone-localhost-2020-01-01T000000Z.zip").mkdir()
    (folder / "ikone-localhost-2020-01-02T000000Z.zip").write_bytes(b"no backup of ours")
    for _ in range(2):
        back_up(app, folder, keep=1)
    ours_by_name = {f"ikone-localhost-2020-01-0{day}T000000Z.zip" for day in (1, 2)}
    left = {*foreign, *ours_by_name, f"{STAMP}02T090000Z-2.zip"}
    assert set(names(folder)) == left


def test_failed_backup_removes_nothing(app: Flask, folder: Path) -> None:
    for _ in range(2):
        back_up(app, folder)
    before = names(folder)
    handle = os.open(folder, os.O_RDONLY)
    fcntl.flock(handle, fcntl.LOCK_EX)
    result = call(app, "backup", "--keep", "1", str(folder))
    assert (result.exit_code, "Another backup" in result.output) == (1, True)
    os.close(handle)
    with app.app_context():
        db.drop_all()
    result = call(app, "backup", "--keep", "1", str(folder / "missing" / "folder"))
    assert (result.exit_code, "No backup was made" in result.output) == (1, True)
    with app.app_context():
        db.session.execute(db.text("DROP TABLE alembic_version"))
        db.session.commit()
    result = call(app, "backup", "--keep", "1", str(folder))
    assert (result.exit_code, "No backup was made" in result.output) == (1, True)
    assert names(folder) == before


def test_folder_without_a_number_is_refused(app: Flask, folder: Path) -> None:
    folder.mkdir()
    result = call(app, "backup", str(folder))
    assert (result.exit_code, "--keep N" in result.output) == (1, True)
    assert names(folder) == []


def findings(app: Flask) -> list[str]:
    """What doctor says about backups."""
    return [line for line in call(app, "doctor").output.splitlines() if "backup" in line]


def test_age_of_the_backup_is_reported(app: Flask, clock: FixedClock, tmp_path: Path) -> None:
    make_heartbeat(app)
    assert findings(app) == [], "there is nothing to lose yet"
    make_event(app, created_at=NOW)
    assert [line.split(":")[0] for line in findings(app)] == ["warning"]
    assert call(app, "backup", str(tmp_path / "file.zip")).exit_code == 0
    clock.move(hours=5)
    assert findings(app) == [
        "ok: backup: the latest one was made 5 hours ago, 2026-03-02 09:00 UTC"
    ]
    clock.move(days=3)
    assert "warning: engine: The last backup is 3 days old." in findings(app)[0]


def test_restored_backup_is_the_latest_one_of_a_new_installation(
    app: Flask, clock: FixedClock, tmp_path: Path
) -> None:
    make_event(app)
    file = tmp_path / "file.zip"
    assert call(app, "backup", str(file)).exit_code == 0
    clock.move(days=2)
    other = create_app(make_settings(tmp_path / "other"), clock=clock)
    assert call(other, "restore", str(file)).exit_code == 0
    with other.app_context():
        assert latest_backup() == NOW
        db.engine.dispose()


@pytest.mark.parametrize("days", [0, 3])
def test_missing_backup_is_an_alarm_after_two_weeks_unless_nobody_watches(
    app: Flask, settings: Settings, clock: FixedClock, days: int
) -> None:
    make_event(app, created_at=NOW)
    watching = create_app(replace(settings, backup_days=days), clock=clock)
    clock.move(days=14)
    make_heartbeat(app, clock())
    assert "backup" not in watching.test_client().get("/readyz").text
    clock.move(seconds=1)
    answer = watching.test_client().get("/readyz")
    assert (answer.status_code, answer.json["reasons"]) == (200, ["backup"] if days else [])
    with watching.app_context():
        db.engine.dispose()

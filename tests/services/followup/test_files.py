"""Files on their way to the disk: broken off, killed, on a full disk, beyond the quota, lost."""

import io
import os
import resource
import signal
import time
import zipfile
from datetime import timedelta
from pathlib import Path

import pytest
from flask import Flask

from ikone_events.config import Settings
from ikone_events.domain.followup.details import MaterialDetails
from ikone_events.domain.refusals import Outage, UploadRefused
from ikone_events.services.followup.files import (
    IncomingFile,
    Upload,
    delete_lost_files,
    get_space,
    stored_file,
)
from ikone_events.services.followup.materials import add_file
from ikone_events.services.operating.verification import events
from ikone_events.store.db import db, transaction
from ikone_events.store.events.models import Event, Material
from tests.factories import NOW, make_event, make_material, make_settings

MEGABYTE = 1024 * 1024
PDF = b"%PDF-1.7 "


@pytest.fixture
def settings(data_dir: Path, database: str) -> Settings:
    """A quota of two megabytes."""
    return make_settings(data_dir, database_url=database, upload_quota_mb=2)


def folder(app: Flask) -> Path:
    """The uploads folder."""
    found: Path = app.extensions["ikone_installation"].uploads_dir
    return found


def names(app: Flask) -> list[str]:
    """The names of the files in the uploads folder."""
    return sorted(path.name for path in folder(app).glob("*"))


def incoming(content: bytes = PDF, name: str = "folien.pdf") -> Upload:
    """A file as a form brings it."""
    file = IncomingFile()
    file.write(content)
    return Upload(file_name=name, file=file)


def add(event: Event, upload: Upload) -> str:
    """Store a file with its row; the name of the file."""
    with stored_file(upload) as stored, transaction():
        return add_file(event.slug, stored, MaterialDetails(), now=NOW).stored_name


def rows(app: Flask) -> list[str]:
    """The files that rows name."""
    with app.app_context():
        return sorted(db.session.scalars(db.select(Material.stored_name)))


def faults(app: Flask) -> list[str]:
    """What `verify` says of files."""
    with app.app_context():
        return [*events.missing_files(NOW), *events.lost_uploads(NOW)]


def test_file_is_checked_and_has_its_row(app: Flask) -> None:
    event = make_event(app)
    with app.app_context():
        name = add(event, incoming(PDF + b"x" * 100_000))
    assert names(app) == rows(app) == [name]
    assert (folder(app) / name).stat().st_size == len(PDF) + 100_000
    assert faults(app) == []


@pytest.mark.parametrize(
    ("name", "content"),
    [("seite.pdf", b"<html>"), ("folien.exe", b"MZ"), ("leer.pdf", b""), ("a.pdf", b"PK\x03\x04")],
)
def test_refused_file_leaves_nothing(app: Flask, name: str, content: bytes) -> None:
    event = make_event(app)
    with app.app_context(), pytest.raises(UploadRefused):
        add(event, incoming(content, name))
    assert names(app) == rows(app) == []


@pytest.mark.both_databases
def test_file_whose_row_is_refused_is_deleted(app: Flask) -> None:
    event = make_event(app)
    with app.app_context():
        add(event, incoming(PDF.ljust(MEGABYTE, b"x")))
        with pytest.raises(UploadRefused, match="1 of 2 MB"):
            add(event, incoming(PDF.ljust(MEGABYTE + 1, b"x")))
        add(event, incoming(PDF.ljust(MEGABYTE, b"x")))
        space = get_space()
        with pytest.raises(UploadRefused, match="2 of 2 MB"):
            add(event, incoming())
    assert (space.left, space.is_nearly_used) == (0, True)
    assert len(names(app)) == 2
    assert names(app) == rows(app)


def test_file_stays_when_nobody_knows_whether_its_row_was_stored(app: Flask) -> None:
    make_event(app)
    with app.app_context(), pytest.raises(Outage), stored_file(incoming()):
        raise Outage("the connection ended in the commit")  # type: ignore[arg-type]
    assert len(names(app)) == 1


def test_full_disk_in_the_middle_leaves_nothing(app: Flask) -> None:
    """The disk is full for this process: its files may not grow beyond a megabyte."""
    make_event(app)
    child = os.fork()
    if child == 0:
        signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
        resource.setrlimit(resource.RLIMIT_FSIZE, (MEGABYTE, MEGABYTE))
        status = 1
        with app.app_context():
            file = IncomingFile()
            try:
                for _ in range(40):
                    file.write(b"x" * 64 * 1024)
            except Outage:
                file.close()
                status = 0
        os._exit(status)
    assert os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]) == 0
    assert names(app) == []


@pytest.mark.parametrize("at", ["while it is written", "before its row", "after its row"])
def test_kill_never_leaves_a_row_without_its_file(app: Flask, at: str) -> None:
    event = make_event(app)
    reader, writer = os.pipe()
    child = os.fork()
    if child == 0:
        with app.app_context():
            upload = incoming(PDF.ljust(300_000, b"x"))
            if at == "while it is written":
                _say_and_wait(writer)
            with stored_file(upload) as stored:
                if at == "before its row":
                    _say_and_wait(writer)
                with transaction():
                    add_file(event.slug, stored, MaterialDetails(), now=NOW)
                _say_and_wait(writer)
        os._exit(1)
    os.close(writer)
    with os.fdopen(reader) as words:
        assert words.readline() == "here\n"
    os.kill(child, signal.SIGKILL)
    os.waitpid(child, 0)

    assert len(names(app)) == 1
    assert rows(app) == (names(app) if at == "after its row" else [])
    assert faults(app) == []  # what was just left may still be on its way
    _age(app, hours=2)
    lost = [f"files: {name} in the uploads folder belongs to no material" for name in names(app)]
    assert faults(app) == ([] if at == "after its row" else lost)
    _age(app, hours=25)
    with app.app_context():
        delete_lost_files()
    assert names(app) == rows(app)
    assert faults(app) == []


def _say_and_wait(writer: int) -> None:
    os.write(writer, b"here\n")
    time.sleep(600)  # until the kill


def _age(app: Flask, *, hours: int) -> None:
    """Make all files look older."""
    with app.app_context():
        moment = app.extensions["ikone_installation"].session_clock() - timedelta(hours=hours)
    for path in folder(app).glob("*"):
        os.utime(path, (moment.timestamp(), moment.timestamp()))


def test_row_without_its_file_is_reported(app: Flask) -> None:
    event = make_event(app)
    material = make_material(app, event)
    (folder(app) / material.stored_name).unlink()
    assert faults(app) == [f"files: {event.slug}: the file of “{material.title}” is missing"]


def test_file_is_read_in_portions(app: Flask) -> None:
    """Neither the parser nor the check asks for more than a few megabytes at once."""
    event = make_event(app)
    asked: list[int] = []

    class Watched(IncomingFile):
        def read(self, size: int | None = -1, /) -> bytes:
            asked.append(-1 if size is None else size)
            return super().read(size)

    content = io.BytesIO()
    with zipfile.ZipFile(content, "w") as packed:
        packed.writestr("a.pdf", PDF.ljust(MEGABYTE, b"x"))
    with app.app_context():
        file = Watched()
        file.write(content.getvalue())
        add(event, Upload(file_name="alles.zip", file=file))
    assert asked
    assert all(0 <= size <= 4 * MEGABYTE + 1 for size in asked)

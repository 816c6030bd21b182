"""Creates the SQLite file: at the first start, or when an operator asks for it.

A file in the data folder remembers the first start. While it is there, a missing or empty database
was lost, and is not replaced by an empty one.
"""

import os
from contextlib import suppress
from pathlib import Path

from flask import current_app
from sqlalchemy import inspect

from ikone_events.store.db import db
from ikone_events.store.sqlite import path_of

FSTAB = Path("/etc/fstab")
_TEXT = """{name}
The database above was created. While this file is here, a missing or empty database is not replaced
by a new one. To begin with an empty database: ikone-events db upgrade --create
"""


class SchemaError(Exception):
    """A missing database, or one of an unsuitable version; the message says what to do."""


def is_missing() -> bool:
    """Whether the database is a file that is not there."""
    path = path_of(db.engine.url)
    return path is not None and not path.exists()


def create_missing(*, anew: bool = False) -> None:
    """Create the file of the database, at the first start or `anew`; the caller holds `alone()`.

    Raises SchemaError for a database that was lost: it is missing or empty, but was created before.
    """
    path = path_of(db.engine.url)
    if path is None:
        return
    if not anew:
        _refuse_lost(path)
    if not path.exists():
        try:
            os.close(os.open(path, os.O_CREAT | os.O_WRONLY, 0o600))  # names and addresses
        except OSError as fault:
            raise SchemaError(f"{path} can't be created: {fault.strerror}.") from fault


def note_created() -> None:
    """Remember that the database was created."""
    path = path_of(db.engine.url)
    if path is not None and not _was_created(path):
        with suppress(OSError):  # an installation may be read-only; it works without
            _marker().write_text(_TEXT.format(name=_name(path)), encoding="utf-8")


def forget_created() -> None:
    """The next start is a first one."""
    _marker().unlink(missing_ok=True)


def _refuse_lost(path: Path) -> None:
    where = _unmounted_above(path)
    if where is not None and not path.exists():
        raise SchemaError(f"{where} is not mounted, and the database {path} lies below it.")
    if _was_created(path) and (is_missing() or not inspect(db.engine).has_table("alembic_version")):
        state = "empty" if path.exists() else "missing"
        raise SchemaError(
            f"The database {path} is {state}, but it was created before. Put the file back, "
            "or restore a backup: ikone-events restore FILE. "
            "To begin with an empty database: ikone-events db upgrade --create"
        )


def _unmounted_above(path: Path) -> Path | None:
    """A mount point of fstab above the path where nothing is mounted."""
    try:
        lines = FSTAB.read_text(encoding="utf-8", errors="replace").splitlines()
    except OSError:
        return None
    fields = [line.split() for line in lines if not line.lstrip().startswith("#")]
    points = [Path(each[1].replace("\\040", " ")) for each in fields if len(each) > 1]
    above = [point for point in points if point.is_absolute() and path.is_relative_to(point)]
    return next((point for point in above if not point.is_mount()), None)


def _marker() -> Path:
    """Not named like the database, so that moving `ikone.db*` leaves it where it is."""
    folder: Path = current_app.extensions["ikone_data_dir"]
    return folder / "database-created"


def _was_created(path: Path) -> bool:
    try:
        return _marker().read_text(encoding="utf-8").partition("\n")[0] == _name(path)
    except OSError:
        return False


def _name(path: Path) -> str:
    """Relative to the data folder, which may be moved as a whole."""
    folder = _marker().parent.resolve()
    resolved = path.resolve()
    return str(resolved.relative_to(folder) if resolved.is_relative_to(folder) else resolved)

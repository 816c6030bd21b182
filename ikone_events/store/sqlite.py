"""Connections to an SQLite file: they open it, never create it, and notice its loss.

SQLite goes on in a file that was moved or deleted, and creates a missing one. Both would look like
a working installation, so each connection knows the file it has opened, by device and inode.
"""

import os
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from urllib.parse import quote, unquote, urlsplit

from sqlalchemy import URL, Dialect, Engine, event
from sqlalchemy.exc import DisconnectionError

_OPENED = "opened file"  # key of a pooled connection's info


@dataclass(frozen=True, slots=True)
class OpenedFile:
    """The file that a connection has opened."""

    path: Path
    identity: tuple[int, int] | None

    def is_in_place(self) -> bool:
        """Whether the path still leads to this file."""
        return self.identity == _identity(self.path)


def path_of(url: URL) -> Path | None:
    """The file of a database; None for PostgreSQL and for a database in memory."""
    return _path(url.database or "") if url.get_backend_name() == "sqlite" else None


def opened_file(info: Mapping[str, Any]) -> OpenedFile | None:
    """The file of a connection, by its info; None if it has none."""
    found: OpenedFile | None = info.get(_OPENED)
    return found


def _path(name: str) -> Path | None:
    if name in ("", ":memory:") or "mode=memory" in name:
        return None
    return Path(unquote(urlsplit(name).path) if name.startswith("file:") else name).absolute()


def _identity(path: Path) -> tuple[int, int] | None:
    try:
        found = os.stat(path)  # noqa: PTH116 - once per transaction; Path.stat takes twice as long
    except OSError:
        return None
    return found.st_dev, found.st_ino


@event.listens_for(Engine, "do_connect")
def _open_existing(
    dialect: Dialect, record: Any, arguments: list[Any], options: dict[str, Any]
) -> None:
    """Open the file without creating it; the identity is read first, so a change is noticed."""
    if dialect.name != "sqlite" or (path := _path(name := arguments[0])) is None:
        return
    if not name.startswith("file:"):
        name = f"file:{quote(str(path))}"
    if "mode=" not in name:
        name = f"{name}{'&' if '?' in name else '?'}mode=rw"
    arguments[0], options["uri"] = name, True
    record.info[_OPENED] = OpenedFile(path, _identity(path))


@event.listens_for(Engine, "connect")
def _prepare(connection: Any, _record: Any) -> None:
    if type(connection).__module__.startswith("sqlite3"):
        connection.isolation_level = None  # SQLAlchemy begins transactions, see store/db.py
        for pragma in (
            "journal_mode=WAL",
            "synchronous=FULL",  # NORMAL may lose a commit at a power failure
            "foreign_keys=ON",
            "secure_delete=ON",  # overwrites deleted data in the file
            "temp_store=MEMORY",
        ):
            connection.execute(f"PRAGMA {pragma}")


@event.listens_for(Engine, "checkout")
def _leave_moved_file(_connection: Any, record: Any, _proxy: Any) -> None:
    """Before each use of a pooled connection; the pool then opens the file again."""
    opened = record.info.get(_OPENED)
    if opened is not None and not opened.is_in_place():
        raise DisconnectionError(f"{opened.path} was moved or replaced")

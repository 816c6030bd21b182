"""Dated backups in a folder, the newest kept; and when the latest backup was made."""

import fcntl
import os
import re
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

from ikone_events.services.installation import get_installation
from ikone_events.services.operating.backups.archive import (
    BackupError,
    Manifest,
    make_backup,
    reading,
    sync_folder,
)


@dataclass(frozen=True, slots=True)
class MadeBackup:
    """A new backup, and the older ones that were removed."""

    path: Path
    manifest: Manifest
    removed: tuple[Path, ...] = ()


def make_dated_backup(folder: Path, *, keep: int, now: datetime) -> MadeBackup:
    """Make a backup named after this host and moment, then remove our oldest beyond `keep`.

    The new one is read and checked first. Raises BackupError or OSError; then nothing was removed.
    """
    folder.mkdir(mode=0o700, exist_ok=True)
    with _alone(folder):
        former = _ours(folder)
        path = folder / _new_name(former, now)
        manifest = make_backup(path, now=now)
        try:
            with reading(path):
                pass
        except BackupError:
            path.unlink()
            raise
        removed = tuple(former[: max(len(former) - keep + 1, 0)])
        for old in (*removed, *_ours(folder, of_killed=True)):
            old.unlink()
        sync_folder(folder)
    return MadeBackup(path, manifest, removed)


@contextmanager
def _alone(folder: Path) -> Iterator[None]:
    """Refuse a second process that makes a backup in this folder at the same time."""
    handle = os.open(folder, os.O_RDONLY | os.O_DIRECTORY)
    try:
        fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
        yield
    except BlockingIOError as fault:
        raise BackupError(f"Another backup is being made in {folder}.") from fault
    finally:
        os.close(handle)


def _prefix() -> str:
    """Several installations may share a folder."""
    return f"ikone-{get_installation().settings.host}"


def _ours(folder: Path, *, of_killed: bool = False) -> list[Path]:
    """The backups of this installation, the oldest first, or what killed processes have left."""
    part = r"\.part" if of_killed else ""
    name = re.compile(rf"{re.escape(_prefix())}-(\d{{4}}-\d\d-\d\dT\d{{6}}Z)(?:-(\d+))?\.zip{part}")
    found = [(m[1], int(m[2] or 1), p) for p in folder.iterdir() if (m := name.fullmatch(p.name))]
    return [path for _stamp, _number, path in sorted(found) if path.is_file()]


def _new_name(former: list[Path], now: datetime) -> str:
    """A name that sorts after the former ones, also within one second."""
    name = f"{_prefix()}-{now.astimezone(UTC):%Y-%m-%dT%H%M%SZ}"
    same = [path.name for path in former if path.name.startswith(name)]
    if not same:
        return f"{name}.zip"
    number = same[-1].removeprefix(name).removesuffix(".zip").removeprefix("-") or "1"
    return f"{name}-{int(number) + 1}.zip"


def note_backup(made_at: datetime) -> None:
    """Remember the moment of the latest backup, in the data folder that all processes share."""
    part = _note().with_suffix(".part")
    part.write_text(f"{made_at.isoformat()}\n", encoding="utf-8")
    part.replace(_note())


def latest_backup() -> datetime | None:
    """When the latest backup was made; None if none is known."""
    try:
        return datetime.fromisoformat(_note().read_text(encoding="utf-8").strip())
    except (OSError, ValueError):
        return None


def _note() -> Path:
    return get_installation().settings.data_dir / "last-backup"

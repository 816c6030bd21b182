"""Dated backups in a folder, the newest kept."""

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
    is_backup,
    make_backup,
    reading,
)
from ikone_events.store.durable_files import sync_folder

# From so many backups on, their distance predicts when the next ones will be made.
_RHYTHM = 2


@dataclass(frozen=True, slots=True)
class MadeBackup:
    """A new backup, the older ones that were removed, and until when it is kept, if known."""

    path: Path
    manifest: Manifest
    removed: tuple[Path, ...] = ()
    kept_until: datetime | None = None


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
        whole = [each for each in former if is_backup(each)]  # foreign files keep their names
        removed = tuple(whole[: max(len(whole) - keep + 1, 0)])
        for old in (*removed, *_ours(folder, of_killed=True)):
            old.unlink()
        sync_folder(folder)
        kept_until = _kept_until(_ours(folder), keep, now)
    return MadeBackup(path, manifest, removed, kept_until)


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


def _kept_until(paths: list[Path], keep: int, now: datetime) -> datetime | None:
    """When today's backup is removed by the rhythm of those before it; None without a rhythm."""
    days = [datetime.fromisoformat(_stamp_of(path)) for path in paths]
    if len(days) < _RHYTHM:
        return None
    return now + keep * ((days[-1] - days[0]) / (len(days) - 1))


def _stamp_of(path: Path) -> str:
    stamp = path.name.removeprefix(f"{_prefix()}-").removesuffix(".zip")
    day, _t, clock = stamp.partition("T")
    return f"{day}T{clock[:2]}:{clock[2:4]}:{clock[4:6]}+00:00"


def _new_name(former: list[Path], now: datetime) -> str:
    """A name that sorts after the former ones, also within one second."""
    name = f"{_prefix()}-{now.astimezone(UTC):%Y-%m-%dT%H%M%SZ}"
    same = [path.name for path in former if path.name.startswith(name)]
    if not same:
        return f"{name}.zip"
    number = same[-1].removeprefix(name).removesuffix(".zip").removeprefix("-") or "1"
    return f"{name}-{int(number) + 1}.zip"

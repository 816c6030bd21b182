"""When the latest backup was made and how long it is kept, as far as the installation knows."""

import json
import os
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

from ikone_events.services.installation import get_installation


@dataclass(frozen=True, slots=True)
class BackupNote:
    """The latest known backup; `keep` is the number of those kept in its folder, if it was given.

    `kept_until` is when it is removed if backups go on in the rhythm of its folder.
    """

    made_at: datetime
    keep: int | None = None
    kept_until: datetime | None = None


def note_backup(
    made_at: datetime, *, keep: int | None = None, kept_until: datetime | None = None
) -> None:
    """Remember the latest backup, in the data folder that all processes share."""
    until = kept_until.isoformat() if kept_until else None
    more = json.dumps({"keep": keep, "kept_until": until})
    part = _note().with_suffix(".part")
    with part.open("w", encoding="utf-8") as file:
        file.write(f"{made_at.isoformat()}\n{more}\n")
        file.flush()
        os.fsync(file.fileno())
    part.replace(_note())


def latest_backup() -> datetime | None:
    """When the latest backup was made; None if none is known."""
    note = backup_note()
    return note.made_at if note else None


def backup_note() -> BackupNote | None:
    """What is known of the latest backup; None if none is known."""
    try:
        first, *rest = _note().read_text(encoding="utf-8").splitlines()
        more = json.loads(rest[0]) if rest else {}
        until = more.get("kept_until")
        kept_until = datetime.fromisoformat(until) if until else None
        return BackupNote(datetime.fromisoformat(first.strip()), more.get("keep"), kept_until)
    except (OSError, ValueError):
        return None


def _note() -> Path:
    return get_installation().settings.data_dir / "last-backup"

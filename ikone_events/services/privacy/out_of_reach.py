"""Copies of personal data that no deletion of ours reaches, and when they are gone."""

from dataclasses import dataclass
from datetime import date, datetime, timedelta
from enum import StrEnum

from ikone_events.services.backup_note import backup_note
from ikone_events.services.installation import get_installation
from ikone_events.store.db import db


class Copy(StrEnum):
    """A kind of copy; the values are in stored records."""

    BACKUPS = "backups"
    BEFORE_RESTORE = "before_restore"
    UPLOADS = "uploads"
    DATABASE_FILES = "database_files"
    REPLICAS = "replicas"
    MAILBOXES = "mailboxes"
    CALENDARS = "calendars"
    EXPORTS = "exports"
    SERVER_LOGS = "server_logs"


@dataclass(frozen=True, slots=True)
class OutOfReach:
    """Copies of one kind: the newest one and when they are gone, as far as that is known.

    `number` is how many backups are kept, or how many former installations lie in the data folder.
    """

    copy: Copy
    newest: date | None = None
    gone_on: date | None = None
    number: int | None = None


def out_of_reach(now: datetime) -> list[OutOfReach]:
    """All copies that have to be thought of at this moment."""
    found = [_backups(), *_former_installations()]
    # A deleted file of a speaker has no row any more; the file itself goes a day later.
    found.append(OutOfReach(Copy.UPLOADS, gone_on=(now + timedelta(days=1)).date()))
    if db.engine.dialect.name == "postgresql":
        found.append(OutOfReach(Copy.DATABASE_FILES))
    others = (Copy.REPLICAS, Copy.MAILBOXES, Copy.CALENDARS, Copy.EXPORTS, Copy.SERVER_LOGS)
    return [*found, *map(OutOfReach, others)]


def _backups() -> OutOfReach:
    note = backup_note()
    if note is None:
        return OutOfReach(Copy.BACKUPS)
    until = note.kept_until.date() if note.kept_until else None
    return OutOfReach(Copy.BACKUPS, note.made_at.date(), until, note.keep)


def _former_installations() -> list[OutOfReach]:
    """What restores have put aside in the data folder; only people delete it."""
    paths = list(get_installation().settings.data_dir.glob("before-restore-*"))
    if not paths:
        return []
    stamp = max(path.name.removeprefix("before-restore-")[:8] for path in paths)
    newest = datetime.strptime(stamp, "%Y%m%d").date()  # noqa: DTZ007 - a day
    return [OutOfReach(Copy.BEFORE_RESTORE, newest, number=len(paths))]

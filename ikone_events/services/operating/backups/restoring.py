"""Restoring a backup: checked first, then all or nothing, with the outbox paused."""

import hashlib
import os
import shutil
import zipfile
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path

from sqlalchemy import Connection, func, insert, inspect, select

from ikone_events.domain.operating.alarms import silence_limit
from ikone_events.services.backup_note import latest_backup, note_backup
from ikone_events.services.installation import get_installation
from ikone_events.services.operating.backups.archive import (
    BackupError,
    Manifest,
    lines_in,
    make_backup,
    reading,
)
from ikone_events.services.operating.backups.carried_over import (
    add_deletions,
    add_objections,
    read_deletions,
    read_objections,
)
from ikone_events.store.db import db
from ikone_events.store.durable_files import sync_folder
from ikone_events.store.mails.models import Heartbeat, OutboxPause
from ikone_events.store.operating.first_start import create_missing, is_missing, note_created
from ikone_events.store.operating.schema import alone, current_version, migrate_within, versions
from ikone_events.store.operating.snapshot import drop_all, fill, rebuilding, renumber, tables_of
from ikone_events.store.operating.triggers import drop_triggers

# Tables that are filled from the start don't show that an installation is in use.
_FROM_THE_START = ("role", "send_rate")


@dataclass(frozen=True, slots=True)
class Restored:
    """The restored manifest, and the backup of the former installation if there was one."""

    manifest: Manifest
    kept: Path | None


def restore_backup(path: Path, *, now: datetime, force: bool = False) -> Restored:
    """Replace the installation by a backup, and pause mails and steps.

    Raises BackupError before anything is changed: for a damaged archive or one of a newer version,
    for a running worker, and, without `force`, for an installation in use.
    """
    with reading(path) as (archive, manifest):
        _check_version(manifest)
        if not force:
            _refuse_while_a_worker_lives(now)
        kept = _keep_former(force=force, now=now)
        _place_files(archive, manifest, now=now)
        with alone():
            create_missing(anew=True)
            with rebuilding() as connection:
                former, deletions = read_objections(connection), read_deletions(connection)
                _rebuild(connection, archive, manifest, now=now)
                add_objections(connection, former)
                add_deletions(connection, deletions)
            note_created()
    if latest_backup() is None:
        note_backup(datetime.fromisoformat(manifest.created_at))
    return Restored(manifest, kept)


def _check_version(manifest: Manifest) -> None:
    known = versions()
    if manifest.schema not in known:
        raise BackupError(
            f"The backup is of a newer version ({manifest.schema}, made by {manifest.program}) "
            f"than this program ({known[-1]}). Install the newer version first."
        )


def _refuse_while_a_worker_lives(now: datetime) -> None:
    if is_missing():
        return
    with db.engine.connect() as connection:
        if not inspect(connection).has_table("heartbeat"):
            return
        last = connection.scalar(select(func.max(Heartbeat.beat_at)))
    limit = silence_limit(timedelta(seconds=get_installation().settings.tick_seconds))
    if last is not None and now - last <= limit:
        raise BackupError(
            f"A worker gave a sign {int((now - last).total_seconds())} seconds ago. "
            f"Stop the server and the workers and wait {limit.seconds // 60} minutes, "
            "or use --force if they have been stopped."
        )


def _keep_former(*, force: bool, now: datetime) -> Path | None:
    """Back up the existing installation, if any; raises BackupError without `force`."""
    if current_version() is None or not _is_in_use():
        return None
    if not force:
        raise BackupError(
            "This installation is in use. With --force it is kept as a backup of its own and "
            "then replaced."
        )
    kept = get_installation().settings.data_dir / f"before-restore-{now:%Y%m%d-%H%M%S}.zip"
    make_backup(kept, now=now, overwrite=True)
    return kept


def _is_in_use() -> bool:
    with db.engine.connect() as connection:
        tables = [t for t in tables_of(connection) if t.name not in _FROM_THE_START]
        return any(connection.execute(select(t).limit(1)).first() is not None for t in tables)


def _place_files(archive: zipfile.ZipFile, manifest: Manifest, *, now: datetime) -> None:
    """Place files before rows: a killed process leaves unused files, never rows without files."""
    data = get_installation().settings.data_dir
    aside = data / f"before-restore-{now:%Y%m%d-%H%M%S}"
    for folder in ("uploads", "pages"):
        wanted = set(manifest.folder(folder))
        place = data / folder
        place.mkdir(parents=True, exist_ok=True)
        for name in sorted(wanted):
            _place(archive, f"{folder}/{name}", place / name, manifest, aside / folder)
        if folder == "uploads":
            for former in [p for p in place.iterdir() if p.is_file() and p.name not in wanted]:
                _move(former, aside / folder)
        sync_folder(place)


def _place(
    archive: zipfile.ZipFile, member: str, target: Path, manifest: Manifest, aside: Path
) -> None:
    if target.exists():
        with target.open("rb") as file:
            if hashlib.file_digest(file, "sha256").hexdigest() == manifest.sha256[member]:
                return
        _move(target, aside)
    part = target.with_name(f"{target.name}.part")
    with archive.open(member) as source, part.open("wb") as file:
        shutil.copyfileobj(source, file)
        file.flush()
        os.fsync(file.fileno())
    part.replace(target)


def _move(former: Path, aside: Path) -> None:
    aside.mkdir(parents=True, exist_ok=True)
    former.replace(aside / former.name)


def _rebuild(
    connection: Connection, archive: zipfile.ZipFile, manifest: Manifest, *, now: datetime
) -> None:
    """Create the tables of the backup's version, fill and migrate them, and pause the outbox.

    The last migration creates the triggers anew and counts: counting row by row is slow.
    """
    drop_all(connection)
    migrate_within(connection, manifest.schema)
    drop_triggers(connection)
    tables = tables_of(connection)
    if unknown := set(manifest.rows) - {table.name for table in tables}:
        raise BackupError(f"The backup holds unknown tables: {', '.join(sorted(unknown))}.")
    for table in tables:
        if table.name not in manifest.rows:
            continue
        number = fill(connection, table, lines_in(archive, f"tables/{table.name}.jsonl"))
        if number != manifest.rows[table.name]:
            raise BackupError(f"The backup is damaged: {table.name} lacks rows.")
    renumber(connection, tables)
    migrate_within(connection, "head")
    pause = {"id": 1, "since": now, "reason": f"restored from the backup of {manifest.created_at}"}
    connection.execute(insert(OutboxPause), [pause])

"""Who had their data deleted, as hashes of random ids: a restored backup may still contain them.

Each is a row, written in the transaction of the deletion, and after the commit a line of the file
`forgotten` in the data folder, which no restore replaces. A line never comes before its row is
stored: a deletion that fails would otherwise delete somebody after a restore. A process that is
killed between the two leaves a row without a line; `write_missing_lines` adds it.
"""

import hashlib
import logging
import os
import re
from collections.abc import Iterable, Mapping
from datetime import date
from pathlib import Path
from typing import cast

from flask import current_app
from sqlalchemy import String, event, select
from sqlalchemy.orm import Mapped, Session, mapped_column

from ikone_events.store.db import Base, db, insert_into
from ikone_events.store.durable_files import sync_folder

_FILE = "forgotten"
_LINE = re.compile(r"([0-9a-f]{64}) (\d{4}-\d\d-\d\d)")
_NOTED = "forgotten"

log = logging.getLogger(__name__)


class ForgottenPerson(Base):
    """Somebody whose data were deleted on request: the hash of a random id, and the day."""

    __tablename__ = "forgotten_person"

    id_hash: Mapped[str] = mapped_column(String(64), primary_key=True)
    day: Mapped[date]


def hash_of_id(public_id: str) -> str:
    """The hash of a public id; ids are random, so nobody can guess them from it."""
    return hashlib.sha256(public_id.encode()).hexdigest()


def note_forgotten(public_ids: Iterable[str], day: date) -> None:
    """Remember that the people with these public ids, of whatever table, were deleted."""
    hashes = {hash_of_id(public_id): day for public_id in public_ids}
    add_rows(hashes)
    db.session().info.setdefault(_NOTED, {}).update(hashes)


def add_rows(hashes: Mapping[str, date]) -> None:
    """Store those that are not known yet, inside a transaction."""
    rows = [{"id_hash": each, "day": day} for each, day in hashes.items()]
    if rows:
        wanted = insert_into(ForgottenPerson).on_conflict_do_nothing(index_elements=["id_hash"])
        db.session.execute(wanted, rows)


@event.listens_for(Session, "after_commit")
def _write(session: Session) -> None:
    if noted := session.info.pop(_NOTED, None):
        try:
            _append(noted)
        except OSError:  # the commit was successful
            log.exception("the file of forgotten people was not written; it will be made up for")


@event.listens_for(Session, "after_rollback")
def _drop(session: Session) -> None:
    session.info.pop(_NOTED, None)


def write_missing_lines() -> None:
    """Add the lines of rows that have none. Raises OSError."""
    rows = db.session.execute(select(ForgottenPerson.id_hash, ForgottenPerson.day))
    known = read_lines()
    _append({row.id_hash: row.day for row in rows if row.id_hash not in known})


def read_lines() -> dict[str, date]:
    """The hashes in the file, with their days; a line that is torn off is left out."""
    try:
        text = _path().read_text(encoding="ascii", errors="replace")
    except FileNotFoundError:
        return {}
    found = (_LINE.fullmatch(line) for line in text.splitlines())
    return {match[1]: date.fromisoformat(match[2]) for match in found if match}


def _append(hashes: Mapping[str, date]) -> None:
    if not hashes:
        return
    # The first line break ends a line that a full disk may have torn off.
    lines = "".join(f"{each} {day.isoformat()}\n" for each, day in hashes.items())
    is_new = not _path().exists()
    handle = os.open(_path(), os.O_CREAT | os.O_WRONLY | os.O_APPEND, 0o600)
    try:
        content = lines.encode("ascii") if is_new else b"\n" + lines.encode("ascii")
        if os.write(handle, content) != len(content):
            raise OSError("the disk is full")
        os.fsync(handle)
    finally:
        os.close(handle)
    if is_new:
        sync_folder(_path().parent)


def _path() -> Path:
    return cast(Path, current_app.extensions["ikone_data_dir"]) / _FILE

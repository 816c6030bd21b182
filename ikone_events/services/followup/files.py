"""Uploaded files on their way into the uploads folder, and what is lost there.

A file is written as `<name>.part`, checked, synced, renamed to `<name>`, and only then named by a
row: whatever dies in between leaves a file without a row, which the clock deletes, and never a row
without its file.
"""

import io
import logging
import os
import re
import secrets
import shutil
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path
from typing import Any

from sqlalchemy import func, select

from ikone_events.domain.followup.uploads import check_upload, display_name
from ikone_events.domain.refusals import (
    N_,
    Complaint,
    FileTooLarge,
    Outage,
    Refusal,
    UploadRefused,
)
from ikone_events.services.installation import get_installation, session_now
from ikone_events.store.db import db
from ikone_events.store.durable_files import sync_folder
from ikone_events.store.events.models import Material

log = logging.getLogger(__name__)

MEGABYTE = 1024 * 1024
_PART = ".part"
# Other files in the folder are not ours.
_OWN_NAME = re.compile(r"[0-9a-f]{32}(\.part)?")
# A file that is being uploaded has no row yet.
LOST_AFTER = timedelta(days=1)
_STORED_NAMES = select(Material.stored_name).where(Material.stored_name != "")


class IncomingFile(io.FileIO):
    """A new file in the uploads folder; closing deletes it unless it was kept."""

    _is_kept = False

    def __init__(self) -> None:
        folder = get_installation().uploads_dir
        self.name_in_folder = secrets.token_hex(16)
        self.path = folder / f"{self.name_in_folder}{_PART}"
        try:
            folder.mkdir(parents=True, exist_ok=True)
            super().__init__(str(self.path), "x+b")
        except OSError as fault:
            raise disk_fault(fault) from fault

    def write(self, data: Any, /) -> int:
        """Write all of it. Raises Outage if the disk is full."""
        rest = memoryview(data).cast("B")
        written = len(rest)
        try:
            while rest:
                rest = rest[super().write(rest) :]
        except OSError as fault:
            raise disk_fault(fault) from fault
        return written

    def keep(self) -> str:
        """Make the file durable under its final name, which is returned. Raises Outage."""
        kept = self.path.with_suffix("")
        try:
            os.fsync(self.fileno())
            self.path.rename(kept)
            self.path = kept
            sync_folder(kept.parent)
        except OSError as fault:
            raise disk_fault(fault) from fault
        self._is_kept = True
        return self.name_in_folder

    def close(self) -> None:
        """Close, and delete what was not kept."""
        if not self.closed:
            super().close()
            if not self._is_kept:
                with suppress(OSError):
                    self.path.unlink(missing_ok=True)


@dataclass(frozen=True, slots=True, kw_only=True)
class Upload:
    """A file as it came: the name that it says it has, and its content."""

    file_name: str
    file: IncomingFile


@dataclass(frozen=True, slots=True, kw_only=True)
class StoredFile:
    """A checked file in the uploads folder."""

    stored_name: str
    file_name: str
    content_type: str
    size: int


@contextmanager
def stored_file(upload: Upload) -> Iterator[StoredFile]:
    """Check a file and store it for the row that the caller adds in a transaction inside.

    Outside of transactions: checking and syncing take time. A refusal inside deletes the file; an
    outage does not, because nobody knows whether the row was stored. Raises UploadRefused,
    FileTooLarge and Outage.
    """
    with upload.file as file:
        size = file.seek(0, os.SEEK_END)
        most_mb = get_installation().settings.max_upload_mb
        if size > most_mb * MEGABYTE:
            raise FileTooLarge(most_mb)
        kind = check_upload(upload.file_name, file, size)
        stored = StoredFile(
            stored_name=file.keep(),
            file_name=display_name(upload.file_name),
            content_type=kind.content_type,
            size=size,
        )
    try:
        yield stored
    except Refusal as refusal:
        if not isinstance(refusal, Outage):
            file.path.unlink(missing_ok=True)
        raise


def upload_from(path: Path) -> Upload:
    """A copy of a file of this machine. Raises OSError and Outage."""
    file = IncomingFile()
    try:
        with path.open("rb") as source:
            shutil.copyfileobj(source, file, MEGABYTE)
    except BaseException:
        file.close()
        raise
    return Upload(file_name=path.name, file=file)


@dataclass(frozen=True, slots=True)
class Space:
    """How many bytes the files have, and may have; 0 for no limit."""

    used: int
    quota: int

    @property
    def is_nearly_used(self) -> bool:
        """Whether four fifths of the quota are used."""
        return bool(self.quota) and self.used * 5 >= self.quota * 4

    @property
    def left(self) -> int | None:
        """How many bytes are free; None without a quota."""
        return max(self.quota - self.used, 0) if self.quota else None


def get_space() -> Space:
    """The space of the installation's files."""
    used = db.session.scalar(select(func.coalesce(func.sum(Material.size), 0))) or 0
    return Space(int(used), get_installation().settings.upload_quota_mb * MEGABYTE)


def check_quota(size: int) -> None:
    """Raise UploadRefused if so many more bytes go beyond the quota.

    Uploads to two events at the same moment may go beyond it together, by one file.
    """
    space = get_space()
    if space.left is not None and size > space.left:
        text = N_(
            "The space for files is used up: %(used)d of %(quota)d MB. Please delete files that"
            " are no longer needed, or ask the administrators for more."
        )
        values = {"used": space.used // MEGABYTE, "quota": space.quota // MEGABYTE}
        raise UploadRefused(Complaint(text, values, "file"))


def lost_files(older_than: timedelta) -> Iterator[Path]:
    """Our files in the uploads folder that no material has, from some age on."""
    folder, names = get_installation().uploads_dir, set(db.session.scalars(_STORED_NAMES))
    before = session_now().timestamp() - older_than.total_seconds()
    for path in sorted(folder.iterdir()) if folder.is_dir() else ():
        if _OWN_NAME.fullmatch(path.name) and path.name not in names:
            with suppress(OSError):
                if path.stat().st_mtime < before:
                    yield path


def delete_lost_files() -> None:
    """Delete files of the uploads folder that no material has, after a day.

    They are left by killed processes, and by archived events: what a speaker handed in and nobody
    released is deleted with the names.
    """
    for path in lost_files(LOST_AFTER):
        with suppress(OSError):
            path.unlink()


def disk_fault(fault: OSError) -> Outage:
    """The refusal for a file that can't be stored, with a line in the log."""
    log.error("a file can't be stored: %s", fault.strerror)
    return Outage(Complaint(N_("Nothing can be stored at this moment. Please try again later.")))

"""Backups: their file format, and making one while pages and workers run.

An archive is a ZIP file whose manifest names every member with its hash. Members are
`tables/<table>.jsonl`, `uploads/<stored name>` and `pages/<name>.md`.
"""

import hashlib
import io
import json
import re
import zipfile
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from dataclasses import asdict, dataclass, field
from datetime import datetime
from pathlib import Path

from sqlalchemy import Connection, Table, select, text

from ikone_events import __version__
from ikone_events.services.installation import get_installation
from ikone_events.store.durable_files import replacing
from ikone_events.store.operating.schema import current_version
from ikone_events.store.operating.snapshot import frozen, lines_of, tables_of

FORMAT = 1
MANIFEST = "manifest.json"
_MEMBER = re.compile(r"(tables|uploads|pages)/([A-Za-z0-9_-][A-Za-z0-9._-]*)")
_BLOCK = 1 << 20


class BackupError(Exception):
    """A backup that can't be made or restored; nothing was changed."""


@dataclass(slots=True, kw_only=True)
class Manifest:
    """The description of an archive. `missing` are slides without a file."""

    program: str
    schema: str
    created_at: str
    rows: dict[str, int] = field(default_factory=dict)
    sha256: dict[str, str] = field(default_factory=dict)
    missing: list[str] = field(default_factory=list)
    format: int = FORMAT

    def folder(self, name: str) -> list[str]:
        """The names of the members in one folder, without it."""
        return [m.removeprefix(f"{name}/") for m in self.sha256 if m.startswith(f"{name}/")]


class Writer:
    """Adds members to an archive and remembers their hashes."""

    def __init__(self, archive: zipfile.ZipFile, manifest: Manifest) -> None:
        self._archive = archive
        self._manifest = manifest

    def add_lines(self, name: str, lines: Iterable[str]) -> int:
        """Write lines of text; returns how many."""
        number = 0
        digest = hashlib.sha256()
        with self._archive.open(name, "w", force_zip64=True) as member:
            for number, line in enumerate(lines, start=1):  # noqa: B007 - counted
                content = f"{line}\n".encode()
                digest.update(content)
                member.write(content)
        self._manifest.sha256[name] = digest.hexdigest()
        return number

    def add_file(self, name: str, path: Path) -> bool:
        """Copy a file; False when there is none."""
        digest = hashlib.sha256()
        try:
            source = path.open("rb")
        except FileNotFoundError:
            return False
        with source, self._archive.open(name, "w", force_zip64=True) as member:
            while block := source.read(_BLOCK):
                digest.update(block)
                member.write(block)
        self._manifest.sha256[name] = digest.hexdigest()
        return True


@contextmanager
def writing(path: Path, manifest: Manifest) -> Iterator[Writer]:
    """Write an archive, which has its name once it is whole."""
    with replacing(path) as file, zipfile.ZipFile(file, "w", zipfile.ZIP_DEFLATED) as archive:
        yield Writer(archive, manifest)
        archive.writestr(MANIFEST, json.dumps(asdict(manifest), indent=1))


@contextmanager
def reading(path: Path) -> Iterator[tuple[zipfile.ZipFile, Manifest]]:
    """Open an archive whose every member is what its manifest says. Raises BackupError."""
    try:
        with zipfile.ZipFile(path) as archive:
            manifest = _manifest_of(archive)
            _check_members(archive, manifest)
            yield archive, manifest
    except (zipfile.BadZipFile, EOFError, OSError) as fault:
        raise BackupError(f"{path} can't be read: {fault}") from fault


def is_backup(path: Path) -> bool:
    """Whether a file is an archive of ours by its content, whole or damaged in a member."""
    try:
        with zipfile.ZipFile(path) as archive:
            _manifest_of(archive)
    except (BackupError, zipfile.BadZipFile, EOFError, OSError):
        return False
    return True


def lines_in(archive: zipfile.ZipFile, name: str) -> Iterator[str]:
    """The lines of a member, one after another."""
    with archive.open(name) as member:
        yield from io.TextIOWrapper(member, encoding="utf-8", newline="\n")


def _manifest_of(archive: zipfile.ZipFile) -> Manifest:
    try:
        values = json.loads(archive.read(MANIFEST))
        manifest = Manifest(**values)
    except (KeyError, TypeError, ValueError) as fault:
        raise BackupError("This is no backup of Ikone Events: its manifest is missing.") from fault
    if manifest.format != FORMAT:
        raise BackupError(f"The backup has the unknown format {manifest.format}.")
    return manifest


def _check_members(archive: zipfile.ZipFile, manifest: Manifest) -> None:
    names = [name for name in archive.namelist() if name != MANIFEST]
    for name in (*names, *manifest.sha256):
        if not _MEMBER.fullmatch(name):
            raise BackupError(f"The backup holds a name that is not safe: {name!r}.")
    if sorted(names) != sorted(manifest.sha256):
        raise BackupError("The backup is damaged: its members are not those of its manifest.")
    for name, expected in manifest.sha256.items():
        if _hash_of(archive, name) != expected:
            raise BackupError(f"The backup is damaged: {name} is not what was written.")


def _hash_of(archive: zipfile.ZipFile, name: str) -> str:
    with archive.open(name) as member:
        return hashlib.file_digest(member, "sha256").hexdigest()  # type: ignore[arg-type]


def make_backup(path: Path, *, now: datetime, overwrite: bool = False) -> Manifest:
    """Write database, slides and legal pages into one file. Raises BackupError.

    All tables are read in one snapshot. Slides whose file is missing are named in the manifest.
    """
    if path.exists() and not overwrite:
        raise BackupError(f"{path} exists already; --force replaces it.")
    if current_version() is None:
        raise BackupError("There is nothing to back up: the database is missing or has no tables.")
    with frozen() as connection:
        manifest = Manifest(
            program=__version__, schema=_version(connection), created_at=now.isoformat()
        )
        with writing(path, manifest) as writer:
            _add_tables(writer, connection, manifest)
    return manifest


def _version(connection: Connection) -> str:
    return str(connection.scalar(text("SELECT version_num FROM alembic_version")))


def _add_tables(writer: Writer, connection: Connection, manifest: Manifest) -> None:
    tables = tables_of(connection)
    for table in tables:
        lines = lines_of(connection, table)
        manifest.rows[table.name] = writer.add_lines(f"tables/{table.name}.jsonl", lines) - 1
    for name in _slides(connection, tables):
        if not writer.add_file(f"uploads/{name}", get_installation().uploads_dir / name):
            manifest.missing.append(name)
    for page in sorted(get_installation().settings.data_dir.glob("pages/*.md")):
        writer.add_file(f"pages/{page.name}", page)


def _slides(connection: Connection, tables: list[Table]) -> Iterator[str]:
    """The stored names of the slides."""
    for table in tables:
        if table.name == "material":
            named = select(table.c.stored_name).where(table.c.stored_name != "").distinct()
            yield from connection.scalars(named.order_by(table.c.stored_name))

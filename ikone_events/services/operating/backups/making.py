"""Making a backup while pages and workers go on."""

from collections.abc import Iterator
from datetime import datetime
from pathlib import Path

from sqlalchemy import Connection, Table, select, text

from ikone_events import __version__
from ikone_events.services.installation import get_installation
from ikone_events.services.operating.backups.archive import BackupError, Manifest, Writer, writing
from ikone_events.store.operating.schema import current_version
from ikone_events.store.operating.snapshot import frozen, lines_of, tables_of


def make_backup(path: Path, *, now: datetime, overwrite: bool = False) -> Manifest:
    """Write database, slides and legal pages into one file. Raises BackupError.

    All tables are read at one moment. Slides are taken by the rows of that moment; one that is
    gone is named in the manifest and holds up nothing.
    """
    if path.exists() and not overwrite:
        raise BackupError(f"{path} exists already; --force replaces it.")
    if current_version() is None:
        raise BackupError("There is nothing to back up: the database has no tables.")
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
    """The names under which slides are stored, by the rows of this moment."""
    for table in tables:
        if table.name == "material":
            named = select(table.c.stored_name).where(table.c.stored_name != "").distinct()
            yield from connection.scalars(named.order_by(table.c.stored_name))

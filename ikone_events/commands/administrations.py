"""The directory of administrations from the shell."""

from pathlib import Path

import click
from flask.cli import AppGroup

from ikone_events.commands.common import fail, with_tables
from ikone_events.domain.refusals import Complaint, Refusal
from ikone_events.services.directory.importing import Imported, check_list, import_list
from ikone_events.services.installation import now
from ikone_events.store.db import transaction

administrations = AppGroup("administrations", help="The directory of administrations.")


@administrations.command("import")
@click.argument("file", type=click.Path(exists=True, dir_okay=False, path_type=Path))
@click.option("--check", is_flag=True, help="Report what would change and store nothing.")
@with_tables
def import_administrations(file: Path, check: bool) -> None:
    """Import a CSV list: all rows, or none when a row is wrong."""
    content = file.read_bytes()
    try:
        if check:
            click.echo(f"Would be stored: {_counts(check_list(content))}.")
            return
        with transaction():
            done = import_list(content, now=now())
    except Refusal as refusal:
        faults = "\n".join(_line(complaint) for complaint in refusal.complaints)
        fail(f"Nothing was imported from {file}:\n{faults}")
    click.echo(f"{_counts(done)}; {done.matched} registrations matched.")


def _counts(done: Imported) -> str:
    return f"{len(done.added)} new, {len(done.changed)} changed, {done.unchanged} unchanged"


def _line(complaint: Complaint) -> str:
    return f"line {complaint.about}: {complaint}" if complaint.about else str(complaint)

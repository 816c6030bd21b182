"""The directory of administrations, loading a file, exporting lists, dossiers of events."""

import sys
from contextlib import AbstractContextManager, nullcontext
from pathlib import Path
from typing import BinaryIO, TextIO

import click
from flask.cli import AppGroup, with_appcontext

from ikone_events.commands.common import fail, get_event, lines_of, with_tables
from ikone_events.domain.refusals import Complaint, Refusal
from ikone_events.domain.registering.form_fields import ROLES
from ikone_events.domain.words import LOCALES
from ikone_events.services.directory.importing import Imported, check_list, import_list
from ikone_events.services.documents.spreadsheets import WORKBOOKS, write_csv, write_workbook
from ikone_events.services.events.dossier_file import save_dossier
from ikone_events.services.installation import get_installation, now
from ikone_events.services.operating.loading import read_file, store_dataset
from ikone_events.services.registering.lists.exports import (
    OUTBOX_COLUMNS,
    outbox_rows,
    registration_columns,
    registration_rows,
    write_json,
)
from ikone_events.store.db import transaction


@click.command()
@click.argument("file", type=click.Path(exists=True, dir_okay=False, path_type=Path))
@with_appcontext
@with_tables
def load(file: Path) -> None:
    """Store events, people and registrations from a JSON file; no e-mail is sent."""
    try:
        dataset = read_file(file, hosts=get_installation().settings.link_hosts)
        with transaction():
            loaded = store_dataset(dataset, folder=file.parent, actor="load", now=now())
    except Refusal as refusal:
        fail(f"Nothing was loaded from {file}:\n{lines_of(refusal)}")
    for name in loaded.missing_files:
        click.echo(f"left out, not beside the file: {name}", err=True)
    for slug in loaded.without_room:
        click.echo(f"no room yet, its video provider is not set up: {slug}", err=True)
    click.echo(f"{loaded.events} events, {loaded.registrations} registrations loaded.")


export = AppGroup("export", help="Export lists for other programs.")
_output = click.option(
    "--output",
    type=click.Path(dir_okay=False, path_type=Path),
    help="Write to this file, not to the screen.",
)


@export.command("registrations")
@click.argument("slug")
@click.option("--format", "form", type=click.Choice(["csv", *WORKBOOKS, "json"]), default="csv")
@_output
@with_tables
def export_registrations(slug: str, form: str, output: Path | None) -> None:
    """Export the registrations of an event."""
    event = get_event(slug)
    # A shell user has access to the database anyway: export what administrators see.
    columns = registration_columns(event, ROLES[-1])
    rows = registration_rows(event, ROLES[-1], now=now(), words=form != "json")
    if form in WORKBOOKS:
        with _open_binary(output) as binary:
            write_workbook(binary, columns, rows, form, title=event.slug)
        return
    with _open(output) as stream:
        if form == "json":
            write_json(stream, rows)
        else:
            write_csv(stream, columns, rows)


@click.command()
@click.argument("slug")
@click.argument("file", type=click.Path(dir_okay=False, path_type=Path))
@click.option("--language", type=click.Choice(LOCALES), default="de", show_default=True)
@click.option("--force", is_flag=True, help="Replace the file if it exists.")
@with_appcontext
@with_tables
def dossier(slug: str, file: Path, language: str, force: bool) -> None:
    """Write everything of an event except its attendees into a ZIP file, for whoever takes over."""
    event = get_event(slug)
    if file.exists() and not force:
        fail(f"{file} exists already; --force replaces it.")
    try:
        missing = save_dossier(event, file, locale=language, now=now())
    except OSError as fault:
        fail(f"No dossier was written: {fault}")
    for title in missing:
        click.echo(f"missing, so not in the dossier: the file of “{title}”", err=True)
    click.echo(f"{file}: the dossier of “{event.title_in(language)}”.")


@export.command("outbox")
@click.option("--format", type=click.Choice(["csv"]), default="csv", expose_value=False)
@_output
@with_tables
def export_outbox(output: Path | None) -> None:
    """Export all e-mails with their state, without their texts."""
    with _open(output) as stream:
        write_csv(stream, OUTBOX_COLUMNS, outbox_rows())


def _open(output: Path | None) -> AbstractContextManager[TextIO]:
    if output is None:
        return nullcontext(sys.stdout)
    return output.open("w", encoding="utf-8", newline="")


def _open_binary(output: Path | None) -> AbstractContextManager[BinaryIO]:
    if output is None:
        return nullcontext(sys.stdout.buffer)
    return output.open("wb")


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

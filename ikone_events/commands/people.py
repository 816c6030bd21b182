"""Organisers and administrations from the shell."""

import sys
from pathlib import Path

import click
from flask.cli import AppGroup

from ikone_events.commands.common import fail, lines_of, with_tables
from ikone_events.domain.refusals import Complaint, Refusal
from ikone_events.services.accounts.organisers import NewOrganiser, add
from ikone_events.services.directory.importing import Imported, check_list, import_list
from ikone_events.services.installation import now
from ikone_events.store.db import transaction

organiser = AppGroup("organiser", help="Organisers' accounts.")


@organiser.command("add")
@click.argument("email")
@click.option("--role", type=click.Choice(["admin", "organiser", "viewer"]), required=True)
@click.option("--name", default="")
@click.option("--password-stdin", is_flag=True, help="Read the password from standard input.")
@click.option("--only", multiple=True, metavar="SLUG", help="Limit the account to these events.")
@with_tables
def add_organiser(
    email: str, role: str, name: str, password_stdin: bool, only: tuple[str, ...]
) -> None:
    """Create an organiser's account."""
    if password_stdin:
        password = sys.stdin.readline().rstrip("\n")
    else:
        password = click.prompt("Password", hide_input=True, confirmation_prompt=True)
    new = NewOrganiser(email=email, role=role, name=name, password=password, only=only)
    try:
        with transaction():
            add(new, now=now())
    except Refusal as refusal:
        fail(lines_of(refusal))
    click.echo(f"{email} can sign in as {role}.")


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

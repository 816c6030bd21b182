"""Video rooms: whether their providers can be used."""

import sys

import click
from flask.cli import with_appcontext

from ikone_events.commands.common import with_tables
from ikone_events.domain.rooms.providers import PROVIDER_LABELS
from ikone_events.services.rooms.checking import begun_kinds, check_provider


@click.group()
def rooms() -> None:
    """Video rooms and their providers."""


@rooms.command()
@with_appcontext
@with_tables
def check() -> None:
    """Ask the servers of all providers; one line per fault, exit status 1 if there is one."""
    fine, kinds = True, begun_kinds()
    for kind in kinds:
        found = check_provider(kind)
        for complaint in found.faults:
            click.echo(f"{kind.value}: {complaint}")
        for complaint in found.advice:
            click.echo(f"note: {kind.value}: {complaint}")
        if not found.faults:
            click.echo(f"ok: {kind.value}: {PROVIDER_LABELS[kind]} answers.")
        fine = fine and not found.faults
    if not kinds:
        click.echo("No provider is set up: rooms are links.")
    if not fine:
        sys.exit(1)

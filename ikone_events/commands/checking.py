"""Looking after the house: are all invariants kept, are the settings right."""

import sys

import click
from flask.cli import with_appcontext

from ikone_events.commands.saying import with_tables
from ikone_events.services.office import now
from ikone_events.services.verification import faults


@click.command()
@with_appcontext
@with_tables
def verify() -> None:
    """Check every invariant; one line a fault, exit status 1 when there is one."""
    number = 0
    for number, fault in enumerate(faults(now()), start=1):  # noqa: B007 - counted
        click.echo(fault)
    if number:
        sys.exit(1)
    click.echo("No fault found.")

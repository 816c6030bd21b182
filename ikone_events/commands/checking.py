"""Checks of data and settings."""

import sys

import click
from flask import current_app
from flask.cli import with_appcontext

from ikone_events.commands.common import with_tables
from ikone_events.services.installation import get_installation, now
from ikone_events.services.operating.doctor import findings
from ikone_events.services.operating.doctor.findings import Finding, fault, ok
from ikone_events.services.operating.verification import faults
from ikone_events.worker.engine import Engine


@click.command()
@with_appcontext
@with_tables
def verify() -> None:
    """Check all invariants of the data; one line per fault, exit status 1 if there is one."""
    number = 0
    for number, line in enumerate(faults(now()), start=1):  # noqa: B007 - counted
        click.echo(line)
    if number:
        sys.exit(1)
    click.echo("No fault found.")


@click.command()
@with_appcontext
def doctor() -> None:
    """Check settings and surroundings; exit status 1 if something must be fixed."""
    fine = True
    for finding in (*findings(now()), _queue()):
        click.echo(str(finding))
        fine = fine and finding.is_fine
    if not fine:
        sys.exit(1)


def _queue() -> Finding:
    """Whether the queue is reachable; without it mails wait for a tick."""
    engine: Engine = current_app.extensions["ikone_engine"]
    kind = get_installation().settings.engine_url.partition(":")[0] or "embedded"
    try:
        engine.huey.pending_count()
    except Exception as error:  # noqa: BLE001 - three kinds of queues, each with errors of its own
        return fault("queue", f"{kind}: {type(error).__name__}: {error}")
    return ok("queue", kind)

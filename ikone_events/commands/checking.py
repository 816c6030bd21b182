"""Checks of data, settings and providers of video rooms."""

import sys

import click
from flask import current_app
from flask.cli import with_appcontext

from ikone_events.commands.common import with_tables
from ikone_events.domain.rooms.providers import PROVIDER_LABELS
from ikone_events.services.installation import get_installation, now
from ikone_events.services.operating.doctor import findings
from ikone_events.services.operating.doctor.findings import Finding, fault, ok
from ikone_events.services.operating.verification import faults
from ikone_events.services.rooms.registry import begun_kinds, check_provider
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

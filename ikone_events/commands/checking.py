"""Checks of data and settings, and the retention of personal data."""

import sys
from datetime import datetime, timedelta

import click
from flask import current_app
from flask.cli import with_appcontext

from ikone_events.commands.common import fail, lines_of, with_tables
from ikone_events.domain.refusals import Refusal
from ikone_events.domain.times import local_to_utc
from ikone_events.services.installation import get_installation, now
from ikone_events.services.operating.doctor import findings
from ikone_events.services.operating.doctor.findings import Finding, fault, ok
from ikone_events.services.operating.retention import count_known, forget_event, tidy
from ikone_events.services.operating.verification import faults
from ikone_events.services.privacy.archiving import events_to_forget
from ikone_events.services.privacy.forgetting import due_early
from ikone_events.store.db import transaction
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


@click.command()
@click.option("--as-of", type=click.DateTime(["%Y-%m-%d"]), help="Act as at the end of that day.")
@click.option("--dry-run", is_flag=True, help="Only report what would be deleted.")
@with_appcontext
@with_tables
def retention(as_of: datetime | None, dry_run: bool) -> None:
    """Anonymise people of events whose retention is over, and earlier those without a place."""
    moment, would_be = now(), "would be " if dry_run else ""
    if as_of is not None:
        end = as_of.replace(tzinfo=None) + timedelta(days=1)
        moment = local_to_utc(end, get_installation().settings.timezone)
    due = [(event.slug, count_known(event)) for event in events_to_forget(moment)]
    whole = {slug for slug, _number in due}
    early = [some for some in due_early(moment) if some.slug not in whole]
    if not dry_run:
        with transaction():
            tidy(moment)
    for event in early:
        if event.answers:
            click.echo(f"{event.slug}: {event.answers} answers {would_be}deleted before the rest")
        if event.people:
            click.echo(f"{event.slug}: {event.people} people without a place {would_be}forgotten")
    for slug, number in due:
        try:
            if not dry_run:
                with transaction():
                    forget_event(slug, actor="retention", now=moment)
        except Refusal as refusal:
            fail(f"{slug}: {lines_of(refusal)}")
        click.echo(f"{slug}: {number} people {would_be}forgotten")
    if not due and not early:
        click.echo("Nobody is to be forgotten.")

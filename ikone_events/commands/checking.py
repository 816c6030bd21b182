"""Looking after the house: are invariants kept, are settings right, is forgotten what must be."""

import sys
from datetime import datetime, timedelta

import click
from flask import current_app
from flask.cli import with_appcontext

from ikone_events.commands.saying import fail, lines_of, with_tables
from ikone_events.domain.refusals import Refusal
from ikone_events.domain.times import local_to_utc
from ikone_events.services.installation import get_installation, now
from ikone_events.services.operating.doctor import findings
from ikone_events.services.operating.doctor.findings import Finding
from ikone_events.services.operating.doctor.findings import fault as bad
from ikone_events.services.operating.doctor.findings import ok as good
from ikone_events.services.operating.retention import count_known, forget_event, tidy
from ikone_events.services.operating.verification import faults
from ikone_events.services.privacy import early_forgetting
from ikone_events.services.privacy.archiving import events_to_forget
from ikone_events.store.db import transaction
from ikone_events.worker.engine import Engine


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


@click.command()
@with_appcontext
def doctor() -> None:
    """Say what is wrong with the settings; exit status 1 when something has to be put right."""
    fine = True
    for finding in (*findings(now()), _queue()):
        click.echo(str(finding))
        fine = fine and finding.is_fine
    if not fine:
        sys.exit(1)


def _queue() -> Finding:
    """Whether wake-ups reach a worker; without them each mail waits for a tick."""
    engine: Engine = current_app.extensions["ikone_engine"]
    kind = get_installation().settings.engine_url.partition(":")[0] or "embedded"
    try:
        engine.huey.pending_count()
    except Exception as error:  # noqa: BLE001 - three kinds of queues, each with errors of its own
        return bad("queue", f"{kind}: {type(error).__name__}: {error}")
    return good("queue", kind)


@click.command()
@click.option(
    "--as-of", type=click.DateTime(["%Y-%m-%d"]), help="As if it were the end of that day."
)
@click.option("--dry-run", is_flag=True, help="Only say what would be forgotten.")
@with_appcontext
@with_tables
def retention(as_of: datetime | None, dry_run: bool) -> None:
    """Forget the persons of events whose retention is over, and earlier who had no place there."""
    moment = now() if as_of is None else _end_of(as_of)
    due = [(event.slug, count_known(event)) for event in events_to_forget(moment)]
    whole = {slug for slug, _number in due}
    early = [some for some in early_forgetting.due(moment) if some.slug not in whole]
    if not dry_run:
        with transaction():
            tidy(moment)
    _tell_early(early, "would be " if dry_run else "")
    for slug, number in due:
        try:
            if not dry_run:
                with transaction():
                    forget_event(slug, actor="retention", now=moment)
        except Refusal as refusal:
            fail(f"{slug}: {lines_of(refusal)}")
        click.echo(f"{slug}: {number} people {'would be ' if dry_run else ''}forgotten")
    if not due and not early:
        click.echo("Nobody is to be forgotten.")


def _tell_early(early: list[early_forgetting.Due], mood: str) -> None:
    for event in early:
        if event.answers:
            click.echo(f"{event.slug}: {event.answers} answers {mood}deleted before the rest")
        if event.people:
            click.echo(f"{event.slug}: {event.people} people without a place {mood}forgotten")


def _end_of(day: datetime) -> datetime:
    return local_to_utc(
        day.replace(tzinfo=None) + timedelta(days=1), get_installation().settings.timezone
    )

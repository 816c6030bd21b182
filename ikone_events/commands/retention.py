"""The retention of personal data, and the records of it."""

import sys
from collections import Counter
from collections.abc import Mapping
from contextlib import suppress
from datetime import datetime, timedelta
from pathlib import Path

import click
from flask.cli import with_appcontext

from ikone_events.commands.common import fail, lines_of, with_tables
from ikone_events.domain.refusals import Refusal
from ikone_events.domain.times import local_to_utc
from ikone_events.services.installation import get_installation, now
from ikone_events.services.operating.retention import (
    delete_expired,
    forget_all,
    forget_event,
    forget_returned,
)
from ikone_events.services.privacy.due_deletions import DueEvent, due_events
from ikone_events.services.privacy.restored_people import find_returned
from ikone_events.services.privacy.retention_record import (
    COMMAND,
    as_file,
    check_file,
    rows_in_records,
)
from ikone_events.store.db import transaction
from ikone_events.store.operating.retention_records import newest_number, records_after


@click.command()
@click.option("--as-of", type=click.DateTime(["%Y-%m-%d"]), help="Act as at the end of that day.")
@click.option("--dry-run", is_flag=True, help="Only report what would be deleted.")
@click.option(
    "--record",
    type=click.Path(dir_okay=False, path_type=Path),
    metavar="FILE",
    help="Write the signed records of this run into a file.",
)
@click.option(
    "--check",
    type=click.Path(exists=True, dir_okay=False, path_type=Path),
    metavar="FILE",
    help="Only check the records in a file.",
)
@with_appcontext
@with_tables
def retention(
    as_of: datetime | None, dry_run: bool, record: Path | None, check: Path | None
) -> None:
    """Anonymise people of events whose retention is over, and earlier those without a place."""
    if check is not None:
        _check(check)
        return
    if dry_run and record is not None:
        fail("--record belongs to a run that deletes; --dry-run deletes nothing.")
    if record is not None and record.exists():
        fail(f"{record} exists already.")
    moment = _moment(as_of)
    due, former, returned = due_events(moment), newest_number(), len(find_returned())
    rows: Counter[str] = _dry_run(due, moment) if dry_run else Counter()
    if not dry_run:
        with transaction():
            forget_returned(by=COMMAND, now=moment)
            delete_expired(moment, by=COMMAND)
    _print_returned(returned, dry_run=dry_run)
    for each in due:
        _run(each, moment, dry_run=dry_run)
    if not due and not returned:
        click.echo("Nobody is to be forgotten.")
    _print_rows(rows if dry_run else rows_in_records(former), dry_run=dry_run)
    if record is not None:
        _write(record, former)


def _moment(as_of: datetime | None) -> datetime:
    if as_of is None:
        return now()
    end = as_of.replace(tzinfo=None) + timedelta(days=1)
    return local_to_utc(end, get_installation().settings.timezone)


class _RolledBack(Exception):
    """Ends a dry run."""


def _dry_run(due: list[DueEvent], moment: datetime) -> Counter[str]:
    """What a run would delete or empty: it is done, counted and rolled back."""
    rows: Counter[str] = Counter()
    slugs = [each.event.slug for each in due if each.whole]
    try:
        with suppress(_RolledBack), transaction():
            rows = forget_all(slugs, by=COMMAND, now=moment)
            raise _RolledBack
    except Refusal as refusal:
        fail(lines_of(refusal))
    return rows


def _listed(rows: Mapping[str, int]) -> str:
    return ", ".join(f"{number} of {table}" for table, number in sorted(rows.items()))


def _print_returned(number: int, *, dry_run: bool) -> None:
    if number:
        click.echo(f"{number} people who came back with a backup {_would(dry_run)}forgotten again")


def _print_rows(rows: Mapping[str, int], *, dry_run: bool) -> None:
    if rows:
        are = "would be" if dry_run else "were"
        click.echo(f"all rows that {are} deleted or emptied: {_listed(rows)}")


def _would(dry_run: bool) -> str:
    return "would be " if dry_run else ""


def _run(due: DueEvent, moment: datetime, *, dry_run: bool) -> None:
    """Forget the people of one event, unless `dry_run`, and say what has gone."""
    slug, would_be = due.event.slug, _would(dry_run)
    if not due.whole:
        if answers := due.rows.get("answer"):
            click.echo(f"{slug}: {answers} answers {would_be}deleted before the rest")
        if due.people:
            click.echo(f"{slug}: {due.people} people without a place {would_be}forgotten")
        return
    try:
        if not dry_run:
            with transaction():
                forget_event(slug, actor=COMMAND, now=moment)
    except Refusal as refusal:
        fail(f"{slug}: {lines_of(refusal)}")
    click.echo(f"{slug}: {due.people} people {would_be}forgotten")
    if due.rows:
        click.echo(f"{slug}: rows {would_be}deleted or emptied: {_listed(due.rows)}")


def _write(file: Path, former: int) -> None:
    records = records_after(former)
    if not records:
        click.echo("Nothing was deleted, so there is no record.")
        return
    try:
        with file.open("x", encoding="utf-8") as stream:
            stream.write(as_file(records))
    except OSError as fault:
        fail(f"The records are stored, but {file} could not be written: {fault}")
    click.echo(f"{file}: {len(records)} records, the last one is number {records[-1].number}.")


def _check(file: Path) -> None:
    try:
        found = check_file(file.read_text(encoding="utf-8"))
    except Refusal as refusal:
        fail(f"{file}: {lines_of(refusal)}")
    except (OSError, UnicodeDecodeError) as fault:
        fail(f"{file} can't be read: {fault}")
    for each in found:
        click.echo(f"record {each.number}: {each.complaint or 'signed, and stored like this'}")
    if any(each.complaint for each in found):
        sys.exit(1)

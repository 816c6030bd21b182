"""Making and restoring backups, and releasing the paused outbox."""

from pathlib import Path

import click
from flask.cli import AppGroup, with_appcontext
from sqlalchemy.exc import SQLAlchemyError

from ikone_events.commands.common import fail, with_tables
from ikone_events.services.backup_note import note_backup
from ikone_events.services.installation import now
from ikone_events.services.mails.outbox_pause import end_pause, find_pause
from ikone_events.services.mails.unsubscribing import delete_objectors
from ikone_events.services.operating.backups.archive import BackupError, Manifest, make_backup
from ikone_events.services.operating.backups.releasing import set_aside, skip_steps, waiting
from ikone_events.services.operating.backups.restoring import restore_backup
from ikone_events.services.operating.backups.rotation import MadeBackup, make_dated_backup
from ikone_events.services.operating.retention import forget_returned
from ikone_events.services.privacy.restored_people import find_returned
from ikone_events.services.privacy.retention_record import COMMAND
from ikone_events.store.db import transaction
from ikone_events.store.operating.first_start import SchemaError

_MAY_BE_SENT = (
    "E-mails that waited when the backup was made, and those of steps that came due later, "
    "may have been sent since then; `outbox release --set-aside` does not send them."
)
_file = click.argument("file", type=click.Path(dir_okay=False, path_type=Path))


@click.command()
@click.argument("target", metavar="FILE|DIR", type=click.Path(path_type=Path))
@click.option("--force", is_flag=True, help="Replace the file if it exists.")
@click.option(
    "--keep",
    type=click.IntRange(min=1),
    metavar="N",
    help="Make a dated backup in the folder DIR and remove the oldest beyond N.",
)
@with_appcontext
def backup(target: Path, force: bool, keep: int | None) -> None:
    """Copy database, slides and legal pages into one file, while everything runs."""
    if keep is None and target.is_dir():
        fail(f"{target} is a folder. For dated backups in it: --keep N.")
    moment = now()
    try:
        if keep is None:
            made = MadeBackup(target, make_backup(target, now=moment, overwrite=force))
        else:
            made = make_dated_backup(target, keep=keep, now=moment)
    except (BackupError, SQLAlchemyError, OSError) as fault:
        fail(f"No backup was made: {_words(fault)}")
    _print_manifest(made.path, made.manifest)
    for old in made.removed:
        click.echo(f"removed: {old}")
    try:
        note_backup(moment, keep=keep, kept_until=made.kept_until)
    except OSError as fault:
        fail(f"The backup was made, but its time could not be stored: {fault}")


def _print_manifest(file: Path, made: Manifest) -> None:
    for name in made.missing:
        click.echo(f"missing, so not in the backup: the slides stored as {name}", err=True)
    rows, files = sum(made.rows.values()), len(made.sha256) - len(made.rows)
    click.echo(f"{file}: {rows} rows of {len(made.rows)} tables, {files} files.")


@click.command()
@_file
@click.option("--force", is_flag=True, help="Replace an installation that is in use.")
@with_appcontext
def restore(file: Path, force: bool) -> None:
    """Restore a backup. No e-mail is sent and no step runs until `outbox release`."""
    try:
        done = restore_backup(file, now=now(), force=force)
        with transaction():
            delete_objectors()
    except (BackupError, SchemaError, SQLAlchemyError, OSError) as fault:
        fail(f"Nothing was restored: {_words(fault)}")
    made = done.manifest
    if done.kept is not None:
        click.echo(f"The former installation is kept in {done.kept}.")
    click.echo(
        f"Restored the backup of {made.created_at}: {made.rows.get('event', 0)} events, "
        f"{made.rows.get('registration', 0)} registrations."
    )
    for name in made.missing:
        click.echo(f"was missing when the backup was made: the slides stored as {name}")
    if returned := len(find_returned()):
        click.echo(_returned_words(returned))
    for line in _what_waits():
        click.echo(line)
    click.echo("E-mails and steps are paused. To release them: ikone-events outbox release")


outbox = AppGroup("outbox", help="E-mails that wait to be sent.")


@outbox.command("release")
@click.option(
    "--set-aside",
    "aside",
    is_flag=True,
    help="Do not send the e-mails that waited in the backup, nor those of steps that came due "
    "since; each can be sent by hand.",
)
@with_tables
def release(aside: bool) -> None:
    """Send e-mails and run steps again after a restore."""
    pause = find_pause()
    if pause is None:
        click.echo("The outbox is not paused.")
        return
    lines = _what_waits()
    with transaction():
        again = forget_returned(by=COMMAND, now=now())
        number = set_aside(pause.since, now=now()) if aside else 0
        skipped = skip_steps(pause.since, now=now()) if aside else 0
        end_pause()
    if again:
        click.echo(f"{again} people who had been forgotten before were forgotten again.")
    for line in lines:
        click.echo(line)
    if aside:
        click.echo(
            f"Mailings were stopped and {number} e-mails set aside; "
            "the pages “E-mails” of their events show them."
        )
    if skipped:
        click.echo(
            f"{skipped} steps that would write e-mails were skipped; the pages "
            "“What happens next” of their events show them."
        )
    click.echo("The pause has ended: e-mails are sent and steps run again.")


def _returned_words(number: int) -> str:
    return (
        f"{number} people had asked to be forgotten since this backup and are in it. They are "
        "forgotten again by `retention`, and by `outbox release` before anything is sent."
    )


def _what_waits() -> list[str]:
    found = waiting(now())
    first = f"{found.mails} e-mails wait to be sent, {found.mailings} mailings are unfinished"
    lines = [f"{first}, {found.steps} steps are due."]
    if found.mails or found.mailings or found.steps:
        lines.append(_MAY_BE_SENT)
    return lines


def _words(fault: Exception) -> str:
    return str(getattr(fault, "orig", None) or fault)

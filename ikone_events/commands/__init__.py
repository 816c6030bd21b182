"""The commands by subject; each opens its own transaction."""

import click
from flask import Flask

from ikone_events.commands.accounts import organiser
from ikone_events.commands.backups import backup, outbox, restore
from ikone_events.commands.checking import doctor, rooms, verify
from ikone_events.commands.events import event
from ikone_events.commands.figures import figures, report
from ikone_events.commands.incoming import incoming
from ikone_events.commands.lists import administrations, dossier, export, load
from ikone_events.commands.retention import retention
from ikone_events.commands.running import demo, serve, worker

COMMANDS: tuple[click.Command, ...] = (
    demo,
    serve,
    worker,
    organiser,
    event,
    administrations,
    load,
    export,
    dossier,
    figures,
    incoming,
    report,
    rooms,
    verify,
    doctor,
    retention,
    backup,
    restore,
    outbox,
)


def register_commands(app: Flask) -> None:
    """Add the commands to `flask --app wsgi` too."""
    for command in COMMANDS:
        app.cli.add_command(command)

"""The commands by subject; each opens its own transaction.

The module of a command is imported when it is asked for: a server needs that of `serve` alone.
"""

from importlib import import_module
from typing import cast

import click
from flask import Flask
from flask.cli import AppGroup

_MODULES = {
    "demo": "running",
    "serve": "running",
    "worker": "running",
    "organiser": "accounts",
    "event": "events",
    "administrations": "lists",
    "load": "lists",
    "export": "lists",
    "dossier": "lists",
    "figures": "figures",
    "incoming": "incoming",
    "report": "figures",
    "rooms": "checking",
    "verify": "checking",
    "doctor": "checking",
    "retention": "retention",
    "backup": "backups",
    "restore": "backups",
    "outbox": "backups",
}
COMMANDS = tuple(_MODULES)


def find_command(name: str) -> click.Command | None:
    """The command of this name, if there is one."""
    if name not in _MODULES:
        return None
    return cast(click.Command, getattr(import_module(f"{__name__}.{_MODULES[name]}"), name))


class _WithCommands(AppGroup):
    """The commands of an application, and ours."""

    def list_commands(self, ctx: click.Context) -> list[str]:
        """In alphabetical order."""
        return sorted({*super().list_commands(ctx), *COMMANDS})

    def get_command(self, ctx: click.Context, name: str) -> click.Command | None:
        """One of ours, or of a library."""
        return find_command(name) or super().get_command(ctx, name)


def register_commands(app: Flask) -> None:
    """Add the commands to `flask --app wsgi` too."""
    app.cli = _WithCommands(app.cli.name, app.cli.commands)

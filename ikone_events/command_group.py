"""The commands of `ikone-events`: those of commands/ around an application from the environment."""

import click
from flask import Flask
from flask.cli import FlaskGroup, NoAppException

from ikone_events.app import create_app
from ikone_events.commands import COMMANDS, find_command
from ikone_events.commands.databases import database_commands
from ikone_events.config import SettingsError
from ikone_events.store.operating.schema import attach_alembic


class _Commands(FlaskGroup):
    """Our own commands and Alembic's `db`; what other extensions would add is left out."""

    def _load_plugin_commands(self) -> None:
        """Load no commands of extensions: they bypass our rules and take time."""

    def list_commands(self, _ctx: click.Context) -> list[str]:
        """In alphabetical order."""
        return sorted((*COMMANDS, "db"))

    def get_command(self, _ctx: click.Context, name: str) -> click.Command | None:
        """One of ours, or Alembic's, which is imported only when needed."""
        if name == "db":
            return database_commands()
        return find_command(name)


def _create_app() -> Flask:
    """The application; invalid settings are reported one per line."""
    try:
        app = create_app()
    except SettingsError as fault:
        raise NoAppException(str(fault)) from fault
    if _asked_for_db():
        attach_alembic(app)
    return app


def _asked_for_db() -> bool:
    context = click.get_current_context(silent=True)
    return context is not None and " db" in context.command_path


commands = _Commands(
    create_app=_create_app,
    add_default_commands=False,
    help="Ikone Events: the lifecycle of workshops, from announcement to follow-up.",
)

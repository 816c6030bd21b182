"""The commands of `ikone-events`: those of commands/ around an application from the environment."""

from functools import wraps
from typing import Any, cast

import click
from flask import Flask
from flask.cli import FlaskGroup, NoAppException

from ikone_events.app import create_app
from ikone_events.commands import COMMANDS, find_command
from ikone_events.commands.common import fail
from ikone_events.config import SettingsError
from ikone_events.store.operating.first_start import SchemaError, forget_created
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


def database_commands() -> click.Group:
    """Flask-Migrate's group `db`, with `upgrade --create` for a database that was lost."""
    from flask_migrate.cli import db  # noqa: PLC0415 - half a second

    upgrade = db.commands["upgrade"]
    if not any(option.name == "create" for option in upgrade.params):
        words = "Begin with an empty database in place of one that was lost."
        upgrade.params.append(click.Option(["--create"], is_flag=True, help=words))
        upgrade.callback = _creating(upgrade.callback)
    return cast(click.Group, db)


def _creating(migrate: Any) -> Any:
    @wraps(migrate)
    def upgrade(*args: Any, create: bool, **options: Any) -> None:
        if create:
            forget_created()
        try:
            migrate(*args, **options)
        except SchemaError as fault:
            fail(str(fault))

    return upgrade

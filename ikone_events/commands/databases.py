"""Alembic's `db` commands, which are imported only when needed."""

from functools import wraps
from typing import Any, cast

import click

from ikone_events.commands.common import fail
from ikone_events.store.operating.first_start import SchemaError, forget_created


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

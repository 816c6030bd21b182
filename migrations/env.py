"""Alembic's environment: the application's own engine and tables, on SQLite by batch."""

from alembic import context
from flask import current_app

from ikone_events.store.db import db

QUEUE_TABLES = "huey_"


def ours(_object, name, kind, _reflected, _compare_to):
    """Leave alone what Huey keeps in the same PostgreSQL database."""
    return not (kind in ("table", "index") and (name or "").startswith(QUEUE_TABLES))


def run():
    """Migrate in one transaction."""
    with db.engine.connect().execution_options(write=True) as connection:
        context.configure(
            connection=connection,
            target_metadata=db.metadata,
            include_object=ours,
            **current_app.extensions["migrate"].configure_args,
        )
        with context.begin_transaction():
            context.run_migrations()


run()

"""Alembic's environment: the application's own engine and tables, on SQLite by batch."""

from alembic import context
from flask import current_app

from ikone_events.store.db import db
from ikone_events.store.operating.schema import upgrading
from ikone_events.store.operating.triggers import drop_triggers, install_triggers

QUEUE_TABLES = "huey_"


def ours(_object, name, kind, _reflected, _compare_to):
    """Leave alone what Huey keeps in the same PostgreSQL database."""
    return not (kind in ("table", "index") and (name or "").startswith(QUEUE_TABLES))


def run():
    """Migrate in one transaction: in the caller's, or as the only process that does so."""
    given = context.config.attributes.get("connection")
    if given is not None:
        migrate(given)
        return
    with upgrading() as connection:
        sqlite = connection.dialect.name == "sqlite"
        if sqlite:
            # A batch drops the old table, and a drop deletes what refers to its rows.
            connection.connection.execute("PRAGMA foreign_keys=OFF")
        migrate(connection)
        if sqlite:
            connection.commit()  # the switch does nothing inside a transaction
            connection.connection.execute("PRAGMA foreign_keys=ON")


def migrate(connection):
    """Run the migrations that are wanted; no row may lose its owner.

    A rebuilt table has lost its triggers, and SQLite renames none that a trigger still names. An
    older version has none: they are derived from today's tables.
    """
    context.configure(
        connection=connection,
        target_metadata=db.metadata,
        include_object=ours,
        **current_app.extensions["migrate"].configure_args,
    )
    with context.begin_transaction():
        drop_triggers(connection)
        context.run_migrations()
        if context.get_context().get_current_revision() == context.get_head_revision():
            install_triggers(connection)
        sqlite = connection.dialect.name == "sqlite"
        if sqlite and (lost := connection.exec_driver_sql("PRAGMA foreign_key_check").all()):
            raise RuntimeError(f"the migration left rows without their owner: {lost[:5]}")


run()

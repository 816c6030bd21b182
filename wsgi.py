"""The WSGI entry for any server: `app` is the whole application, without the embedded worker."""

from ikone_events.app import create_app
from ikone_events.command_group import database_commands
from ikone_events.store.operating.schema import attach_alembic

app = create_app()
attach_alembic(app)  # for `flask --app wsgi db …`
database_commands()

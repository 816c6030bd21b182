"""The WSGI entry for any server: `app` is the whole application, without the embedded worker."""

from ikone_events.app import create_app

app = create_app()

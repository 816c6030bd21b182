"""A whole installation in this process: web server, embedded engine, mail server, browser."""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from threading import Thread
from typing import Any

from flask import Flask
from waitress import wasyncore

from ikone_events.app import create_app
from ikone_events.demo.catcher import free_port
from ikone_events.services.accounts.organisers import NewOrganiser, add
from ikone_events.store.db import db, transaction
from ikone_events.store.operating.schema import migrate
from ikone_events.worker.engine import Engine
from ikone_events.worker.server import listen
from tests.factories import NOW, FixedClock, make_settings
from tests.mailbox import Mailbox, Received
from tests.patience import PATIENCE, wait_for

PASSWORD = "Lange-Wörter-2026"
ORGANISER = "wilma.organisaria@example.org"


@dataclass(frozen=True)
class Installation:
    """What a journey needs of it."""

    app: Flask
    url: str
    clock: FixedClock
    mailbox: Mailbox

    def mails_to(self, recipient: str, *, number: int) -> list[Received]:
        """The mails of one person, once there are that many; one too many is a fault."""
        wait_for(lambda: len(self.mailbox.to(recipient)) >= number)
        found = self.mailbox.to(recipient)
        assert len(found) == number, [mail.subject for mail in found]
        return found


@contextmanager
def running(folder: Path, *, begins: datetime = NOW, **changes: Any) -> Iterator[Installation]:
    """Serve from a fresh SQLite file by waitress, with the engine at work; other settings too."""
    clock, port = FixedClock(begins), free_port()
    url = f"http://127.0.0.1:{port}"
    with Mailbox() as mailbox:
        values = {"smtp_url": mailbox.url, "mail_per_minute": 600_000, "tick_seconds": 1}
        settings = make_settings(folder, base_url=url, **{**values, **changes})
        app = create_app(settings, clock=clock, session_clock=clock)
        with app.app_context():
            migrate()
            with transaction():
                add(_organiser(), now=begins)
        with _serving(app, port):
            yield Installation(app, url, clock, mailbox)
        with app.app_context():
            db.engine.dispose()


def _organiser() -> NewOrganiser:
    return NewOrganiser(
        email=ORGANISER, role="organiser", name="Wilma Organisaria", password=PASSWORD
    )


@contextmanager
def _serving(app: Flask, port: int) -> Iterator[None]:
    engine: Engine = app.extensions["ikone_engine"]
    server = listen(app, "127.0.0.1", port)
    thread = Thread(target=server.run, daemon=True)
    thread.start()
    engine.start()
    try:
        yield
    finally:
        engine.stop()
        # In the server's own thread: it only ends when no browser's idle connection is left.
        server.trigger.pull_trigger(lambda: wasyncore.close_all(server._map))
        thread.join(timeout=PATIENCE)
        server.task_dispatcher.shutdown()
        assert not thread.is_alive()

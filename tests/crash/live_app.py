"""An installation in processes of its own that may be killed at any moment."""

import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from http.client import HTTPConnection, HTTPException
from pathlib import Path

from flask import Flask

from ikone_events.app import create_app
from ikone_events.config import Settings, settings_from_environment
from ikone_events.store.db import db
from ikone_events.store.operating.schema import migrate
from tests.patience import PATIENCE
from tests.programs import ZYGOTE, Program, environment, start

OK = 200


@dataclass(frozen=True)
class Process:
    """One process with the command it runs; `port` is 0 for a worker."""

    command: str
    port: int
    program: Program

    def kill(self) -> None:
        self.program.kill()


@dataclass
class LiveApp:
    """The environment of an installation, its processes, and a way to look into its database."""

    settings: Settings
    app: Flask
    folder: Path
    environment: dict[str, str]
    zygote: str
    processes: list[Process] = field(default_factory=list)

    def start(self, command: str, port: int = 0) -> Process:
        """Run `serve` or `worker`; returns at once."""
        words = f"{command} --port {port}" if port else command
        log = self.folder / "log"
        program = start(*words.split(), environment=self.environment, log=log, zygote=self.zygote)
        process = Process(command, port, program)
        self.processes.append(process)
        return process

    def replace(self, dead: Process) -> Process:
        """Start again what was killed, as a supervisor would."""
        self.processes.remove(dead)
        return self.start(dead.command, dead.port)

    def log(self) -> str:
        """What all processes said."""
        path = self.folder / "log"
        return path.read_text() if path.exists() else ""


def wait_until_served(live_app: LiveApp, port: int) -> None:
    """Return when a server answers."""
    end = time.monotonic() + PATIENCE
    while time.monotonic() < end:
        with suppress(OSError, HTTPException):
            connection = HTTPConnection("127.0.0.1", port, timeout=PATIENCE)
            try:
                connection.request("GET", "/healthz", headers={"Host": "localhost"})
                if connection.getresponse().status == OK:
                    return
            finally:
                connection.close()
        time.sleep(0.01)
    raise AssertionError(f"nobody answers on port {port}: {live_app.log()[-2000:]}")


@contextmanager
def open_live_app(
    folder: Path, *, database_url: str, zygote: str = ZYGOTE, **settings: str
) -> Iterator[LiveApp]:
    """An empty installation; everything that runs is killed at the end.

    `zygote` is the module that its processes are forked from.
    """
    own = environment(
        folder,
        database_url=database_url,
        engine_url=database_url,
        mail_per_minute="600000",
        tick_seconds="1",
        mail_retry="1,1,1,1,1,1,1,1",
        rate_limits="off",
        privacy_contact="datenschutz@example.org",
        **settings,
    )
    app = create_app(settings_from_environment(own))
    app.extensions["ikone_wake"] = lambda: None
    with app.app_context():
        migrate()
        db.session.remove()
    live_app = LiveApp(settings_from_environment(own), app, folder, own, zygote)
    try:
        yield live_app
    finally:
        for process in live_app.processes:
            process.kill()
        with app.app_context():
            db.session.remove()
            db.engine.dispose()

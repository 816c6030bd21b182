"""An installation in processes of its own that may be killed at any moment."""

import os
import secrets
import signal
import subprocess
import sys
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

OK = 200


@dataclass
class Killed:
    """One process with the command it runs; `port` is 0 for a worker."""

    command: str
    port: int
    pid: int

    def kill(self) -> None:
        """As the kernel does when memory runs out: no goodbye."""
        with suppress(ProcessLookupError):
            os.kill(self.pid, signal.SIGKILL)
        while Path(f"/proc/{self.pid}").exists():
            time.sleep(0.005)  # its port is free when it is buried


@dataclass
class LiveApp:
    """The environment of an installation, its processes, and a way to look into its database."""

    settings: Settings
    app: Flask
    folder: Path
    zygote: subprocess.Popen[str]
    processes: list[Killed] = field(default_factory=list)

    def start(self, command: str, port: int = 0) -> Killed:
        """Run `serve` or `worker`; returns at once."""
        words = f"{command} --port {port}" if port else command
        assert self.zygote.stdin is not None
        assert self.zygote.stdout is not None
        self.zygote.stdin.write(words + "\n")
        self.zygote.stdin.flush()
        process = Killed(command, port, int(self.zygote.stdout.readline()))
        self.processes.append(process)
        return process

    def replace(self, dead: Killed) -> Killed:
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
    folder: Path, *, database_url: str, smtp_url: str, zygote: str = "tests.crash.zygote"
) -> Iterator[LiveApp]:
    """An empty installation; everything that runs is killed at the end.

    `zygote` is the module that its processes are forked from.
    """
    own = {
        "IKONE_SECRET_KEY": secrets.token_urlsafe(48),
        "IKONE_BASE_URL": "http://localhost",
        "IKONE_DATA_DIR": str(folder),
        "IKONE_DATABASE_URL": database_url,
        "IKONE_ENGINE_URL": database_url,
        "IKONE_SMTP_URL": smtp_url,
        "IKONE_MAIL_PER_MINUTE": "600000",
        "IKONE_TICK_SECONDS": "1",
        "IKONE_LEASE_SECONDS": "6",
        "IKONE_MAIL_RETRY": "1,1,1,1,1,1,1,1",
        "IKONE_RATE_LIMITS": "off",
        "IKONE_PRIVACY_CONTACT": "datenschutz@example.org",
    }
    settings = settings_from_environment(own)
    app = create_app(settings)
    app.extensions["ikone_wake"] = lambda: None
    with app.app_context():
        migrate()
        db.session.remove()
    others = {k: v for k, v in os.environ.items() if not k.startswith("IKONE_")}
    with subprocess.Popen(
        [sys.executable, "-m", zygote, str(folder / "log")],
        env={**others, **own},
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    ) as process:
        live_app = LiveApp(settings, app, folder, process)
        try:
            yield live_app
        finally:
            for killed in live_app.processes:
                killed.kill()
            assert process.stdin is not None
            process.stdin.close()
            with app.app_context():
                db.session.remove()
                db.engine.dispose()

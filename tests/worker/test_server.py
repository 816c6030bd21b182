"""The server as a process: it stops when it is asked to, however busy it is."""

import json
import resource
import shlex
import signal
import subprocess
import sys
import threading
from contextlib import suppress
from http.client import HTTPConnection, HTTPException
from pathlib import Path

import pytest
from flask import Flask

from ikone_events.demo.catcher import free_port
from ikone_events.worker.server import CONNECTIONS, listen
from tests.effort import by_night
from tests.patience import PATIENCE
from tests.programs import environment

START = [sys.executable, "-c", "from ikone_events.cli import main; main()"]
ROUNDS = by_night(3, 1)


def visit(port: int, enough: threading.Event) -> None:
    """Open and close connections without a pause, as a rush does."""
    while not enough.is_set():
        connection = HTTPConnection("127.0.0.1", port, timeout=PATIENCE)
        with suppress(OSError, HTTPException):
            connection.request("GET", "/healthz")
            connection.getresponse().read()
        connection.close()


@pytest.mark.slow
def test_server_takes_the_files_it_needs_and_stops_on_a_signal_however_busy(tmp_path: Path) -> None:
    """With the thousand that many systems give, the thousandth visitor would find a closed door."""
    for _ in range(ROUNDS):
        port, enough = free_port(), threading.Event()
        command = shlex.join([*START, "serve", "--port", str(port)])
        limited = ["sh", "-c", f"ulimit -Sn 256; exec {command}"]
        own = environment(tmp_path)
        with subprocess.Popen(limited, env=own, stdout=subprocess.PIPE) as server:
            assert server.stdout is not None
            server.stdout.readline()  # it says where it is once the address answers
            soft, _hard = resource.prlimit(server.pid, resource.RLIMIT_NOFILE)
            visitors = [threading.Thread(target=visit, args=(port, enough)) for _ in range(4)]
            for visitor in visitors:
                visitor.start()
            threading.Event().wait(0.5)
            server.send_signal(signal.SIGTERM)
            try:
                assert server.wait(PATIENCE) == 0
            finally:
                enough.set()
                server.kill()
                for visitor in visitors:
                    visitor.join()
        assert soft > CONNECTIONS


def test_server_stops_though_the_exception_of_the_signal_is_lost(app: Flask) -> None:
    """Python drops what a handler raises while garbage is collected."""
    server = listen(app, "127.0.0.1", free_port())
    with suppress(SystemExit):
        server.asyncore.stop(signal.SIGTERM, None)
    server.run()
    server.close()


# What registrations on SQLite and the worker have no use for: holidays takes 12 MB, psycopg 9,
# cryptography 7, xlsxwriter 3, the dialect of PostgreSQL 3, a mailbox 1.
UNUSED = {
    *("alembic", "flask_migrate", "holidays", "psycopg", "psycopg_binary", "cryptography"),
    *("python_calamine", "xlsxwriter", "openpyxl", "typst", "joserfc", "imapclient"),
    *("sqlalchemy.dialects.postgresql", "ikone_events.worker.reading"),
    *("ikone_events.commands.backups", "ikone_events.services.operating.doctor"),
}
REGISTER = """
import json, re, sys
from pathlib import Path
from ikone_events.app import create_app
from ikone_events.command_group import commands
from ikone_events.store.db import db
from tests.factories import NOW, make_event, make_settings

app = create_app(make_settings(Path(sys.argv[1])), clock=lambda: NOW, session_clock=lambda: NOW)
app.extensions["ikone_engine"].huey
with app.app_context():
    db.create_all()
make_event(app, slug="workshop")
client = app.test_client()
form = client.get("/events/workshop/register").text
token = re.search(r'name="csrf_token"[^>]* value="([^"]+)"', form)[1]
person = {"first_name": "Ada", "last_name": "Muster", "email": "ada@example.org"}
person["organisation"] = "Stadt"
answer = client.post("/events/workshop/register", data={**person, "csrf_token": token})
commands.get_command(None, "serve")
app.extensions["ikone_engine"].run_once()
print(json.dumps([answer.status_code, sorted(sys.modules)]))
"""


@pytest.mark.slow
def test_server_of_registrations_imports_nothing_it_has_no_use_for(tmp_path: Path) -> None:
    command = [sys.executable, "-c", REGISTER, str(tmp_path)]
    done = subprocess.run(command, check=True, capture_output=True, text=True)
    status, loaded = json.loads(done.stdout)
    assert (status, UNUSED & set(loaded)) == (303, set())

"""The entry for other WSGI servers, as an operator's server or Flask's command imports it."""

import subprocess
import sys
from pathlib import Path

import pytest

from tests.programs import environment

LOOK = 'from werkzeug.test import Client; from wsgi import app; print(Client(app).get("/").status)'


@pytest.mark.slow
def test_wsgi_entry_serves_what_its_database_command_has_created(tmp_path: Path) -> None:
    upgrade = ["-m", "flask", "--app", "wsgi", "db", "upgrade", "--create"]
    for words, printed in ((upgrade, ""), (["-c", LOOK], "200 OK")):
        command, settings = [sys.executable, *words], environment(tmp_path)
        done = subprocess.run(command, env=settings, check=False, capture_output=True, text=True)
        assert done.returncode == 0, done.stderr
        assert printed in done.stdout

"""An installation whose files can no longer grow: health is red, the log short, nothing lost."""

import resource
import signal
import subprocess
import sys
from datetime import UTC, datetime, timedelta
from http.client import HTTPConnection
from pathlib import Path

import pytest
from sqlalchemy import select

from ikone_events.app import create_app
from ikone_events.config import settings_from_environment
from ikone_events.demo.catcher import free_port
from ikone_events.store.db import db
from ikone_events.store.operating.schema import migrate
from ikone_events.store.registering.models import Registration
from tests.crash.clients import Clients
from tests.effort import by_night
from tests.mailbox import Mailbox
from tests.patience import PATIENCE, wait_for
from tests.programs import environment
from tests.services.operating.installations import call, lay_event

START = [sys.executable, "-c", "from ikone_events.cli import main; main()"]

pytestmark = pytest.mark.slow


def is_ready(port: int) -> bool | None:
    """What /readyz says; None while nobody answers."""
    connection = HTTPConnection("127.0.0.1", port, timeout=PATIENCE)
    try:
        connection.request("GET", "/readyz", headers={"Host": "localhost"})
        return connection.getresponse().status == 200
    except OSError:
        return None
    finally:
        connection.close()


def test_full_disk_is_reported_by_health_and_in_few_lines(tmp_path: Path, mailbox: Mailbox) -> None:
    env = environment(
        tmp_path,
        smtp_url=mailbox.url,
        mail_per_minute="600000",
        tick_seconds="1",
        rate_limits="off",
        backup_days="0",
        privacy_contact="datenschutz@example.org",
    )
    app = create_app(settings_from_environment(env))
    app.extensions["ikone_wake"] = lambda: None
    with app.app_context():
        migrate()
    begins = datetime.now(UTC) + timedelta(days=14)
    lay_event(app, "workshop", starts_at=begins, ends_at=begins + timedelta(hours=2))
    port = free_port()
    # Not forked: what it says goes into a pipe, because a log would be a file that can't grow.
    pipes = {"stdout": subprocess.PIPE, "stderr": subprocess.STDOUT}
    server = subprocess.Popen([*START, "serve", "--port", str(port)], env=env, text=True, **pipes)
    wait_for(lambda: is_ready(port))
    with Clients([port], "/events/workshop/register") as people:
        wait_for(lambda: people.acknowledged)
        limits = resource.prlimit(server.pid, resource.RLIMIT_FSIZE)
        resource.prlimit(server.pid, resource.RLIMIT_FSIZE, (4096, limits[1]))
        wait_for(lambda: people.answers[503] >= by_night(50, 15))
        assert is_ready(port) is False
        resource.prlimit(server.pid, resource.RLIMIT_FSIZE, limits)
        before = len(people.acknowledged)
        wait_for(lambda: len(people.acknowledged) > before)
        wait_for(lambda: is_ready(port))
    server.send_signal(signal.SIGTERM)
    said, _ = server.communicate(timeout=PATIENCE)

    assert server.returncode == 0
    assert "Traceback" not in said
    assert 1 <= said.count("the database can't be used") <= 5, said
    assert set(people.answers) <= {303, 503}
    with app.app_context():
        stored = set(db.session.scalars(select(Registration.email)))
        db.session.remove()
        db.engine.dispose()
    assert people.acknowledged <= stored
    assert call(app, "verify").output == "No fault found.\n"

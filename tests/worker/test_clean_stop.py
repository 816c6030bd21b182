"""SIGTERM: the mail that is being sent is finished, the next one is not begun."""

import os
import signal
import subprocess
import sys
import threading
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from flask import Flask

from ikone_events.config import Settings
from ikone_events.demo.catcher import free_port
from ikone_events.store.db import db
from ikone_events.store.mails.models import OutboxMail
from tests.factories import SECRET, make_event, make_mail, make_registration
from tests.patience import PATIENCE, wait_for
from tests.scripted_smtp import ScriptedServer, Turn

START = [sys.executable, "-c", "from ikone_events.cli import main; main()"]


class SlowServer:
    """Thinks about the first content until it is told that SIGTERM is on its way."""

    def __init__(self) -> None:
        self.reached, self.go_on = threading.Event(), threading.Event()

    def script(self, turn: Turn) -> str:
        if turn.stage == "BODY":
            self.reached.set()
            self.go_on.wait(PATIENCE)
        return ""


@pytest.fixture
def slow() -> Iterator[SlowServer]:
    thinking = SlowServer()
    yield thinking
    thinking.go_on.set()


def threads_of(process: subprocess.Popen[bytes]) -> int:
    """How many threads a process has; those that only wait end as soon as it is to stop."""
    return len(list(Path(f"/proc/{process.pid}/task").iterdir()))


@pytest.mark.slow
@pytest.mark.parametrize("command", ["worker", "serve"])
def test_running_mail_is_finished_and_no_other_begun(
    app: Flask, settings: Settings, slow: SlowServer, command: str
) -> None:
    start = datetime.now(UTC) + timedelta(days=14)  # the processes have the real clock
    event = make_event(app, starts_at=start, ends_at=start + timedelta(hours=2))
    mails = [make_mail(app, make_registration(app, event)) for _ in range(3)]
    with ScriptedServer(script=slow.script) as server:
        environment = {
            **{k: v for k, v in os.environ.items() if not k.startswith("IKONE_")},
            "IKONE_SECRET_KEY": SECRET,
            "IKONE_BASE_URL": "http://localhost",
            "IKONE_DATA_DIR": str(settings.data_dir),
            "IKONE_SMTP_URL": server.url,
            "IKONE_MAIL_PER_MINUTE": "600000",
        }
        port = ["--port", str(free_port())] if command == "serve" else []
        process = subprocess.Popen(
            [*START, command, *port], env=environment, stdout=subprocess.DEVNULL
        )
        try:
            assert slow.reached.wait(PATIENCE)
            running = threads_of(process)
            process.send_signal(signal.SIGTERM)
            wait_for(lambda: threads_of(process) < running)  # it has been heard
            threading.Event().wait(1.5)  # the answer is still out
            assert process.poll() is None
            slow.go_on.set()
            assert process.wait(PATIENCE) == 0
        finally:
            process.kill()
            process.wait()
    with app.app_context():
        found = [db.session.get_one(OutboxMail, mail.id) for mail in mails]
        assert [mail.state for mail in found] == ["sent", "queued", "queued"]
        assert [mail.lease_until for mail in found] == [None] * 3
        assert [mail.tries for mail in found] == [1, 0, 0]
    assert len(server.taken) == 1

"""SIGTERM: the mail that is being sent is finished, the next one is not begun."""

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
from tests.factories import make_event, make_mail, make_registration
from tests.patience import PATIENCE, wait_for
from tests.programs import Program, environment, start
from tests.scripted_smtp import ScriptedServer, Turn


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


def threads_of(program: Program) -> int:
    """How many threads a process has; those that only wait end as soon as it is to stop."""
    return len(list(Path(f"/proc/{program.pid}/task").iterdir()))


@pytest.mark.slow
@pytest.mark.parametrize("command", ["worker", "serve"])
def test_running_mail_is_finished_and_no_other_begun(
    app: Flask, settings: Settings, slow: SlowServer, command: str, tmp_path: Path
) -> None:
    begins = datetime.now(UTC) + timedelta(days=14)  # the processes have the real clock
    event = make_event(app, starts_at=begins, ends_at=begins + timedelta(hours=2))
    mails = [make_mail(app, make_registration(app, event)) for _ in range(3)]
    with ScriptedServer(script=slow.script) as server:
        own = environment(settings.data_dir, smtp_url=server.url, mail_per_minute="600000")
        port = ["--port", str(free_port())] if command == "serve" else []
        program = start(command, *port, environment=own, log=tmp_path / "log")
        try:
            assert slow.reached.wait(PATIENCE)
            running = threads_of(program)
            program.terminate()
            wait_for(lambda: threads_of(program) < running)  # it has been heard
            threading.Event().wait(0.5)  # the answer is still out
            assert program.is_alive()
            slow.go_on.set()
            assert program.end()[0] == "0"
        finally:
            program.kill()
    with app.app_context():
        found = [db.session.get_one(OutboxMail, mail.id) for mail in mails]
        assert [mail.state for mail in found] == ["sent", "queued", "queued"]
        assert [mail.lease_until for mail in found] == [None] * 3
        assert [mail.tries for mail in found] == [1, 0, 0]
    assert len(server.taken) == 1

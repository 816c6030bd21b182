"""Commands of `ikone-events` in processes of their own, forked from one that has imported all.

`tests/zygote.py` is that one; it is started with the first command and ends with the tests.
"""

import atexit
import functools
import json
import os
import signal
import subprocess
import sys
import time
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

from tests.factories import SECRET
from tests.patience import wait_for
from tests.zygote import status_file

ZYGOTE = "tests.zygote"


def environment(folder: Path, **settings: str) -> dict[str, str]:
    """What an operator would have set: `database_url=…` becomes IKONE_DATABASE_URL."""
    ours = {
        "IKONE_SECRET_KEY": SECRET,
        "IKONE_BASE_URL": "http://localhost",
        "IKONE_DATA_DIR": str(folder),
        **{f"IKONE_{name.upper()}": value for name, value in settings.items()},
    }
    return {**{k: v for k, v in os.environ.items() if not k.startswith("IKONE_")}, **ours}


@dataclass(frozen=True)
class Program:
    """A command in a process of its own; what it says is in the log."""

    pid: int
    log: Path

    def is_alive(self) -> bool:
        """Whether it runs; its port is free when it does not."""
        return Path(f"/proc/{self.pid}").exists()

    def terminate(self) -> None:
        """As a supervisor does, who gives it time."""
        os.kill(self.pid, signal.SIGTERM)

    def kill(self) -> None:
        """As the kernel does when memory runs out: no goodbye."""
        with suppress(ProcessLookupError):
            os.kill(self.pid, signal.SIGKILL)
        while self.is_alive():
            time.sleep(0.005)

    def end(self) -> tuple[str, str]:
        """How it ended by itself: its status, or what it complained of; and all it said."""
        wait_for(lambda: not self.is_alive(), "it does not end")
        status = status_file(self.log, self.pid)
        return status.read_text(encoding="utf-8") if status.exists() else "killed", self.said()

    def said(self) -> str:
        """All so far."""
        return self.log.read_text(encoding="utf-8") if self.log.exists() else ""


def start(*words: str, environment: dict[str, str], log: Path, zygote: str = ZYGOTE) -> Program:
    """`ikone-events WORDS` in the background; returns at once."""
    order = {"words": words, "environment": environment, "log": str(log)}
    process = _running(zygote)
    assert process.stdin is not None
    assert process.stdout is not None
    process.stdin.write(json.dumps(order) + "\n")
    process.stdin.flush()
    return Program(int(process.stdout.readline()), log)


@functools.cache
def _running(zygote: str) -> subprocess.Popen[str]:
    """The process that others are forked from; `zygote` is the module it runs."""
    pipe = subprocess.PIPE
    process = subprocess.Popen([sys.executable, "-m", zygote], stdin=pipe, stdout=pipe, text=True)
    atexit.register(_end, process)
    return process


def _end(process: subprocess.Popen[str]) -> None:
    with process:
        assert process.stdin is not None
        process.stdin.close()

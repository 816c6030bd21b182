"""`python -m tests.zygote`: starts our commands in a tenth of the usual time, by fork.

Everything is imported once. Each line on standard input is a JSON object with the words of a
command of `ikone-events`, its environment and the file for what it says; it is run in a child
whose number is printed. What the child ends with stands in a file beside (`status_file`).
So a test can afford to kill processes by the dozen; `tests/programs.py` is the other side.
"""

import json
import os
import signal
import sys
import tempfile
import traceback
from pathlib import Path
from typing import Any

from ikone_events.app import create_app
from ikone_events.cli import main
from ikone_events.store.operating.schema import attach_alembic
from ikone_events.worker import huey_import, server
from tests.factories import make_settings
from tests.patience import be_patient_with_locks


def status_file(log: Path, pid: int) -> Path:
    """Where a process that was not killed has written its status."""
    return log.with_name(f"{log.name}.{pid}")


def run(words: list[str], environment: dict[str, str], log: Path) -> None:
    """Be the command, to the end; what it says goes to the log."""
    out = os.open(log, os.O_WRONLY | os.O_CREAT | os.O_APPEND)
    for number, file in ((0, os.open(os.devnull, os.O_RDONLY)), (1, out), (2, out)):
        os.dup2(file, number)
    os.environ.clear()
    os.environ.update(environment)
    status: Any = 1
    try:
        main(args=words)
    except SystemExit as end:
        status = end.code or 0
    except Exception:  # noqa: BLE001 - it is logged for whoever reads the log
        traceback.print_exc()
    finally:
        sys.stdout.flush()
        sys.stderr.flush()
        status_file(log, os.getpid()).write_text(str(status), encoding="utf-8")
        os._exit(1)


def warm() -> None:
    """Import what any command or any database needs."""
    with tempfile.TemporaryDirectory() as folder:
        attach_alembic(create_app(make_settings(Path(folder))))
    huey_import.with_psycopg()


def serve() -> None:
    """Fork a child for every line; when the input ends all children are killed."""
    be_patient_with_locks()
    server.LANES = server.THREADS  # as if every request were slow: most at once
    warm()
    signal.signal(signal.SIGCHLD, signal.SIG_IGN)  # the kernel buries the children
    children: list[int] = []
    for line in sys.stdin:
        wanted = json.loads(line)
        child = os.fork()
        if child == 0:
            signal.signal(signal.SIGCHLD, signal.SIG_DFL)
            run(wanted["words"], wanted["environment"], Path(wanted["log"]))
        children.append(child)
        print(child, flush=True)  # noqa: T201 - the answer
    for child in children:
        try:
            os.kill(child, signal.SIGKILL)
        except ProcessLookupError:
            continue


if __name__ == "__main__":
    serve()

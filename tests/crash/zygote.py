"""`python -m tests.crash.zygote LOG`: starts our commands in a tenth of the usual time, by fork.

Everything is imported once; each line on standard input is a command of `ikone-events`, run in a
child whose number is printed. So a test can afford to kill processes by the dozen.
"""

import os
import signal
import sys
import traceback

from ikone_events.app import create_app
from ikone_events.cli import main
from ikone_events.worker import server
from tests.patience import be_patient_with_locks


def run(words: list[str], log: str) -> None:
    """Be the command, to the end; what it says goes to the log."""
    out = os.open(log, os.O_WRONLY | os.O_CREAT | os.O_APPEND)
    for number in (1, 2):
        os.dup2(out, number)
    status = 1
    try:
        main(args=words)
    except SystemExit as end:
        status = end.code if isinstance(end.code, int) else 1
    except Exception:  # noqa: BLE001 - it is told to whoever reads the log
        traceback.print_exc()
    finally:
        os._exit(status)


def serve(log: str) -> None:
    """Fork a child for every line; when the input ends all children are killed."""
    be_patient_with_locks()
    server.LANES = server.THREADS  # as if every request were slow: most at once
    create_app()  # warms every import and mapper
    signal.signal(signal.SIGCHLD, signal.SIG_IGN)  # the kernel buries the children
    children: list[int] = []
    for line in sys.stdin:
        child = os.fork()
        if child == 0:
            signal.signal(signal.SIGCHLD, signal.SIG_DFL)
            run(line.split(), log)
        children.append(child)
        print(child, flush=True)  # noqa: T201 - the answer
    for child in children:
        try:
            os.kill(child, signal.SIGKILL)
        except ProcessLookupError:
            continue


if __name__ == "__main__":
    serve(sys.argv[1])

"""The check of uploaded files by a command of the operator, such as a virus scanner.

Its exit status is the answer: 0 for a clean file, 1 for an infected one; anything else, and
silence, is an error, and the file is checked again.
"""

import os
import signal
import subprocess
from collections.abc import Sequence
from pathlib import Path

from sqlalchemy import select, update

from ikone_events.domain.followup.details import Scan
from ikone_events.services.installation import get_installation
from ikone_events.store.db import db, rows_written
from ikone_events.store.events.models import Material

# A scanner without a daemon reads its signatures for half a minute first.
SCAN_SECONDS = 120.0
_CLEAN, _INFECTED = 0, 1
_HELD = (Scan.WAITING.value, Scan.FAILED.value)
# Our own settings hold passwords, which are no business of the command.
_PASSED_ON = ("PATH", "HOME", "LANG", "LC_ALL", "TMPDIR", "TZ")


def files_to_scan(*, again: bool) -> Sequence[Material]:
    """The files that wait, the oldest first; `again`: also those that could not be checked."""
    states = _HELD if again else _HELD[:1]
    waiting = select(Material).where(Material.scan.in_(states), Material.stored_name != "")
    return db.session.scalars(waiting.order_by(Material.id)).all()


def scan_file(path: Path, *, seconds: float = SCAN_SECONDS) -> str:
    """What the command says of a file: "" for clean, else a value of Scan. Outside transactions.

    No shell reads the command, and the path is absolute, so that it is never an option.
    """
    command = [*get_installation().settings.scan_command, str(path.absolute())]
    if not path.is_file():
        return Scan.FAILED.value
    try:
        process = subprocess.Popen(  # noqa: S603 - the operator's command
            command,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
            env={name: os.environ[name] for name in _PASSED_ON if name in os.environ},
            start_new_session=True,
        )
    except OSError:
        return Scan.FAILED.value
    with process:
        try:
            status = process.wait(seconds)
        except subprocess.TimeoutExpired:
            os.killpg(process.pid, signal.SIGKILL)  # and what it has started
            return Scan.FAILED.value
    outcomes = {_CLEAN: "", _INFECTED: Scan.INFECTED.value}
    return outcomes.get(status, Scan.FAILED.value)


def note_scan(material_id: int, outcome: str) -> None:
    """Store what was found, unless the file was removed or judged meanwhile."""
    held = Material.id == material_id, Material.scan.in_(_HELD)
    rows_written(update(Material).where(*held, Material.scan != outcome).values(scan=outcome))


def release_unscanned() -> None:
    """Hand out what waits for a scanner that is no longer set up; infected files stay held back."""
    rows_written(update(Material).where(Material.scan.in_(_HELD)).values(scan=""))

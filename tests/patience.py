"""Waits have conditions; the seconds here are a net for what never comes, on a busy machine too."""

import time
from collections.abc import Callable

from ikone_events.store import db as store_db

PATIENCE = 300.0


def wait_for(condition: Callable[[], object], what: str = "nothing happened") -> None:
    """Return as soon as the condition holds."""
    end = time.monotonic() + PATIENCE
    while not condition():
        assert time.monotonic() < end, what
        time.sleep(0.02)


def be_patient_with_locks(seconds: float = PATIENCE) -> None:
    """Let writers of this process wait so long for a lock; a visitor gets "busy" after five."""
    store_db.LOCK_WAIT_SECONDS = int(seconds)
    store_db._LOCK_TIMEOUT = f"SET LOCAL lock_timeout = '{int(seconds)}s'"

"""Hashing of passwords: costly in memory by intention, so only a few at the same time."""

import threading
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from flask_security import Security
from passlib.context import CryptContext

from ikone_events.domain.refusals import N_, Busy, Complaint

# Each argon2 hash takes 64 MB and as many cores as there are: more at once take longer, each.
MOST_AT_ONCE = 2
WAIT_SECONDS = 5


class BoundedHashing(CryptContext):
    """A hashing context of passlib that lets few threads of the process hash at the same time."""

    def __init__(self, *args: Any, **settings: Any) -> None:
        super().__init__(*args, **settings)
        self._free = threading.BoundedSemaphore(MOST_AT_ONCE)

    def hash(self, *args: Any, **more: Any) -> str:
        """Like passlib's. Raises Busy if it is not this thread's turn within WAIT_SECONDS."""
        with self._turn():
            return str(super().hash(*args, **more))

    def verify(self, *args: Any, **more: Any) -> bool:
        """Like passlib's. Raises Busy if it is not this thread's turn within WAIT_SECONDS."""
        with self._turn():
            return bool(super().verify(*args, **more))

    @contextmanager
    def _turn(self) -> Iterator[None]:
        if not self._free.acquire(timeout=WAIT_SECONDS):
            raise Busy(Complaint(N_("Very many people are logging in at this moment. Try again.")))
        try:
            yield
        finally:
            self._free.release()


def bound_hashing(security: Security) -> None:
    """Bound every hash that Flask-Security makes or compares, wherever it is asked to."""
    settings = security.pwd_context.to_dict()
    security.pwd_context = BoundedHashing(**settings)

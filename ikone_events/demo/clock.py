"""A clock that stands where the story begins and can be put forward."""

import threading
from datetime import UTC, datetime, timedelta


class TrialClock:
    """Real time plus an offset; only ever put forward, as time goes."""

    def __init__(self, start: datetime) -> None:
        self._offset = start - datetime.now(UTC)
        self._lock = threading.Lock()

    def __call__(self) -> datetime:
        """The trial's present moment, aware UTC."""
        return datetime.now(UTC) + self._offset

    def forward_to(self, moment: datetime) -> bool:
        """Put the clock to a later moment; False when that lies in the past."""
        with self._lock:
            ahead = moment - self()
            if ahead <= timedelta(0):
                return False
            self._offset += ahead
            return True

"""What this process knows of failing providers: not everybody at the door waits for each of them.

Requests are served by few threads. If each person waited five seconds for a server that is away,
the public pages would stand still.
"""

import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import datetime, timedelta

from flask import Flask

from ikone_events.domain.refusals import N_, Complaint
from ikone_events.domain.rooms.providers import RoomUnavailable

# A provider that has failed is asked again by one person so much later.
_PAUSE = timedelta(seconds=15)
_EXTENSION = "ikone_provider_trouble"


@dataclass(slots=True)
class ProviderTrouble:
    """When each provider has failed last, and when it was tried again."""

    _tried: dict[str, datetime] = field(default_factory=dict)
    _lock: threading.Lock = field(default_factory=threading.Lock)

    @staticmethod
    def of(app: Flask) -> "ProviderTrouble":
        """What the application's process knows."""
        found: ProviderTrouble = app.extensions.setdefault(_EXTENSION, ProviderTrouble())
        return found

    @contextmanager
    def attempt(self, provider: str, now: datetime) -> Iterator[None]:
        """Around a call: raises RoomUnavailable at once while the provider fails."""
        self._ask_leave(provider, now)
        try:
            yield
        except RoomUnavailable:
            with self._lock:
                self._tried[provider] = now
            raise
        with self._lock:
            self._tried.pop(provider, None)

    def _ask_leave(self, provider: str, now: datetime) -> None:
        with self._lock:
            tried = self._tried.get(provider)
            if tried is not None and abs(now - tried) < _PAUSE:
                raise RoomUnavailable(Complaint(N_("The video server does not answer.")))
            if tried is not None:
                self._tried[provider] = now  # one tries; the others wait for what it finds out

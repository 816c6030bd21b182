"""How often a provider is asked to make a room: a hundred people press within one minute.

A call may take five seconds, and the server has eight threads. So at most one call runs per room
and two in all; nobody waits for the call of somebody else; and the answer, good or bad, holds for a
while. Each process has answers of its own: they only save calls.
"""

import threading
import time
from collections.abc import Callable, Hashable
from dataclasses import dataclass
from enum import StrEnum

from ikone_events.domain.rooms.providers import RoomUnavailable

# A room that nobody has entered yet stays for minutes, one that was left for one minute. One that a
# moderator ends by mistake keeps people out for as long.
READY_FOR = 30.0
# People who press again meanwhile read the same answer, and the provider gets a rest.
FAILED_FOR = 10.0
# Calls at the same time: most threads are left for everybody else while a provider is silent.
MOST_CALLS = 2


class RoomState(StrEnum):
    """Whether a room can be entered; OPENING while somebody else's press is making it."""

    READY = "ready"
    OPENING = "opening"
    FAILED = "failed"


@dataclass(frozen=True, slots=True)
class RoomAnswer:
    """The state of a room; `is_news` if the provider was asked for it just now."""

    state: RoomState
    is_news: bool = False


class CallGuard:
    """The latest answer about each room. `timer` counts seconds and only goes forward."""

    def __init__(self, timer: Callable[[], float] = time.monotonic) -> None:
        self._timer = timer
        self._lock = threading.Lock()
        self._answers: dict[Hashable, tuple[RoomState, float]] = {}
        self._running: set[Hashable] = set()

    def ask(self, room: Hashable, call: Callable[[], float]) -> RoomAnswer:
        """The answer about a room, known or got by `call`.

        That returns for how many seconds the room may be taken as there, or raises RoomUnavailable.
        """
        with self._lock:
            known = self._known(room)
            if known is not None:
                return RoomAnswer(known)
            self._running.add(room)
        state, holds = RoomState.FAILED, FAILED_FOR  # also after an error that nobody expects
        try:
            holds = call()
            state = RoomState.READY
        except RoomUnavailable:
            pass
        finally:
            self._note(room, state, holds)
        return RoomAnswer(state, is_news=True)

    def _known(self, room: Hashable) -> RoomState | None:
        """What can be said without a call; None if this press has to make one."""
        state, until = self._answers.get(room, (RoomState.OPENING, 0.0))
        if self._timer() < until:
            return state
        if room not in self._running and len(self._running) < MOST_CALLS:
            return None
        # Somebody is asking again. Where a room was half a minute ago, it most probably still is.
        return RoomState.READY if state is RoomState.READY else RoomState.OPENING

    def _note(self, room: Hashable, state: RoomState, holds: float) -> None:
        now = self._timer()
        with self._lock:
            self._running.discard(room)
            self._answers[room] = state, now + holds
            for old in [each for each, (_state, end) in self._answers.items() if end < now - 600]:
                del self._answers[old]

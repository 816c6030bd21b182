"""Which request is served next, and by how many threads at once.

Two threads that run Python hand the interpreter's lock to each other whenever one of them asks
SQLite or a socket: eight busy threads need up to half more processor time than one for the same
requests. So one thread serves them one after another, in one lane, and another opens a second lane
only if a request takes long: a large file, a slow disk, a wait for a lock.
"""

import logging
import time
from collections import deque

from waitress.task import ThreadedTaskDispatcher

from ikone_events.worker.request_parser import Channel

# A request that runs for longer leaves its lane to the next one; most take a fifth of it. While
# others have left theirs, it is twice as long for each: they need the processor too, and requests
# that only wait for each other would otherwise fill all threads for good.
LANE_SECONDS = 0.02
# A rush fills the queue of requests at once; something is wrong if the first has waited so long.
PATIENT_SECONDS = 20.0
# Seconds between two warnings about the queue.
WARN_EVERY = 60.0
_READING = ("GET", "HEAD")

log = logging.getLogger(__name__)


class Queue:
    """Waiting requests: those that read and those that write in turn, each in order of arrival.

    So pages are still shown while a thousand people register at one instant.
    """

    def __init__(self) -> None:
        self._waiting: tuple[deque[Channel], deque[Channel]] = (deque(), deque())
        self._turn = 0

    def __len__(self) -> int:
        return sum(map(len, self._waiting))

    def append(self, channel: Channel) -> None:
        """Add the first request of a connection."""
        channel.queued_at = time.monotonic()
        # A request that could not be parsed has no method; refusing it is quick.
        method = getattr(channel.requests[0], "command", _READING[0])
        self._waiting[method not in _READING].append(channel)

    def popleft(self) -> Channel:
        """Take the next request; raises IndexError if there is none."""
        self._turn = 1 - self._turn
        if not self._waiting[self._turn]:
            self._turn = 1 - self._turn
        return self._waiting[self._turn].popleft()

    def waited(self, now: float) -> float:
        """For how many seconds the oldest request has waited."""
        return max((now - each[0].queued_at for each in self._waiting if each), default=0.0)


class Dispatcher(ThreadedTaskDispatcher):  # type: ignore[misc]  # waitress has no types
    """Waitress's threads, of which as many work at once as there are lanes.

    Waitress warns as soon as a request waits for a thread, a thousand lines in a healthy rush; here
    a warning is about long waiting.
    """

    def __init__(
        self,
        *,
        lanes: int,
        lane_seconds: float = LANE_SECONDS,
        patience: float = PATIENT_SECONDS,
    ) -> None:
        super().__init__()
        self.queue = Queue()
        self._lanes, self._lane_seconds, self._patience = lanes, lane_seconds, patience
        # The threads that occupy a lane, with the moment their request began, the oldest first.
        self._running: dict[int, float] = {}
        self._slow: set[int] = set()  # threads whose request has left its lane
        self._is_watched = False  # whether a thread waits until the oldest leaves its lane
        self._warned_at = float("-inf")

    def add_task(self, task: Channel) -> None:
        """Queue the first request of a connection."""
        with self.lock:
            self.queue.append(task)
            if len(self._running) < self._lanes or not self._is_watched:
                self.queue_cv.notify()
            now, waiting = task.queued_at, len(self.queue)
            waited = self.queue.waited(now)
        if waited > self._patience and now > self._warned_at + WARN_EVERY:
            self._warned_at = now
            log.warning("a request has waited for %.0f s, %d are waiting", waited, waiting)

    def handler_thread(self, thread_no: int) -> None:
        """Serve requests until the dispatcher stops this thread."""
        while channel := self._wait_for_request(thread_no):
            try:
                channel.service()
            except BaseException:
                self.logger.exception("Exception when servicing %r", channel)
            with self.lock:
                self._running.pop(thread_no, None)
                self._slow.discard(thread_no)
        with self.lock:
            self.threads.discard(thread_no)
            self.thread_exit_cv.notify()

    def _wait_for_request(self, thread_no: int) -> Channel | None:
        """Return the next request once there is a lane for it, or None to stop."""
        with self.lock:
            while self.stop_count == 0:
                if not self.queue:
                    self.queue_cv.wait()
                elif (seconds := self._seconds_to_lane(time.monotonic())) > 0:
                    self._watch(seconds)
                else:
                    channel = self.queue.popleft()
                    self._running[thread_no] = time.monotonic()
                    if self.queue and not self._is_watched:
                        self.queue_cv.notify()  # somebody has to watch this one
                    return channel
            self.stop_count -= 1
            return None

    def _seconds_to_lane(self, now: float) -> float:
        """Let slow requests leave their lanes; in how many seconds the next one does, or 0."""
        while len(self._running) >= self._lanes:
            oldest, since = next(iter(self._running.items()))
            leaves_at: float = since + self._lane_seconds * 2 ** len(self._slow)
            if now < leaves_at:
                return leaves_at - now
            del self._running[oldest]
            self._slow.add(oldest)
        return 0

    def _watch(self, seconds: float) -> None:
        """Wait for a lane; only one thread does, the others wait for requests."""
        if self._is_watched:
            self.queue_cv.wait()
            return
        self._is_watched = True
        self.queue_cv.wait(seconds)
        self._is_watched = False

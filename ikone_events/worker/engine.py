"""The engine: Huey wakes a sender, a clock ticks; the truth is in the database, never in the queue.

A wake-up may be lost or come twice: each run looks at the rows anew, and leases and unique keys
make a second run harmless.
"""

import logging
import threading
import time

from flask import Flask
from huey.api import Huey, PostgresHuey, RedisHuey, SqliteHuey
from huey.consumer import Consumer
from psycopg.errors import UniqueViolation

from ikone_events.config import Settings
from ikone_events.worker.reading import MailboxReader
from ikone_events.worker.work import Worker

# How long a stopping process waits for the mail that is being sent.
STOP_SECONDS = 40
# For so long a wake-up of our own that nobody has begun yet is taken at its word.
TRUST_SECONDS = 1.0

log = logging.getLogger(__name__)


class Engine:
    """One queue for an application, and the threads that work it off."""

    def __init__(self, app: Flask, settings: Settings) -> None:
        self._settings = settings
        self._worker = Worker(app, settings)
        self._reader = MailboxReader(app, settings, self._worker.stopping)
        self._huey: Huey | None = None
        self._opening = threading.Lock()
        self._consumer: Consumer | None = None
        self._ticker: threading.Thread | None = None
        self._reading: threading.Thread | None = None
        self._asked = 0.0  # when the wake-up was sent that our own worker has not begun yet

    @property
    def huey(self) -> Huey:
        """The queue, opened once, by the first thread that needs it."""
        with self._opening:
            if self._huey is None:
                queue = open_queue(self._settings)
                self._task = queue.task(name="work_off")(self._work_off)
                self._huey = queue
            return self._huey

    def _work_off(self) -> int:
        """Whoever asks from now on may have written what this run does not see any more."""
        self._asked = 0.0
        return self._worker.wake_up()

    def wake(self) -> None:
        """Ask for a worker; one waiting wake-up serves everybody who asks before it begins.

        A rush asks a hundred times a second: where the one worker is a thread of this process, the
        queue need not be read to know that one waits.
        """
        alone = self._consumer is not None and not self._settings.engine_url
        if alone and time.monotonic() - self._asked < TRUST_SECONDS:
            return
        self._asked = time.monotonic()  # first: the worker may begin before the next line is done
        try:
            if self.huey.pending_count() == 0:
                self._task()
        except Exception:  # the row is safe; the next tick finds it
            self._asked = 0.0
            log.exception("no wake-up was sent; the next tick will find the e-mails")

    def run_once(self) -> int:
        """Work off what is due in this thread; returns the number of mails handed over.

        The mailbox comes second, so that one that hangs holds up no mail; what it asks for is
        sent at once.
        """
        sent = self._worker.work_off()
        if self._reader.read():
            sent += self._worker.work_off()
        return sent

    def beat(self) -> None:
        """Give the sign of life of this process now, not at the next tick."""
        self._worker.beat()

    def start(self) -> None:
        """Begin to work in threads of this process: one sender, one clock, one reader of mail."""
        self._consumer = _ThreadConsumer(
            self.huey,
            workers=1,
            periodic=False,
            check_worker_health=False,
            max_delay=0.5,
            shutdown_timeout=STOP_SECONDS,
        )
        self._consumer.start()
        self._ticker = threading.Thread(target=self._tick, name="ticker", daemon=True)
        self._ticker.start()
        if self._reader.has_mailbox:
            self._reading = threading.Thread(target=self._reader.run, name="reader", daemon=True)
            self._reading.start()

    def _tick(self) -> None:
        while True:
            self.wake()
            if self._worker.stopping.wait(self._settings.tick_seconds):
                return

    def stop(self) -> None:
        """Finish the mail that is being sent, then end the threads."""
        self._worker.stopping.set()
        if self._consumer is not None:
            self._consumer.stop(graceful=True)
            self._worker.leave()
        for thread in (self._ticker, self._reading):
            if thread is not None:
                thread.join(timeout=1)  # a mailbox that hangs is left; the next reader goes on
        if self._huey is not None:
            self._huey.storage.close()


class _ThreadConsumer(Consumer):
    """A consumer inside another program, which keeps its own signal handlers."""

    def _set_signal_handlers(self) -> None:
        """Leave signals to the program around us."""


def open_queue(settings: Settings) -> Huey:
    """The queue that IKONE_ENGINE_URL names; a file beside the database when it names none.

    The embedded queue is not synced to disk: a lost wake-up costs one tick, a sync costs every
    registration.
    """
    url, options = settings.engine_url, {"results": False}
    if url.startswith("postgresql"):
        return _postgres_queue(url, **options)
    if url.startswith("redis"):
        return RedisHuey("ikone", url=url, **options)
    return SqliteHuey(
        "ikone", filename=str(settings.data_dir / "engine.db"), fsync=False, **options
    )


def _postgres_queue(url: str, **options: bool) -> Huey:
    """Huey makes its tables where there are none; of two that start at once the second stumbles."""
    try:
        return PostgresHuey("ikone", dsn=url, **options)
    except UniqueViolation:
        return PostgresHuey("ikone", dsn=url, **options)

"""The engine: Huey triggers the worker, and so does a clock. Jobs are database rows.

A trigger may be lost or repeated: each run reads the rows, and leases and unique keys make a second
run harmless.
"""

import logging
import threading
from collections.abc import Callable
from datetime import datetime
from typing import TYPE_CHECKING

from flask import Flask

from ikone_events.config import Settings
from ikone_events.worker.huey_import import (
    Consumer,
    Huey,
    HueyWorker,
    PostgresHuey,
    RedisHuey,
    SqliteHuey,
    with_psycopg,
)
from ikone_events.worker.scanning import FileScanner
from ikone_events.worker.watching import RoomWatcher
from ikone_events.worker.work import Worker

if TYPE_CHECKING:
    from ikone_events.worker.reading import MailboxReader

# Seconds to wait for the current mail when the process stops.
STOP_SECONDS = 40
# Seconds between two looks into the queue of SQLite, for triggers of other processes.
_LOOK_SECONDS = 0.5

log = logging.getLogger(__name__)


class Engine:
    """The queue of an application, and the threads of its worker."""

    def __init__(self, app: Flask, settings: Settings) -> None:
        self._settings = settings
        self._worker = Worker(app, settings)
        self._reader = _reader_of_mailbox(app, settings, self._worker.stopping)
        self._watcher = RoomWatcher(app, self._worker.stopping)
        self._scanner = FileScanner(app, settings, self._worker.stopping)
        self._huey: Huey | None = None
        self._opening = threading.Lock()
        self._consumer: Consumer | None = None
        self._ticker: threading.Thread | None = None
        self._reading: threading.Thread | None = None
        self._watching: threading.Thread | None = None
        self._scanning: threading.Thread | None = None
        self._bell = threading.Event()  # rung by this process for its own worker

    @property
    def huey(self) -> Huey:
        """The queue, opened by the first thread that needs it."""
        with self._opening:
            if self._huey is None:
                queue = open_queue(self._settings)
                self._task = queue.task(name="work_off")(self._work_off)
                self._huey = queue
            return self._huey

    def _work_off(self) -> int:
        """Run the worker; later triggers may be about rows that this run does not see."""
        self._bell.clear()
        return self._worker.wake_up()

    def _hear(self, seconds: float) -> None:
        """Wait so long for a trigger of this process, and run the worker at once; never raises."""
        if self._bell.wait(seconds) and not self._worker.stopping.is_set():
            try:
                self._work_off()
            except Exception:
                log.exception("the worker failed; the next tick tries again")
        self._worker.rest()

    def wake(self) -> None:
        """Trigger a worker, unless a trigger is waiting.

        If the only worker is in this process, the queue is not used for that: it would be found
        there half a second later, and many registrations trigger it a hundred times per second.
        """
        if self._consumer is not None and not self._settings.engine_url:
            self._bell.set()
            return
        try:
            if self.huey.pending_count() == 0:
                self._task()
        except Exception:  # the rows are stored; the next tick finds them
            log.exception("the worker was not triggered; the next tick will find the e-mails")

    def run_once(self) -> int:
        """Do everything that is due in this thread; returns the number of mails sent.

        The mailbox is read after sending, so that it delays no mail; mails that it causes are sent
        at once. Video rooms are looked into between the two.
        """
        sent = self._worker.work_off()
        self._watcher.look_around()
        self._scanner.scan_waiting()
        if self._reader is not None and self._reader.read():
            sent += self._worker.work_off()
        return sent

    def beat(self) -> None:
        """Store the heartbeat of this process now, not at the next tick."""
        self._worker.beat()

    def start(self) -> None:
        """Start the threads of this process: worker, clock, watcher, scanner and mailbox reader."""
        self._consumer = _ThreadConsumer(
            self.huey,
            self._hear,
            workers=1,
            periodic=False,
            check_worker_health=False,
            shutdown_timeout=STOP_SECONDS,
        )
        self._consumer.start()
        self._ticker = threading.Thread(target=self._tick, name="ticker", daemon=True)
        self._ticker.start()
        self._watching = threading.Thread(target=self._watcher.run, name="watcher", daemon=True)
        self._watching.start()
        self._scanning = threading.Thread(target=self._scanner.run, name="scanner", daemon=True)
        self._scanning.start()
        if self._reader is not None:
            self._reading = threading.Thread(target=self._reader.run, name="reader", daemon=True)
            self._reading.start()

    def _tick(self) -> None:
        while True:
            self.wake()
            if self._worker.stopping.wait(self._settings.tick_seconds):
                return

    def stop(self) -> None:
        """Finish the current mail, then end the threads."""
        self._worker.stopping.set()
        self._bell.set()
        if self._consumer is not None:
            self._consumer.stop(graceful=True)
            self._worker.leave()
        for thread in (self._ticker, self._watching, self._scanning, self._reading):
            if thread is not None:
                thread.join(timeout=1)  # does not wait for a slow server
        if self._huey is not None:
            self._huey.storage.close()


def _reader_of_mailbox(
    app: Flask, settings: Settings, stopping: threading.Event
) -> "MailboxReader | None":
    if settings.imap is None:
        return None
    from ikone_events.worker.reading import MailboxReader  # noqa: PLC0415 - 2 MB, with imapclient

    return MailboxReader(app, settings, stopping)


class _Listener(HueyWorker):
    """Reads the queue, and calls `hear` whenever there is nothing in it."""

    hear: Callable[[float], None]

    def loop(self, now: datetime | None = None) -> None:
        """One task, or a while without."""
        super().loop(now)
        if self.huey.storage.blocking:
            self.hear(0)

    def sleep(self) -> None:
        """Between two looks into a queue that can't be waited for."""
        self.hear(_LOOK_SECONDS)


class _ThreadConsumer(Consumer):
    """A consumer without signal handlers, which belong to the process."""

    worker_class = _Listener

    def __init__(self, huey: Huey, hear: Callable[[float], None], **options: object) -> None:
        self._hear = hear
        super().__init__(huey, **options)

    def _create_worker(self) -> HueyWorker:
        worker = super()._create_worker()
        worker.hear = self._hear
        return worker

    def _set_signal_handlers(self) -> None:
        """Set none."""


def open_queue(settings: Settings) -> Huey:
    """The queue of IKONE_ENGINE_URL, or else a file beside the database.

    The file is not synced to disk: a lost trigger costs one tick, a sync would slow down every
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
    """Huey creates its tables; of two processes that start at once, one has to try again."""
    from psycopg.errors import UniqueViolation  # noqa: PLC0415 - see huey_import

    with_psycopg()
    try:
        return PostgresHuey("ikone", dsn=url, **options)
    except UniqueViolation:
        return PostgresHuey("ikone", dsn=url, **options)

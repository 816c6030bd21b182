"""The server process, with an embedded worker unless switched off."""

import ctypes
import logging
import resource
import signal
import threading
import time
from collections.abc import Callable
from contextlib import suppress
from types import FrameType
from typing import Any, NoReturn

import waitress
from flask import Flask
from waitress.server import BaseWSGIServer
from waitress.task import ThreadedTaskDispatcher

from ikone_events.worker.engine import Engine
from ikone_events.worker.request_parser import NO_LIMIT, Channel

THREADS = 8
CONNECTIONS = 2000
# Each connection is an open file; many systems allow a thousand per process by default.
FILES = CONNECTIONS + 500
# A rush fills the queue of requests at once; something is wrong if the first has waited so long.
PATIENT_SECONDS = 20.0
# Seconds between two warnings about the queue.
WARN_EVERY = 60.0
# glibc's number of heaps by default is eight per core, each with free memory of its own.
_M_ARENA_MAX, _HEAPS = -8, 2

log = logging.getLogger(__name__)


class CannotListenError(Exception):
    """The address can't be used; the message says what to do."""


def serve(
    app: Flask, *, host: str, port: int, ready: Callable[[], None], worker: bool = True
) -> None:
    """Serve until SIGTERM or SIGINT, then finish running requests and the current mail.

    Calls `ready` when the address answers. Raises CannotListenError.
    """
    engine: Engine = app.extensions["ikone_engine"]
    _allow_files()
    _share_heaps()
    server = listen(app, host, port)
    signal.signal(signal.SIGTERM, _stop)
    signal.signal(signal.SIGINT, _stop)
    if worker:
        engine.start()
    ready()
    try:
        server.run()
        log.info("stopping: no new requests, running ones are finished")
    finally:
        server.close()
        engine.stop()


def _allow_files() -> None:
    """Raise the limit of open files to what the connections need, if the system allows it."""
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    if soft != resource.RLIM_INFINITY and soft < FILES:
        wanted = FILES if hard == resource.RLIM_INFINITY else min(FILES, hard)
        resource.setrlimit(resource.RLIMIT_NOFILE, (wanted, hard))


def _share_heaps() -> None:
    """Let the threads share two heaps: 7 MB less, and no slower under Python's lock."""
    with suppress(AttributeError, OSError):  # another C library than glibc
        ctypes.CDLL(None).mallopt(_M_ARENA_MAX, _HEAPS)


class Dispatcher(ThreadedTaskDispatcher):  # type: ignore[misc]  # waitress has no types
    """Waitress's queue of requests, with a warning about long waiting instead of each request.

    Waitress warns as soon as a request waits for a thread: a thousand lines in a healthy rush.
    """

    def __init__(self, patience: float = PATIENT_SECONDS) -> None:
        super().__init__()
        self._patience = patience
        self._warned_at = float("-inf")

    def add_task(self, task: Channel) -> None:
        """Queue a request."""
        task.queued_at = time.monotonic()
        with self.lock:
            self.queue.append(task)
            self.queue_cv.notify()
            waited, waiting = task.queued_at - self.queue[0].queued_at, len(self.queue)
        if waited > self._patience and task.queued_at > self._warned_at + WARN_EVERY:
            self._warned_at = task.queued_at
            log.warning("a request has waited for %.0f s, %d are waiting", waited, waiting)


def listen(app: Flask, host: str, port: int) -> Any:
    """The server, which accepts connections when it is run. Raises CannotListenError."""
    sockets: dict[int, Any] = {}
    dispatcher = Dispatcher()
    dispatcher.set_thread_count(THREADS)
    try:
        server = waitress.create_server(
            app,
            map=sockets,
            _dispatcher=dispatcher,
            host=host,
            port=port,
            connection_limit=CONNECTIONS,
            backlog=CONNECTIONS,
            asyncore_use_poll=True,
            clear_untrusted_proxy_headers=False,  # ProxyFix decides, by the trusted proxies
            ident=None,
            max_request_body_size=NO_LIMIT,  # Channel has one per route
        )
    except OSError as fault:
        dispatcher.shutdown()
        raise CannotListenError(
            f"Can't listen on {host}:{port} ({fault.strerror or fault}). "
            "Stop what uses it, or choose another with --port."
        ) from fault
    for listener in sockets.values():
        if isinstance(listener, BaseWSGIServer):
            listener.channel_class = Channel
    return server


def _stop(_signum: int, _frame: FrameType | None) -> NoReturn:
    """Leave the server's loop. In a handler, waitress would catch an ordinary exception."""
    raise SystemExit(0)


def wait_for_stop() -> None:
    """Sleep until SIGTERM or SIGINT."""
    stop = threading.Event()
    for signum in (signal.SIGTERM, signal.SIGINT):
        signal.signal(signum, lambda *_: stop.set())
    while not stop.wait(timeout=1):
        continue

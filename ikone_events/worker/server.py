"""The server process, with an embedded worker unless switched off."""

import ctypes
import logging
import resource
import signal
import threading
import time
from collections.abc import Callable
from contextlib import suppress
from functools import partial
from types import FrameType
from typing import Any, NoReturn

import waitress
from flask import Flask
from waitress import wasyncore
from waitress.server import BaseWSGIServer

from ikone_events.worker.dispatcher import Dispatcher
from ikone_events.worker.engine import Engine
from ikone_events.worker.request_parser import NO_LIMIT, Channel

THREADS = 8
# Requests served at once, as long as none is slow.
LANES = 1
CONNECTIONS = 2000
# Each connection is an open file; many systems allow a thousand per process by default.
FILES = CONNECTIONS + 500
# Waitress asks every connection what it waits for, before each wait. With many open ones that costs
# more than serving them; a pause of this many seconds for each lets several events come together.
PAUSE_PER_CONNECTION = 20e-6
FEW_CONNECTIONS = 64
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
    signal.signal(signal.SIGTERM, server.asyncore.stop)
    signal.signal(signal.SIGINT, server.asyncore.stop)
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


class _Loop:
    """Waitress's loop over all sockets, with a pause if there are many."""

    def __init__(self) -> None:
        self._stopped = False

    def stop(self, _signum: int, _frame: FrameType | None) -> NoReturn:
        """Leave the loop. In a handler, waitress would catch an ordinary exception.

        Python drops an exception during a collection of garbage; then the loop looks by itself.
        """
        self._stopped = True
        raise SystemExit(0)

    def loop(self, timeout: float, map: dict[int, Any], use_poll: bool) -> None:  # noqa: A002
        """Handle the events of sockets until none is left."""
        while map:
            wasyncore.loop(timeout=timeout, map=map, use_poll=use_poll, count=1)
            if self._stopped:
                raise SystemExit(0)
            if len(map) > FEW_CONNECTIONS:
                time.sleep(len(map) * PAUSE_PER_CONNECTION)


def _accept_all(listener: BaseWSGIServer, accept: Callable[[], None]) -> None:
    """Accept what waits for it; waitress accepts one connection after each wait."""
    known = -1
    while known < len(listener.active_channels) < CONNECTIONS:
        known = len(listener.active_channels)
        accept()


def listen(app: Flask, host: str, port: int) -> Any:
    """The server, which accepts connections when it is run. Raises CannotListenError."""
    sockets: dict[int, Any] = {}
    dispatcher = Dispatcher(lanes=LANES)
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
    for listener in [each for each in sockets.values() if isinstance(each, BaseWSGIServer)]:
        listener.channel_class = Channel
        listener.handle_accept = partial(_accept_all, listener, listener.handle_accept)
    server.asyncore = _Loop()
    return server


def wait_for_stop() -> None:
    """Sleep until SIGTERM or SIGINT."""
    stop = threading.Event()
    for signum in (signal.SIGTERM, signal.SIGINT):
        signal.signal(signum, lambda *_: stop.set())
    while not stop.wait(timeout=1):
        continue

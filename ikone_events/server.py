"""One process that serves the pages and, unless told otherwise, sends the letters."""

import logging
import signal
import threading
from types import FrameType
from typing import Any

import waitress
from flask import Flask

from ikone_events.engine import Engine

THREADS = 8
CONNECTIONS = 2000

log = logging.getLogger(__name__)


class _Stop(Exception):
    """SIGTERM or SIGINT arrived."""


def serve(app: Flask, *, host: str, port: int, worker: bool = True) -> None:
    """Serve until SIGTERM or SIGINT; running requests and the letter being sent are finished."""
    engine: Engine = app.extensions["ikone_engine"]
    server = waitress.create_server(
        app,
        host=host,
        port=port,
        threads=THREADS,
        connection_limit=CONNECTIONS,
        backlog=CONNECTIONS,
        asyncore_use_poll=True,
        clear_untrusted_proxy_headers=False,  # ProxyFix decides, by the number of trusted proxies
        ident=None,
    )
    signal.signal(signal.SIGTERM, _stop)
    signal.signal(signal.SIGINT, _stop)
    if worker:
        engine.start()
    try:
        server.run()
    except _Stop:
        log.info("stopping: no new requests, running ones are finished")
    finally:
        server.close()
        engine.stop()


def _stop(_signum: int, _frame: FrameType | None) -> Any:
    raise _Stop


def wait_for_stop() -> None:
    """Sleep until SIGTERM or SIGINT."""
    stop = threading.Event()
    for signum in (signal.SIGTERM, signal.SIGINT):
        signal.signal(signum, lambda *_: stop.set())
    while not stop.wait(timeout=1):
        continue

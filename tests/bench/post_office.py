"""Mails a second: the worker, and a bare loop, to the same sink.

Run as `python -m tests.bench.post_office sink PORT`, `… worker SECONDS` (settings from
the environment) or `… loop PORT SECONDS SIZE`.
"""

import json
import smtplib
import sys
import threading
import time

import psutil
from aiosmtpd.controller import Controller
from aiosmtpd.smtp import SMTP, Envelope, Session

from ikone_events.app import create_app


class Sink:
    """Takes every mail and keeps none."""

    async def handle_DATA(  # noqa: N802 - aiosmtpd's name
        self, _server: SMTP, _session: Session, _envelope: Envelope
    ) -> str:
        """Say yes."""
        return "250 2.0.0 gone"


def sink(port: int) -> None:
    """Listen until standard input closes; prints a line when it does."""
    controller = Controller(Sink(), hostname="127.0.0.1", port=port)
    controller.start()
    print("listening", flush=True)
    sys.stdin.read()
    controller.stop()


def worker(seconds: float) -> None:
    """One worker works off the outbox for a while."""
    app = create_app()
    engine = app.extensions["ikone_engine"]
    stop = threading.Timer(seconds, engine.stop)
    over, memory = threading.Event(), [_megabytes()]
    watch = threading.Thread(target=_watch_memory, args=(over, memory))
    watch.start()
    start = time.monotonic()
    stop.start()
    sent = engine.run_once()
    elapsed = time.monotonic() - start
    stop.cancel()
    over.set()
    watch.join()
    memory_use = {"megabytes_before": memory[0], "megabytes": max(memory)}
    print(json.dumps({"done": sent, "seconds": elapsed, **memory_use}))


def _watch_memory(over: threading.Event, found: list[float]) -> None:
    while not over.wait(0.2):
        found.append(_megabytes())


def _megabytes() -> float:
    return float(psutil.Process().memory_info().rss) / 2**20


def loop(port: int, seconds: float, size: int) -> None:
    """The least that sending takes: one connection, the same bytes."""
    mail = b"Subject: x\r\n\r\n" + b"x" * 70 + b"\r\n"
    mail += (b"y" * 70 + b"\r\n") * (size // 72)
    done, start = 0, time.monotonic()
    with smtplib.SMTP("127.0.0.1", port) as connection:
        while time.monotonic() - start < seconds:
            connection.sendmail("a@example.org", ["b@example.org"], mail)
            done += 1
        elapsed = time.monotonic() - start
    print(json.dumps({"done": done, "seconds": elapsed}))


if __name__ == "__main__":
    job, *arguments = sys.argv[1:]
    if job == "sink":
        sink(int(arguments[0]))
    elif job == "worker":
        worker(float(arguments[0]))
    else:
        loop(int(arguments[0]), float(arguments[1]), int(arguments[2]))

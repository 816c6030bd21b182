"""The yardstick: a Flask app that does the least anybody could, under the very same server.

Run as `python -m tests.bench.bare PORT DATABASE SIZES`: GET answers a string, POST writes a row
of a registration and a row of a mail, as long as the real ones, in one durable transaction.
"""

import sqlite3
import sys
import threading

from flask import Flask, redirect, request

from ikone_events.worker.server import serve

MOST_BYTES = 1_000_000
_local = threading.local()
_lock = threading.Lock()


class NoEngine:
    """What serve() starts and stops beside the pages: nothing here."""

    def start(self) -> None:
        """Nothing to start."""

    def stop(self) -> None:
        """Nothing to stop."""


def make_app(database: str, registration: str, mail: str) -> Flask:
    """An application with two routes."""
    app = Flask("bare", static_folder=None)
    app.extensions["ikone_engine"] = NoEngine()
    app.extensions["ikone_body_limit"] = lambda *_request: MOST_BYTES
    with _connect(database) as connection:
        connection.execute("CREATE TABLE registration (id INTEGER PRIMARY KEY, email, rest)")
        connection.execute("CREATE TABLE mail (id INTEGER PRIMARY KEY, person INTEGER, rest)")

    @app.get("/")
    def page() -> str:
        return "A page that somebody has prepared before."

    @app.post("/")
    def register() -> object:
        if not hasattr(_local, "connection"):
            _local.connection = _connect(database)
        with _lock, _local.connection as connection:
            connection.execute("BEGIN IMMEDIATE")
            row = (request.form["email"], registration)
            person = connection.execute("INSERT INTO registration VALUES (NULL, ?, ?)", row)
            row = (person.lastrowid, mail)
            connection.execute("INSERT INTO mail VALUES (NULL, ?, ?)", row)
        return redirect("/", 303)

    return app


def _connect(database: str) -> sqlite3.Connection:
    connection = sqlite3.connect(database, isolation_level=None, check_same_thread=False)
    connection.execute("PRAGMA journal_mode=WAL")
    connection.execute("PRAGMA synchronous=FULL")
    return connection


if __name__ == "__main__":
    port, path, sizes = sys.argv[1:]
    of_registration, of_mail = (int(size) for size in sizes.split(","))
    bare = make_app(path, "r" * of_registration, "m" * of_mail)
    serve(bare, host="127.0.0.1", port=int(port), ready=lambda: None, worker=False)

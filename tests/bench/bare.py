"""The yardstick: a Flask app that does the least anybody could, under the very same server.

Run as `python -m tests.bench.bare PORT DATABASE SIZES`: GET answers a string, POST writes a row
of a registration and a row of a mail, as long as the real ones, in one durable transaction.
"""

import sqlite3
import sys
import threading
from collections.abc import Callable
from contextlib import AbstractContextManager

import psycopg
from flask import Flask, redirect, request

from ikone_events.worker.server import serve
from tests.bench.installation import Served, free_port, served

MOST_BYTES = 1_000_000
TABLES = (
    "CREATE TABLE registration (id {key}, email TEXT, rest TEXT)",
    "CREATE TABLE mail (id {key}, person INTEGER, rest TEXT)",
)
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
    write = _on_postgresql if database.startswith("postgresql") else _on_sqlite
    store = write(database)

    @app.get("/")
    def page() -> str:
        return "A page that somebody has prepared before."

    @app.post("/")
    def register() -> object:
        store(request.form["email"], registration, mail)
        return redirect("/", 303)

    return app


def _on_sqlite(path: str) -> Callable[[str, str, str], None]:
    def connect() -> sqlite3.Connection:
        connection = sqlite3.connect(path, isolation_level=None, check_same_thread=False)
        connection.execute("PRAGMA journal_mode=WAL")
        connection.execute("PRAGMA synchronous=FULL")
        return connection

    def store(email: str, registration: str, mail: str) -> None:
        if not hasattr(_local, "sqlite"):
            _local.sqlite = connect()
        with _lock, _local.sqlite as connection:
            connection.execute("BEGIN IMMEDIATE")
            row = (email, registration)
            person = connection.execute("INSERT INTO registration VALUES (NULL, ?, ?)", row)
            row = (person.lastrowid, mail)
            connection.execute("INSERT INTO mail VALUES (NULL, ?, ?)", row)

    with connect() as connection:
        for table in TABLES:
            connection.execute(table.format(key="INTEGER PRIMARY KEY"))
    return store


def _on_postgresql(url: str) -> Callable[[str, str, str], None]:
    first = "INSERT INTO registration (email, rest) VALUES (%s, %s) RETURNING id"
    second = "INSERT INTO mail (person, rest) VALUES (%s, %s)"

    def store(email: str, registration: str, mail: str) -> None:
        if not hasattr(_local, "postgresql"):
            _local.postgresql = psycopg.connect(url)
        with _local.postgresql.transaction():
            person = _local.postgresql.execute(first, (email, registration)).fetchone()
            _local.postgresql.execute(second, (person[0], mail))

    with psycopg.connect(url) as connection:
        for table in TABLES:
            connection.execute(table.format(key="SERIAL PRIMARY KEY").encode())
    return store


def served_bare(
    database: str, of_registration: int, of_mail: int
) -> AbstractContextManager[Served]:
    """The application in a process of its own, with rows of these sizes."""
    port = free_port()
    words = [str(port), database, f"{of_registration},{of_mail}"]
    return served([sys.executable, "-m", "tests.bench.bare", *words], port)


if __name__ == "__main__":
    own_port, path, sizes = sys.argv[1:]
    of_person, of_letter = (int(size) for size in sizes.split(","))
    bare = make_app(path, "r" * of_person, "m" * of_letter)
    serve(bare, host="127.0.0.1", port=int(own_port), ready=lambda: None, worker=False)

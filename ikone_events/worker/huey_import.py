"""Huey, imported as if psycopg were not installed: 9 MB and 50 ms that SQLite does not need.

huey.storage imports psycopg wherever it is installed. `with_psycopg` gives it to a queue of
PostgreSQL.
"""

from ikone_events.hidden_import import hidden

with hidden("psycopg"):
    from huey import storage
    from huey.api import Huey, PostgresHuey, RedisHuey, SqliteHuey
    from huey.consumer import Consumer
    from huey.consumer import Worker as HueyWorker


def with_psycopg() -> None:
    """Make queues of PostgreSQL possible."""
    import psycopg  # noqa: PLC0415 - see above

    storage.psycopg = psycopg


__all__ = [
    "Consumer",
    "Huey",
    "HueyWorker",
    "PostgresHuey",
    "RedisHuey",
    "SqliteHuey",
    "with_psycopg",
]

"""Nothing that was deleted stays readable in SQLite's files.

`secure_delete` (store/db.py) overwrites what is deleted with zeros; the write-ahead log keeps older
copies of the pages until it is emptied. PostgreSQL's own vacuum does both.
"""

from sqlalchemy import Engine

PATIENCE_MS = 500


def empty_log(engine: Engine, *, usual_ms: int) -> None:
    """Bring the log into the database and cut it to nothing; left for later where readers wait."""
    if engine.dialect.name != "sqlite":
        return
    connection = engine.raw_connection()
    try:
        cursor = connection.cursor()
        cursor.execute(f"PRAGMA busy_timeout={PATIENCE_MS}")
        cursor.execute("PRAGMA wal_checkpoint(TRUNCATE)").fetchall()
        cursor.execute(f"PRAGMA busy_timeout={usual_ms}")
    finally:
        connection.close()

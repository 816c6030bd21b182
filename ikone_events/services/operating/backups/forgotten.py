"""Who was forgotten outlives a restore: the backup may be older than that."""

from collections.abc import Mapping
from datetime import date

from sqlalchemy import Connection, insert, inspect, select

from ikone_events.store.operating.forgotten import ForgottenPerson, read_lines


def read_forgotten(connection: Connection) -> Mapping[str, date]:
    """Those of the file, and of a database that is about to be replaced."""
    if not inspect(connection).has_table(ForgottenPerson.__tablename__):
        return read_lines()
    rows = connection.execute(select(ForgottenPerson.id_hash, ForgottenPerson.day))
    return {row.id_hash: row.day for row in rows} | read_lines()


def add_forgotten(connection: Connection, former: Mapping[str, date]) -> None:
    """Store those that the restored database lacks."""
    known = set(connection.scalars(select(ForgottenPerson.id_hash)))
    rows = [{"id_hash": each, "day": day} for each, day in former.items() if each not in known]
    if rows:
        connection.execute(insert(ForgottenPerson), rows)

"""Who was forgotten, and the records of deletions, outlive a restore: the backup may be older."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any

from sqlalchemy import Connection, insert, inspect, select

from ikone_events.store.operating.forgotten import ForgottenPerson, read_lines
from ikone_events.store.operating.retention_records import RetentionRecord

_PEOPLE, _RECORDS = ForgottenPerson.__table__, RetentionRecord.__table__


@dataclass(frozen=True, slots=True)
class FormerDeletions:
    """What was deleted in the replaced installation: hashes of ids with their days, and records."""

    people: Mapping[str, date]
    records: Sequence[dict[str, Any]] = ()


def read_deletions(connection: Connection) -> FormerDeletions:
    """Those of the file, and of a database that is about to be replaced."""
    found = inspect(connection)
    if not (found.has_table(_PEOPLE.name) and found.has_table(_RECORDS.name)):
        return FormerDeletions(read_lines())
    people = connection.execute(select(_PEOPLE))
    records = connection.execute(select(_RECORDS).order_by(_RECORDS.c.number))
    return FormerDeletions(
        {row.id_hash: row.day for row in people} | read_lines(),
        [dict(row) for row in records.mappings()],
    )


def add_deletions(connection: Connection, former: FormerDeletions) -> None:
    """Store those that the restored database lacks; records only if they continue its own."""
    known = set(connection.scalars(select(_PEOPLE.c.id_hash)))
    rows = [{"id_hash": h, "day": day} for h, day in former.people.items() if h not in known]
    if rows:
        connection.execute(insert(_PEOPLE), rows)
    newest = select(_RECORDS.c.number, _RECORDS.c.hash).order_by(_RECORDS.c.number.desc())
    last = connection.execute(newest.limit(1)).first()
    same = last is None or any(record["hash"] == last.hash for record in former.records)
    later = [r for r in former.records if same and r["number"] > (last.number if last else 0)]
    if later:
        connection.execute(insert(_RECORDS), later)

"""What a restore carries over from the replaced installation, as the backup may be older."""

import logging
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime
from typing import Any

from sqlalchemy import Connection, insert, inspect, select

from ikone_events.store.db import Base
from ikone_events.store.mails.objections import Objection, ObjectionKey
from ikone_events.store.operating.forgotten import ForgottenPerson, read_lines
from ikone_events.store.operating.retention_records import RetentionRecord

log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class FormerObjections:
    """The objections of the replaced installation, by hash, and the key of the hashes."""

    key: str = ""
    made_at: dict[str, datetime] = field(default_factory=dict)


def read_objections(connection: Connection) -> FormerObjections:
    """The objections of a database that is about to be replaced."""
    if not inspect(connection).has_table(Objection.__tablename__):
        return FormerObjections()
    key = connection.scalar(select(ObjectionKey.key))
    rows = connection.execute(select(Objection.address_hash, Objection.made_at))
    return FormerObjections(key or "", {row.address_hash: row.made_at for row in rows})


def add_objections(connection: Connection, former: FormerObjections) -> None:
    """Store those that the restored database lacks; not beside hashes of another installation."""
    if not former.key:
        return
    key = connection.scalar(select(ObjectionKey.key))
    if key is None:
        connection.execute(insert(ObjectionKey), [{"id": 1, "key": former.key}])
    elif key != former.key:
        if former.made_at:
            log.warning("the backup is of another installation: its own objections count alone")
        return
    known = set(connection.scalars(select(Objection.address_hash)))
    rows = [
        {"address_hash": each, "made_at": moment}
        for each, moment in former.made_at.items()
        if each not in known
    ]
    if rows:
        connection.execute(insert(Objection), rows)


_PEOPLE = Base.metadata.tables[ForgottenPerson.__tablename__]
_RECORDS = Base.metadata.tables[RetentionRecord.__tablename__]


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

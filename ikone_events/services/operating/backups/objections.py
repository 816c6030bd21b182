"""Objections to announcements outlive a restore: the backup may be older than they are."""

import logging
from dataclasses import dataclass, field
from datetime import datetime

from sqlalchemy import Connection, insert, inspect, select

from ikone_events.store.mails.objections import Objection, ObjectionKey

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

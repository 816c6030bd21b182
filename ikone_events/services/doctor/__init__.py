"""What is wrong with an installation's settings and surroundings; nothing is changed or sent."""

from collections.abc import Iterator
from datetime import datetime

from sqlalchemy.exc import SQLAlchemyError

from ikone_events.services.doctor.database import (
    clock_of_database,
    connection,
    durability,
    tables,
    writing,
)
from ikone_events.services.doctor.engine import alarms, refused_letters
from ikone_events.services.doctor.findings import Finding, fault
from ikone_events.services.doctor.mailbox import mailbox
from ikone_events.services.doctor.places import base_address, disk, files, secrecy, times
from ikone_events.services.doctor.post import mail_server, sender
from ikone_events.store.db import db

_OF_DATABASE = (tables, writing, durability, clock_of_database, alarms, refused_letters)
_OF_SETTINGS = (disk, files, secrecy, base_address, sender, times, mail_server, mailbox)


def findings(now: datetime) -> Iterator[Finding]:
    """Everything looked at, the good news too; a database that can't be reached is told once."""
    yield (reached := connection())
    for check in _OF_DATABASE if reached.is_fine else ():
        try:
            yield from check(now)
        except SQLAlchemyError as error:
            db.session.rollback()  # PostgreSQL would refuse everything that is asked after it
            yield fault("database", f"{getattr(error, 'orig', None) or error}")
    for look in _OF_SETTINGS:
        yield from look(now)

"""What is wrong with an installation's settings and surroundings; nothing is changed or sent."""

from collections.abc import Iterator
from datetime import datetime

from sqlalchemy.exc import SQLAlchemyError

from ikone_events.services.operating.doctor import database, settings
from ikone_events.services.operating.doctor.findings import Finding, fault
from ikone_events.store.db import db

_OF_DATABASE = (
    database.tables,
    database.writing,
    database.forgotten,
    database.durability,
    database.clock_of_database,
    settings.identity,
    settings.rooms,
    settings.quota,
    database.alarms,
    database.backups,
    database.refused_mails,
)
_OF_SETTINGS = (
    settings.disk,
    settings.files,
    settings.scanner,
    settings.secrecy,
    settings.base_address,
    settings.sender,
    settings.times,
    settings.mail_server,
    settings.mailbox,
    settings.pdfs,
)


def findings(now: datetime) -> Iterator[Finding]:
    """All findings, good ones included; an unreachable database is reported once."""
    yield (reached := database.connection())
    for check in _OF_DATABASE if reached.is_fine else ():
        try:
            yield from check(now)
        except SQLAlchemyError as error:
            db.session.rollback()  # PostgreSQL would refuse everything that is asked after it
            yield fault("database", f"{getattr(error, 'orig', None) or error}")
    for look in _OF_SETTINGS:
        yield from look(now)

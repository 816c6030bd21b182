"""Checks of the database and of the engine that works on it."""

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta

from sqlalchemy import text
from sqlalchemy.exc import SQLAlchemyError

from ikone_events.domain.events.todo_facts import Severity
from ikone_events.domain.operating.alarms import Alarm, todos_of
from ikone_events.domain.times import moment_utc
from ikone_events.services.installation import system_clock
from ikone_events.services.operating.doctor.findings import Finding, fault, ok, warning
from ikone_events.services.operating.health import engine_health
from ikone_events.services.privacy.restored_people import find_returned
from ikone_events.store.db import db
from ikone_events.store.operating.first_start import is_missing
from ikone_events.store.operating.schema import current_version, versions
from ikone_events.store.write_trial import find_write_fault

_CLOCKS_APART = timedelta(seconds=2)
_AHEAD = timedelta(minutes=1)
_DAYS_FROM_HOURS = 48


def connection() -> Finding:
    """Whether the database answers, and which one it is."""
    if is_missing():
        words = "put it back or restore a backup; a new installation: ikone-events db upgrade"
        return fault("database", f"{db.engine.url.database} is missing; {words}")
    try:
        with db.engine.connect() as link:
            version = link.scalar(text(f"SELECT {_version_of(db.engine.dialect.name)}"))
    except SQLAlchemyError as error:
        return fault("database", f"can't be reached: {getattr(error, 'orig', None) or error}")
    where = db.engine.url.render_as_string(hide_password=True)
    return ok("database", f"{db.engine.dialect.name} {version} at {where}")


def _version_of(dialect: str) -> str:
    return "sqlite_version()" if dialect == "sqlite" else "current_setting('server_version')"


def tables(_now: datetime) -> Iterator[Finding]:
    """Whether the tables have this program's version."""
    known, current = versions(), current_version()
    if current == known[-1]:
        yield ok("tables", f"version {current}")
    elif current is not None and current not in known:
        yield fault("tables", f"version {current} is newer than this program ({known[-1]})")
    else:
        words = f"version {current or 'none'}, this program needs {known[-1]}"
        yield fault("tables", f"{words}; run: ikone-events db upgrade")


def writing(_now: datetime) -> Iterator[Finding]:
    """Whether rows can be written; the trial is rolled back."""
    if current_version() is None:
        return
    if found := find_write_fault(db.engine):
        yield fault("database", f"can't be written to: {found}")
    else:
        yield ok("database", "can be written to")


def forgotten(_now: datetime) -> Iterator[Finding]:
    """Whether people who had asked to be forgotten came back with a backup."""
    if current_version() != versions()[-1]:
        return
    if number := len(find_returned()):
        words = f"{number} people had asked to be forgotten before a backup was restored"
        yield fault("privacy", f"{words}; run: ikone-events retention")


def durability(_now: datetime) -> Iterator[Finding]:
    """Whether committed data survives a power failure."""
    with db.engine.connect() as link:
        if db.engine.dialect.name == "sqlite":
            mode = str(link.scalar(text("PRAGMA journal_mode")))
            if mode != "wal":
                words = f"journal_mode is {mode}; WAL needs a local disk, no network share"
                yield warning("database", words)
            return
        for name in ("fsync", "full_page_writes", "synchronous_commit"):
            value = str(link.scalar(text("SELECT current_setting(:name)"), {"name": name}))
            if value == "off":
                words = f"{name} is off: confirmed registrations may be lost when power fails"
                yield warning("database", words)


def clock_of_database(_now: datetime) -> Iterator[Finding]:
    """Whether the clocks of this machine and the database agree."""
    if db.engine.dialect.name == "sqlite":
        return
    with db.engine.connect() as link:
        theirs = link.scalar(text("SELECT clock_timestamp()"))
    apart = abs(system_clock() - theirs.astimezone(UTC)) if theirs else timedelta(0)
    if apart > _CLOCKS_APART:
        words = f"differs from the database's by {apart.total_seconds():.0f} seconds"
        yield fault("clock", f"{words}; let both machines keep time by NTP")
    else:
        yield ok("clock", "agrees with the database's")


def alarms(now: datetime) -> Iterator[Finding]:
    """All alarms of the engine, or that there are none."""
    engine = engine_health(now)
    found = todos_of(engine)
    for todo in found:
        translate = fault if todo.severity is Severity.DANGER else warning
        yield translate("engine", todo.text % todo.values)
    if not found:
        yield ok("engine", f"a worker is alive; e-mails waiting to be sent: {engine.queued}")
    if engine.last_beat is not None and engine.last_beat > now + _AHEAD:
        yield fault("clock", f"a worker's last sign lies in the future: {engine.last_beat}")


def backups(now: datetime) -> Iterator[Finding]:
    """The age of the latest backup; one that is too old is among the alarms."""
    engine = engine_health(now)
    if engine.backup_at is not None:
        hours = int((now - engine.backup_at).total_seconds() // 3600)
        age = f"{hours} hours" if hours < _DAYS_FROM_HOURS else f"{hours // 24} days"
        words = f"the latest one was made {age} ago, {moment_utc(engine.backup_at)}"
        yield ok("backup", words)
    elif engine.backup_due_at is not None and Alarm.BACKUP not in engine.alarms:
        yield warning("backup", "none was made yet; ikone-events backup --keep 14 DIR makes one")


def refused_mails(now: datetime) -> Iterator[Finding]:
    """Failed mails that somebody should look at."""
    if failed := engine_health(now).failed:
        yield warning("mails", f"{failed} could not be delivered; see “E-mails” of their events")

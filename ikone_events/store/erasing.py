"""Removes deleted personal data from SQLite's files, in every way in which a person is forgotten.

`secure_delete` (store/db.py) overwrites deleted data with zeros; the write-ahead log keeps old
pages until it is emptied. The log is emptied after each transaction that deletes or overwrites
something of PERSONAL: details deleted by the person, withdrawn subscriptions, dropped import lists,
retention and archiving (also of predecessors after a hand-over), corrected details, answers with a
shorter retention, received mails, the last mails to a deleted address, removed organisers. Nobody
has to ask for that: the statements are looked at. A new table with personal data belongs into
PERSONAL; a test names tables that are forgotten there.

What could not be erased yet (somebody reads, or the process was killed) is a row of `erasure_debt`,
written with the deletion itself. Any later commit of the process pays it, and each tick of any
worker. `verify` and `/readyz` report a debt that is ten minutes old.

PostgreSQL has no such debt: a deleted row can't be read by SQL any more, its bytes stay in the
tables' files until autovacuum and new rows overwrite them, and in the server's own write-ahead log
until that is recycled.
"""

import logging
import re
import time
from collections import Counter
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from contextvars import ContextVar
from datetime import datetime
from functools import lru_cache
from types import MappingProxyType
from typing import Any

from flask import Flask, current_app
from sqlalchemy import Engine, event, select
from sqlalchemy.dialects.sqlite import insert
from sqlalchemy.orm import Mapped, mapped_column

from ikone_events.store.db import LOCK_WAIT_SECONDS, Base, UTCDateTime, ask_for_erasure, db

# Tables whose deleted rows name persons, also by the rows that are deleted with them; and their
# columns in which another value leaves personal data behind.
PERSONAL: Mapping[str, frozenset[str]] = MappingProxyType(
    {
        "answer": frozenset({"value"}),
        "attendance": frozenset({"provider_user", "stated_by"}),
        "check_in_press": frozenset({"by_name"}),
        "code": frozenset({"label"}),
        "contact": frozenset(
            {
                *("title", "first_name", "last_name", "name_key", "search_key", "position"),
                *("email", "source", "note", "entered_by"),
            }
        ),
        "delivery_note": frozenset({"words", "actor"}),
        "event": frozenset(),
        "form_field": frozenset(),
        "import_list": frozenset({"rows"}),
        "incoming_mail": frozenset({"sender", "attendee", "words"}),
        "installation_settings": frozenset({"address", "privacy_contact"}),
        "left_text": frozenset({"text"}),
        "mailing": frozenset(),
        "material": frozenset({"contact_name", "contact_email"}),
        "organiser": frozenset({"email", "name"}),
        "outbox_mail": frozenset(
            {"recipient", "recipient_name", "subject", "text", "html", "calendar"}
        ),
        "personal_feed": frozenset({"email_key"}),
        "provider_settings": frozenset({"secret"}),
        "question": frozenset({"text", "answer", "answered_by"}),
        "registration": frozenset(
            {
                *("title", "first_name", "last_name", "email", "organisation_text", "position"),
                *("question", "note", "registered_by"),
            }
        ),
        "room_session": frozenset({"report"}),
        "speaker": frozenset({"name", "email", "organisation_text"}),
        "status_change": frozenset({"actor", "reason"}),
        "subscriber": frozenset({"email"}),
        "undeliverable_address": frozenset({"words"}),
    }
)
# How long to wait for readers after a deletion, and at later attempts.
PATIENCE_MS = 500
_NO_PATIENCE_MS = 0
RETRY_SECONDS = 1.0

_STATEMENT = re.compile(r'(?:DELETE FROM|UPDATE)\s+"?(\w+)"?')
_SET = re.compile(r'(?:\sSET|,)\s*"?(\w+)"?\s*=')
_OWED = "SELECT number FROM erasure_debt"
# Another deletion since then has raised the number, and its debt stays.
_PAID = "DELETE FROM erasure_debt WHERE number = ?"

# Rows by table, and whether they were deleted or overwritten.
Erased = Counter[tuple[str, str]]
DELETED, OVERWRITTEN = "deleted", "overwritten"
_counting: ContextVar[Erased | None] = ContextVar("counting", default=None)

log = logging.getLogger(__name__)


class ErasureDebt(Base):
    """Deleted data that may still be in the write-ahead log; at most one row.

    `number` rises with every deletion since the first one, which was at `since`.
    """

    __tablename__ = "erasure_debt"

    id: Mapped[int] = mapped_column(primary_key=True, autoincrement=False)
    since: Mapped[datetime] = mapped_column(UTCDateTime)
    number: Mapped[int]


def init_app(app: Flask, clock: Callable[[], datetime]) -> None:
    """Set up the eraser of the application."""
    app.extensions["ikone_eraser"] = LogEraser(clock)


def erase_what_is_owed() -> None:
    """Pay the debt of any process; for the worker's tick. Ends the session's reading."""
    db.session.rollback()
    eraser: LogEraser = current_app.extensions["ikone_eraser"]
    if find_debt() is not None:
        db.session.rollback()  # our own reading would keep the log
        eraser.erase(db.engine)


def find_debt() -> datetime | None:
    """Since when deleted data may be in the log; None if nothing is owed."""
    return db.session.scalar(select(ErasureDebt.since))


@lru_cache(maxsize=512)
def leaves_personal_data(statement: str) -> bool:
    """Whether an SQL statement deletes personal data, or writes over it."""
    found = _STATEMENT.match(statement)
    if found is None or found[1] not in PERSONAL:
        return False
    if statement.startswith("DELETE"):
        return True
    return not PERSONAL[found[1]].isdisjoint(_SET.findall(statement))


def _table_of(statement: str) -> str:
    """The table that a DELETE or UPDATE is about."""
    found = _STATEMENT.match(statement)
    return found[1] if found else ""


@event.listens_for(Engine, "after_cursor_execute")
def _look_at(
    connection: Any, cursor: Any, statement: str, _values: Any, _context: Any, _many: bool
) -> None:
    """Ask for erasure if a statement of `transaction()` has removed personal data."""
    if (
        cursor.rowcount
        and statement.startswith(("DELETE", "UPDATE"))
        and connection.get_execution_options().get("write")
        and leaves_personal_data(statement)
    ):
        ask_for_erasure()
        if (counts := _counting.get()) is not None:
            what = DELETED if statement.startswith("DELETE") else OVERWRITTEN
            counts[_table_of(statement), what] += cursor.rowcount


@contextmanager
def counted() -> Iterator[Erased]:
    """Count the rows with personal data that statements delete or overwrite meanwhile.

    Rows that the database itself deletes together with others are not counted.
    """
    counts: Erased = Counter()
    before = _counting.set(counts)
    try:
        yield counts
    finally:
        _counting.reset(before)


class LogEraser:
    """Empties the write-ahead log of a database after a deletion.

    If a reader or an error prevents it, `catch_up` tries again after later commits. Only `owe`
    raises something.
    """

    def __init__(self, clock: Callable[[], datetime]) -> None:
        self._clock = clock
        self._tried = time.monotonic()
        self._owed = False

    def owe(self) -> None:
        """Store the debt in the transaction of the deletion."""
        if db.engine.dialect.name == "sqlite":
            row = insert(ErasureDebt).values(id=1, since=self._clock(), number=1)
            more = {"number": ErasureDebt.number + 1}
            db.session.execute(row.on_conflict_do_update(index_elements=["id"], set_=more))

    def erase(self, engine: Engine) -> None:
        """Write the log back into the database and truncate it."""
        self._owed = not self._is_emptied(engine, PATIENCE_MS)

    def catch_up(self, engine: Engine) -> None:
        """Retry what failed, without waiting."""
        if self._owed and time.monotonic() - self._tried >= RETRY_SECONDS:
            self._owed = not self._is_emptied(engine, _NO_PATIENCE_MS)

    def _is_emptied(self, engine: Engine, patience_ms: int) -> bool:
        self._tried = time.monotonic()
        if engine.dialect.name != "sqlite":
            return True
        try:
            return _empty(engine, patience_ms)
        except Exception:  # the commit was successful
            log.exception(
                "deleted data is still in the write-ahead log; another attempt will follow"
            )
            return False


def _empty(engine: Engine, patience_ms: int) -> bool:
    """Truncate the log and pay the debt; False if somebody still reads."""
    connection = engine.raw_connection()
    try:
        cursor = connection.cursor()
        owed = cursor.execute(_OWED).fetchone()
        cursor.execute(f"PRAGMA busy_timeout={patience_ms}")
        try:
            [(busy, _pages, _moved)] = cursor.execute("PRAGMA wal_checkpoint(TRUNCATE)").fetchall()
        finally:
            cursor.execute(f"PRAGMA busy_timeout={LOCK_WAIT_SECONDS * 1000}")
        if owed and not busy:
            cursor.execute(_PAID, owed)
        return not busy
    finally:
        connection.close()

"""Every invariant of an installation, checked on its rows; a fault is one line of English.

A check yields what the rules can't explain. What they allow is no fault: more people than seats
after the capacity was lowered, a mail that the mail server refused.
"""

from collections.abc import Callable, Iterator
from datetime import datetime

from sqlalchemy import func, select, text
from sqlalchemy.exc import DatabaseError

from ikone_events.services.operating.verification import (
    counters,
    events,
    followup,
    mails,
    registrations,
    rooms,
    settings,
    standing,
)
from ikone_events.store.damage import damaged_rows, is_damage
from ikone_events.store.db import Base, db
from ikone_events.store.registering.models import SeatCount

Check = Callable[[datetime], Iterator[str]]

_INVALID = text(
    "SELECT 'index ' || indexrelid::regclass::text || ' is not valid'"
    " FROM pg_index WHERE NOT indisvalid"
    " UNION ALL SELECT 'constraint ' || conname || ' was never checked'"
    " FROM pg_constraint WHERE NOT convalidated"
)


def broken_database(_now: datetime) -> Iterator[str]:
    """Faults of pages, indexes, references and sequences that the database reports."""
    return _sqlite() if db.engine.dialect.name == "sqlite" else _postgresql()


def _sqlite() -> Iterator[str]:
    for words in db.session.scalars(text("PRAGMA integrity_check")):
        if words != "ok":
            yield f"database: {words}"
    for table, row, owner, _number in db.session.execute(text("PRAGMA foreign_key_check")):
        yield f"database: row {row} of {table} belongs to no row of {owner}"


def _postgresql() -> Iterator[str]:
    for words in db.session.scalars(_INVALID):
        yield f"database: {words}"
    for table in Base.metadata.sorted_tables:
        serial = _serial_of(table.name)
        if serial is None:
            continue
        last = db.session.scalar(text(f"SELECT last_value FROM {serial}"))  # noqa: S608 - its own name
        highest = db.session.scalar(select(func.max(table.c.id))) or 0
        if last is not None and last < highest:
            yield f"database: numbers of {table.name} go on from {last}, its rows go to {highest}"


def unreadable_rows(_now: datetime) -> Iterator[str]:
    """Rows with damaged values; the worker leaves them out."""
    for mapper in sorted(Base.registry.mappers, key=lambda mapper: mapper.class_.__tablename__):
        if mapper.class_ is SeatCount:  # compared with the rows, see counters.py
            continue
        for number, names in damaged_rows(mapper.class_):
            yield f"data: {mapper.class_.__tablename__} {number} can't be read: {', '.join(names)}"


def _serial_of(table: str) -> str | None:
    """The sequence of a table's ids, if there is one."""
    if "id" not in Base.metadata.tables[table].c:
        return None
    name = text("SELECT pg_get_serial_sequence(:table, 'id')")
    found: str | None = db.session.scalar(name, {"table": f'"{table}"'})
    return found


CHECKS: tuple[Check, ...] = (
    broken_database,
    registrations.sold_twice,
    counters.missing_triggers,
    counters.miscounted_seats,
    registrations.double_seats,
    registrations.stale_keys,
    registrations.used_up_codes,
    registrations.crowded_choices,
    registrations.unknown_statuses,
    registrations.incomplete_statuses,
    registrations.unexplained_statuses,
    registrations.idle_seats,
    registrations.unordered_people,
    registrations.skipped_people,
    settings.wrong_hashes,
    rooms.odd_attendance,
    mails.missing_mails,
    mails.double_mails,
    mails.gaps_in_mailings,
    mails.lists_ahead,
    mails.odd_mails,
    mails.stale_mail_keys,
    mails.abandoned_leases,
    mails.lost_objects,
    mails.doubled_objects,
    mails.broken_versions,
    mails.unexplained_answers,
    mails.answers_of_nobody,
    mails.bounces_without_a_mail,
    followup.granted_without_mail,
    followup.requests_not_forgotten,
    followup.lost_entries,
    followup.answers_of_others,
    followup.marks_of_forgotten_people,
    rooms.questions_of_others,
    rooms.questions_of_forgotten_people,
    rooms.published_elsewhere,
    rooms.lost_answers,
    followup.released_to_others,
    standing.doubled_registrations,
    standing.unnoted_dates,
    standing.sign_ups_of_forgotten_people,
    events.uninvited_speakers,
    events.hidden_materials,
    events.broken_history,
    events.misplaced_steps,
    events.missing_files,
    events.lost_uploads,
    events.remembered_persons,
    events.returned_persons,
    events.data_not_erased,
    settings.unfit_settings,
    mails.damaged_mails,
    events.damaged_json,
    unreadable_rows,
)


def faults(now: datetime) -> Iterator[str]:
    """All faults, one line each; ends when the database can't be read.

    A damaged row ends only the check that reads it.
    """
    for check in CHECKS:
        try:
            yield from check(now)
        except Exception as fault:
            if is_damage(fault):
                yield f"data: damaged rows prevent a check ({check.__name__})"
            elif isinstance(fault, DatabaseError):
                yield f"database: can't be read: {fault.orig}"
                return
            else:
                raise

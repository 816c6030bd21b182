"""Every invariant of the house, checked from the rows: each fault is one line of plain English.

A check yields what can't be explained by the rules. What the rules allow is no fault: more people
than seats after the capacity was lowered, a mail that the mail server refused.
"""

from collections.abc import Callable, Iterator
from datetime import datetime

from sqlalchemy.exc import DatabaseError

from ikone_events.services.operating.verification import (
    calendars,
    database,
    events,
    mails,
    seats,
    statuses,
)

Check = Callable[[datetime], Iterator[str]]

CHECKS: tuple[Check, ...] = (
    database.broken_database,
    seats.sold_twice,
    seats.double_seats,
    seats.used_up_codes,
    statuses.unknown_statuses,
    statuses.incomplete_statuses,
    statuses.unexplained_statuses,
    seats.idle_seats,
    seats.skipped_people,
    mails.missing_mails,
    mails.double_mails,
    mails.gaps_in_mailings,
    mails.odd_mails,
    mails.abandoned_leases,
    calendars.lost_objects,
    calendars.doubled_objects,
    calendars.broken_versions,
    calendars.unexplained_answers,
    calendars.answers_of_nobody,
    calendars.bounces_without_a_mail,
    events.broken_history,
    events.misplaced_steps,
    events.missing_files,
    events.remembered_persons,
)


def faults(now: datetime) -> Iterator[str]:
    """All faults, one line each; what can't be read ends the search."""
    for check in CHECKS:
        try:
            yield from check(now)
        except DatabaseError as fault:
            yield f"database: can't be read: {fault.orig}"
            return

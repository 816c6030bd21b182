"""Every invariant of the house, checked from the rows: each fault is one line of plain English.

A check yields what can't be explained by the rules. What the rules allow is no fault: more people
than seats after the capacity was lowered, a letter that the mail server refused.
"""

from collections.abc import Callable, Iterator
from datetime import datetime

from sqlalchemy.exc import DatabaseError

from ikone_events.services.verification.calendars import (
    broken_versions,
    doubled_objects,
    lost_objects,
)
from ikone_events.services.verification.database import broken_database
from ikone_events.services.verification.events import (
    broken_history,
    misplaced_steps,
    missing_files,
    remembered_persons,
)
from ikone_events.services.verification.incoming import (
    answers_of_nobody,
    bounces_without_a_mail,
    unexplained_answers,
)
from ikone_events.services.verification.letters import (
    abandoned_leases,
    double_letters,
    gaps_in_mailings,
    missing_letters,
    odd_letters,
)
from ikone_events.services.verification.seats import (
    double_seats,
    idle_seats,
    overtaken_people,
    sold_twice,
    used_up_codes,
)
from ikone_events.services.verification.standings import (
    incomplete_standings,
    unexplained_standings,
    unknown_standings,
)

Check = Callable[[datetime], Iterator[str]]

CHECKS: tuple[Check, ...] = (
    broken_database,
    sold_twice,
    double_seats,
    used_up_codes,
    unknown_standings,
    incomplete_standings,
    unexplained_standings,
    idle_seats,
    overtaken_people,
    missing_letters,
    double_letters,
    gaps_in_mailings,
    odd_letters,
    abandoned_leases,
    lost_objects,
    doubled_objects,
    broken_versions,
    unexplained_answers,
    answers_of_nobody,
    bounces_without_a_mail,
    broken_history,
    misplaced_steps,
    missing_files,
    remembered_persons,
)


def faults(now: datetime) -> Iterator[str]:
    """All faults, one line each; what can't be read ends the search."""
    for check in CHECKS:
        try:
            yield from check(now)
        except DatabaseError as fault:
            yield f"database: can't be read: {fault.orig}"
            return

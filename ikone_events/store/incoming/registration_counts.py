"""How many people of an event the filters of the list find."""

from collections import Counter
from dataclasses import dataclass, field, replace
from datetime import datetime

from sqlalchemy import and_, case, func, select, true

from ikone_events.domain.incoming.answer_rules import ANSWERS
from ikone_events.domain.registering.registration import Status
from ikone_events.domain.registering.status import RegistrationStatus, registration_status
from ikone_events.store.db import db
from ikone_events.store.events.models import Event
from ikone_events.store.incoming.models import UndeliverableAddress
from ikone_events.store.incoming.registration_search import (
    SILENT,
    RegistrationSearch,
    conditions,
    needs_decision,
)
from ikone_events.store.registering.models import Registration
from ikone_events.store.rooms.attendance import attendance_of


@dataclass(slots=True)
class FilterCounts:
    """The people by status, calendar answer and attendance, each as its filter finds them.

    `of_event` and `undecided` (who needs a decision) are of all people of the event, the other
    numbers of those whom the rest of a search finds.
    """

    of_event: Counter[RegistrationStatus] = field(default_factory=Counter)
    undecided: int = 0
    total: int = 0
    statuses: Counter[RegistrationStatus] = field(default_factory=Counter)
    answers: Counter[str] = field(default_factory=Counter)
    attendance: Counter[str] = field(default_factory=Counter)
    unreached: int = 0


def rest_of(wish: RegistrationSearch) -> RegistrationSearch:
    """A search without what chips set: each chip takes back the others."""
    return replace(wish, status="", awaits="", came="", answer="", decision="")


def filter_counts(event: Event, wish: RegistrationSearch, *, now: datetime) -> FilterCounts:
    """The numbers of an event, and those among the people whom the rest of a search finds.

    It takes one query.
    """
    is_found = and_(true(), *conditions(event, rest_of(wish), now))
    people = (
        select(
            Registration.status,
            Registration.awaits,
            Registration.partstat,
            attendance_of(now, event.id).label("came"),
            case((needs_decision(), 1)).label("undecided"),
            case((is_found, 1)).label("found"),
            case((is_found, UndeliverableAddress.email_key)).label("unreached"),
        )
        .outerjoin(Registration.organisation)
        .outerjoin(UndeliverableAddress, UndeliverableAddress.email_key == Registration.email_key)
        .where(Registration.event_id == event.id)
        .subquery()
    )
    columns = (people.c.status, people.c.awaits, people.c.partstat, people.c.came)
    numbers = map(func.count, (people.c.undecided, people.c.found, people.c.unreached))
    rows = db.session.execute(select(*columns, func.count(), *numbers).group_by(*columns))
    found = FilterCounts()
    for status, awaits, partstat, attendance, of_event, undecided, number, unreached in rows:
        found.of_event[registration_status(status, awaits)] += of_event
        found.undecided += undecided
        if number:
            found.unreached += unreached
            _add(found, (status, awaits, partstat, attendance), number)
    return found


def _add(found: FilterCounts, group: tuple[str, str, str, str | None], number: int) -> None:
    status, awaits, partstat, attendance = group
    found.total += number
    found.statuses[registration_status(status, awaits)] += number
    if partstat in ANSWERS:
        found.answers[partstat] += number
    if status == Status.CONFIRMED.value:
        found.attendance[attendance or "unknown"] += number
        if partstat not in ANSWERS:
            found.answers[SILENT] += number

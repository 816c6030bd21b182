"""How many people of an event the filters of the list find."""

from collections import Counter
from dataclasses import dataclass, field, replace

from sqlalchemy import func, select

from ikone_events.domain.incoming.answer_rules import ANSWERS
from ikone_events.domain.registering.registration import Status
from ikone_events.domain.registering.status import RegistrationStatus, registration_status
from ikone_events.store.db import db
from ikone_events.store.events.models import Event
from ikone_events.store.incoming.models import UndeliverableAddress
from ikone_events.store.incoming.registration_search import SILENT, RegistrationSearch, conditions
from ikone_events.store.registering.models import Registration


@dataclass(slots=True)
class FilterCounts:
    """The people by status, calendar answer and attendance, each as its filter finds them."""

    total: int = 0
    statuses: Counter[RegistrationStatus] = field(default_factory=Counter)
    answers: Counter[str] = field(default_factory=Counter)
    attendance: Counter[str] = field(default_factory=Counter)
    unreached: int = 0


def filter_counts(event: Event, wish: RegistrationSearch) -> FilterCounts:
    """The numbers among the people whom the rest of a search finds, in one query."""
    rest = replace(wish, status="", awaits="", came="", answer="", decision="")
    columns = (
        Registration.status,
        Registration.awaits,
        Registration.partstat,
        Registration.attendance,
    )
    rows = db.session.execute(
        select(*columns, func.count(), func.count(UndeliverableAddress.email_key))
        .outerjoin(Registration.organisation)
        .outerjoin(UndeliverableAddress, UndeliverableAddress.email_key == Registration.email_key)
        .where(Registration.event_id == event.id, *conditions(event, rest))
        .group_by(*columns)
    )
    found = FilterCounts()
    for status, awaits, partstat, attendance, number, unreached in rows:
        found.total += number
        found.unreached += unreached
        found.statuses[registration_status(status, awaits)] += number
        if partstat in ANSWERS:
            found.answers[partstat] += number
        if status == Status.CONFIRMED.value:
            found.attendance[attendance or "unknown"] += number
            if partstat not in ANSWERS:
                found.answers[SILENT] += number
    return found

"""The numbers that the needs of actions and steps read, by the names of Facts."""

from collections.abc import Collection, Iterable, Mapping
from typing import Any

from sqlalchemy import ColumnElement, case, exists, func, select

from ikone_events.domain.events.facts import Number
from ikone_events.domain.registering.registration import Status
from ikone_events.store.db import db
from ikone_events.store.events.models import Event, Material
from ikone_events.store.mails.models import IS_TEST, OutboxMail
from ikone_events.store.registering.models import Registration


def numbers_for(event_ids: Collection[int], wanted: Iterable[Number]) -> dict[int, dict[str, int]]:
    """The wanted numbers of each event by the names of Facts, in one statement."""
    names = sorted(wanted)
    if not names or not event_ids:
        return {event_id: {} for event_id in event_ids}
    columns = [_NUMBERS[name].label(name.value) for name in names]
    rows = db.session.execute(select(Event.id, *columns).where(Event.id.in_(event_ids)))
    return {event_id: dict(zip(names, numbers, strict=True)) for event_id, *numbers in rows}


def _at_most_one(model: type[Registration] | type[OutboxMail], *which: ColumnElement[bool]) -> Any:
    """1 if the event has any of these rows, else 0; needs ask for no more."""
    return case((exists(select(model.id).where(model.event_id == Event.id, *which)), 1), else_=0)


_NUMBERS: Mapping[Number, ColumnElement[int]] = {
    Number.CONFIRMED: select(func.count())
    .where(Registration.event_id == Event.id, Registration.status == Status.CONFIRMED.value)
    .scalar_subquery(),
    Number.MATERIALS: select(func.count())
    .where(Material.event_id == Event.id, Material.released)
    .scalar_subquery(),
    Number.REGISTERED: _at_most_one(Registration),
    Number.MAILS: _at_most_one(OutboxMail, ~IS_TEST),
}

"""What is forgotten before an event's own time: sensitive answers, and people who did not come."""

from datetime import datetime, timedelta
from typing import Any, NamedTuple, TypeVar

from sqlalchemy import ColumnElement, Select, and_, delete, exists, func, or_, select

from ikone_events.domain.events.lifecycle import State
from ikone_events.domain.registering.registration import NEVER_CONFIRMED, WITHOUT_PLACE, Status
from ikone_events.services.privacy.forgetting import drop_mails, forget, strike_out
from ikone_events.store.db import ask_for_erasure, db, rows_written
from ikone_events.store.events.models import Event
from ikone_events.store.mails.models import OutboxMail
from ikone_events.store.registering.form_fields import Answer, FormField
from ikone_events.store.registering.models import Registration

Query = TypeVar("Query", bound=Select[*tuple[Any, ...]])


class Due(NamedTuple):
    """What of one event is to be forgotten now: answers to short-lived fields, people."""

    slug: str
    answers: int
    people: int


def due(now: datetime) -> list[Due]:
    """Every event of which something is to be forgotten now. Asked at each tick, mostly for none.

    An event whose whole retention is over is not here: it is forgotten altogether.
    """
    answers, people = _answers_due(now), _people_due(now)
    return [
        Due(slug, answers.get(slug, 0), people.get(slug, 0))
        for slug in dict.fromkeys([*answers, *people])
    ]


def forget_due(now: datetime) -> None:
    """Delete the answers and forget the people whose time has come; figures stay."""
    fields = [field.id for field in _fields_due(now)]
    if fields and rows_written(delete(Answer).where(Answer.field_id.in_(fields))):
        ask_for_erasure()
    for person in db.session.scalars(_without_place(select(Registration), now)).all():
        strike_out(person)
        drop_mails(OutboxMail.registration_id == person.id)
        forget(select(Registration.id).where(Registration.id == person.id), now=now)


def _fields_due(now: datetime) -> list[FormField]:
    """Fields with answers that were to be kept until now.

    A postponed event waits for its new date, and then the answers are needed.
    """
    answered = exists().where(Answer.field_id == FormField.id)
    rows = db.session.execute(
        select(FormField, Event.ends_at)
        .join(Event, FormField.event_id == Event.id)
        .where(
            FormField.keep_days.is_not(None),
            Event.ends_at <= now,
            Event.state != State.POSTPONED.value,
            answered,
        )
    )
    return [field for field, end in rows if end + timedelta(days=field.keep_days or 0) <= now]


def _answers_due(now: datetime) -> dict[str, int]:
    fields = [field.id for field in _fields_due(now)]
    if not fields:
        return {}
    rows = db.session.execute(
        select(Event.slug, func.count().label("number"))
        .select_from(Answer)
        .join(FormField, Answer.field_id == FormField.id)
        .join(Event, FormField.event_id == Event.id)
        .where(FormField.id.in_(fields))
        .group_by(Event.slug)
    )
    return {row.slug: row.number for row in rows}


def _people_due(now: datetime) -> dict[str, int]:
    wanted = _without_place(
        select(Event.slug, func.count().label("number")).select_from(Registration), now
    )
    rows = db.session.execute(wanted.group_by(Event.slug))
    return {row.slug: row.number for row in rows}


def _without_place(wanted: Query, now: datetime) -> Query:
    """Narrowed to those who are known still and came to nothing."""
    return wanted.join(Event, Registration.event_id == Event.id).where(
        Event.figures == "",
        Registration.anonymised_at.is_(None),
        or_(_event_long_over(now), _expired_long_ago(now)),
    )


def _event_long_over(now: datetime) -> ColumnElement[bool]:
    return and_(
        Event.ends_at <= now - WITHOUT_PLACE,
        Event.state != State.POSTPONED.value,
        Registration.status != Status.CONFIRMED.value,
    )


def _expired_long_ago(now: datetime) -> ColumnElement[bool]:
    return and_(
        Registration.status == Status.EXPIRED.value,
        Registration.status_at <= now - NEVER_CONFIRMED,
    )

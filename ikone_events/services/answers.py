"""Answers to an event's own fields: places of choices claimed, answers stored and read."""

import json
from collections.abc import Mapping, Sequence
from datetime import datetime

from sqlalchemy import delete, func, select

from ikone_events.domain.refusals import N_, Complaint, UnfitInput
from ikone_events.domain.registration import ACTIVE
from ikone_events.store.db import db
from ikone_events.store.events import Event
from ikone_events.store.form_fields import Answer, FormField
from ikone_events.store.registrations import Registration

Answers = Mapping[str, Sequence[str]]
_KEY_LENGTH = 100


def fields_of(event: Event) -> list[FormField]:
    """The fields that are asked now, in their order."""
    wanted = select(FormField).where(FormField.event_id == event.id, FormField.retired_at.is_(None))
    return list(db.session.scalars(wanted.order_by(FormField.position, FormField.id)))


def claim_choices(event: Event, answers: Answers, *, besides: Registration | None = None) -> None:
    """Make sure that every chosen choice has a place left. The event must be held.

    Everybody who holds or awaits a seat holds the places of their choices too. `besides` is the
    person whose own answers are about to be replaced. Raises UnfitInput, about `f_<key>`.
    """
    if not answers:
        return
    full = [
        Complaint(N_("“%(choice)s” has no places left."), {"choice": choice}, f"f_{field.key}")
        for field in fields_of(event)
        for choice in _full(field, answers.get(field.key, ()), besides)
    ]
    if full:
        raise UnfitInput(full)


def _full(field: FormField, chosen: Sequence[str], besides: Registration | None) -> list[str]:
    limits = {choice["value"]: choice for choice in json.loads(field.choices)}
    wanted = [limits[value] for value in chosen if value in limits]
    return [
        choice["label"]
        for choice in wanted
        if choice.get("places") is not None
        and taken(field, choice["value"], besides=besides) >= choice["places"]
    ]


def taken(field: FormField, value: str, *, besides: Registration | None = None) -> int:
    """How many who hold or await a seat have chosen this."""
    rows = (
        select(func.count())
        .select_from(Answer)
        .join(Registration, Answer.registration_id == Registration.id)
        .where(
            Answer.field_id == field.id,
            Answer.value_key == value[:_KEY_LENGTH],
            Registration.status.in_([status.value for status in ACTIVE]),
        )
    )
    if besides is not None:
        rows = rows.where(Registration.id != besides.id)
    return db.session.scalar(rows) or 0


def store_answers(
    registration: Registration, event: Event, answers: Answers, *, now: datetime
) -> None:
    """Replace what a person answered to the fields that are asked now; others stay."""
    asked = fields_of(event) if answers or registration.id is not None else []
    if not asked:
        return
    db.session.flush()
    ids = [field.id for field in asked]
    db.session.execute(
        delete(Answer).where(Answer.registration_id == registration.id, Answer.field_id.in_(ids))
    )
    for field in asked:
        for value in answers.get(field.key, ()):
            db.session.add(_answer(registration, field, value, now))


def _answer(registration: Registration, field: FormField, value: str, now: datetime) -> Answer:
    versions = json.loads(field.versions)
    return Answer(
        registration_id=registration.id,
        field_id=field.id,
        value=value,
        value_key=value[:_KEY_LENGTH] if json.loads(field.choices) else "",
        version=versions[-1]["version"] if versions else None,
        at=now,
    )

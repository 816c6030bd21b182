"""Choices with a limited number of places, as they follow a seat from one person to another."""

from datetime import datetime

from sqlalchemy import select

from ikone_events.domain.form_fields import Answers, OwnField, kept_answers
from ikone_events.services.registering.answers import all_fields, answers_of, asked_fields
from ikone_events.store.db import db
from ikone_events.store.events import Event
from ikone_events.store.form_fields import Answer, FormField
from ikone_events.store.registrations import Registration

Chosen = set[tuple[str, str]]


def moves_places(registration: Registration, event: Event, answers: Answers) -> bool:
    """Whether new answers would give back or claim a place of a choice."""
    fields = asked_fields(event, besides=registration)
    limited = _limited(fields)
    before, after = _chosen(answers_of(registration)), _chosen(kept_answers(fields, answers))
    return before & limited != after & limited


def pass_on_places(leaving: Registration, heir: Registration, *, now: datetime) -> None:
    """The places of choices belong to the seat and go along; other answers are personal."""
    limited = _limited(all_fields(leaving.event))
    if not limited:
        return
    rows = db.session.execute(
        select(FormField.key, Answer)
        .join(FormField, Answer.field_id == FormField.id)
        .where(Answer.registration_id == leaving.id)
        .order_by(Answer.id)
    )
    for key, held in rows.all():
        if (key, held.value) in limited:
            db.session.add(
                Answer(
                    registration_id=heir.id,
                    field_id=held.field_id,
                    value=held.value,
                    value_key=held.value_key,
                    version=held.version,
                    at=now,
                )
            )


def _limited(fields: tuple[OwnField, ...]) -> Chosen:
    return {
        (field.key, choice.value)
        for field in fields
        for choice in field.choices
        if choice.places is not None
    }


def _chosen(answers: Answers) -> Chosen:
    return {(key, value) for key, values in answers.items() for value in values}

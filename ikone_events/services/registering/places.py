"""Choices with a limited number of places, as they follow a seat from one person to another."""

from datetime import datetime

from sqlalchemy import select

from ikone_events.domain.registering.form_fields import Answers, OwnField, kept_answers
from ikone_events.services.registering.answers import all_fields, answers_of, asked_fields
from ikone_events.store.db import db
from ikone_events.store.events.models import Event
from ikone_events.store.registering.form_fields import Answer, FormField
from ikone_events.store.registering.models import Registration

Chosen = set[tuple[str, str]]


def moves_places(registration: Registration, event: Event, answers: Answers) -> bool:
    """Whether new answers would give back or claim a place of a choice."""
    fields = asked_fields(event, besides=registration)
    limited = _limited(fields)
    before, after = _chosen(answers_of(registration)), _chosen(kept_answers(fields, answers))
    return before & limited != after & limited


def pass_on_places(leaving: Registration, heir: Registration, *, now: datetime) -> None:
    """The places of choices belong to the seat and go along; other answers are personal.

    What made the form ask for such a choice goes along too: without it the choice is not asked,
    and the heir's first correction would give its place back.
    """
    fields = all_fields(leaving.event)
    limited = _limited(fields)
    if not limited:
        return
    passed = limited | _asking(fields, limited & _chosen(answers_of(leaving)))
    rows = db.session.execute(
        select(FormField.key, Answer)
        .join(FormField, Answer.field_id == FormField.id)
        .where(Answer.registration_id == leaving.id)
        .order_by(Answer.id)
    )
    for key, held in rows.all():
        if (key, held.value) in passed:
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


def _asking(fields: tuple[OwnField, ...], chosen: Chosen) -> Chosen:
    """The answers before these choices that made the form show them."""
    shown_if = {field.key: (field.shown_if, field.shown_value) for field in fields}
    found: Chosen = set()
    for key, _value in chosen:
        steering = shown_if[key]
        while steering[0] and steering not in found:
            found.add(steering)
            steering = shown_if.get(steering[0], ("", ""))
    return found


def _chosen(answers: Answers) -> Chosen:
    return {(key, value) for key, values in answers.items() for value in values}

"""Makers of questions for feedback, of people who give it, and looks at what is stored."""

from datetime import datetime
from typing import Any

from flask import Flask
from sqlalchemy import select

from ikone_events.domain.followup.feedback import SUGGESTED
from ikone_events.services.followup.feedback import give_feedback
from ikone_events.store.db import db, transaction
from ikone_events.store.events.models import Event
from ikone_events.store.followup.feedback import FeedbackAnswer, FeedbackDone
from ikone_events.store.registering.form_fields import FormField
from ikone_events.store.registering.models import Registration
from tests.factories import NOW, PAST, make_event, make_registration
from tests.own_fields import make_field

RATING, LIKED, MISSED, TOPICS = "bewertung", "gefallen", "gefehlt", "themen"
KEYS = (RATING, LIKED, MISSED, TOPICS)


def make_questions(app: Flask, event: Event) -> list[FormField]:
    """The usual questions, with short keys."""
    return [
        make_field(
            app,
            event,
            form="feedback",
            key=key,
            kind=field.kind.value,
            label=field.label,
            label_en=field.label_en,
        )
        for key, field in zip(KEYS, SUGGESTED, strict=True)
    ]


def past_event(app: Flask, **values: Any) -> Event:
    """An event of last week with the usual questions."""
    event = make_event(app, **{**PAST, "state": "followed_up", **values})
    make_questions(app, event)
    return event


def give(app: Flask, person: Registration, answers: dict[str, str], *, now: datetime = NOW) -> bool:
    """Send feedback as the page would; a value per key."""
    with app.app_context(), transaction():
        given = {key: [value] for key, value in answers.items()}
        return give_feedback(person.public_id, given, now=now)


def give_all(app: Flask, event: Event, texts: list[str], rating: str = "4") -> list[Registration]:
    """One new person for each text, who rates and says what they liked."""
    people = [make_registration(app, event) for _ in texts]
    for person, text in zip(people, texts, strict=True):
        give(app, person, {RATING: rating, LIKED: text})
    return people


def stored_values(app: Flask) -> list[str]:
    """All stored values."""
    with app.app_context():
        return sorted(db.session.scalars(select(FeedbackAnswer.value)))


def who_answered(app: Flask) -> set[int]:
    """The ids of the registrations that are marked as done."""
    with app.app_context():
        return set(db.session.scalars(select(FeedbackDone.registration_id)))

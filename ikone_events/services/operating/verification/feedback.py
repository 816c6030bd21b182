"""Feedback: every mark has an entry, and answers belong to questions of their event."""

from collections.abc import Iterator
from datetime import datetime

from sqlalchemy import func, or_, select

from ikone_events.domain.registering.form_fields import FormName
from ikone_events.store.db import db
from ikone_events.store.events.models import Event
from ikone_events.store.followup.feedback import FeedbackAnswer, FeedbackDone
from ikone_events.store.registering.form_fields import FormField
from ikone_events.store.registering.models import Registration


def lost_entries(_now: datetime) -> Iterator[str]:
    """An event has as many entries as people who are marked, or more: some are forgotten."""
    stored = (
        select(func.count(FeedbackAnswer.entry.distinct()))
        .where(FeedbackAnswer.event_id == Event.id)
        .scalar_subquery()
    )
    rows = db.session.execute(
        select(Event.slug, func.count(), stored)
        .select_from(FeedbackDone)
        .join(Registration, FeedbackDone.registration_id == Registration.id)
        .join(Event, Registration.event_id == Event.id)
        .group_by(Event.id, Event.slug)
        .having(func.count() > stored)
        .order_by(Event.slug)
    )
    for slug, people, entries in rows:
        text = f"{people} people have answered and {entries} entries are stored"
        yield f"feedback: {slug}: {text}"


def answers_of_others(_now: datetime) -> Iterator[str]:
    """An answer is one to a question for the feedback of its event."""
    wrong = or_(
        FormField.event_id != FeedbackAnswer.event_id, FormField.form != FormName.FEEDBACK.value
    )
    rows = db.session.execute(
        select(FormField.key, func.count())
        .join(FeedbackAnswer, FeedbackAnswer.field_id == FormField.id)
        .where(wrong)
        .group_by(FormField.key)
        .order_by(FormField.key)
    )
    for key, number in rows:
        yield f"feedback: {number} answers to “{key}” belong to another form or event"


def marks_of_forgotten_people(_now: datetime) -> Iterator[str]:
    """Anonymised people are not marked any more."""
    number = db.session.scalar(
        select(func.count())
        .select_from(FeedbackDone)
        .join(Registration, FeedbackDone.registration_id == Registration.id)
        .where(Registration.anonymised_at.is_not(None))
    )
    if number:
        yield f"privacy: {number} marks of feedback should have been deleted and are not"

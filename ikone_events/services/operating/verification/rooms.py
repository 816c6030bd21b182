"""Attendance and questions of an event."""

from collections.abc import Iterator
from datetime import datetime

from sqlalchemy import literal, or_, select, union_all

from ikone_events.domain.events.facts import State
from ikone_events.services.operating.verification.rows import numbers_by_event, of_events
from ikone_events.store.db import db
from ikone_events.store.events.models import Event, Material
from ikone_events.store.followup.answers import ANSWERS, PublishedAnswer
from ikone_events.store.registering.models import Registration
from ikone_events.store.rooms.attendance import odd_records
from ikone_events.store.rooms.check_in import presses_of_other_events
from ikone_events.store.rooms.models import Question


def odd_attendance(_now: datetime) -> Iterator[str]:
    """A record and a press belong to the event of their registration, and sources make sense."""
    for number, what in odd_records():
        yield f"attendance: of registration {number}: {what}"
    for number in presses_of_other_events():
        yield f"attendance: of registration {number}: a press at the entrance of another event"


def questions_of_others(_now: datetime) -> Iterator[str]:
    """A question and its person belong to the same event."""
    wrong = Question.event_id != Registration.event_id
    rows = of_events(Question, wrong).join(
        Registration, Question.registration_id == Registration.id
    )
    for _slug, number in db.session.execute(rows):
        yield f"questions: question {number} belongs to a person of another event"


def questions_of_forgotten_people(_now: datetime) -> Iterator[str]:
    """Anonymised people, and those of archived events, have no questions left."""
    forgotten = or_(Registration.anonymised_at.is_not(None), Event.state == State.ARCHIVED.value)
    rows = numbers_by_event(Registration, forgotten).join(
        Question, Question.registration_id == Registration.id
    )
    for slug, number in db.session.execute(rows):
        yield f"privacy: {slug}: {number} questions should have been deleted and are not"


def published_elsewhere(_now: datetime) -> Iterator[str]:
    """A question and what was published of it belong to the same event."""
    wrong = Question.event_id != PublishedAnswer.event_id
    rows = of_events(Question, wrong).join(
        PublishedAnswer, Question.published_id == PublishedAnswer.id
    )
    for _slug, number in db.session.execute(rows):
        yield f"questions: question {number} was published with another event"


def lost_answers(_now: datetime) -> Iterator[str]:
    """Published answers are complete and among the materials of their event, which needs some."""
    material = select(Material.id).where(
        Material.event_id == PublishedAnswer.event_id, Material.kind == ANSWERS
    )
    unseen, listed = ~material.exists(), Material.kind == ANSWERS
    published = select(PublishedAnswer.id).where(PublishedAnswer.event_id == Material.event_id)
    empty = or_(PublishedAnswer.question == "", PublishedAnswer.answer == "")
    faults = union_all(
        *(
            of_events(model, wrong).add_columns(literal(what)).order_by(None)
            for model, what, wrong in (
                (PublishedAnswer, "published answer {} is not among the materials", unseen),
                (PublishedAnswer, "published answer {} has no text", empty),
                (Material, "material {} has no published answers", listed & ~published.exists()),
            )
        )
    )
    for slug, number, what in db.session.execute(faults):
        yield f"questions: {slug}: {what.format(number)}"

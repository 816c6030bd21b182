"""Answers that were published: texts without persons, which stay when an event is archived."""

from collections.abc import Iterable, Sequence
from datetime import datetime

from sqlalchemy import ForeignKey, String, Text, select
from sqlalchemy.orm import Mapped, mapped_column

from ikone_events.store.db import Base, UTCDateTime, db
from ikone_events.store.events.models import Event, Material, new_public_id

ANSWERS = "answers"


class PublishedAnswer(Base):
    """A question in words for others, and its answer.

    The questions that it was made of point to it (`Question.published_id`), until they are deleted
    with their persons: then nobody can find out who asked.
    """

    __tablename__ = "published_answer"

    id: Mapped[int] = mapped_column(primary_key=True)
    public_id: Mapped[str] = mapped_column(String(32), unique=True, default=new_public_id)
    event_id: Mapped[int] = mapped_column(ForeignKey("event.id", ondelete="CASCADE"), index=True)
    question: Mapped[str] = mapped_column(Text)
    answer: Mapped[str] = mapped_column(Text)
    published_at: Mapped[datetime] = mapped_column(UTCDateTime)


def published_answers(event: Event) -> Sequence[PublishedAnswer]:
    """All published answers of an event, the first one first."""
    mine = select(PublishedAnswer).where(PublishedAnswer.event_id == event.id)
    return db.session.scalars(mine.order_by(PublishedAnswer.id)).all()


def answers_among(materials: Iterable[Material], event: Event) -> Sequence[PublishedAnswer]:
    """The published answers, if they are among the materials that somebody may see."""
    return published_answers(event) if any(m.kind == ANSWERS for m in materials) else ()

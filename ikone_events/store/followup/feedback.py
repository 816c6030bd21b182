"""Feedback of attendees, stored so that no answer can be connected with its person.

Two tables are written together: that a person has answered (`feedback_done`), and an entry of
answers under a random key (`feedback_answer`). Neither has a moment, not even a day, and neither
has a counted number. SQLite keeps the answers without a rowid, in the order of their keys, and
`feedback_done` in the order of registrations. What else would connect them is removed by writing
all rows of the event anew with each entry, in that same order:

- where rows lie in the pages of the file (SQLite) or table (`ctid` of PostgreSQL), which follows
  the order of writing (PostgreSQL may go on in an earlier page that has space);
- the transaction that wrote them (`xmin` of PostgreSQL), which both rows of a person would share.

SQLite overwrites the former rows with zeros, and its write-ahead log is emptied with each entry
(store/erasing.py). No question is added once somebody has answered: few would answer it, and its
results would be shown. What remains, most of it only for whoever has the server's disks:

- PostgreSQL keeps the former versions of rows in its files until autovacuum, and in its own
  write-ahead log until that is recycled: their order shows who came after whom.
- Two backups between which one person answered hold one entry and one mark more.
- Whoever looks at the results before and after one more answer sees what it has added, and the
  mail log shows who got no request for feedback because they had answered before.
- A proxy in front may log when a personal link was used; the program logs it nowhere.

A free text may show by itself who wrote it: the office can strike it out, and archiving empties
all.
"""

import secrets
from collections import Counter
from collections.abc import Collection, Iterable
from datetime import datetime
from typing import Any, NamedTuple

from sqlalchemy import ForeignKey, String, Text, and_, delete, func, insert, select, update
from sqlalchemy.orm import Mapped, mapped_column

from ikone_events.domain.followup.feedback import FEWEST_ANSWERS
from ikone_events.domain.registering.form_fields import FieldKind, FormName
from ikone_events.domain.registering.registration import Attendance, Status
from ikone_events.store.db import Base, db, rows_written
from ikone_events.store.registering.form_fields import FormField
from ikone_events.store.registering.models import Registration
from ikone_events.store.rooms.attendance import attendance_of

_TEXTS = (FieldKind.SHORT_TEXT.value, FieldKind.LONG_TEXT.value)
_KEY_BYTES = 16


class FeedbackDone(Base):
    """A person who has given feedback; deleted together with their details."""

    __tablename__ = "feedback_done"

    registration_id: Mapped[int] = mapped_column(
        ForeignKey("registration.id", ondelete="CASCADE"), primary_key=True, autoincrement=False
    )


class FeedbackAnswer(Base):
    """One value of an entry; `place` numbers several choices.

    `entry` is random and the same for all answers of one person. `value` is that of an Answer; ""
    is a text that was struck out.
    """

    __tablename__ = "feedback_answer"
    __table_args__ = ({"sqlite_with_rowid": False},)

    event_id: Mapped[int] = mapped_column(
        ForeignKey("event.id", ondelete="CASCADE"), primary_key=True, autoincrement=False
    )
    entry: Mapped[str] = mapped_column(String(32), primary_key=True)
    field_id: Mapped[int] = mapped_column(
        ForeignKey("form_field.id", ondelete="CASCADE"),
        primary_key=True,
        autoincrement=False,
        index=True,
    )
    place: Mapped[int] = mapped_column(primary_key=True, autoincrement=False)
    value: Mapped[str] = mapped_column(Text)


# An answer with words that archiving empties.
HAS_TEXT = and_(
    FeedbackAnswer.value != "",
    FeedbackAnswer.field_id.in_(select(FormField.id).where(FormField.kind.in_(_TEXTS))),
)


class FeedbackCounts(NamedTuple):
    """How many people of an event were asked and have answered."""

    asked: int
    answered: int


# Of a registration, in a query.
HAS_ANSWERED = (
    select(FeedbackDone.registration_id)
    .where(FeedbackDone.registration_id == Registration.id)
    .correlate(Registration)
    .exists()
)


def has_answered(registration_id: int) -> bool:
    """Whether a person has given feedback."""
    wanted = select(FeedbackDone.registration_id)
    wanted = wanted.where(FeedbackDone.registration_id == registration_id)
    return db.session.scalar(wanted) is not None


def store_entry(
    event_id: int, registration_id: int, values: Iterable[tuple[int, int, str]]
) -> None:
    """Store an entry (field id, place, value); the event must be locked.

    All rows of the event are written anew, in the order of their keys; see above.
    """
    answers = _answers_of(event_id)
    people = select(Registration.id).where(Registration.event_id == event_id)
    of_event = FeedbackDone.registration_id.in_(people)
    done = db.session.scalars(select(FeedbackDone.registration_id).where(of_event)).all()
    entry = secrets.token_hex(_KEY_BYTES)
    own = {"event_id": event_id, "entry": entry}
    answers += [
        {**own, "field_id": field_id, "place": place, "value": value}
        for field_id, place, value in values
    ]
    rows_written(delete(FeedbackDone).where(of_event))
    rows_written(delete(FeedbackAnswer).where(FeedbackAnswer.event_id == event_id))
    marks = [{"registration_id": id_} for id_ in sorted([*done, registration_id])]
    db.session.execute(insert(FeedbackDone), marks)
    answers.sort(key=lambda row: (row["entry"], row["field_id"], row["place"]))
    db.session.execute(insert(FeedbackAnswer), answers)


def _answers_of(event_id: int) -> list[dict[str, Any]]:
    wanted = select(*FeedbackAnswer.__table__.c).where(FeedbackAnswer.event_id == event_id)
    return [dict(row) for row in db.session.execute(wanted).mappings()]


def number_of_entries(event_id: int) -> int:
    """How many people have given feedback, also those who are forgotten since."""
    number = func.count(FeedbackAnswer.entry.distinct())
    found = db.session.scalar(select(number).where(FeedbackAnswer.event_id == event_id))
    return found or 0


def values_by_field(event_id: int) -> dict[int, Counter[str]]:
    """How often each value was given, by field id; empty with too few answers to show any."""
    found: dict[int, Counter[str]] = {}
    if number_of_entries(event_id) < FEWEST_ANSWERS:
        return found
    rows = db.session.execute(
        select(FeedbackAnswer.field_id, FeedbackAnswer.value, func.count())
        .where(FeedbackAnswer.event_id == event_id)
        .group_by(FeedbackAnswer.field_id, FeedbackAnswer.value)
    )
    for field_id, value, number in rows:
        found.setdefault(field_id, Counter())[value] = number
    return found


def strike_out_text(event_id: int, field_id: int, text: str) -> bool:
    """Empty a text wherever it was given to a field; False if it is not there."""
    changed = update(FeedbackAnswer).where(
        FeedbackAnswer.event_id == event_id,
        FeedbackAnswer.field_id == field_id,
        FeedbackAnswer.value == text,
    )
    return bool(rows_written(changed.values(value="")))


def forget_texts(event_id: int) -> None:
    """Empty all texts of an event, which may name somebody; ratings and choices stay."""
    own = FeedbackAnswer.event_id == event_id, HAS_TEXT
    rows_written(update(FeedbackAnswer).where(*own).values(value=""))


def feedback_counts(event_id: int, *, now: datetime) -> FeedbackCounts:
    """The feedback of an event, also after archiving; nobody without a question for it.

    Asked are the confirmed people who were not noted as absent.
    """
    question = select(FormField.id).where(
        FormField.event_id == event_id, FormField.form == FormName.FEEDBACK.value
    )
    if db.session.scalar(question.limit(1)) is None:
        return FeedbackCounts(0, 0)
    came = attendance_of(now).is_distinct_from(Attendance.MISSED.value)
    asked = select(func.count(Registration.id)).where(
        Registration.event_id == event_id, Registration.status == Status.CONFIRMED.value, came
    )
    return FeedbackCounts(db.session.scalar(asked) or 0, number_of_entries(event_id))


def answered_by_event(ids: Collection[int]) -> dict[int, int]:
    """How many people have answered, by event id; one query."""
    rows = db.session.execute(
        select(FeedbackAnswer.event_id, func.count(FeedbackAnswer.entry.distinct()))
        .where(FeedbackAnswer.event_id.in_(ids))
        .group_by(FeedbackAnswer.event_id)
    )
    return {id_: number for id_, number in rows}  # noqa: C416 - rows are no pairs for mypy

"""Questions to the speakers: those of the registration forms and those asked live, as one list."""

from collections.abc import Collection, Sequence

from sqlalchemy import Row, Select, and_, func, or_, select

from ikone_events.domain.mails.facts import BriefingQuestion
from ikone_events.domain.registering.registration import Status
from ikone_events.domain.rooms.questions import AskedQuestion, QuestionSource, done, in_order
from ikone_events.domain.salutation import full_name
from ikone_events.store.db import db
from ikone_events.store.directory.models import Organisation
from ikone_events.store.events.models import Event
from ikone_events.store.registering.models import Registration
from ikone_events.store.rooms.models import Question

_OF_PERSON = (
    *(Registration.title, Registration.first_name, Registration.last_name),
    func.coalesce(Organisation.name, Registration.organisation_text).label("administration"),
    func.coalesce(Organisation.name, "").label("listed"),
)
_OF_QUESTION = (
    *(Question.place, Question.answered_at, Question.answered_by, Question.answer),
    Question.version,
)
# An answer that its person was not sent as it is now.
HAS_NEW_ANSWER = and_(Question.answer != "", Question.version > Question.sent_version)
# A person with a question, of the form or live.
HAS_ASKED = or_(
    Registration.question != "",
    select(Question.id).where(Question.registration_id == Registration.id).exists(),
)
_OF_FORM = and_(
    Question.registration_id == Registration.id, Question.source == QuestionSource.FORM.value
)


def questions_of(event: Event, *, waiting: bool = False) -> list[AskedQuestion]:
    """All questions of an event, in no order.

    Those of forms are of confirmed people, and of `waiting` ones where they are written to; one
    that was answered stays when its person withdraws.
    """
    whose = [Status.CONFIRMED.value, *([Status.WAITLISTED.value] if waiting else [])]
    asked = select(
        Registration.public_id.label("key"),
        Registration.question.label("text"),
        Registration.registered_at.label("asked_at"),
        *(*_OF_PERSON, *_OF_QUESTION),
    ).outerjoin(Question, _OF_FORM)
    kept = or_(Registration.status.in_(whose), Question.answered_at.is_not(None))
    forms = _rows(asked.where(Registration.event_id == event.id, Registration.question != "", kept))
    live = select(
        Question.public_id.label("key"),
        *(Question.text, Question.asked_at),
        *(*_OF_PERSON, *_OF_QUESTION),
    ).join(Question, Question.registration_id == Registration.id)
    lives = _rows(
        live.where(Question.event_id == event.id, Question.source == QuestionSource.LIVE.value)
    )
    return [
        *(_described(row, QuestionSource.FORM) for row in forms),
        *(_described(row, QuestionSource.LIVE) for row in lives),
    ]


def _rows(wanted: Select[*tuple[object, ...]]) -> Sequence[Row[*tuple[object, ...]]]:
    named = wanted.select_from(Registration).outerjoin(
        Organisation, Registration.organisation_id == Organisation.id
    )
    return db.session.execute(named.where(Registration.anonymised_at.is_(None))).all()


def _described(row: Row[*tuple[object, ...]], source: QuestionSource) -> AskedQuestion:
    known = row._mapping  # noqa: SLF001 - the documented way to read by name
    return AskedQuestion(
        source=source,
        person=full_name(known["title"], known["first_name"], known["last_name"]),
        answered_by=known["answered_by"] or "",
        answer=known["answer"] or "",
        version=known["version"] or 0,
        **{name: known[name] for name in _AS_STORED},
    )


_AS_STORED = ("key", "text", "administration", "listed", "asked_at", "place", "answered_at")


def anonymous_questions(event: Event, *, most: int) -> tuple[list[BriefingQuestion], int]:
    """What speakers may read, at most so many, and how many there are.

    Open ones in the office's order, then those ticked off. Names stay with the office (data
    protection). What somebody typed as their administration may be a name too, so only those of
    the directory are shown.
    """
    found = questions_of(event)
    ordered = [*in_order(found), *done(found)]
    shown = [
        BriefingQuestion(text=each.text, body=each.listed, answered=not each.is_open)
        for each in ordered[:most]
    ]
    return shown, len(ordered)


def find_question(event: Event, key: str) -> Question | None:
    """The row of a question asked live, or of a form's question that the office touched."""
    live = select(Question).where(
        *(Question.event_id == event.id, Question.public_id == key),
        Question.source == QuestionSource.LIVE.value,
    )
    if found := db.session.scalar(live):
        return found
    return db.session.scalar(
        select(Question)
        .join(Registration, _OF_FORM)
        .where(Registration.event_id == event.id, Registration.public_id == key)
    )


def form_questioners(event: Event, keys: Collection[str]) -> Sequence[Registration]:
    """The people whose forms hold the questions of these keys."""
    return db.session.scalars(
        select(Registration).where(
            Registration.event_id == event.id,
            Registration.public_id.in_(keys),
            Registration.anonymised_at.is_(None),
            Registration.question != "",
        )
    ).all()


def rows_by_key(event: Event) -> dict[str, Question]:
    """All rows of an event by the keys of their questions."""
    rows = db.session.execute(
        select(Question, Registration.public_id)
        .join(Registration, Question.registration_id == Registration.id)
        .where(Question.event_id == event.id)
    )
    return {
        person if row.source == QuestionSource.FORM.value else row.public_id: row
        for row, person in rows
    }


def own_questions(registration: Registration) -> Sequence[Question]:
    """What a person has asked live, the first one first."""
    return db.session.scalars(
        select(Question)
        .where(
            Question.registration_id == registration.id,
            Question.source == QuestionSource.LIVE.value,
        )
        .order_by(Question.asked_at, Question.id)
    ).all()


def answers_to(registration: Registration) -> Sequence[Question]:
    """Everything stored of a person's questions, the row of the form's question included."""
    wanted = select(Question).where(Question.registration_id == registration.id)
    return db.session.scalars(wanted.order_by(Question.asked_at, Question.id)).all()


def live_questions(event: Event) -> dict[int, list[str]]:
    """What people asked live, by the ids of their registrations, the first question first."""
    rows = db.session.execute(
        select(Question.registration_id, Question.text)
        .where(Question.event_id == event.id, Question.source == QuestionSource.LIVE.value)
        .order_by(Question.asked_at, Question.id)
    )
    found: dict[int, list[str]] = {}
    for person, text in rows:
        found.setdefault(person, []).append(text)
    return found

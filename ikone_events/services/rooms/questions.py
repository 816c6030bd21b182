"""Asking questions live, and what the office does with all questions: order, tick off, answer."""

from datetime import datetime

from ikone_events.domain.header_text import checked_text
from ikone_events.domain.refusals import (
    N_,
    Complaint,
    NotFound,
    StaleForm,
    StatusRefused,
    UnfitInput,
)
from ikone_events.domain.rooms.questions import (
    ANSWER_LENGTH,
    QUESTION_LENGTH,
    QuestionSource,
    in_order,
    may_ask,
    moved,
)
from ikone_events.services.mails.values import DOORS_OPEN_BEFORE
from ikone_events.services.rooms.board import check_usable
from ikone_events.store.db import db
from ikone_events.store.events.models import Event
from ikone_events.store.events.queries import lock_event
from ikone_events.store.registering.models import Registration
from ikone_events.store.registering.queries import lock_registration
from ikone_events.store.rooms.models import Question
from ikone_events.store.rooms.questions import (
    find_question,
    form_questioners,
    own_questions,
    questions_of,
    rows_by_key,
)

_GONE = Complaint(N_("This question is not there any more."))


def may_ask_now(registration: Registration, now: datetime) -> bool:
    """Whether this person may ask a question at the moment."""
    event = registration.event
    return may_ask(
        now,
        state=event.state,
        status=registration.status,
        opens_at=event.starts_at - DOORS_OPEN_BEFORE,
        ends_at=event.ends_at,
    )


def ask_live(public_id: str, text: str, *, now: datetime) -> None:
    """Store a new question of a person; the same one again changes nothing.

    Raises UnfitInput about `question`, StatusRefused outside the event.
    """
    wanted = checked_text(text, QUESTION_LENGTH, "question")
    if not wanted:
        raise UnfitInput(Complaint(N_("Please enter your question."), about="question"))
    registration = lock_registration(public_id)
    if not may_ask_now(registration, now):
        text = N_("You can ask questions here while the event is running.")
        raise StatusRefused(Complaint(text))
    if any(each.text == wanted for each in own_questions(registration)):
        return  # the second press
    row = _new_row(registration, QuestionSource.LIVE, now)
    row.text = wanted


def withdraw_question(registration_id: str, key: str) -> bool:
    """Delete an own question that is still open; False if there is none such."""
    registration = lock_registration(registration_id)
    for row in own_questions(registration):
        if row.public_id == key and row.answered_at is None:
            db.session.delete(row)
            return True
    return False


def tick(slug: str, key: str, *, answered: bool, now: datetime, by: str) -> None:
    """Tick a question off, or open it again; a repeat keeps who was first. Raises NotFound."""
    row = _touched(_event(slug, now), key)
    if answered and row.answered_at is None:
        row.answered_at, row.answered_by = now, by
    elif not answered:
        row.answered_at, row.answered_by = None, ""


def note_answer(slug: str, key: str, text: str, *, version: int, now: datetime, by: str) -> None:
    """Store the answer for the follow-up, and tick the question off if there is one.

    Raises NotFound, UnfitInput about `answer`, and StaleForm if somebody else saved another.
    """
    answer = checked_text(text, ANSWER_LENGTH, "answer")
    row = _touched(_event(slug, now), key)
    if row.answer == answer:
        return
    if row.version != version:
        said = N_("Meanwhile somebody else has saved this answer: “%(answer)s”")
        raise StaleForm(Complaint(said, {"answer": row.answer}, "answer"))
    row.answer, row.version = answer, row.version + 1
    if answer and row.answered_at is None:
        row.answered_at, row.answered_by = now, by


def move(slug: str, key: str, neighbour: str, *, below: bool, now: datetime) -> bool:
    """Put an open question above or below another; False if one of them is not open any more.

    Everything up to the last of the two is numbered; what lies behind stays in order of age.
    """
    event = _event(slug, now)
    before = [each.key for each in in_order(questions_of(event))]
    after = moved(before, key, neighbour, below=below)
    if after is None:
        return False
    rows = rows_by_key(event)
    placed = [at for at, each in enumerate(before) if each in rows and rows[each].place is not None]
    last = max(before.index(key), before.index(neighbour), *placed)
    front = after[: last + 1]
    for person in form_questioners(event, [each for each in front if each not in rows]):
        rows[person.public_id] = _new_row(person, QuestionSource.FORM, person.registered_at)
    for number, each in enumerate(front, start=1):
        if rows[each].place != number:
            rows[each].place = number
    return True


def _event(slug: str, now: datetime) -> Event:
    """The event, locked, if its board can be used; raises StatusRefused."""
    event = lock_event(slug)
    check_usable(event, now)
    return event


def _touched(event: Event, key: str) -> Question:
    """The row of a question, which a question of a form gets now; raises NotFound."""
    if row := find_question(event, key):
        return row
    found = form_questioners(event, [key])
    if not found:
        raise NotFound(_GONE)
    [person] = found
    return _new_row(person, QuestionSource.FORM, person.registered_at)


def _new_row(registration: Registration, source: QuestionSource, asked_at: datetime) -> Question:
    row = Question(
        event_id=registration.event_id,
        registration_id=registration.id,
        source=source.value,
        text="",
        asked_at=asked_at,
        answered_by="",
        answer="",
        version=0,
    )
    db.session.add(row)
    return row

"""Answers to questions: written once, sent to who asked, published without a name if wanted.

What is published is a text of its own without a person, so it stays when an event is archived. It
goes as soon as it names somebody who is forgotten, and with its question's words if the person who
wrote them has their details deleted.
"""

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import Select, delete, select

from ikone_events.domain.events.lifecycle import Message, State
from ikone_events.domain.followup.access import Visibility
from ikone_events.domain.header_text import checked_text
from ikone_events.domain.mails.audiences import Audience
from ikone_events.domain.mails.kinds import MailKind
from ikone_events.domain.refusals import N_, Complaint, StatusRefused, UnfitInput
from ikone_events.domain.rooms.questions import QUESTION_LENGTH
from ikone_events.services.mails.audiences import count
from ikone_events.services.mails.mailings import start_mailing
from ikone_events.services.rooms.questions import note_answer
from ikone_events.store.db import db, rows_written
from ikone_events.store.events.models import Event, Material
from ikone_events.store.events.queries import lock_event
from ikone_events.store.followup.answers import ANSWERS, PublishedAnswer
from ikone_events.store.mails.models import Mailing
from ikone_events.store.registering.models import Registration
from ikone_events.store.rooms.models import Question
from ikone_events.store.rooms.questions import find_question

ANSWER = Message(MailKind.ANSWER, Audience.ANSWERED)
# Nobody is released an answer one by one.
PUBLISHED_TO = (Visibility.REGISTERED.value, Visibility.ATTENDED.value, Visibility.PUBLIC.value)
_TITLE = "Fragen und Antworten"


@dataclass(frozen=True, slots=True, kw_only=True)
class AnswerInput:
    """What the office entered: an answer, the version it saw, and who else asked the same.

    `publish` is who may see all published answers of the event, "" to publish none of this one;
    `question` are its words for others, "" for those it was asked in.
    """

    answer: str
    version: int
    also: Sequence[str] = ()
    publish: str = ""
    question: str = ""


def answer(slug: str, key: str, wish: AnswerInput, *, now: datetime, by: str) -> None:
    """Store an answer to one question, or to several, and publish it or take it back.

    Raises NotFound, StaleForm, StatusRefused, and UnfitInput about `answer` or `public_question`.
    """
    event = lock_event(slug)
    for each in (key, *wish.also):
        row = find_question(event, each)
        version = wish.version if each == key else (row.version if row else 0)
        note_answer(slug, each, wish.answer, version=version, now=now, by=by)
    db.session.flush()
    rows = [row for each in (key, *wish.also) if (row := find_question(event, each))]
    if wish.publish in PUBLISHED_TO and rows:
        _publish(event, rows, wish, now=now)
    else:
        _withdraw(event, {row.published_id for row in rows if row.published_id})


def send_answers(slug: str, *, by: str, now: datetime) -> Mailing:
    """Send answers that were written after the follow-up, each version of one once.

    Raises NotFound, and StatusRefused before the follow-up, with which they go anyway, or if there
    is no new one.
    """
    event = lock_event(slug)
    if event.state != State.FOLLOWED_UP.value:
        raise StatusRefused(Complaint(N_("Answers are sent with the follow-up.")))
    if count(event, ANSWER.audience, now=now) == 0:
        raise StatusRefused(Complaint(N_("There is no answer that was not sent yet.")))
    return start_mailing(event, ANSWER, now=now, started_by=by)


def _publish(event: Event, rows: Sequence[Question], wish: AnswerInput, *, now: datetime) -> None:
    first = rows[0]
    words = checked_text(wish.question, QUESTION_LENGTH, "public_question") or _asked(first)
    if not first.answer:
        raise UnfitInput(Complaint(N_("Please write the answer first."), about="answer"))
    askers = [db.session.get_one(Registration, row.registration_id) for row in rows]
    for text, about in ((words, "public_question"), (first.answer, "answer")):
        if any(_names(text, asker, asked=True) for asker in askers):
            said = N_("This text names who asked. Please take the name out before publishing it.")
            raise UnfitInput(Complaint(said, about=about))
    published = db.session.get(PublishedAnswer, first.published_id or 0)
    if published is None:
        published = PublishedAnswer(event_id=event.id, published_at=now)
        db.session.add(published)
    others = {row.published_id for row in rows if row.published_id} - {published.id}
    published.question, published.answer = words, first.answer
    db.session.flush()
    _withdraw(event, others)
    for row in rows:
        row.published_id = published.id
    _hand_out(event, wish.publish, is_new=published.published_at == now, now=now)


def _hand_out(event: Event, visibility: str, *, is_new: bool, now: datetime) -> None:
    """Make the published answers a material; a new one counts as a material that was added."""
    material = _material(event)
    if material is None:
        position = max((each.position for each in event.materials), default=0)
        material = Material(kind=ANSWERS, title=_TITLE, position=position, created_at=now)
        event.materials.append(material)
    material.visibility = visibility
    if is_new:
        material.mailed_at = None


def _material(event: Event) -> Material | None:
    return next((each for each in event.materials if each.kind == ANSWERS), None)


def _withdraw(event: Event, published_ids: Iterable[int]) -> None:
    """Delete published answers, and the material once there are none left."""
    for number in published_ids:
        _delete(number)
    left = select(PublishedAnswer.id).where(PublishedAnswer.event_id == event.id).limit(1)
    material = _material(event)
    if material is not None and db.session.scalar(left) is None:
        event.materials.remove(material)
    db.session.flush()
    for row in db.session.scalars(select(Question).where(Question.event_id == event.id)):
        db.session.expire(row, ["published_id"])


def _delete(number: int) -> None:
    rows_written(delete(PublishedAnswer).where(PublishedAnswer.id == number))


def withdraw_own_words(person: Registration) -> None:
    """Take back published questions in this person's own words, before the person is forgotten."""
    rows = db.session.execute(
        select(Question, PublishedAnswer)
        .join(PublishedAnswer, Question.published_id == PublishedAnswer.id)
        .where(Question.registration_id == person.id)
    )
    for row, published in rows.all():
        if published.question == _asked(row):
            _delete(published.id)
    _drop_empty([person.event_id])


def withdraw_naming(ids: Select[int]) -> None:
    """Take back published answers that name one of these people, before they are forgotten.

    Of who asked the last name is enough; of all others a name is the first and last name, or the
    address.
    """
    events = select(Registration.event_id).where(Registration.id.in_(ids))
    published = db.session.scalars(
        select(PublishedAnswer).where(PublishedAnswer.event_id.in_(events))
    ).all()
    if not published:
        return
    people = db.session.scalars(
        select(Registration).where(Registration.id.in_(ids), Registration.anonymised_at.is_(None))
    ).all()
    askers = db.session.execute(
        select(Question.published_id, Question.registration_id).where(
            Question.published_id.in_([each.id for each in published])
        )
    )
    asked = {(published_id, person_id) for published_id, person_id in askers}
    for each in published:
        texts = f"{each.question}\n{each.answer}"
        mine = [one for one in people if one.event_id == each.event_id]
        if any(_names(texts, one, asked=(each.id, one.id) in asked) for one in mine):
            _delete(each.id)
    _drop_empty({each.event_id for each in published})


def _drop_empty(event_ids: Iterable[int]) -> None:
    """Delete the material of events whose last published answer has gone."""
    left = select(PublishedAnswer.id).where(PublishedAnswer.event_id == Material.event_id).exists()
    mine = Material.event_id.in_(event_ids), Material.kind == ANSWERS
    rows_written(delete(Material).where(*mine, ~left))


def _asked(row: Question) -> str:
    if row.text:
        return row.text
    return db.session.get_one(Registration, row.registration_id).question


def _names(text: str, person: Registration, *, asked: bool) -> bool:
    """Whether a text contains the address or the name of a person, as words."""
    names = [person.email, f"{person.first_name} {person.last_name}".strip()]
    if asked:
        names.append(person.last_name)
    return any(
        re.search(rf"(?<!\w){re.escape(name)}(?!\w)", text, re.IGNORECASE) for name in names if name
    )

"""Feedback: the questions, giving it once, its results, striking texts out."""

from collections import Counter
from dataclasses import dataclass, replace
from datetime import datetime
from hashlib import sha256

from sqlalchemy import select

from ikone_events.domain.followup.feedback import (
    FEWEST_ANSWERS,
    SUGGESTED,
    FeedbackFacts,
    feedback_complaint,
    mean_of,
)
from ikone_events.domain.refusals import N_, Complaint, NotFound, StatusRefused, UnfitInput
from ikone_events.domain.registering.form_fields import (
    CHOOSING,
    RATING_LABELS,
    YES_NO_LABELS,
    Answers,
    FieldKind,
    FormName,
    OwnField,
    kept_answers,
    open_fields,
)
from ikone_events.services.registering.form_fields import add_field
from ikone_events.store.db import db
from ikone_events.store.events.models import Event
from ikone_events.store.events.queries import lock_event
from ikone_events.store.followup.feedback import (
    FeedbackCounts,
    feedback_counts,
    has_answered,
    store_entry,
    strike_out_text,
    values_by_field,
)
from ikone_events.store.registering.form_fields import asked_of, fields_of_event
from ikone_events.store.registering.models import Registration
from ikone_events.store.registering.queries import lock_registration
from ikone_events.store.rooms.attendance import attendance_of


def feedback_fields(event: Event) -> tuple[OwnField, ...]:
    """The questions that are asked now, in order, without retired choices."""
    return tuple(_as_offered(each.own) for each in asked_of(event, FormName.FEEDBACK))


def _as_offered(field: OwnField) -> OwnField:
    return replace(field, choices=tuple(each for each in field.choices if not each.retired))


def facts_of(registration: Registration, now: datetime) -> FeedbackFacts:
    """What decides whether a person may give feedback."""
    event = registration.event
    came = select(attendance_of(now, event.id)).select_from(Registration)
    return FeedbackFacts(
        now=now,
        state=event.state,
        ends_at=event.ends_at,
        status=registration.status,
        attendance=db.session.scalar(came.where(Registration.id == registration.id)) or "",
    )


def feedback_link(registration: Registration, now: datetime) -> bool:
    """Whether a person's own page leads to the feedback: they are asked and have not answered."""
    event = registration.event
    if now < event.ends_at or not asked_of(event, FormName.FEEDBACK):
        return False
    may_answer = feedback_complaint(facts_of(registration, now)) is None
    return may_answer and not has_answered(registration.id)


def give_feedback(public_id: str, answers: Answers, *, now: datetime) -> bool:
    """Store the answers of a person, once; False if they have answered before.

    Locks the event, so that of two presses the second sees the first. Raises StatusRefused when it
    is not their time, and UnfitInput about `f_<key>` for answers that don't fit the questions.
    """
    registration = lock_registration(public_id)
    event = registration.event
    if has_answered(registration.id):
        return False
    if complaint := feedback_complaint(facts_of(registration, now)):
        raise StatusRefused(complaint)
    asked = {each.own.key: each for each in asked_of(event, FormName.FEEDBACK)}
    fields = [_as_offered(each.own) for each in asked.values()]
    kept = kept_answers(fields, answers)
    if complaints := _unfit(fields, kept):
        raise UnfitInput(complaints)
    store_entry(
        event.id,
        registration.id,
        [
            (asked[key].id, place, value)
            for key, values in kept.items()
            for place, value in enumerate(values)
        ],
    )
    return True


def _unfit(fields: list[OwnField], kept: dict[str, list[str]]) -> list[Complaint]:
    """Complaints about questions that were changed since the form was opened, or none at all."""
    if not kept:
        return [Complaint(N_("Please answer at least one question."))]
    gone = [
        Complaint(N_("“%(choice)s” is not on offer."), {"choice": value[:80]}, field.name)
        for field in fields
        if field.kind in CHOOSING
        for value in kept.get(field.key, ())
        if field.choice(value) is None
    ]
    empty = N_("Please fill in this field.")
    return gone + [Complaint(empty, about=field.name) for field in open_fields(fields, kept)]


def suggest_fields(slug: str, *, expected: int, now: datetime) -> None:
    """Give an event without questions the usual ones; a second press changes nothing.

    Raises StaleForm, NotFound.
    """
    event = lock_event(slug)
    if db.session.scalars(fields_of_event(event.id, FormName.FEEDBACK)).first() is not None:
        return
    for field in SUGGESTED:
        add_field(slug, field, expected=expected, now=now)
        expected = event.edit_version


@dataclass(frozen=True, slots=True, kw_only=True)
class FieldResult:
    """The answers to one question: rows of value and number, or texts in alphabetical order.

    `keys` are made from the texts alone, so they reveal nothing about the entry of a text.
    """

    field: OwnField
    answers: int
    rows: tuple[tuple[str, int], ...] = ()
    mean: float | None = None
    texts: tuple[tuple[str, str], ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class FeedbackResults:
    """The feedback of an event; `fields` is empty with fewer answers than `fewest`."""

    counts: FeedbackCounts
    fields: tuple[FieldResult, ...]
    fewest: int = FEWEST_ANSWERS

    @property
    def is_shown(self) -> bool:
        """Whether there are enough answers to show them."""
        return self.counts.answered >= self.fewest


def results_of(event: Event, *, now: datetime) -> FeedbackResults:
    """What people have answered, retired questions included."""
    values = values_by_field(event.id)
    rows = db.session.scalars(fields_of_event(event.id, FormName.FEEDBACK)).all()
    return FeedbackResults(
        counts=feedback_counts(event.id, now=now),
        fields=tuple(
            _result(row.described(), values.get(row.id, Counter())) for row in rows if values
        ),
    )


def _result(field: OwnField, given: Counter[str]) -> FieldResult:
    number = sum(given.values())
    if field.kind in (FieldKind.SHORT_TEXT, FieldKind.LONG_TEXT):
        texts = sorted((text for text in given.elements() if text), key=str.casefold)
        keyed = tuple((text_key(text), text) for text in texts)
        return FieldResult(field=field, answers=len(texts), texts=keyed)
    mean = mean_of(given) if field.kind is FieldKind.RATING else None
    values = _values(field)
    rows = tuple((value, given[value]) for value in values)
    return FieldResult(field=field, answers=number, rows=rows, mean=mean)


def _values(field: OwnField) -> tuple[str, ...]:
    if field.kind is FieldKind.RATING:
        return tuple(sorted(RATING_LABELS, reverse=True))
    return tuple(YES_NO_LABELS) if field.kind is FieldKind.YES_NO else field.values()


def text_key(text: str) -> str:
    """The name of a text in the form that strikes it out."""
    return sha256(text.encode()).hexdigest()[:32]


def strike_out(slug: str, field_key: str, key: str) -> None:
    """Empty a text of an event's feedback; raises NotFound if it is not shown any more."""
    event = lock_event(slug)
    rows = db.session.scalars(fields_of_event(event.id, FormName.FEEDBACK))
    field = next((row for row in rows if row.key == field_key), None)
    given = values_by_field(event.id).get(field.id, ()) if field else ()
    text = next((each for each in given if each and text_key(each) == key), None)
    if field is None or text is None or not strike_out_text(event.id, field.id, text):
        raise NotFound(Complaint(N_("This text is not there any more.")))

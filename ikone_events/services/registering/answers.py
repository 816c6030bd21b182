"""Answers to an event's own fields: stored, read, and the limited places of their choices."""

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any

from sqlalchemy import func, select

from ikone_events.domain.refusals import N_, Complaint, UnfitInput
from ikone_events.domain.registering.form_fields import (
    CHOOSING,
    Answers,
    FieldChoice,
    FieldKind,
    OwnField,
    kept_answers,
    open_fields,
)
from ikone_events.store.db import db
from ikone_events.store.events.models import Event
from ikone_events.store.events.snapshots import derived
from ikone_events.store.registering.form_fields import (
    Answer,
    AskedField,
    FormField,
    answers_of,
    asked_of,
    fields_of_event,
)
from ikone_events.store.registering.models import IS_ACTIVE, Registration

_KEY_LENGTH = 100
# A choice: the key of its field and its value.
Chosen = set[tuple[str, str]]


@dataclass(frozen=True, slots=True, kw_only=True)
class GivenAnswer:
    """A person's answer to one field; a consent has the text that was agreed to."""

    field: OwnField
    values: tuple[str, ...]
    at: datetime


def all_fields(event: Event) -> tuple[OwnField, ...]:
    """All fields in order, retired ones included."""
    return tuple(row.described() for row in db.session.scalars(fields_of_event(event.id)))


def asked_fields(event: Event, *, besides: Registration | None = None) -> tuple[OwnField, ...]:
    """The fields that are asked now, in order, with their full choices and without retired ones.

    The choices of `besides`, whose answers are shown, stay available, and consents they gave have
    the text they agreed to.
    """
    asked = asked_of(event)
    own = {row.field_id: row for row in _rows_of([besides.id])} if besides and asked else {}
    held = answers_of(besides) if own and besides else {}
    full = _full_values(asked, held)
    if not (own or full):
        return derived(
            event, "asked anew", lambda: tuple(_asked(each, (), (), None) for each in asked)
        )
    return tuple(_asked(each, held.get(each.own.key, ()), full, own.get(each.id)) for each in asked)


def _asked(
    asked: AskedField, held: Sequence[str], full: Collection[tuple[str, str]], own: Answer | None
) -> OwnField:
    field = asked.own
    choices = tuple(c for c in field.choices if not c.retired or c.value in held)
    taken_up = frozenset(value for key, value in full if key == field.key)
    field = replace(field, choices=choices, full=taken_up)
    if own is None or own.version is None:
        return field
    return _as_agreed(field, asked.texts, own.version)


def _as_agreed(field: OwnField, texts: Iterable[Mapping[str, Any]], version: int) -> OwnField:
    """A consent with the text of the version that was agreed to."""
    text = next((text for text in texts if text["version"] == version), None)
    if text is None:
        return field
    return replace(field, version=version, label=text["label"], label_en=text["label_en"])


def _full_values(asked: Iterable[AskedField], held: Answers) -> set[tuple[str, str]]:
    """The choices (key, value) without free places, besides those in `held`."""
    limited = {
        (each.id, choice.value): (each.own.key, choice.places)
        for each in asked
        for choice in each.own.choices
        if choice.places is not None
    }
    taken = _places_taken(limited)
    return {
        (key, value)
        for (id_, value), (key, places) in limited.items()
        if taken.get((id_, value), 0) >= places and value not in held.get(key, ())
    }


def _places_taken(wanted: Collection[tuple[int, str]]) -> dict[tuple[int, str], int]:
    """How many active registrations have each of these choices (field id, value)."""
    if not wanted:
        return {}
    rows = db.session.execute(
        select(Answer.field_id, Answer.value_key, func.count())
        .join(Registration, Answer.registration_id == Registration.id)
        .where(
            Answer.field_id.in_({field_id for field_id, _ in wanted}),
            Answer.value_key.in_({value for _, value in wanted}),
            IS_ACTIVE,
        )
        .group_by(Answer.field_id, Answer.value_key)
    )
    return {(field_id, value): number for field_id, value, number in rows}


def places_taken(event: Event) -> dict[tuple[str, str], int]:
    """How many active registrations have each choice of an event (field key, value)."""
    rows = {row.id: row for row in db.session.scalars(fields_of_event(event.id))}
    wanted = [(row.id, c.value) for row in rows.values() for c in row.described().choices]
    return {(rows[id_].key, value): n for (id_, value), n in _places_taken(wanted).items()}


def claim_choices(event: Event, answers: Answers, *, besides: Registration | None = None) -> None:
    """Check that every choice is available and has a free place. The event must be locked.

    `besides` is the registration whose answers will be replaced. Raises UnfitInput about `f_<key>`.
    """
    if not answers:
        return
    fields = asked_fields(event, besides=besides)
    kept = kept_answers(fields, answers)
    found = [
        complaint
        for field in fields
        if field.kind in CHOOSING
        for value in kept.get(field.key, ())
        if (complaint := _unavailable(field, value)) is not None
    ]
    if found:
        raise UnfitInput(found)


def _unavailable(field: OwnField, value: str) -> Complaint | None:
    choice: FieldChoice | None = field.choice(value)
    if choice is None:
        return Complaint(N_("“%(choice)s” is not on offer."), {"choice": value[:80]}, field.name)
    if value in field.full:
        text = N_("“%(choice)s” has no places left.")
        return Complaint(text, {"choice": choice.label}, field.name)
    return None


def store_answers(
    registration: Registration, event: Event, answers: Answers, *, now: datetime
) -> None:
    """Replace the answers to the fields that are asked now; others stay.

    An unchanged answer keeps its moment, and a consent the version it was given to.
    """
    db.session.flush()
    given = rows_of_answers(event, answers, now=now)
    wanted, ids = (
        {(row.field_id, row.value) for row in given},
        {each.id for each in asked_of(event)},
    )
    before = [a for a in _rows_of([registration.id]) if a.field_id in ids]
    for old in before:
        if (old.field_id, old.value) not in wanted:
            db.session.delete(old)
    db.session.flush()
    known = {(answer.field_id, answer.value) for answer in before}
    for row in given:
        if (row.field_id, row.value) not in known:
            row.registration_id = registration.id
            db.session.add(row)


def rows_of_answers(event: Event, answers: Answers, *, now: datetime) -> list[Answer]:
    """The rows of the answers to the fields that are asked now, without their registration."""
    asked = {each.own.key: each for each in asked_of(event)} if answers else {}
    kept = kept_answers((each.own for each in asked.values()), answers)
    return [_answer(asked[key], value, now) for key, values in kept.items() for value in values]


def _answer(asked: AskedField, value: str, now: datetime) -> Answer:
    field = asked.own
    return Answer(
        field_id=asked.id,
        value=value,
        value_key=value[:_KEY_LENGTH] if field.kind in CHOOSING else "",
        version=field.version if field.kind is FieldKind.CONSENT else None,
        at=now,
    )


def _rows_of(ids: Collection[int]) -> list[Answer]:
    wanted = select(Answer).where(Answer.registration_id.in_(ids)).order_by(Answer.id)
    return list(db.session.scalars(wanted)) if ids else []


def answers_as_asked(registration: Registration) -> list[GivenAnswer]:
    """The answers of one registration with the fields as they were asked."""
    fields = {row.id: row for row in db.session.scalars(fields_of_event(registration.event_id))}
    given: dict[int, list[Answer]] = {}
    for answer in _rows_of([registration.id]):
        given.setdefault(answer.field_id, []).append(answer)
    return [_as_asked(fields[id_], given[id_]) for id_ in fields if id_ in given]


def _as_asked(row: FormField, answers: list[Answer]) -> GivenAnswer:
    field, version = row.described(), answers[0].version
    return GivenAnswer(
        field=field if version is None else _as_agreed(field, row.texts, version),
        values=tuple(answer.value for answer in answers),
        at=answers[0].at,
    )


def moves_places(registration: Registration, event: Event, answers: Answers) -> bool:
    """Whether new answers change which limited places a person has.

    First answers to required fields, of which nobody asked the person before, do not count.
    """
    fields = asked_fields(event, besides=registration)
    stored = answers_of(registration)
    first = {field.key for field in open_fields(fields, stored)}
    limited = {(key, value) for key, value in _limited(fields) if key not in first}
    before, after = _chosen(stored), _chosen(kept_answers(fields, answers))
    return before & limited != after & limited


def passed_on(leaving: Registration, *, now: datetime) -> list[tuple[str, Answer]]:
    """The answers that hold limited places, by key, for a deputy; other answers are personal.

    The answers that made the form show such a choice are copied too: without them the deputy's
    first correction would give the place back.
    """
    fields = all_fields(leaving.event)
    limited = _limited(fields)
    if not limited:
        return []
    passed = limited | _asking(fields, limited & _chosen(answers_of(leaving)))
    rows = db.session.execute(
        select(FormField.key, Answer)
        .join(FormField, Answer.field_id == FormField.id)
        .where(Answer.registration_id == leaving.id)
        .order_by(Answer.id)
    )
    return [(key, _copied(answer, now)) for key, answer in rows if (key, answer.value) in passed]


def _copied(answer: Answer, now: datetime) -> Answer:
    return Answer(
        field_id=answer.field_id,
        value=answer.value,
        value_key=answer.value_key,
        version=answer.version,
        at=now,
    )


def _limited(fields: tuple[OwnField, ...]) -> Chosen:
    return {
        (field.key, choice.value)
        for field in fields
        for choice in field.choices
        if choice.places is not None
    }


def _asking(fields: tuple[OwnField, ...], chosen: Chosen) -> Chosen:
    """The earlier answers that made the form show these choices."""
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

"""The forms of an event: fields added, edited, moved, retired, deleted."""

import json
from collections.abc import Iterable, Mapping
from dataclasses import asdict, dataclass, replace
from datetime import datetime
from typing import Any

from sqlalchemy import func, select

from ikone_events.domain.refusals import N_, Complaint, NotFound, StaleForm, UnfitInput
from ikone_events.domain.registering.field_rules import (
    MOST_FIELDS,
    FieldContext,
    field_complaints,
    order_complaint,
    plain_field,
)
from ikone_events.domain.registering.form_fields import (
    CHOICE_KEY_LENGTH,
    ROLES,
    FieldChoice,
    FieldKind,
    FormName,
    OwnField,
    key_of,
)
from ikone_events.services.registering.answers import places_taken
from ikone_events.store.db import db
from ikone_events.store.events.models import Event
from ikone_events.store.events.queries import lock_event
from ikone_events.store.followup.feedback import FeedbackAnswer, number_of_entries
from ikone_events.store.registering.form_fields import (
    AS_DESCRIBED,
    Answer,
    FormField,
    fields_of_event,
)

# The answers to a form's fields, and the column with their owner.
_ANSWERS: Mapping[FormName, tuple[Any, Any]] = {
    FormName.REGISTRATION: (Answer, Answer.registration_id),
    FormName.FEEDBACK: (FeedbackAnswer, FeedbackAnswer.entry),
}
_ANSWERED = Complaint(
    N_("Somebody has given feedback already. A new question would show single answers.")
)


@dataclass(frozen=True, slots=True)
class FieldEntry:
    """One field in the list, with the number of people who answered it."""

    field: OwnField
    answers: int


def entries_of(event: Event, form: FormName = FormName.REGISTRATION) -> list[FieldEntry]:
    """All fields of a form in order, retired ones included."""
    table, who = _ANSWERS[form]
    counted = db.session.execute(
        select(table.field_id, func.count(who.distinct()))
        .join(FormField, table.field_id == FormField.id)
        .where(FormField.event_id == event.id)
        .group_by(table.field_id)
    )
    numbers = {row[0]: row[1] for row in counted}
    return [FieldEntry(row.described(), numbers.get(row.id, 0)) for row in _rows(event, form)]


def get_entry(event: Event, key: str) -> FieldEntry:
    """One field of an event; raises NotFound."""
    form = FormName(_get(event, key).form)
    return next(entry for entry in entries_of(event, form) if entry.field.key == key)


def field_context_of(
    event: Event, key: str = "", form: FormName = FormName.REGISTRATION
) -> FieldContext:
    """The facts that decide about a change of a field, or about a new one at a form's end."""
    form = FormName(_get(event, key).form) if key else form
    rows, table = _rows(event, form), _ANSWERS[form][0]
    fields = [row.described() for row in rows]
    place = next((n for n, row in enumerate(rows) if row.key == key), None)
    before = [field for field in fields[:place] if not field.retired]
    if place is None:
        return FieldContext(before=before)
    answered = select(table.value).where(table.field_id == rows[place].id).distinct()
    values = set(db.session.scalars(answered))
    return FieldContext(
        before=before,
        hanging=[field for field in fields if field.shown_if == key],
        old=fields[place],
        has_answers=bool(values),
        answered=values,
    )


def add_field(slug: str, draft: OwnField, *, expected: int, now: datetime) -> OwnField:
    """Add a field at the end of its form. Raises UnfitInput, StaleForm, NotFound."""
    event = _lock_for_edit(slug, expected, now=now)
    rows = _rows(event, draft.form)
    if draft.form is FormName.FEEDBACK and number_of_entries(event.id):
        raise UnfitInput(_ANSWERED)
    if len(rows) >= MOST_FIELDS:
        text = N_("At most %(limit)d fields, please.")
        raise UnfitInput(Complaint(text, {"limit": MOST_FIELDS}))
    field = _checked(draft, field_context_of(event, form=draft.form))
    keys = db.session.scalars(select(FormField.key).where(FormField.event_id == event.id))
    row = FormField(
        event_id=event.id,
        form=draft.form.value,
        key=key_of(field.label, keys.all()),
        position=max((row.position for row in rows), default=0) + 1,
        versions="[]",
    )
    fill_field(row, field, now=now)
    db.session.add(row)
    db.session.flush()
    return row.described()


def edit_field(
    slug: str, key: str, draft: OwnField, *, expected: int, now: datetime, role: str = ROLES[-1]
) -> OwnField:
    """Replace a field. A consent's changed text becomes a new version of it.

    Nobody may make answers visible to their own `role`. Raises UnfitInput, StaleForm, NotFound.
    """
    event = _lock_for_edit(slug, expected, now=now)
    row = _get(event, key)
    around = replace(field_context_of(event, key), role=role)
    fill_field(row, _keeping(_checked(draft, around), event, around.old), now=now)
    db.session.flush()
    return row.described()


def _checked(draft: OwnField, around: FieldContext) -> OwnField:
    field = plain_field(draft)
    if complaints := field_complaints(field, around):
        raise UnfitInput(complaints)
    return replace(field, choices=_named(field.choices, around.old))


def _keeping(field: OwnField, event: Event, old: OwnField | None) -> OwnField:
    """The field with the people who stay where places were lowered below their number."""
    taken = places_taken(event)

    def kept(choice: FieldChoice) -> FieldChoice:
        before = old.choice(choice.value) if old else None
        if before is not None and before.places == choice.places:
            return replace(choice, kept=before.kept)
        return choice.keeping(taken.get((old.key if old else "", choice.value), 0))

    return replace(field, choices=tuple(map(kept, field.choices)))


def keep_places(event: Event) -> None:
    """Store by how many people of a loaded event exceed the places of choices: they stay."""
    taken = places_taken(event)
    for row in _rows(event):
        choices = [c.keeping(taken.get((row.key, c.value), 0)) for c in row.described().choices]
        row.choices = _json(choices)


def _json(choices: Iterable[FieldChoice]) -> str:
    return json.dumps([asdict(choice) for choice in choices], ensure_ascii=False)


def _named(choices: tuple[FieldChoice, ...], old: OwnField | None) -> tuple[FieldChoice, ...]:
    """Existing choices keep their values; new ones derive theirs from the label."""
    known = {choice.value for choice in old.choices} if old else set()
    taken = set(known)
    named: list[FieldChoice] = []
    for choice in choices:
        value = choice.value
        if value not in known:
            value = key_of(choice.label, taken, longest=CHOICE_KEY_LENGTH)
        taken.add(value)
        named.append(replace(choice, value=value))
    return tuple(named)


def create_fields(event: Event, fields: Iterable[OwnField], *, now: datetime) -> None:
    """Give an event checked fields, whose keys it has not yet."""
    for position, field in enumerate(fields, 1):
        own = {"event_id": event.id, "form": field.form.value, "key": field.key}
        row = FormField(**own, position=position, versions="[]")
        nobody_yet = tuple(choice.keeping(0) for choice in field.choices)
        fill_field(row, replace(field, choices=nobody_yet), now=now)
        row.retired_at = now if field.retired else None
        db.session.add(row)
    db.session.flush()


def fill_field(row: FormField, field: OwnField, *, now: datetime) -> None:
    """Copy a checked field into its row; the key stays."""
    row.kind = field.kind.value
    for name in AS_DESCRIBED:
        setattr(row, name, getattr(field, name))
    row.choices = _json(field.choices)
    texts = row.texts if field.kind is FieldKind.CONSENT else []
    words = {"label": field.label, "label_en": field.label_en}
    if field.kind is FieldKind.CONSENT and not (texts and words.items() <= texts[-1].items()):
        number = texts[-1]["version"] + 1 if texts else 1
        texts = [*texts, {"version": number, **words, "since": now.isoformat()}]
    row.versions = json.dumps(texts, ensure_ascii=False)


def move_field(slug: str, key: str, *, up: bool, expected: int, now: datetime) -> None:
    """Move a field up or down one place; beyond the end nothing happens.

    Raises UnfitInput when it would precede a field it depends on, StaleForm, NotFound.
    """
    event = _lock_for_edit(slug, expected, now=now)
    rows = [row for row in _rows(event, FormName(_get(event, key).form)) if row.retired_at is None]
    here = next((n for n, row in enumerate(rows) if row.key == key), None)
    if here is None:
        raise _missing()
    there = here - 1 if up else here + 1
    if not 0 <= there < len(rows):
        return
    moved = list(rows)
    moved[here], moved[there] = rows[there], rows[here]
    if complaint := order_complaint([row.described() for row in moved]):
        raise UnfitInput(complaint)
    a, b = rows[here], rows[there]
    a.position, b.position = b.position, a.position


def delete_field(slug: str, key: str, *, expected: int, now: datetime) -> OwnField:
    """Delete a field. Raises UnfitInput when it has answers or others depend on it."""
    event = _lock_for_edit(slug, expected, now=now)
    row, around = _get(event, key), field_context_of(event, key)
    if around.has_answers:
        text = N_("“%(field)s” has answers, so it can't be deleted. Ask it no more instead.")
        raise UnfitInput(Complaint(text, {"field": row.label}))
    _refuse_hanging(row, around.hanging)
    db.session.delete(row)
    return row.described()


def retire_field(slug: str, key: str, *, expected: int, now: datetime) -> OwnField:
    """Stop asking a field; its answers stay. Raises UnfitInput when others depend on it."""
    event = _lock_for_edit(slug, expected, now=now)
    row, around = _get(event, key), field_context_of(event, key)
    _refuse_hanging(row, [field for field in around.hanging if not field.retired])
    row.retired_at = row.retired_at or now
    return row.described()


def bring_back_field(slug: str, key: str, *, expected: int, now: datetime) -> OwnField:
    """Ask a retired field again, at the end of the form. Raises UnfitInput."""
    event = _lock_for_edit(slug, expected, now=now)
    row = _get(event, key)
    rows = _rows(event, FormName(row.form))
    asked = {other.key for other in rows if other.retired_at is None}
    if row.shown_if and row.shown_if not in asked:
        text = N_("“%(field)s” hangs on “%(other)s”, which is not asked. Bring that back first.")
        labels = {other.key: other.label for other in rows}
        other = labels.get(row.shown_if, row.shown_if)
        raise UnfitInput(Complaint(text, {"field": row.label, "other": other}))
    if row.retired_at is not None:
        row.retired_at = None
        row.position = max(other.position for other in rows) + 1
    return row.described()


def _refuse_hanging(row: FormField, hanging: Iterable[OwnField]) -> None:
    text = N_("“%(field)s” is shown only if “%(other)s” has a value. Change that first.")
    complaints = [Complaint(text, {"field": field.label, "other": row.label}) for field in hanging]
    if complaints:
        raise UnfitInput(complaints)


def _lock_for_edit(slug: str, expected: int, *, now: datetime) -> Event:
    """Lock the event and raise its edit version, which outdates cached forms."""
    event = lock_event(slug)
    if event.edit_version != expected:
        text = N_("Somebody saved this event since you opened the page. Nothing was changed.")
        raise StaleForm(Complaint(text))
    event.edit_version += 1
    event.changed_at = now
    return event


def _rows(event: Event, form: FormName = FormName.REGISTRATION) -> list[FormField]:
    return list(db.session.scalars(fields_of_event(event.id, form)))


def _get(event: Event, key: str) -> FormField:
    wanted = select(FormField).where(FormField.event_id == event.id, FormField.key == key)
    if (row := db.session.scalar(wanted)) is None:
        raise _missing()
    return row


def _missing() -> NotFound:
    return NotFound(Complaint(N_("There is no such field.")))

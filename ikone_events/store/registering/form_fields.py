"""Tables of own form fields and of answers."""

import json
from collections.abc import Collection, Mapping
from datetime import datetime
from typing import Any, NamedTuple

from sqlalchemy import ForeignKey, Index, Select, String, Text, UniqueConstraint, select
from sqlalchemy.orm import Mapped, mapped_column, relationship

from ikone_events.domain.registering.form_fields import (
    Answers,
    FieldChoice,
    FieldKind,
    FormName,
    OwnField,
    open_fields,
)
from ikone_events.store.db import Base, UTCDateTime, db
from ikone_events.store.events.models import Event
from ikone_events.store.events.snapshots import derived
from ikone_events.store.registering.models import Registration

# Columns with the same name in OwnField.
AS_DESCRIBED = (
    *("label", "label_en", "help", "help_en", "required", "shown_if", "shown_value"),
    *("keep_days", "seen_by"),
)


class FormField(Base):
    """An own field of one of an event's forms.

    `key` names it in the form (`f_<key>`) and in exports. `choices` is a JSON list of {value,
    label, label_en, places, retired, kept}; `versions` one of {version, label, label_en, since}:
    the texts of a consent, the current one last. The field is shown if the field `shown_if` has
    the value `shown_value`. `keep_days` is how many days after the event's end answers are kept
    (None: as long as the person's data), `seen_by` the lowest role that sees them.
    """

    __tablename__ = "form_field"
    __table_args__ = (UniqueConstraint("event_id", "key"),)

    id: Mapped[int] = mapped_column(primary_key=True)
    event_id: Mapped[int] = mapped_column(ForeignKey("event.id", ondelete="CASCADE"))
    form: Mapped[str] = mapped_column(
        String(12), default=FormName.REGISTRATION.value, server_default="registration"
    )
    key: Mapped[str] = mapped_column(String(40))
    kind: Mapped[str] = mapped_column(String(20))
    position: Mapped[int]
    label: Mapped[str] = mapped_column(Text)
    label_en: Mapped[str] = mapped_column(Text, default="")
    help: Mapped[str] = mapped_column(Text, default="")
    help_en: Mapped[str] = mapped_column(Text, default="")
    required: Mapped[bool] = mapped_column(default=False)
    choices: Mapped[str] = mapped_column(Text, default="[]")
    versions: Mapped[str] = mapped_column(Text, default="[]")
    shown_if: Mapped[str] = mapped_column(String(40), default="")
    shown_value: Mapped[str] = mapped_column(String(200), default="")
    keep_days: Mapped[int | None]
    seen_by: Mapped[str] = mapped_column(String(10), default="viewer")
    retired_at: Mapped[datetime | None] = mapped_column(UTCDateTime)

    @property
    def texts(self) -> list[dict[str, Any]]:
        """The versions of a consent's text, the current one last."""
        found: list[dict[str, Any]] = json.loads(self.versions)
        return found

    def described(self) -> OwnField:
        """The row as OwnField."""
        texts = self.texts
        return OwnField(
            key=self.key,
            form=FormName(self.form),
            kind=FieldKind(self.kind),
            **{name: getattr(self, name) for name in AS_DESCRIBED},
            choices=tuple(FieldChoice(**choice) for choice in json.loads(self.choices)),
            retired=self.retired_at is not None,
            version=texts[-1]["version"] if texts else None,
        )


def fields_of_event(event_id: int, form: FormName = FormName.REGISTRATION) -> Select[FormField]:
    """The fields of one form of an event in order, retired ones included."""
    wanted = select(FormField).where(FormField.event_id == event_id, FormField.form == form.value)
    return wanted.order_by(FormField.position, FormField.id)


class AskedField(NamedTuple):
    """A field that is asked now; `texts` are the versions of a consent, the current one last."""

    id: int
    own: OwnField
    texts: tuple[Mapping[str, Any], ...]


def asked_of(event: Event, form: FormName = FormName.REGISTRATION) -> tuple[AskedField, ...]:
    """The fields of a form of an event that are asked now, in order."""

    def read() -> tuple[AskedField, ...]:
        asked = fields_of_event(event.id, form).where(FormField.retired_at.is_(None))
        rows = db.session.scalars(asked)
        return tuple(AskedField(row.id, row.described(), tuple(row.texts)) for row in rows)

    return derived(event, ("asked fields", form), read)


class Answer(Base):
    """One answer of a person to a field; each of several choices is a row.

    `value` is ISO 8601 for dates, digits for numbers, "yes" for a tick. `version` is that of the
    accepted consent text, `at` the moment.
    """

    __tablename__ = "answer"
    __table_args__ = (
        UniqueConstraint("registration_id", "field_id", "value_key"),
        Index("ix_answer_field_value", "field_id", "value_key"),
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    registration_id: Mapped[int] = mapped_column(ForeignKey("registration.id", ondelete="CASCADE"))
    field_id: Mapped[int] = mapped_column(ForeignKey("form_field.id", ondelete="CASCADE"))
    value: Mapped[str] = mapped_column(Text)
    value_key: Mapped[str] = mapped_column(String(100), default="")
    version: Mapped[int | None]
    at: Mapped[datetime] = mapped_column(UTCDateTime)

    registration: Mapped[Registration] = relationship()
    field: Mapped[FormField] = relationship()


def left_open(
    registration: Registration, event: Event, given: Answers | None = None
) -> tuple[OwnField, ...]:
    """The required fields that this person has not answered, in order.

    Deputies and people who were added by others were not asked yet. `given` are the answers of
    somebody who is not stored yet.
    """
    fields = [asked.own for asked in asked_of(event)]
    if not any(field.required for field in fields):
        return ()
    return open_fields(fields, answers_of(registration) if given is None else given)


def answers_for(registration_ids: Collection[int]) -> dict[int, dict[str, list[str]]]:
    """The answers of these registrations by id and field key; everybody has an entry."""
    found: dict[int, dict[str, list[str]]] = {id_: {} for id_ in registration_ids}
    if not found:
        return found
    rows = db.session.execute(
        select(Answer.registration_id, FormField.key, Answer.value)
        .join(FormField, Answer.field_id == FormField.id)
        .where(Answer.registration_id.in_(found))
        .order_by(FormField.position, FormField.id, Answer.id)
    )
    for registration_id, key, value in rows:
        found[registration_id].setdefault(key, []).append(value)
    return found


def answers_of(registration: Registration) -> dict[str, list[str]]:
    """The answers of one registration by field key, retired fields included."""
    return answers_for([registration.id])[registration.id]

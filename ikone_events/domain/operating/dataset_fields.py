"""An event's own fields and the answers to them as they stand in a file."""

from collections.abc import Mapping, Sequence
from typing import Any

from ikone_events.domain.operating.dataset_records import Record, in_both, text_in
from ikone_events.domain.refusals import N_, Complaint, UnfitInput
from ikone_events.domain.registering.field_rules import Surroundings, field_complaints, plain_field
from ikone_events.domain.registering.form_fields import (
    NO,
    YES,
    FieldChoice,
    FieldKind,
    OwnField,
    is_key,
    key_of,
)
from ikone_events.domain.registering.own_values import values_from


def fields_in(record: Record) -> tuple[OwnField, ...]:
    """The fields of an event in the order in which they are asked. Raises UnfitInput."""
    fields: list[OwnField] = []
    for number, item in enumerate(record.get("fields") or (), 1):
        field = _field(item, {field.key for field in fields})
        found = field_complaints(field, Surroundings(before=fields))
        if not is_key(field.key) or field.key in {other.key for other in fields}:
            found.append(Complaint(N_("Only a-z, 0-9 and _, and each key once, please.")))
        if found:
            where = f"fields {number}"
            raise UnfitInput([Complaint(c.text, c.values, where) for c in found])
        fields.append(field)
    return tuple(fields)


def _field(item: Mapping[str, Any], taken: set[str]) -> OwnField:
    shown, days = item.get("shown_if"), item.get("keep_days")
    return plain_field(
        OwnField(
            key=str(item.get("key") or key_of(text_in(item["label"], "de"), taken)),
            kind=FieldKind(item["kind"]),
            **in_both("label", item["label"]),
            **in_both("help", item.get("help")),
            required=bool(item.get("required", False)),
            choices=tuple(_choices(item.get("choices") or ())),
            shown_if=str(shown["field"]) if shown else "",
            shown_value=str(shown["value"]) if shown else "",
            keep_days=None if days is None else int(days),
            seen_by=str(item.get("seen_by") or "viewer"),
            retired=bool(item.get("retired", False)),
        )
    )


def _choices(items: Sequence[Any]) -> list[FieldChoice]:
    """Choices as objects, or plain texts; their values are made of their words where none stand."""
    choices: list[FieldChoice] = []
    for item in items:
        record = item if isinstance(item, Mapping) else {"label": item}
        label = text_in(record["label"], "de")
        places = record.get("places")
        choice = FieldChoice(
            value=str(record.get("value") or key_of(label, {c.value for c in choices})),
            **in_both("label", record["label"]),
            places=None if places is None else int(places),
            retired=bool(record.get("retired", False)),
        )
        choices.append(choice)
    return choices


def answers_in(record: Record, fields: Sequence[OwnField]) -> dict[str, list[str]]:
    """What a registration of the file answers, by key. Raises UnfitInput."""
    by_key = {field.key: field for field in fields}
    answers: dict[str, list[str]] = {}
    for key, given in (record.get("answers") or {}).items():
        if key not in by_key:
            text = N_("The event has no field “%(field)s”.")
            raise UnfitInput(Complaint(text, {"field": key}, "answers"))
        if values := _values(by_key[key], given):
            answers[key] = values
    return answers


def _values(field: OwnField, given: object) -> list[str]:
    if field.kind is FieldKind.CONSENT:
        return [YES] if given in (True, YES) else []
    if isinstance(given, bool):
        given = YES if given else NO
    items = given if isinstance(given, list) else [given]
    return [value for item in items for value in values_from(field, str(item))]

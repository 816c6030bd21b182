"""Converts answers to own fields, as typed in lists, into stored values."""

import re
from collections.abc import Callable, Mapping

from ikone_events.domain.events.draft import can_be_written_to
from ikone_events.domain.header_text import normal_line, normal_text, text_complaint
from ikone_events.domain.refusals import N_, Complaint, UnfitInput
from ikone_events.domain.registering.form_fields import (
    NO,
    RATING_LABELS,
    YES,
    FieldKind,
    OwnField,
)
from ikone_events.domain.times import read_day
from ikone_events.domain.words import NO_WORDS, YES_WORDS

_NUMBER = re.compile(r"-?\d{1,9}")
_LENGTHS = {FieldKind.SHORT_TEXT: 200, FieldKind.LONG_TEXT: 2000, FieldKind.EMAIL: 254}


def values_from(field: OwnField, text: str) -> list[str]:
    """The values to store, none for an empty cell; raises UnfitInput about f_<key>."""
    typed = normal_text(text).strip()
    if field.kind in (FieldKind.SHORT_TEXT, FieldKind.EMAIL):
        typed = normal_line(typed)
    if not typed:
        return []
    values = _READERS[field.kind](field, typed)
    if values is None:
        shown = {"field": field.label, "value": typed[:80]}
        raise UnfitInput(Complaint(N_("“%(value)s” does not fit “%(field)s”."), shown, field.name))
    return values


def _text(field: OwnField, typed: str) -> list[str] | None:
    fits = len(typed) <= _LENGTHS[field.kind] and text_complaint(typed) is None
    return [typed] if fits else None


def _address(_field: OwnField, typed: str) -> list[str] | None:
    return [typed] if can_be_written_to(typed) else None


def _number(_field: OwnField, typed: str) -> list[str] | None:
    return [str(int(typed))] if _NUMBER.fullmatch(typed) and typed.isascii() else None


def _day(_field: OwnField, typed: str) -> list[str] | None:
    try:
        return [read_day(typed).isoformat()]
    except ValueError:
        return None


def _yes_no(_field: OwnField, typed: str) -> list[str] | None:
    word = typed.casefold()
    return [YES] if word in YES_WORDS else [NO] if word in NO_WORDS else None


def _one(field: OwnField, typed: str) -> list[str] | None:
    """A choice by its value or its label in either language."""
    word = typed.casefold()
    for choice in field.choices:
        if word in (choice.value, choice.label.casefold(), choice.label_en.casefold()):
            return [choice.value]
    return None


def _several(field: OwnField, typed: str) -> list[str] | None:
    """Choices separated by semicolons, or by commas if there is no semicolon."""
    whole = _one(field, typed)
    if whole is not None:
        return whole
    parts = [part.strip() for part in re.split(r"[;,\n]" if ";" not in typed else ";", typed)]
    found = [_one(field, part) for part in parts if part]
    if any(each is None for each in found):
        return None
    return list(dict.fromkeys(value for each in found if each for value in each))


_READERS: Mapping[FieldKind, Callable[[OwnField, str], list[str] | None]] = {
    FieldKind.SHORT_TEXT: _text,
    FieldKind.LONG_TEXT: _text,
    FieldKind.EMAIL: _address,
    FieldKind.NUMBER: _number,
    FieldKind.DATE: _day,
    FieldKind.ONE_CHOICE: _one,
    FieldKind.SEVERAL_CHOICES: _several,
    FieldKind.YES_NO: _yes_no,
    FieldKind.CONSENT: lambda _field, _typed: None,
    FieldKind.RATING: lambda _field, typed: [typed] if typed in RATING_LABELS else None,
}

"""An event's own fields as WTForms fields, and their answers.

    form_class = add_own_fields(RegistrationForm, fields, locale)   # fields: asked_fields(event)
    form = form_class(**own_values(fields, answers))                # or form_class()
    answers = answers_of(form, fields)                              # after form.validate()

The template shows them by the macro `own_fields(form, fields)` of macros/own_fields.html.
"""

from collections.abc import Callable, Iterable, Mapping
from datetime import date
from functools import lru_cache
from typing import Any, NamedTuple

from flask_babel import lazy_gettext as _l
from flask_wtf import FlaskForm
from wtforms import Field, Form
from wtforms.fields.choices import SelectChoice
from wtforms.validators import InputRequired, Length, Optional, StopValidation

from ikone_events.domain.header_text import text_complaint
from ikone_events.domain.registering.form_fields import (
    RATING_LABELS,
    YES,
    YES_NO_LABELS,
    Answers,
    FieldKind,
    OwnField,
    kept_answers,
)
from ikone_events.web.registering.own_inputs import (
    ChoiceList,
    ChoiceRadio,
    ChoiceSelect,
    ConsentBox,
    DayField,
    NumberField,
    offered,
)
from ikone_events.web.shell.forms import AddressField, LineField, TextField, deliverable, typed_line
from ikone_events.web.shell.i18n import translate

MOST_RADIOS = 6
SHORT, LONG, ADDRESS = 200, 2000, 254

_NEEDED: Mapping[FieldKind, str] = {
    FieldKind.ONE_CHOICE: _l("Please choose."),
    FieldKind.SEVERAL_CHOICES: _l("Please choose at least one."),
    FieldKind.YES_NO: _l("Please choose."),
    FieldKind.RATING: _l("Please choose."),
    FieldKind.DATE: _l("Please enter a date."),
    FieldKind.NUMBER: _l("Please enter a number."),
}


class WhenShown:
    """Validator that skips a field whose condition the answers before it do not meet."""

    def __init__(self, own: OwnField, before: tuple[OwnField, ...]) -> None:
        self._own, self._before = own, before

    def __call__(self, form: Form, field: Field) -> None:
        """Stop validation without an error unless the condition is met."""
        if self._own.shown_value not in answers_of(form, self._before).get(self._own.shown_if, ()):
            field.errors[:] = []
            raise StopValidation


class Needed(InputRequired):
    """InputRequired with our texts; marks the field as required unless it has a condition."""

    def __init__(self, own: OwnField) -> None:
        super().__init__(_NEEDED.get(own.kind, _l("Please fill in this field.")))
        # Not each checkbox of a group, and not a field that may be hidden.
        if own.shown_if or own.kind is FieldKind.SEVERAL_CHOICES:
            self.field_flags: dict[str, Any] = {}

    def __call__(self, form: Form, field: Field) -> None:
        """Refuse empty input; white space counts as empty."""
        if not any(typed_line(str(value)) for value in field.raw_data or ()):
            field.raw_data = field.raw_data if field.data else []
            super().__call__(form, field)


@lru_cache(maxsize=256)
def add_own_fields(
    form_class: type[FlaskForm], fields: tuple[OwnField, ...], locale: str, *without: str
) -> type[FlaskForm]:
    """A subclass of the form with the own fields, named f_<key>, in their order.

    It is `without` these fields of the form.
    """
    if not fields and not without:
        return form_class
    more = {own.name: _field(own, fields[:number], locale) for number, own in enumerate(fields)}
    return type(form_class.__name__, (form_class,), {**dict.fromkeys(without), **more})


def answers_of(form: Form, fields: tuple[OwnField, ...]) -> dict[str, list[str]]:
    """The answers by key; without those to fields that were not shown."""
    return kept_answers(fields, {own.key: _stored(own, form[own.name].data) for own in fields})


def own_values(fields: Iterable[OwnField], answers: Answers) -> dict[str, Any]:
    """Stored answers as keyword arguments of the form."""
    return {own.name: _typed(own, list(answers[own.key])) for own in fields if answers.get(own.key)}


def _typed(own: OwnField, values: list[str]) -> Any:
    if own.kind is FieldKind.SEVERAL_CHOICES:
        return values
    if own.kind is FieldKind.CONSENT:
        return values[0] == YES
    if own.kind is FieldKind.NUMBER:
        return int(values[0])
    if own.kind is FieldKind.DATE:
        return date.fromisoformat(values[0])
    return values[0]


def _stored(own: OwnField, data: Any) -> list[str]:
    """A field's data as stored."""
    if own.kind is FieldKind.SEVERAL_CHOICES:
        return list(data or ())
    if own.kind is FieldKind.CONSENT:
        return [YES] if data else []
    if data is None or data == "":
        return []
    return [data.isoformat() if isinstance(data, date) else str(data)]


def _fit_text(_form: Form, field: Field) -> None:
    if complaint := text_complaint(field.data or ""):
        raise StopValidation(translate(complaint))


def _field(own: OwnField, before: tuple[OwnField, ...], locale: str) -> Any:
    checks: list[Any] = [WhenShown(own, before)] if own.shown_if else []
    checks.append(Needed(own) if own.required else Optional())
    return _MAKERS[own.kind](_Asked(own, own.label_in(locale), checks, locale))


class _Asked(NamedTuple):
    """Arguments of the functions that make fields."""

    own: OwnField
    label: str
    checks: list[Any]
    locale: str


def _text(field_class: type[Field], most: int, *checks: Any, **look: Any) -> Callable[..., Any]:
    def make(asked: _Asked) -> Any:
        length = Length(max=most, message=_l("Please use at most %(max)d characters."))
        return field_class(
            asked.label,
            [*asked.checks, length, *checks],
            render_kw={"maxlength": most, **look},
        )

    return make


def _choices(asked: _Asked) -> list[SelectChoice]:
    own = asked.own
    return [offered(c, asked.locale, full=c.value in own.full) for c in own.choices]


def _one(asked: _Asked) -> Any:
    kind = ChoiceSelect if len(asked.own.choices) > MOST_RADIOS else ChoiceRadio
    return kind(asked.label, asked.checks, choices=_choices(asked), required=asked.own.required)


def _fixed(labels: Mapping[str, str]) -> Callable[[_Asked], Any]:
    def make(asked: _Asked) -> Any:
        choices = [SelectChoice(value, _l(label)) for value, label in labels.items()]
        return ChoiceRadio(asked.label, asked.checks, choices=choices, required=asked.own.required)

    return make


_MAKERS: Mapping[FieldKind, Callable[[_Asked], Any]] = {
    FieldKind.SHORT_TEXT: _text(LineField, SHORT, _fit_text),
    FieldKind.LONG_TEXT: _text(TextField, LONG, _fit_text, rows=4),
    FieldKind.EMAIL: _text(AddressField, ADDRESS, deliverable),
    FieldKind.NUMBER: lambda asked: NumberField(
        asked.label, asked.checks, render_kw={"inputmode": "numeric"}
    ),
    FieldKind.DATE: lambda asked: DayField(asked.label, asked.checks),
    FieldKind.ONE_CHOICE: _one,
    FieldKind.SEVERAL_CHOICES: lambda asked: ChoiceList(
        asked.label, asked.checks, choices=_choices(asked)
    ),
    FieldKind.YES_NO: _fixed(YES_NO_LABELS),
    FieldKind.RATING: _fixed(RATING_LABELS),
    FieldKind.CONSENT: lambda asked: ConsentBox(
        asked.label, asked.checks, version=asked.own.version or 1
    ),
}

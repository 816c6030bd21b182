"""An event's own fields as WTForms fields: into a form, and the answers out of it.

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
from wtforms import EmailField, Field, Form, StringField, TextAreaField
from wtforms.validators import InputRequired, Length, Optional, StopValidation

from ikone_events.domain.header_text import text_complaint
from ikone_events.domain.registering.form_fields import (
    YES,
    YES_NO_LABELS,
    Answers,
    FieldChoice,
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
from ikone_events.web.shell.forms import deliverable
from ikone_events.web.shell.i18n import translate

MOST_RADIOS = 6
SHORT, LONG, ADDRESS = 200, 2000, 254

_NEEDED: Mapping[FieldKind, str] = {
    FieldKind.ONE_CHOICE: _l("Please choose."),
    FieldKind.SEVERAL_CHOICES: _l("Please choose at least one."),
    FieldKind.YES_NO: _l("Please choose."),
    FieldKind.DATE: _l("Please enter a date."),
    FieldKind.NUMBER: _l("Please enter a number."),
}


class WhenShown:
    """Ends the checks of a field that the answers before it do not show: it is not asked."""

    def __init__(self, own: OwnField, before: tuple[OwnField, ...]) -> None:
        self._own, self._before = own, before

    def __call__(self, form: Form, field: Field) -> None:
        """Stop without an error unless the condition is met."""
        if self._own.shown_value not in _kept(form, self._before).get(self._own.shown_if, ()):
            field.errors[:] = []
            raise StopValidation


class Needed(InputRequired):
    """Something must be given; says so in words, and to the browser where that is always true."""

    def __init__(self, own: OwnField) -> None:
        super().__init__(_NEEDED.get(own.kind, _l("Please fill in this field.")))
        # Each box of a group would be marked, and a hidden field must not be.
        if own.shown_if or own.kind is FieldKind.SEVERAL_CHOICES:
            self.field_flags: dict[str, Any] = {}

    def __call__(self, form: Form, field: Field) -> None:
        """Spaces are nothing."""
        if not any(str(value).strip() for value in field.raw_data or ()):
            field.raw_data = field.raw_data if field.data else []
            super().__call__(form, field)


@lru_cache(maxsize=256)
def add_own_fields(
    form_class: type[FlaskForm], fields: tuple[OwnField, ...], locale: str
) -> type[FlaskForm]:
    """A form with the event's own fields, named f_<key>, in the order in which they are asked."""
    if not fields:
        return form_class
    more = {own.name: _field(own, fields[:number], locale) for number, own in enumerate(fields)}
    return type(form_class.__name__, (form_class,), more)


def answers_of(form: Form, fields: Iterable[OwnField]) -> dict[str, list[str]]:
    """The checked answers by key; those to fields that were not shown are dropped."""
    return _kept(form, tuple(fields))


def own_values(fields: Iterable[OwnField], answers: Answers) -> dict[str, Any]:
    """Stored answers as the form takes them."""
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


def _kept(form: Form, fields: tuple[OwnField, ...]) -> dict[str, list[str]]:
    return kept_answers(fields, {own.key: _stored(own, form[own.name].data) for own in fields})


def _stored(own: OwnField, data: Any) -> list[str]:
    """What a field holds as it is stored."""
    if own.kind is FieldKind.SEVERAL_CHOICES:
        return list(data or ())
    if own.kind is FieldKind.CONSENT:
        return [YES] if data else []
    if data is None or data == "":
        return []
    return [data.isoformat() if isinstance(data, date) else str(data).replace("\r\n", "\n")]


def _fit_text(_form: Form, field: Field) -> None:
    if complaint := text_complaint(field.data or ""):
        raise StopValidation(translate(complaint))


def _stripped(value: str | None) -> str:
    return (value or "").strip()


def _field(own: OwnField, before: tuple[OwnField, ...], locale: str) -> Any:
    checks: list[Any] = [WhenShown(own, before)] if own.shown_if else []
    checks.append(Needed(own) if own.required else Optional())
    return _MAKERS[own.kind](_Asked(own, own.label_in(locale), checks, locale))


class _Asked(NamedTuple):
    """What the makers of fields need."""

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
            filters=[_stripped],
            render_kw={"maxlength": most, **look},
        )

    return make


def _number(asked: _Asked) -> Any:
    return NumberField(asked.label, asked.checks, render_kw={"inputmode": "numeric"})


def _day(asked: _Asked) -> Any:
    return DayField(asked.label, asked.checks)


def _one(asked: _Asked) -> Any:
    own = asked.own
    many = len(own.choices) > MOST_RADIOS
    choices = [offered(c, asked.locale, full=c.value in own.full) for c in own.choices]
    return (ChoiceSelect if many else ChoiceRadio).asking(
        asked.label, asked.checks, choices, required=own.required
    )


def _several(asked: _Asked) -> Any:
    own = asked.own
    choices = [offered(c, asked.locale, full=c.value in own.full) for c in own.choices]
    wrong = _l("Please choose one of the answers on offer.")
    return ChoiceList(asked.label, asked.checks, choices=choices, invalid_choice_message=wrong)


def _yes_no(asked: _Asked) -> Any:
    choices = [
        offered(FieldChoice(value=value, label=_translated(label)), asked.locale, full=False)
        for value, label in YES_NO_LABELS.items()
    ]
    return ChoiceRadio.asking(asked.label, asked.checks, choices, required=asked.own.required)


def _translated(label: str) -> str:
    """A label of ours that is translated when the form is shown."""
    return _l(label)  # type: ignore[no-any-return]


def _consent(asked: _Asked) -> Any:
    return ConsentBox(asked.label, asked.checks, version=asked.own.version or 1)


_MAKERS: Mapping[FieldKind, Callable[[_Asked], Any]] = {
    FieldKind.SHORT_TEXT: _text(StringField, SHORT, _fit_text),
    FieldKind.LONG_TEXT: _text(TextAreaField, LONG, _fit_text, rows=4),
    FieldKind.EMAIL: _text(EmailField, ADDRESS, deliverable),
    FieldKind.NUMBER: _number,
    FieldKind.DATE: _day,
    FieldKind.ONE_CHOICE: _one,
    FieldKind.SEVERAL_CHOICES: _several,
    FieldKind.YES_NO: _yes_no,
    FieldKind.CONSENT: _consent,
}

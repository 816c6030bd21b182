"""WTForms fields for own fields: choices that may be full, consents, numbers, dates."""

from collections.abc import Sequence
from datetime import date
from typing import Any

from flask_babel import lazy_gettext as _l
from wtforms import (
    BooleanField,
    DateField,
    Field,
    Form,
    IntegerField,
    RadioField,
    SelectField,
    SelectMultipleField,
)
from wtforms.fields.choices import SelectChoice
from wtforms.validators import ValidationError
from wtforms.widgets import CheckboxInput, ListWidget, RadioInput

from ikone_events.domain.registering.form_fields import FieldChoice

_DIGITS = 9
_FIRST_YEAR, _LAST_YEAR = 1900, 2200


def offered(choice: FieldChoice, locale: str, *, full: bool) -> SelectChoice:
    """A choice of a form field; a full one says so and is disabled."""
    label = choice.label_in(locale)
    if not full:
        return SelectChoice(choice.value, label)
    return SelectChoice(choice.value, _l("%(choice)s (full)", choice=label), {"disabled": True})


class RadioOption(RadioInput):
    """A radio button that can be disabled."""

    def __call__(self, field: Field, **look: Any) -> Any:
        return super().__call__(field, **{**look, **field.choice.render_kw})


class _BoxOption(CheckboxInput):
    """A checkbox of a group that can be disabled."""

    def __call__(self, field: Field, **look: Any) -> Any:
        return super().__call__(field, **{**look, **field.choice.render_kw})


class _Limited(SelectField):
    """Choices of which some may be full: these are shown unselected and refused."""

    def __init__(self, label: str, validators: Sequence[Any], **more: Any) -> None:
        wrong = _l("Please choose one of the answers on offer.")
        super().__init__(label, validators, invalid_choice_message=wrong, **more)

    def iter_choices(self) -> list[Any]:
        """The choices; a full one is never selected, since it could not be deselected."""
        return [
            choice._replace(selected=choice.selected and not choice.render_kw.get("disabled"))
            for choice in super().iter_choices()
        ]

    def pre_validate(self, form: Form) -> None:
        """Refuse full choices, then unknown ones."""
        given = self.data if isinstance(self.data, list) else [self.data]
        for choice in super().iter_choices():
            if choice.value in given and choice.render_kw.get("disabled"):
                text = _l("This has no places left. Please choose something else.")
                raise ValidationError(text)
        super().pre_validate(form)


class ChoiceRadio(_Limited, RadioField):
    """One of a few choices, as radio buttons; if optional, with the choice "No answer"."""

    option_widget = RadioOption()

    def __init__(self, *args: Any, choices: list[Any], required: bool, **more: Any) -> None:
        none = [] if required else [SelectChoice("", _l("No answer"))]
        default = None if required else ""
        super().__init__(*args, choices=[*choices, *none], default=default, **more)


class ChoiceSelect(_Limited):
    """One of many choices, as a list; its first entry is no answer."""

    def __init__(self, *args: Any, choices: list[Any], required: bool, **more: Any) -> None:
        none = SelectChoice("", _l("Please choose") if required else _l("No answer"))
        super().__init__(*args, choices=[none, *choices], default="", **more)


class ChoiceList(_Limited, SelectMultipleField):
    """Several choices, as checkboxes."""

    widget = ListWidget(prefix_label=False)
    option_widget = _BoxOption()

    def pre_validate(self, form: Form) -> None:
        """Skip the check when nothing is ticked."""
        if self.data:
            super().pre_validate(form)


class ConsentBox(BooleanField):
    """A checkbox whose value is the version of its text."""

    data: Any

    def __init__(self, label: str, validators: Sequence[Any], *, version: int, **more: Any) -> None:
        super().__init__(label, validators, **more)
        self._version = version

    def _value(self) -> str:
        return str(self._version)

    def pre_validate(self, _form: Form) -> None:
        """Refuse a tick that belongs to another version of the text."""
        sent = str(self.raw_data[0]) if self.data and self.raw_data else ""
        if sent.isdigit() and sent != self._value():
            self.data = False
            raise ValidationError(_l("This text has just been changed. Please read it again."))


class NumberField(IntegerField):
    """A whole number, or nothing."""

    def process_formdata(self, valuelist: list[str]) -> None:
        """Read a number; raises ValueError with a translated text."""
        text = valuelist[0].strip() if valuelist else ""
        self.data = None
        if not text:
            return
        if not (text.isascii() and text.removeprefix("-").isdigit() and len(text) <= _DIGITS):
            raise ValueError(_l("Please enter a whole number."))
        self.data = int(text)


class DayField(DateField):
    """A date as 2026-12-31 or 31.12.2026, or nothing."""

    def __init__(self, label: str, validators: Sequence[Any], **more: Any) -> None:
        super().__init__(label, validators, format=["%Y-%m-%d", "%d.%m.%Y"], **more)

    def process_formdata(self, valuelist: list[str]) -> None:
        """Read a date between 1900 and 2200; raises ValueError with a translated text."""
        self.data = None
        if not (valuelist and valuelist[0].strip()):
            return
        try:
            super().process_formdata([valuelist[0].strip()])
        except ValueError as fault:
            raise ValueError(_l("Please enter a date, such as 31.12.2026.")) from fault
        day: date | None = getattr(self, "data", None)
        if day is not None and not _FIRST_YEAR <= day.year <= _LAST_YEAR:
            self.data = None
            raise ValueError(_l("Please enter a date, such as 31.12.2026."))

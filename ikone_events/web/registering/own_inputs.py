"""Kinds of WTForms fields that own fields are built of; refusals in our words, input kept."""

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
    """A choice as forms offer it; a full one says so and can't be taken."""
    label = choice.label_in(locale)
    if not full:
        return SelectChoice(choice.value, label)
    return SelectChoice(choice.value, _l("%(choice)s (full)", choice=label), {"disabled": True})


class _RadioOption(RadioInput):
    """A radio button that can be full."""

    def __call__(self, field: Field, **look: Any) -> Any:
        return super().__call__(field, **{**look, **field.choice.render_kw})


class _BoxOption(CheckboxInput):
    """A box of a group that can be full."""

    def __call__(self, field: Field, **look: Any) -> Any:
        return super().__call__(field, **{**look, **field.choice.render_kw})


class _Limited(SelectField):
    """Choices of which some may be full: these show unticked, and are refused in words."""

    def iter_choices(self) -> list[Any]:
        """A full choice never stands as chosen: nobody could undo that."""
        return [
            choice._replace(selected=choice.selected and not choice.render_kw.get("disabled"))
            for choice in super().iter_choices()
        ]

    def pre_validate(self, form: Form) -> None:
        """Refuse what is full, then what is not on offer."""
        given = self.data if isinstance(self.data, list) else [self.data]
        for choice in super().iter_choices():
            if choice.value in given and choice.render_kw.get("disabled"):
                text = _l("This has no places left. Please choose something else.")
                raise ValidationError(text)
        super().pre_validate(form)


class ChoiceRadio(_Limited, RadioField):
    """One of a few; who need not answer can say so."""

    option_widget = _RadioOption()

    @classmethod
    def asking(cls, label: str, checks: list[Any], choices: list[Any], *, required: bool) -> Any:
        """The field; without an obligation there is a way back from a choice."""
        none = [] if required else [SelectChoice("", _l("No answer"))]
        return cls(
            label,
            checks,
            choices=[*choices, *none],
            default=None if required else "",
            invalid_choice_message=_l("Please choose one of the answers on offer."),
        )


class ChoiceSelect(_Limited):
    """One of many."""

    @classmethod
    def asking(cls, label: str, checks: list[Any], choices: list[Any], *, required: bool) -> Any:
        """The field; its first entry stands for no answer."""
        none = SelectChoice("", _l("Please choose") if required else _l("No answer"))
        return cls(
            label,
            checks,
            choices=[none, *choices],
            default="",
            invalid_choice_message=_l("Please choose one of the answers on offer."),
        )


class ChoiceList(_Limited, SelectMultipleField):
    """Several of some, as boxes to tick."""

    widget = ListWidget(prefix_label=False)
    option_widget = _BoxOption()

    def pre_validate(self, form: Form) -> None:
        """Nothing ticked is no wrong choice."""
        if self.data:
            super().pre_validate(form)


class ConsentBox(BooleanField):
    """A box whose value is the version of the text beside it: a newer text is asked for anew."""

    data: Any

    def __init__(self, label: str, validators: Sequence[Any], *, version: int, **more: Any) -> None:
        super().__init__(label, validators, **more)
        self._version = version

    def _value(self) -> str:
        return str(self._version)

    def pre_validate(self, _form: Form) -> None:
        """Whoever ticked an older text has not agreed to this one."""
        sent = str(self.raw_data[0]) if self.data and self.raw_data else ""
        if sent.isdigit() and sent != self._value():
            self.data = False
            raise ValidationError(_l("This text has just been changed. Please read it again."))


class NumberField(IntegerField):
    """A whole number, or nothing."""

    def process_formdata(self, valuelist: list[str]) -> None:
        """Read a number; what is none is told in our words."""
        text = valuelist[0].strip() if valuelist else ""
        self.data = None
        if not text:
            return
        if not (text.isascii() and text.removeprefix("-").isdigit() and len(text) <= _DIGITS):
            raise ValueError(_l("Please enter a whole number."))
        self.data = int(text)


class DayField(DateField):
    """A day, from the browser's calendar or typed as in 31.12.2026; or nothing."""

    def __init__(self, label: str, validators: Sequence[Any], **more: Any) -> None:
        super().__init__(label, validators, format=["%Y-%m-%d", "%d.%m.%Y"], **more)

    def process_formdata(self, valuelist: list[str]) -> None:
        """Read a day of our times."""
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

"""The fields of the registration form: those of everybody, and those of whoever fills it in."""

from typing import Any

from flask_babel import gettext, lazy_gettext
from flask_wtf import FlaskForm
from wtforms import Field, RadioField, SelectField, StringField, TextAreaField
from wtforms.fields.choices import SelectChoice
from wtforms.validators import StopValidation
from wtforms.widgets import RadioInput

from ikone_events.domain.events.facts import Mode
from ikone_events.domain.header_text import header_complaint, text_complaint
from ikone_events.domain.refusals import N_
from ikone_events.domain.registering.registration import MODE_LABELS
from ikone_events.domain.registering.seating import SeatAvailability
from ikone_events.domain.salutation import SALUTATION_LABELS, full_name
from ikone_events.web.shell.event_badge import MODES, mode_places_words
from ikone_events.web.shell.forms import (
    AddressField,
    PublicForm,
    at_most,
    deliverable,
    needed,
    no_web_address,
    one_line,
    stripped,
    unless,
)
from ikone_events.web.shell.i18n import translate

QUESTION_LENGTH = 2000
_OF_NAMES = (at_most(100), one_line, no_web_address)
_OF_ADDRESSES = (at_most(254), one_line, deliverable)
_OF_LINES = (at_most(200), one_line, no_web_address)


class _ModeOption(RadioInput):
    """A radio button that may be shown without being offered."""

    def __call__(self, field: Field, **look: Any) -> Any:
        return super().__call__(field, **{**look, **field.choice.render_kw})


class _ModeField(RadioField):
    """How somebody takes part; whether there is room is decided behind the lock."""

    option_widget = _ModeOption()


def mode_choices(availability: SeatAvailability) -> list[SelectChoice]:
    """Each mode with what is left of it; one that can't be had is shown, not offered."""
    return [_mode_choice(availability, mode) for mode in MODES]


def _mode_choice(availability: SeatAvailability, mode: Mode) -> SelectChoice:
    full = availability.free_for(mode) == 0
    words = [MODE_LABELS[mode], mode_places_words(availability, mode)]
    if full and availability.waiting_list:
        words.append(N_("waiting list"))
    label = " – ".join(gettext(each) for each in words if each)
    taken = full and not availability.waiting_list
    return SelectChoice(mode.value, label, {"disabled": True} if taken else {})


class PersonForm(FlaskForm):
    """Who comes; only what is needed is required."""

    salutation = SelectField(lazy_gettext("Salutation"), default="")
    title = StringField(
        lazy_gettext("Title"),
        [at_most(50), one_line, no_web_address],
        filters=[stripped],
        render_kw={"autocomplete": "honorific-prefix"},
    )
    first_name = StringField(
        lazy_gettext("First name"),
        [needed(lazy_gettext("Please enter the first name.")), *_OF_NAMES],
        filters=[stripped],
        render_kw={"autocomplete": "given-name"},
    )
    last_name = StringField(
        lazy_gettext("Last name"),
        [needed(lazy_gettext("Please enter the last name.")), *_OF_NAMES],
        filters=[stripped],
        render_kw={"autocomplete": "family-name"},
    )
    email = AddressField(
        lazy_gettext("Work e-mail address"),
        [needed(lazy_gettext("Please enter the e-mail address.")), *_OF_ADDRESSES],
        filters=[stripped],
        description=lazy_gettext("We send the confirmation, calendar entry and access link there."),
        render_kw={"autocomplete": "email"},
    )
    mode = _ModeField(lazy_gettext("How do you take part?"), choices=[], validate_choice=False)

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.salutation.choices = [
            (value, lazy_gettext(label)) for value, label in SALUTATION_LABELS.items()
        ]

    def validate_last_name(self, field: Field) -> None:
        """Title and names stand together in the header of every mail."""
        parts = (self.title.data, self.first_name.data, field.data)
        together = full_name(*(part or "" for part in parts))
        if complaint := header_complaint(together):
            raise StopValidation(translate(complaint))

    def validate_mode(self, field: Field) -> None:
        """Nobody is asked twice how they come, and nobody is guessed."""
        if field.data not in {choice.value for choice in field.choices}:
            raise StopValidation(lazy_gettext("Please choose how you take part."))


class ColleagueForm(PersonForm):
    """Somebody of the same administration who is registered along; the token is the form's."""

    class Meta:
        """No token of its own."""

        csrf = False

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        for field in self:
            # A browser would fill in the person who sits before it.
            field.render_kw = {**(field.render_kw or {}), "autocomplete": "off"}
        self.mode.label.text = lazy_gettext("How does this person take part?")
        self.email.description = lazy_gettext("This person gets an e-mail and link of their own.")


class RegistrationForm(PersonForm, PublicForm):
    """Whoever fills in the form, and what is asked once for all."""

    code = StringField(
        lazy_gettext("Code of your invitation"),
        [needed(lazy_gettext("Please enter the code of your invitation.")), at_most(60), one_line],
        filters=[stripped],
        description=lazy_gettext("It stands in the invitation. Case and hyphens do not matter."),
        render_kw={"autocomplete": "off", "autocapitalize": "characters", "spellcheck": "false"},
    )
    organisation = StringField(
        lazy_gettext("Administration or organisation"),
        [needed(lazy_gettext("Please name your administration.")), *_OF_LINES],
        filters=[stripped],
        description=lazy_gettext("For example: Stadtverwaltung Bendorf, Kreisverwaltung Kusel"),
        render_kw={"autocomplete": "organization"},
    )
    position = StringField(
        lazy_gettext("Department or position"),
        _OF_LINES,
        filters=[stripped],
        render_kw={"autocomplete": "organization-title"},
    )
    question = TextAreaField(
        lazy_gettext("Question to the speakers"),
        [at_most(QUESTION_LENGTH), unless(text_complaint)],
        filters=[stripped],
        render_kw={"rows": 4},
    )

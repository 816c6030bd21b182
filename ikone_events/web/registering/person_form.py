"""Forms with a person's details: of the sender, a colleague, and on personal pages."""

from typing import Any

from flask_babel import gettext, lazy_gettext
from flask_wtf import FlaskForm
from wtforms import BooleanField, Field, HiddenField, RadioField, SelectField
from wtforms.fields.choices import SelectChoice
from wtforms.validators import StopValidation

from ikone_events.domain.header_text import header_complaint, text_complaint
from ikone_events.domain.refusals import N_
from ikone_events.domain.registering.registration import MODE_LABELS
from ikone_events.domain.registering.seating import SeatAvailability
from ikone_events.domain.salutation import SALUTATION_LABELS, full_name
from ikone_events.web.registering.own_inputs import RadioOption
from ikone_events.web.shell.badges import MODES, mode_places_words
from ikone_events.web.shell.forms import (
    ADDRESS_CHECKS,
    AddressField,
    LineField,
    PublicForm,
    TextField,
    at_most,
    fit_name,
    needed,
    one_line,
    unless,
)
from ikone_events.web.shell.i18n import translate

QUESTION_LENGTH = 2000
SALUTATIONS = [(value, lazy_gettext(label)) for value, label in SALUTATION_LABELS.items()]
_OF_NAMES = (at_most(100), fit_name)
_OF_LINES = (at_most(200), fit_name)


class _SalutationField(SelectField):
    """A salutation; what was sent is looked up, without making all options for that."""

    def pre_validate(self, form: FlaskForm) -> None:
        """Accept the choices alone."""
        if self.data not in SALUTATION_LABELS:
            super().pre_validate(form)


class _ModeField(RadioField):
    """How somebody takes part; whether there is room is decided later, under the lock."""

    option_widget = RadioOption()


def mode_choices(availability: SeatAvailability) -> list[SelectChoice]:
    """Each mode with the seats left; disabled when it is full and has no waiting list."""
    choices = []
    for mode in MODES:
        full = availability.free_for(mode) == 0
        words = [MODE_LABELS[mode], mode_places_words(availability, mode)]
        if full and availability.waiting_list:
            words.append(N_("waiting list"))
        label = " – ".join(gettext(each) for each in words if each)
        disabled = full and not availability.waiting_list
        choices.append(SelectChoice(mode.value, label, {"disabled": True} if disabled else {}))
    return choices


class PersonForm(FlaskForm):
    """Name, e-mail address and mode of a person."""

    salutation = _SalutationField(lazy_gettext("Salutation"), default="")
    title = LineField(
        lazy_gettext("Title"),
        [at_most(50), fit_name],
        render_kw={"autocomplete": "honorific-prefix"},
    )
    first_name = LineField(
        lazy_gettext("First name"),
        [needed(lazy_gettext("Please enter the first name.")), *_OF_NAMES],
        render_kw={"autocomplete": "given-name"},
    )
    last_name = LineField(
        lazy_gettext("Last name"),
        [needed(lazy_gettext("Please enter the last name.")), *_OF_NAMES],
        render_kw={"autocomplete": "family-name"},
    )
    email = AddressField(
        lazy_gettext("Work e-mail address"),
        [needed(lazy_gettext("Please enter the e-mail address.")), *ADDRESS_CHECKS],
        description=lazy_gettext("We send the confirmation, calendar entry and access link there."),
        render_kw={"autocomplete": "email"},
    )
    mode = _ModeField(lazy_gettext("How do you take part?"), choices=[], validate_choice=False)

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.salutation.choices = SALUTATIONS

    def validate_last_name(self, field: Field) -> None:
        """Check title and names together, as in the header of every mail."""
        parts = (self.title.data, self.first_name.data, field.data)
        together = full_name(*(part or "" for part in parts))
        if complaint := header_complaint(together):
            raise StopValidation(translate(complaint))

    def validate_mode(self, field: Field) -> None:
        """Require one of the choices."""
        if field.data not in {choice.value for choice in field.choices}:
            raise StopValidation(lazy_gettext("Please choose how you take part."))

    def names(self) -> dict[str, str]:
        """The valid salutation, title and names."""
        return {
            name: self[name].data for name in ("salutation", "title", "first_name", "last_name")
        }

    def turn_off_autofill(self) -> None:
        """For another person's details: browsers would fill in those of their user."""
        for field in self:
            # HTML has no such attribute at fields to tick, nor "off" at hidden ones.
            if not isinstance(field, (RadioField, BooleanField, HiddenField)):
                field.render_kw = {**(field.render_kw or {}), "autocomplete": "off"}


# Fields of several forms; WTForms binds a copy to each.
POSITION = LineField(
    lazy_gettext("Department or position"),
    _OF_LINES,
    render_kw={"autocomplete": "organization-title"},
)
QUESTION = TextField(
    lazy_gettext("Question to the speakers"),
    [at_most(QUESTION_LENGTH), unless(text_complaint)],
    render_kw={"rows": 4},
)


class ColleagueForm(PersonForm):
    """A colleague of the sender; part of the sender's form."""

    class Meta:
        """No CSRF token of its own."""

        csrf = False

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.turn_off_autofill()
        if "mode" in self:
            self.mode.label.text = lazy_gettext("How does this person take part?")
        self.email.description = lazy_gettext("This person gets an e-mail and link of their own.")


class RegistrationForm(PersonForm, PublicForm):
    """The sender, and what is asked once for everybody."""

    code = LineField(
        lazy_gettext("Code of your invitation"),
        [needed(lazy_gettext("Please enter the code of your invitation.")), at_most(60), one_line],
        description=lazy_gettext("It stands in the invitation. Case and hyphens do not matter."),
        render_kw={"autocomplete": "off", "autocapitalize": "characters", "spellcheck": "false"},
    )
    organisation = LineField(
        lazy_gettext("Public body or organisation"),
        [needed(lazy_gettext("Please name your organisation.")), *_OF_LINES],
        description=lazy_gettext("For example: Stadtverwaltung Bendorf, Kreisverwaltung Kusel"),
        render_kw={"autocomplete": "organization"},
    )
    position = POSITION
    question = QUESTION

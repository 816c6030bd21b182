"""The registration form and what it refuses, in words at the field."""

import re
from collections.abc import Callable

from email_validator import EmailNotValidError, validate_email
from flask_babel import lazy_gettext
from flask_wtf import FlaskForm
from wtforms import EmailField, Field, SelectField, StringField, TextAreaField
from wtforms.validators import DataRequired, Length, StopValidation

from ikone_events.domain.header_text import ascii_address, header_complaint, text_complaint
from ikone_events.domain.refusals import Complaint, UnfitInput
from ikone_events.domain.salutation import full_name
from ikone_events.services.registrations import Applicant
from ikone_events.web.i18n import SALUTATION_LABELS, say

QUESTION_LENGTH = 2000
_ADDRESS_IN_NAME = re.compile(
    r"://|www\.|\w\.(?:de|com|net|org|info|biz|eu|io|me|ru|cn|xyz|top)(?![\w.])", re.IGNORECASE
)

Check = Callable[[FlaskForm, Field], None]


def _stripped(value: str | None) -> str:
    """Spaces at the ends are typing; anything odder is left for the checks to refuse."""
    return (value or "").strip(" \t\u00a0")


def _unless(complain: Callable[[str], Complaint | None]) -> Check:
    def check(_form: FlaskForm, field: Field) -> None:
        complaint = complain(field.data or "")
        if complaint is not None:
            raise StopValidation(say(complaint))

    return check


def no_web_address(_form: FlaskForm, field: Field) -> None:
    """Names stand in letters to the address given: nobody may send advertising that way."""
    if _ADDRESS_IN_NAME.search(field.data or ""):
        raise StopValidation(lazy_gettext("Please enter no web address here."))


def deliverable(_form: FlaskForm, field: Field) -> None:
    """An address by the grammar of mail; no question to the network."""
    try:
        checked = validate_email(field.data or "", check_deliverability=False)
        # Domains are kept as they travel: IDNA 2008 knows that "ß" is no "ss".
        address = ascii_address(f"{checked.local_part}@{checked.ascii_domain}")
    except (EmailNotValidError, UnfitInput, ValueError) as fault:
        raise StopValidation(
            lazy_gettext("Please enter an address like name@example.org.")
        ) from fault
    field.data = address


_line = _unless(header_complaint)


def _needed(text: str) -> DataRequired:
    return DataRequired(text)


def _at_most(number: int) -> Length:
    return Length(max=number, message=lazy_gettext("Please use at most %(max)d characters."))


class PublicForm(FlaskForm):
    """What the forms for everybody share: a field that only programs see, and one sentence."""

    website = StringField(lazy_gettext("Leave this field empty"))

    def explain_expiry(self) -> None:
        """Say in one sentence what a token without its session means for the person."""
        if self.csrf_token.errors:
            text = lazy_gettext(
                "The page was open for a long time. Please press the button once more."
            )
            self.csrf_token.errors = [text]


class SubscriptionForm(PublicForm):
    """An address and nothing else: who is behind it is not needed for writing to it."""

    email = EmailField(
        lazy_gettext("E-mail address"),
        [
            _needed(lazy_gettext("Please enter your e-mail address.")),
            _at_most(254),
            _line,
            deliverable,
        ],
        filters=[_stripped],
        description=lazy_gettext("For example: name@example.org"),
        render_kw={"autocomplete": "email"},
    )


class RegistrationForm(PublicForm):
    """Who comes; only what is needed is required (public-sector guide, P2)."""

    salutation = SelectField(lazy_gettext("Salutation"), default="")
    title = StringField(
        lazy_gettext("Title"),
        [_at_most(50), _line, no_web_address],
        filters=[_stripped],
        render_kw={"autocomplete": "honorific-prefix"},
    )
    first_name = StringField(
        lazy_gettext("First name"),
        [
            _needed(lazy_gettext("Please enter your first name.")),
            _at_most(100),
            _line,
            no_web_address,
        ],
        filters=[_stripped],
        render_kw={"autocomplete": "given-name"},
    )
    last_name = StringField(
        lazy_gettext("Last name"),
        [
            _needed(lazy_gettext("Please enter your last name.")),
            _at_most(100),
            _line,
            no_web_address,
        ],
        filters=[_stripped],
        render_kw={"autocomplete": "family-name"},
    )
    email = EmailField(
        lazy_gettext("Work e-mail address"),
        [
            _needed(lazy_gettext("Please enter your e-mail address.")),
            _at_most(254),
            _line,
            deliverable,
        ],
        filters=[_stripped],
        description=lazy_gettext("We send the confirmation, calendar entry and access link there."),
        render_kw={"autocomplete": "email"},
    )
    organisation = StringField(
        lazy_gettext("Administration or organisation"),
        [
            _needed(lazy_gettext("Please name your administration.")),
            _at_most(200),
            _line,
            no_web_address,
        ],
        filters=[_stripped],
        description=lazy_gettext("For example: Stadtverwaltung Bendorf, Kreisverwaltung Kusel"),
        render_kw={"autocomplete": "organization"},
    )
    position = StringField(
        lazy_gettext("Department or position"),
        [_at_most(200), _line, no_web_address],
        filters=[_stripped],
        render_kw={"autocomplete": "organization-title"},
    )
    question = TextAreaField(
        lazy_gettext("Question to the speakers"),
        [_at_most(QUESTION_LENGTH), _unless(text_complaint)],
        filters=[_stripped],
        render_kw={"rows": 4},
    )

    def __init__(self, *args: object, **kwargs: object) -> None:
        super().__init__(*args, **kwargs)
        self.salutation.choices = [
            (value, lazy_gettext(label)) for value, label in SALUTATION_LABELS.items()
        ]

    def validate_last_name(self, field: Field) -> None:
        """Title and names stand together in the header of every letter."""
        parts = (self.title.data, self.first_name.data, field.data)
        together = full_name(*(part or "" for part in parts))
        if complaint := header_complaint(together):
            raise StopValidation(say(complaint))

    def applicant(self, locale: str) -> Applicant:
        """The checked entries."""
        return Applicant(
            salutation=self.salutation.data,
            title=self.title.data,
            first_name=self.first_name.data,
            last_name=self.last_name.data,
            email=self.email.data,
            organisation=self.organisation.data,
            position=self.position.data,
            question=self.question.data.replace("\r\n", "\n"),
            locale=locale,
        )

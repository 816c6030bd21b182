"""What the forms for everybody share, and what they refuse, in words at the field."""

import re
from collections.abc import Callable

from email_validator import EmailNotValidError, validate_email
from flask_babel import lazy_gettext
from flask_wtf import FlaskForm
from wtforms import EmailField, Field, StringField
from wtforms.validators import DataRequired, Length, StopValidation

from ikone_events.domain.header_text import ascii_address, header_complaint
from ikone_events.domain.refusals import Complaint, UnfitInput
from ikone_events.web.shell.i18n import translate

_ADDRESS_IN_NAME = re.compile(
    r"://|www\.|\w\.(?:de|com|net|org|info|biz|eu|io|me|ru|cn|xyz|top)(?![\w.])", re.IGNORECASE
)

Check = Callable[[FlaskForm, Field], None]


def stripped(value: str | None) -> str:
    """Spaces at the ends are typing; anything odder is left for the checks to refuse."""
    return (value or "").strip(" \t\u00a0")


def unless(complain: Callable[[str], Complaint | None]) -> Check:
    """Refuse what a rule complains about, in its words."""

    def check(_form: FlaskForm, field: Field) -> None:
        complaint = complain(field.data or "")
        if complaint is not None:
            raise StopValidation(translate(complaint))

    return check


def no_web_address(_form: FlaskForm, field: Field) -> None:
    """Names stand in mails to the address given: nobody may send advertising that way."""
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


one_line = unless(header_complaint)


class AddressField(EmailField):
    """An address whose data is as it travels, while the page shows it as it was typed."""

    def _value(self) -> str:
        return self.raw_data[0] if self.raw_data else self.data or ""


def needed(text: str) -> DataRequired:
    """The field must be filled in."""
    return DataRequired(text)


def at_most(number: int) -> Length:
    """The text has its room in the table."""
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

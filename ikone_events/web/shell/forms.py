"""Checks and base class of public forms."""

import hmac
import re
from collections.abc import Callable
from functools import lru_cache
from typing import Any, ClassVar

from email_validator import EmailNotValidError, validate_email
from email_validator.rfc_constants import CASE_INSENSITIVE_MAILBOX_NAMES
from flask import current_app, request, session
from flask_babel import lazy_gettext
from flask_wtf import FlaskForm
from itsdangerous import BadData, URLSafeTimedSerializer
from wtforms import EmailField, Field, StringField, TextAreaField
from wtforms.csrf.core import CSRFTokenField
from wtforms.meta import DefaultMeta
from wtforms.validators import DataRequired, Length, StopValidation, ValidationError

from ikone_events.domain.header_text import (
    ascii_address,
    header_complaint,
    name_complaint,
    normal_line,
    normal_text,
)
from ikone_events.domain.refusals import Complaint, UnfitInput
from ikone_events.domain.tokens import OneSigner
from ikone_events.store.running import running_app, this_context
from ikone_events.web.shell.i18n import gettext, translate

# What no check of a local part changes or refuses (RFC 5321, 4.5.3.1.1).
_PLAIN_LOCAL = re.compile(r"(?=.{1,64}\Z)[A-Za-z0-9_-]+(?:[.+][A-Za-z0-9_-]+)*")
Check = Callable[[FlaskForm, Field], None]


def typed_line(value: str | None) -> str:
    """A typed line in its normal form."""
    return normal_line(value or "")


def typed_text(value: str | None) -> str:
    """A typed text of several lines in its normal form."""
    return normal_text(value or "").strip(" \t\n\u00a0")


def unless(complain: Callable[[str], Complaint | None]) -> Check:
    """Validator from a domain rule: its complaint becomes the error."""

    def check(_form: FlaskForm, field: Field) -> None:
        complaint = complain(field.data or "")
        if complaint is not None:
            raise StopValidation(translate(complaint))

    return check


@lru_cache(maxsize=1000)
def _ascii_domain(domain: str) -> str:
    """The domain in ASCII: its check costs most, and colleagues share it.

    Raises EmailNotValidError. Domains are stored as sent: IDNA 2008 tells "ß" from "ss".
    """
    return validate_email(f"a@{domain}", check_deliverability=False).ascii_domain


def deliverable(_form: FlaskForm, field: Field) -> None:
    """Check the syntax of an e-mail address, without DNS, and normalise it."""
    typed = field.data or ""
    local, _, domain = typed.rpartition("@")
    try:
        if _PLAIN_LOCAL.fullmatch(local) and local.lower() not in CASE_INSENSITIVE_MAILBOX_NAMES:
            address = ascii_address(f"{local}@{_ascii_domain(domain)}")
        else:
            checked = validate_email(typed, check_deliverability=False)
            address = ascii_address(f"{checked.local_part}@{checked.ascii_domain}")
    except (EmailNotValidError, UnfitInput, ValueError) as fault:
        raise StopValidation(
            lazy_gettext("Please enter an address like name@example.org.")
        ) from fault
    field.data = address


one_line = unless(header_complaint)
fit_name = unless(name_complaint)


class LineField(StringField):
    """A line of text; checks see its normal form."""

    def __init__(self, *args: Any, filters: Any = (), **kwargs: Any) -> None:
        super().__init__(*args, filters=[typed_line, *filters], **kwargs)


class TextField(TextAreaField):
    """A text of several lines; checks see its normal form, with \\n as line breaks."""

    def __init__(self, *args: Any, filters: Any = (), **kwargs: Any) -> None:
        super().__init__(*args, filters=[typed_text, *filters], **kwargs)


class AddressField(LineField, EmailField):
    """An e-mail field whose data is normalised while the page shows it as typed."""

    def _value(self) -> str:
        return self.raw_data[0] if self.raw_data else self.data or ""


def show_instead(field: Field, value: object) -> None:
    """Let a field show a value in place of what was sent."""
    field.raw_data, field.data = None, value


def needed(text: str) -> DataRequired:
    """The field must be filled in."""
    return DataRequired(text)


def at_most(number: int) -> Length:
    """The text fits into its column."""
    return Length(max=number, message=lazy_gettext("Please use at most %(max)d characters."))


ADDRESS_CHECKS = (at_most(254), one_line, deliverable)


def sends_no_cookie() -> bool:
    """Whether the browser does not return the cookie that comes with every form."""
    return current_app.config["SESSION_COOKIE_NAME"] not in request.cookies


class _TokenField(CSRFTokenField):
    """A CSRF token made when it is shown: a form that is carried out needs no other one."""

    def process(self, *args: Any, **kwargs: Any) -> None:
        """Take the token that was sent."""
        super(CSRFTokenField, self).process(*args, **kwargs)

    def _value(self) -> str:
        token: str = self.csrf_impl.generate_csrf_token(self)
        return token


class _TokenSerializer(OneSigner, URLSafeTimedSerializer):
    """Flask-WTF's serializer of tokens, with its signer made once."""


@lru_cache(maxsize=2)
def _serializer(secret_key: str) -> _TokenSerializer:
    return _TokenSerializer(secret_key, salt="wtf-csrf-token")


def is_token_of(secret: object, token: str, max_age: int | None) -> bool:
    """Whether Flask-WTF made this token from the secret of a session, at most so long ago."""
    try:
        named = _serializer(str(running_app().secret_key)).loads(token, max_age=max_age)
    except BadData:
        return False
    return bool(secret) and hmac.compare_digest(str(named), str(secret))


class _Tokens(FlaskForm.Meta.csrf_class):
    field_class = _TokenField

    def validate_csrf_token(self, _form: FlaskForm, field: Field) -> None:
        """Check the token as Flask-WTF does, which derives the key each time."""
        if this_context().g.get("csrf_valid"):
            return  # checked before the view
        config = running_app().config
        secret = session.get(config["WTF_CSRF_FIELD_NAME"])
        if not is_token_of(secret, field.data or "", config["WTF_CSRF_TIME_LIMIT"]):
            raise ValidationError("no valid token")


class PublicForm(FlaskForm):
    """Base class of public forms, with a field that people do not see."""

    # The fields as the first form of this class had them, before any input: class and attributes.
    _kept: ClassVar[dict[str, tuple[type[Field], dict[str, Any]]]] = {}

    def __init_subclass__(cls) -> None:
        cls._kept = {}

    class Meta(DefaultMeta):
        """Tokens made late, and fields made once for each class of forms."""

        csrf_class = _Tokens

        def bind_field(self, form: Any, unbound_field: Any, options: dict[str, Any]) -> Field:
            """A copy of the field as it was made for the first form."""
            name = options["prefix"] + options["name"]
            known = form._kept.get(name)  # noqa: SLF001 - of our class
            if known is None:
                first = super().bind_field(form, unbound_field, options)
                if name == self.csrf_field_name:  # made for one form
                    return first
                attributes = vars(first)
                del attributes["meta"], attributes["_form"]  # what was typed belongs to nobody else
                known = form._kept[name] = type(first), attributes  # noqa: SLF001
            kind, attributes = known
            field: Field = object.__new__(kind)
            own = {"meta": self, "_form": form, "_translations": options["translations"]}
            field.__dict__ = {**attributes, **own}
            return field

    website = LineField(lazy_gettext("Leave this field empty"))

    def validate(self, *args: Any, **kwargs: Any) -> bool:
        """Validate all fields; errors of the whole form stand at the CSRF token."""
        fit = super().validate(*args, **kwargs)
        if self.csrf_token.errors:
            self.csrf_token.errors = [_why_no_token()]
        elif fit and "website" in self and self.website.data:
            # Bots fill in every field, but so do password managers: ask, with an empty field.
            self.website.data = ""
            self.csrf_token.errors = [_ask_again()]
            return False
        return bool(fit)


def _why_no_token() -> str:
    if sends_no_cookie():
        return gettext(
            "Your browser did not return the cookie that this form needs for security. Either it"
            " blocks cookies: then please allow them for this page. Or the page was open for a long"
            " time. Your entries are kept; please press the button once more."
        )
    return gettext("The page was open for a long time. Please press the button once more.")


def _ask_again() -> str:
    return gettext(
        "A field that is not visible was filled in, perhaps by a program that fills in forms for"
        " you. Nothing was stored. Please look at your entries and press the button once more."
    )

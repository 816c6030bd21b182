"""One filled-in form: whoever fills it in, the colleagues registered along, and their faults."""

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from typing import Any

from flask import request
from flask_babel import gettext
from wtforms import Field

from ikone_events.domain.address import email_key
from ikone_events.domain.events.facts import EventFormat, Mode
from ikone_events.domain.refusals import Complaint
from ikone_events.domain.registering.form_fields import FieldKind, OwnField
from ikone_events.domain.registering.seating import SeatAvailability
from ikone_events.domain.salutation import full_name
from ikone_events.services.registering.registrations import Applicant
from ikone_events.store.events.models import Event
from ikone_events.web.registering.own_fields import add_own_fields, answers_of
from ikone_events.web.registering.person_form import (
    ColleagueForm,
    PersonForm,
    RegistrationForm,
    mode_choices,
)
from ikone_events.web.shell.i18n import page_locale, translate

MOST_PEOPLE = 10
PERSON, ADD, REMOVE = "person", "add", "remove"
# Our own page sends it along: who saw the question and left it open is asked again.
MODE_ASKED = "mode_asked"
_NUMBER = re.compile("[1-9][0-9]{0,2}")
_ORDER = (
    *("csrf_token", "code", "salutation", "title", "first_name", "last_name", "email", "mode"),
    *("organisation", "position"),
)


@dataclass(frozen=True, slots=True)
class Colleague:
    """One of those who are registered along; `number` names their fields, `about` heads them."""

    number: int
    about: str
    form: PersonForm

    @property
    def anchor(self) -> str:
        """Where on the page the person stands."""
        return f"person-{self.number}"


@dataclass
class SignUp:
    """The form of one event as it was sent, or empty."""

    event: Event
    fields: tuple[OwnField, ...]
    first: RegistrationForm
    others: list[Colleague]
    form_errors: list[str] = field(default_factory=list)

    @property
    def forms(self) -> list[PersonForm]:
        """Everybody's own part."""
        return [self.first, *(other.form for other in self.others)]

    @property
    def errors(self) -> bool:
        """Whether anything is wrong, for the page's title."""
        return bool(self.form_errors) or any(form.errors for form in self.forms)

    def __iter__(self) -> Iterator[Field | Colleague]:
        """The fields in the order of the page, for the summary of what is wrong."""
        first = [self.first[name] for name in _ORDER if name in self.first]
        rest = [each for each in self.first if each not in first]
        yield from (*first, *(each for each in rest if each.short_name != "question"))
        yield self.first.question
        yield from self.others

    def validate(self) -> bool:
        """Check everybody's entries, so that all faults are told at once."""
        fit = [form.validate() for form in self.forms]
        self.first.explain_expiry()
        return all(fit) and self._each_address_once()

    def _each_address_once(self) -> bool:
        known: set[str] = set()
        for form in self.forms:
            key = email_key(form.email.data)
            if key in known:
                _add_error(form.email, gettext("Each person needs an e-mail address of their own."))
            known.add(key)
        return len(known) == len(self.forms)

    def place(self, complaints: Sequence[Complaint]) -> None:
        """Put each complaint of the rules at the field it is about, the others above the form."""
        for complaint in complaints:
            form = self._form_of(complaint)
            if form is None:
                self.form_errors.append(translate(complaint))
            else:
                _add_error(form[complaint.about], translate(complaint))

    def _form_of(self, complaint: Complaint) -> PersonForm | None:
        """Whose entry it is about. Of a choice that ran out, the last who took it goes without."""
        asked = [form for form in self.forms if complaint.about in form]
        label = complaint.values.get("choice")
        took = [form for form in asked if label in self._chosen(form, complaint.about or "")]
        return took[-1] if took else next(iter(asked), None)

    def _chosen(self, form: PersonForm, name: str) -> set[str]:
        data = form[name].data
        values = data if isinstance(data, list) else [data]
        choices = [each for own in self.fields if own.name == name for each in own.choices]
        return {choice.label for choice in choices if choice.value in values}

    def applicants(self, locale: str) -> list[Applicant]:
        """The checked entries, whoever filled in the form first."""
        first = self.first
        sender = full_name(first.title.data, first.first_name.data, first.last_name.data)
        shared = {
            "organisation": first.organisation.data,
            "code": first.code.data if "code" in first else "",
            "locale": locale,
        }
        return [
            _applicant(
                first,
                answers=answers_of(first, self.fields),
                position=first.position.data,
                question=first.question.data.replace("\r\n", "\n"),
                **shared,
            ),
            *(
                _applicant(
                    other.form,
                    answers=answers_of(other.form, asked_of_colleagues(self.fields)),
                    registered_by=sender,
                    **shared,
                )
                for other in self.others
            ),
        ]


def _applicant(form: PersonForm, **more: Any) -> Applicant:
    return Applicant(
        salutation=form.salutation.data,
        title=form.title.data,
        first_name=form.first_name.data,
        last_name=form.last_name.data,
        email=form.email.data,
        mode=form.mode.data if "mode" in form else "",
        **more,
    )


def read_sign_up(
    event: Event, availability: SeatAvailability, fields: tuple[OwnField, ...]
) -> SignUp:
    """The form of an event with what was sent, or with the code of the address."""
    first: RegistrationForm = add_own_fields(RegistrationForm, fields, page_locale())()
    if not event.by_code:
        del first.code
    elif request.method == "GET":
        first.code.data = request.args.get("code", "")[:60]
    _offer_modes(first, event, availability)
    if (
        "mode" in first
        and request.method == "POST"
        and not {"mode", MODE_ASKED} & set(request.form)
    ):
        first.mode.data = Mode.ONLINE.value  # a program that knows the usual fields alone
    form_class = add_own_fields(ColleagueForm, asked_of_colleagues(fields), page_locale())
    others = [
        Colleague(
            number, gettext("Person %(number)d", number=place), form_class(prefix=f"p{number}-")
        )
        for place, number in _numbers(event)
    ]
    for other in others:
        _offer_modes(other.form, event, availability)
    return SignUp(event, fields, first, others)


def _offer_modes(form: PersonForm, event: Event, availability: SeatAvailability) -> None:
    if event.format == EventFormat.HYBRID.value:
        form.mode.choices = mode_choices(availability)
    else:
        del form.mode


def _numbers(event: Event) -> Iterator[tuple[int, int]]:
    """The colleagues' place among the people and the number of their fields."""
    sent = request.form.getlist(PERSON) if event.colleagues else []
    numbers = [int(text) for text in dict.fromkeys(sent) if _NUMBER.fullmatch(text)]
    if event.colleagues and ADD in request.form:
        numbers.append(max([1, *numbers]) + 1)
    removed = request.form.get(REMOVE, "")
    kept = [number for number in numbers if str(number) != removed]
    return enumerate(kept[: MOST_PEOPLE - 1], start=2)


def next_anchor(event: Event, sign_up: SignUp | None) -> str:
    """Where one more person will stand, so that the browser goes there; "" where none may."""
    others = sign_up.others if sign_up else []
    if not event.colleagues or len(others) + 1 >= MOST_PEOPLE:
        return ""
    return f"person-{max([1, *(other.number for other in others)]) + 1}"


def asked_of_colleagues(fields: tuple[OwnField, ...]) -> tuple[OwnField, ...]:
    """Own fields that one may fill in for another; a consent each person gives themself."""
    return tuple(each for each in fields if each.kind is not FieldKind.CONSENT)


def _add_error(field: Field, text: str) -> None:
    field.errors = [*field.errors, text]

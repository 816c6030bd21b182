"""The registration form of one request: the sender, their colleagues, and the errors."""

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from typing import Any

from flask_babel import gettext
from werkzeug.datastructures import ImmutableMultiDict
from wtforms import Field

from ikone_events.domain.address import email_key
from ikone_events.domain.events.facts import EventFormat, Mode
from ikone_events.domain.figures.channels import VIA, channel_of
from ikone_events.domain.refusals import Complaint
from ikone_events.domain.registering.form_fields import FieldKind, OwnField
from ikone_events.domain.registering.seating import SeatAvailability
from ikone_events.domain.salutation import full_name
from ikone_events.services.registering.new_registrations import Applicant
from ikone_events.store.events.models import Event
from ikone_events.store.registering.current_event import CurrentEvent
from ikone_events.web.registering.own_fields import add_own_fields, answers_of
from ikone_events.web.registering.person_form import (
    ColleagueForm,
    PersonForm,
    RegistrationForm,
    mode_choices,
)
from ikone_events.web.shell.badges import EventBadge, badge_for
from ikone_events.web.shell.i18n import page_locale, translate
from ikone_events.web.shell.present import this_request

MOST_PEOPLE = 10
# More are refused, but kept on the page.
_MOST_SHOWN = 50
PERSON, ADD, REMOVE = "person", "add", "remove"
# Sent by our own page, which asked for the mode: then it is required.
MODE_ASKED = "mode_asked"
_NUMBER = re.compile("[1-9][0-9]{0,2}")
_ORDER = (
    *("csrf_token", "code", "salutation", "title", "first_name", "last_name", "email", "mode"),
    *("organisation", "position"),
)


@dataclass(frozen=True, slots=True)
class Colleague:
    """Form of a colleague; `number` is part of its field names, `about` its heading."""

    number: int
    about: str
    form: PersonForm

    @property
    def anchor(self) -> str:
        """The HTML id of this part of the page."""
        return f"person-{self.number}"


@dataclass
class SignUp:
    """The form of one event as it was sent, or empty; `via` names the link that led to it."""

    event: Event
    fields: tuple[OwnField, ...]
    first: RegistrationForm
    others: list[Colleague]
    form_errors: list[str] = field(default_factory=list)
    via: str = ""

    @property
    def forms(self) -> list[PersonForm]:
        """The form of each person, the sender first."""
        return [self.first, *(other.form for other in self.others)]

    @property
    def errors(self) -> bool:
        """Whether there are errors, for the page's title."""
        return bool(self.form_errors) or any(form.errors for form in self.forms)

    def __iter__(self) -> Iterator[Field | Colleague]:
        """The fields in the order of the page, for the error summary."""
        first = [self.first[name] for name in _ORDER if name in self.first]
        rest = [each for each in self.first if each not in first]
        yield from (*first, *(each for each in rest if each.short_name != "question"))
        yield self.first.question
        yield from self.others

    def validate(self) -> bool:
        """Validate all forms, so that all errors are shown at once."""
        fit = [form.validate() for form in self.forms]
        return all(fit) and self._each_address_once() and self._as_many_as_allowed()

    def _as_many_as_allowed(self) -> bool:
        if self.others and not self.event.colleagues:
            text = gettext(
                "For this event everybody registers on their own now. Your entries are kept: please"
                " remove the other people, who can register themselves."
            )
        elif len(self.forms) > MOST_PEOPLE:
            text = gettext("One form holds ten people. Please use a second one for more.")
        else:
            return True
        self.form_errors.append(text)
        return False

    def _each_address_once(self) -> bool:
        known: set[str] = set()
        for form in self.forms:
            key = email_key(form.email.data)
            if key in known:
                _add_error(form.email, gettext("Each person needs an e-mail address of their own."))
            known.add(key)
        return len(known) == len(self.forms)

    def place(self, complaints: Sequence[Complaint]) -> None:
        """Add each complaint to its field, or to the errors of the whole form."""
        for complaint in complaints:
            form = self._form_of(complaint)
            if form is None:
                self.form_errors.append(translate(complaint))
            else:
                _add_error(form[complaint.about], translate(complaint))

    def _form_of(self, complaint: Complaint) -> PersonForm | None:
        """The form with the entry; of people with a choice that ran out, the last."""
        forms = [form for form in self.forms if complaint.about in form]
        label = complaint.values.get("choice")
        chose = [form for form in forms if label in self._chosen(form, complaint.about or "")]
        return chose[-1] if chose else next(iter(forms), None)

    def _chosen(self, form: PersonForm, name: str) -> set[str]:
        data = form[name].data
        values = data if isinstance(data, list) else [data]
        choices = [each for own in self.fields if own.name == name for each in own.choices]
        return {choice.label for choice in choices if choice.value in values}

    def applicants(self, locale: str) -> list[Applicant]:
        """The valid entries, the sender's first."""
        first = self.first
        sender = full_name(first.title.data, first.first_name.data, first.last_name.data)
        shared = {
            "organisation": first.organisation.data,
            "code": first.code.data if "code" in first else "",
            "locale": locale,
            "via": self.via,
        }
        own = {"position": first.position.data, "question": first.question.data}
        return [
            _applicant(first, self.fields, **own, **shared),
            *(
                _applicant(
                    other.form, asked_of_colleagues(self.fields), registered_by=sender, **shared
                )
                for other in self.others
            ),
        ]


def _applicant(form: PersonForm, fields: tuple[OwnField, ...], **more: Any) -> Applicant:
    return Applicant(
        **form.names(),
        email=form.email.data,
        mode=form.mode.data if "mode" in form else "",
        answers=answers_of(form, fields),
        **more,
    )


@dataclass(frozen=True, slots=True)
class FormContext:
    """An event, its seats and its own fields at the moment of a request.

    A preview has no `current` event: nobody can register there.
    """

    event: Event
    availability: SeatAvailability
    fields: tuple[OwnField, ...] = ()
    current: CurrentEvent | None = None

    @property
    def event_badge(self) -> EventBadge:
        """The public badge; tells whether the form takes registrations."""
        return badge_for(self.availability)

    def read(self) -> SignUp:
        """The form as it was sent, or empty."""
        return _read_sign_up(self.event, self.availability, self.fields)


def _read_sign_up(
    event: Event, availability: SeatAvailability, fields: tuple[OwnField, ...]
) -> SignUp:
    """The form as it was sent, or empty with the code from the query."""
    asked, locale = this_request(), page_locale()
    sent = asked.form
    no_mode = () if event.format == EventFormat.HYBRID.value else ("mode",)
    unasked = no_mode if event.by_code else (*no_mode, "code")
    first: RegistrationForm = add_own_fields(RegistrationForm, fields, locale, *unasked)(
        sent or None
    )
    if event.by_code and asked.method == "GET":
        first.code.data = asked.args.get("code", "")[:60]
    _offer_modes(first, event, availability)
    if "mode" in first and asked.method == "POST" and not {"mode", MODE_ASKED} & set(sent):
        first.mode.data = Mode.ONLINE.value  # a program that sends the usual fields only
    others = []
    for place, number in _numbers(event, sent):
        of_others = asked_of_colleagues(fields)
        form_class = add_own_fields(ColleagueForm, of_others, locale, *no_mode)
        form = form_class(sent or None, prefix=f"p{number}-")
        _offer_modes(form, event, availability)
        others.append(Colleague(number, gettext("Person %(number)d", number=place), form))
    via = channel_of(asked.args.get(VIA, sent.get(VIA)))
    return SignUp(event, fields, first, others, via=via)


def _offer_modes(form: PersonForm, event: Event, availability: SeatAvailability) -> None:
    if "mode" in form:
        form.mode.choices = mode_choices(availability)
    if event.format == EventFormat.ON_SITE.value:
        form.email.description = gettext("We send the confirmation and calendar entry there.")


def _numbers(event: Event, sent: ImmutableMultiDict[str, str]) -> Iterator[tuple[int, int]]:
    """Pairs of a colleague's place on the page and the number in their field names."""
    people = sent.getlist(PERSON)
    numbers = [int(text) for text in dict.fromkeys(people) if _NUMBER.fullmatch(text)]
    if event.colleagues and ADD in sent:
        numbers.append(max([1, *numbers]) + 1)
    removed = sent.get(REMOVE, "")
    kept = [number for number in numbers if str(number) != removed]
    return enumerate(kept[:_MOST_SHOWN], start=2)


def next_anchor(event: Event, sign_up: SignUp | None) -> str:
    """HTML id of the next colleague, where the browser scrolls to; "" if none may be added."""
    others = sign_up.others if sign_up else []
    if not event.colleagues or len(others) + 1 >= MOST_PEOPLE:
        return ""
    return f"person-{max([1, *(other.number for other in others)]) + 1}"


def asked_of_colleagues(fields: tuple[OwnField, ...]) -> tuple[OwnField, ...]:
    """Own fields that are asked of colleagues: all but consents."""
    return tuple(each for each in fields if each.kind is not FieldKind.CONSENT)


def _add_error(field: Field, text: str) -> None:
    field.errors = [*field.errors, text]

"""Correcting one's details and answers, and handing the registration over to a deputy."""

from collections.abc import Iterable, Sequence
from typing import Any, cast

from flask import flash, render_template, request
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _

from ikone_events.domain.refusals import Complaint, StatusRefused, UnfitInput
from ikone_events.domain.registering.form_fields import OwnField
from ikone_events.domain.registering.registration import Status
from ikone_events.domain.registering.self_service import SelfServiceAction, complaint
from ikone_events.services.installation import now
from ikone_events.services.registering.answers import asked_fields
from ikone_events.services.registering.changes import Details, change_details
from ikone_events.services.registering.hand_over import Deputy
from ikone_events.services.registering.hand_over import hand_over as hand_over_registration
from ikone_events.services.registering.status import self_service_facts
from ikone_events.store.db import transaction
from ikone_events.store.registering.form_fields import answers_of as stored_answers
from ikone_events.store.registering.models import Registration
from ikone_events.store.registering.queries import last_change
from ikone_events.web.attendee.frame import (
    blueprint,
    is_handed_over,
    possible,
    registration_from_token,
    to_own_page,
)
from ikone_events.web.registering.own_fields import add_own_fields, answers_of, own_values
from ikone_events.web.registering.person_form import POSITION, QUESTION, PersonForm
from ikone_events.web.shell.access import Permission, permission
from ikone_events.web.shell.forms import PublicForm
from ikone_events.web.shell.i18n import page_locale, translate
from ikone_events.web.shell.limits import PERSONAL, limited

_DETAILS = ("salutation", "title", "first_name", "last_name", "position", "question")
Fields = tuple[OwnField, ...]


class _OwnForm(PersonForm, PublicForm):
    """A person's names and position, without the trap for bots."""

    position = POSITION
    website = mode = None  # type: ignore[assignment]

    def place(self, complaints: Iterable[Complaint]) -> list[str]:
        """Add each complaint to its field; returns the texts of those without a field."""
        left: list[str] = []
        for each in complaints:
            if each.about in self:
                self[each.about].errors = [*self[each.about].errors, translate(each)]
            else:
                left.append(translate(each))
        return left


class ChangeForm(_OwnForm):
    """What people may correct of themselves; the event's own fields are added to it."""

    question = QUESTION
    email = None  # type: ignore[assignment]


class DeputyForm(_OwnForm):
    """The deputy's details."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.turn_off_autofill()
        self.email.description = ""


@blueprint.route("/r/<token>/change", methods=["GET", "POST"])
@permission(Permission.PERSONAL_LINK)
@limited(PERSONAL, methods=["POST"])
def change(token: str) -> ResponseReturnValue:
    """The form with what is stored; its answer is 303, or 422 with everything that was typed."""
    registration = registration_from_token(token)
    fields = asked_fields(registration.event, besides=registration)
    form_class = cast(type[ChangeForm], add_own_fields(ChangeForm, fields, page_locale()))
    if request.method != "POST":
        if possible(SelfServiceAction.CHANGE, self_service_facts(registration, now())) is None:
            return to_own_page(token)
        stored = {name: getattr(registration, name) for name in _DETAILS}
        form = form_class(**stored, **own_values(fields, stored_answers(registration)))
        return _change_page(token, registration, form, fields)
    form, left = form_class(), []
    if form.validate():
        question = form.question.data
        details = Details(**form.names(), position=form.position.data, question=question)
        try:
            with transaction():
                answers = answers_of(form, fields)
                change_details(registration.public_id, details, answers, now=now())
        except UnfitInput as refusal:
            left = form.place(refusal.complaints)
        else:
            flash(_("Your changes are stored."), "success")
            return to_own_page(token)
    return _change_page(token, registration, form, fields, left), 422


def _change_page(
    token: str,
    registration: Registration,
    form: ChangeForm,
    fields: Fields,
    complaints: Sequence[str] = (),
) -> str:
    facts = self_service_facts(registration, now())
    limited = any(choice.places is not None for field in fields for choice in field.choices)
    return render_template(
        "attendee/change.html",
        token=token,
        registration=registration,
        event=registration.event,
        form=form,
        fields=fields,
        complaints=complaints,
        until=facts.starts_at,
        fixed=complaint(SelfServiceAction.CLAIM, facts) if limited else None,
    )


@blueprint.route("/r/<token>/hand-over", methods=["GET", "POST"])
@permission(Permission.PERSONAL_LINK)
@limited(PERSONAL, methods=["POST"])
def hand_over(token: str) -> ResponseReturnValue:
    """The deputy's form; its answer is the same whether the deputy was known or not."""
    registration, form, left = registration_from_token(token), DeputyForm(), []
    if request.method != "POST":
        if possible(SelfServiceAction.HAND_OVER, self_service_facts(registration, now())) is None:
            return to_own_page(token)
        return _hand_over_page(token, registration, form)
    if is_handed_over(last_change(registration)):
        return to_own_page(token)  # the second POST
    if form.validate():
        deputy = Deputy(**form.names(), email=form.email.data, position=form.position.data)
        try:
            with transaction():
                hand_over_registration(registration.public_id, deputy, now=now())
        except UnfitInput as refusal:
            left = form.place(refusal.complaints)
        except StatusRefused:
            if is_handed_over(last_change(registration_from_token(token))):
                return to_own_page(token)  # two POSTs at once
            raise
        else:
            flash(_("Handed over. Your deputy and you get an e-mail each."), "success")
            return to_own_page(token)
    return _hand_over_page(token, registration, form, left), 422


def _hand_over_page(
    token: str, registration: Registration, form: DeputyForm, complaints: Sequence[str] = ()
) -> str:
    return render_template(
        "attendee/hand_over.html",
        token=token,
        registration=registration,
        event=registration.event,
        form=form,
        complaints=complaints,
        waits=registration.status == Status.WAITLISTED.value,
        asks=any(field.required for field in asked_fields(registration.event)),
    )

"""Correcting one's own details and answers."""

from collections.abc import Sequence
from typing import cast

from flask import flash, render_template, request
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _

from ikone_events.domain.refusals import UnfitInput
from ikone_events.domain.registering.form_fields import OwnField
from ikone_events.domain.registering.self_service import SelfServiceAction, complaint
from ikone_events.services.installation import now
from ikone_events.services.registering.answers import answers_of as stored_answers
from ikone_events.services.registering.answers import asked_fields
from ikone_events.services.registering.changes import change_details
from ikone_events.services.registering.status import self_service_facts
from ikone_events.store.db import transaction
from ikone_events.store.registering.models import Registration
from ikone_events.web.attendee.forms import DETAILS, ChangeForm, place
from ikone_events.web.attendee.frame import blueprint, choices, to_own_page
from ikone_events.web.registering.own_fields import add_own_fields, answers_of, own_values
from ikone_events.web.shell.access import Permission, permission
from ikone_events.web.shell.i18n import page_locale
from ikone_events.web.shell.limits import PERSONAL, limited
from ikone_events.web.shell.personal import registration_from_token

Fields = tuple[OwnField, ...]


@blueprint.route("/r/<token>/change", methods=["GET", "POST"])
@permission(Permission.PERSONAL_LINK)
@limited(PERSONAL, methods=["POST"])
def change(token: str) -> ResponseReturnValue:
    """The form with what is stored; its answer is 303, or 422 with everything kept."""
    registration = registration_from_token(token)
    fields = asked_fields(registration.event, besides=registration)
    if request.method != "POST":
        choice = choices(self_service_facts(registration, now())).get(SelfServiceAction.CHANGE)
        if choice is None or choice.complaint is not None:
            return to_own_page(token)
        return _page(token, registration, _stored(registration, fields), fields)
    form = _form_class(fields)()
    left: Sequence[str] = ()
    if form.validate():
        try:
            with transaction():
                answers = answers_of(form, fields)
                change_details(registration.public_id, form.details(), answers, now=now())
        except UnfitInput as refusal:
            left = place(form, refusal.complaints)
        else:
            flash(_("Your changes are stored."), "success")
            return to_own_page(token)
    form.explain_expiry()
    return _page(token, registration, form, fields, left), 422


def _form_class(fields: Fields) -> type[ChangeForm]:
    return cast(type[ChangeForm], add_own_fields(ChangeForm, fields, page_locale()))


def _stored(registration: Registration, fields: Fields) -> ChangeForm:
    """The form filled with what we know."""
    details = {name: getattr(registration, name) for name in DETAILS}
    return _form_class(fields)(**details, **own_values(fields, stored_answers(registration)))


def _page(
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

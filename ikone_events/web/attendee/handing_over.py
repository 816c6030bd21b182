"""Handing the registration over to a deputy of the same administration."""

from collections.abc import Sequence

from flask import flash, render_template, request
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _

from ikone_events.domain.refusals import StatusRefused, UnfitInput
from ikone_events.domain.registering.registration import Status
from ikone_events.domain.registering.self_service import SelfServiceAction
from ikone_events.services.installation import now
from ikone_events.services.registering.hand_over import hand_over as pass_on
from ikone_events.services.registering.status import self_service_facts
from ikone_events.store.db import transaction
from ikone_events.store.registering.models import Registration
from ikone_events.store.registering.queries import last_change
from ikone_events.web.attendee.forms import DeputyForm, place
from ikone_events.web.attendee.frame import blueprint, choices, is_handed_over, to_own_page
from ikone_events.web.shell.access import Permission, permission
from ikone_events.web.shell.limits import PERSONAL, limited
from ikone_events.web.shell.personal import registration_from_token


@blueprint.route("/r/<token>/hand-over", methods=["GET", "POST"])
@permission(Permission.PERSONAL_LINK)
@limited(PERSONAL, methods=["POST"])
def hand_over(token: str) -> ResponseReturnValue:
    """The deputy's form; 303 to the own page, the same whether the deputy was known or not."""
    registration, form = registration_from_token(token), DeputyForm()
    if request.method != "POST":
        choice = choices(self_service_facts(registration, now())).get(SelfServiceAction.HAND_OVER)
        if choice is None or choice.complaint is not None:
            return to_own_page(token)
        return _page(token, registration, form)
    if is_handed_over(last_change(registration)):
        return to_own_page(token)  # the second press
    left: Sequence[str] = ()
    if form.validate():
        try:
            with transaction():
                pass_on(registration.public_id, form.deputy(), now=now())
        except UnfitInput as refusal:
            left = place(form, refusal.complaints)
        except StatusRefused:
            if is_handed_over(last_change(registration_from_token(token))):
                return to_own_page(token)  # the two presses came at once
            raise
        else:
            flash(_("Handed over. Your deputy and you get an e-mail each."), "success")
            return to_own_page(token)
    form.explain_expiry()
    return _page(token, registration, form, left), 422


def _page(
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
    )

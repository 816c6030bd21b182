"""Asking to be told of materials that are added after the follow-up, and taking that back."""

from flask import flash, redirect, request, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _

from ikone_events.services.followup.sending import wish_supplement
from ikone_events.store.db import transaction
from ikone_events.web.attendee.frame import blueprint, registration_from_token
from ikone_events.web.shell.access import Permission, permission


@blueprint.post("/r/<token>/materials/supplement")
@permission(Permission.PERSONAL_LINK)
def wish_further_materials(token: str) -> ResponseReturnValue:
    """Store the wish; the page then offers to take it back."""
    registration, wanted = registration_from_token(token), request.form.get("wanted") == "yes"
    with transaction():
        wish_supplement(registration.public_id, wanted=wanted)
    if wanted:
        flash(_("You will get an e-mail when further materials are added."), "success")
    else:
        flash(_("You will get no e-mail about further materials."), "success")
    return redirect(url_for("materials.personal_list", token=token, _anchor="supplement"), 303)

"""The materials behind the link of a granted request; everything here is personal."""

from flask import Blueprint, redirect, render_template, url_for
from flask.typing import ResponseReturnValue

from ikone_events.domain.followup.requests import RequestState, is_link_valid
from ikone_events.domain.refusals import N_, Complaint, LinkGone, LinkRefused, NotFound
from ikone_events.domain.tokens import Purpose
from ikone_events.services.followup.requests import (
    forget_own,
    granted_materials,
    no_request_because,
)
from ikone_events.services.installation import get_installation, now
from ikone_events.store.db import transaction
from ikone_events.store.events.models import Material
from ikone_events.store.followup.answers import answers_among
from ikone_events.store.followup.requests import MaterialRequest, find_request
from ikone_events.web.attendee.materials import download
from ikone_events.web.public.material_requests import groups_of
from ikone_events.web.shell.access import Permission, permission
from ikone_events.web.shell.limits import PERSONAL, limited

blueprint = Blueprint("requested_materials", __name__)


def _request_from_token(token: str) -> MaterialRequest:
    """The request of a link, with its event, whether its time has ended or not.

    Raises LinkRefused for forged links, LinkGone for those taken back and of people who have been
    forgotten.
    """
    claim = get_installation().signer.read(Purpose.MATERIALS, token)
    found = find_request(claim.public_id)
    if found is None or (claim.epoch > found.link_epoch):
        raise LinkRefused(Complaint(N_("This link is not valid.")))
    if found.is_forgotten:
        text = N_("The details behind this link have been deleted, as you were told or had wished.")
        raise LinkGone(Complaint(text))
    if claim.epoch < found.link_epoch:
        raise LinkGone(Complaint(N_("The organisers have withdrawn this link.")))
    return found


@blueprint.get("/materials/<token>")
@permission(Permission.PERSONAL_LINK)
def page(token: str) -> ResponseReturnValue:
    """The materials, or why there are none any more and how to ask again."""
    request, moment = _request_from_token(token), now()
    event = request.event
    is_valid = is_link_valid(request.state, request.granted_until, moment)
    materials = granted_materials(event, moment) if is_valid else []
    shown = render_template(
        "attendee/requested_materials.html",
        token=token,
        event=event,
        groups=groups_of(materials),
        answers=answers_among(materials, event),
        is_valid=is_valid,
        is_refused=request.state == RequestState.REFUSED,
        is_waiting=request.state == RequestState.OPEN,
        may_ask=no_request_because(event, moment) is None,
        until=request.granted_until,
    )
    return shown if is_valid else (shown, 410)


@blueprint.get("/materials/<token>/<public_id>")
@permission(Permission.PERSONAL_LINK)
def file(token: str, public_id: str) -> ResponseReturnValue:
    """A file of the same event, as long as the link is valid."""
    request, moment = _request_from_token(token), now()
    if not is_link_valid(request.state, request.granted_until, moment):
        return redirect(url_for("requested_materials.page", token=token), 303)
    return download(_pick(request, public_id))


def _pick(request: MaterialRequest, public_id: str) -> Material:
    for material in granted_materials(request.event, now()):
        if material.public_id == public_id and material.stored_name:
            return material
    raise NotFound(Complaint(N_("There is no such file.")))


@blueprint.get("/materials/<token>/delete")
@permission(Permission.PERSONAL_LINK)
def ask_delete(token: str) -> ResponseReturnValue:
    """The button that deletes what is stored of the person, or that it is deleted."""
    request = _request_from_token(token)
    return render_template(
        "attendee/delete_request.html", token=token, event=request.event, request_=request
    )


@blueprint.post("/materials/<token>/delete")
@permission(Permission.PERSONAL_LINK)
@limited(PERSONAL)
def delete(token: str) -> ResponseReturnValue:
    """Delete it; a second press leads to the same page."""
    try:
        with transaction():
            forget_own(_request_from_token(token), now=now())
    except LinkGone:
        pass
    return redirect(url_for("attendee.deleted"), 303)

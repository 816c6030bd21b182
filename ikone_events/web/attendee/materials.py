"""Materials of events for everybody and for participants; files are always downloaded."""

from flask import (
    Blueprint,
    Response,
    flash,
    redirect,
    render_template,
    request,
    send_file,
    url_for,
)
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _
from flask_wtf.file import FileField

from ikone_events.domain.refusals import N_, Complaint, NotFound, UploadRefused
from ikone_events.services.followup.feedback import feedback_link
from ikone_events.services.followup.files import Upload
from ikone_events.services.followup.materials import path_of
from ikone_events.services.followup.sending import can_ask_for_supplement, set_supplement
from ikone_events.services.installation import now
from ikone_events.store.db import transaction
from ikone_events.store.events.models import Material
from ikone_events.store.events.queries import get_public_event
from ikone_events.store.followup.access import materials_for
from ikone_events.store.followup.answers import answers_among
from ikone_events.store.registering.models import Registration
from ikone_events.web.attendee.frame import registration_from_token
from ikone_events.web.public.events import public_materials
from ikone_events.web.shell.access import Permission, permission
from ikone_events.web.shell.headers import FILE_POLICY

blueprint = Blueprint("materials", __name__)


@blueprint.get("/events/<slug>/materials/<public_id>")
@permission(Permission.PUBLIC)
def public_file(slug: str, public_id: str) -> ResponseReturnValue:
    """A public file."""
    offered = public_materials(get_public_event(slug), now())
    return download(_pick(offered, public_id))


@blueprint.get("/r/<token>/materials")
@permission(Permission.PERSONAL_LINK)
def personal_list(token: str) -> ResponseReturnValue:
    """The page with slides, links and contacts for a participant."""
    registration = registration_from_token(token)
    event, materials = registration.event, _materials_of(registration)
    return render_template(
        "attendee/materials.html",
        token=token,
        event=event,
        materials=materials,
        answers=answers_among(materials, event),
        may_wish=can_ask_for_supplement(event.state, registration.status),
        wants_supplement=registration.wants_supplement,
        feedback=feedback_link(registration, now()),
    )


@blueprint.get("/r/<token>/materials/<public_id>")
@permission(Permission.PERSONAL_LINK)
def personal_file(token: str, public_id: str) -> ResponseReturnValue:
    """A file for a participant."""
    return download(_pick(_materials_of(registration_from_token(token)), public_id))


@blueprint.post("/r/<token>/materials/supplement")
@permission(Permission.PERSONAL_LINK)
def wish_further_materials(token: str) -> ResponseReturnValue:
    """Store whether to notify of materials that are added later, and lead back to the list."""
    registration, wanted = registration_from_token(token), request.form.get("wanted") == "yes"
    with transaction():
        set_supplement(registration.public_id, wanted=wanted)
    if wanted:
        flash(_("You will get an e-mail when further materials are added."), "success")
    else:
        flash(_("You will get no e-mail about further materials."), "success")
    return redirect(url_for("materials.personal_list", token=token, _anchor="supplement"), 303)


def _materials_of(registration: Registration) -> list[Material]:
    event = registration.event
    return materials_for(event, registration.id, registration.status, now())


def _pick(offered: list[Material], public_id: str) -> Material:
    """The file with this id; raises NotFound unless it is one of those offered."""
    for material in offered:
        if material.public_id == public_id and material.stored_name:
            return material
    raise NotFound(Complaint(N_("There is no such file.")))


def download(material: Material) -> Response:
    """The file as an attachment; its policy forbids everything. Raises NotFound."""
    path = path_of(material)
    if not path.is_file():
        raise NotFound(Complaint(N_("There is no such file.")))
    response = send_file(
        path,
        mimetype=material.content_type or "application/octet-stream",
        as_attachment=True,
        download_name=material.file_name,
        max_age=0,
    )
    response.headers["Content-Security-Policy"] = FILE_POLICY
    return response


def uploaded_file(field: FileField) -> Upload:
    """The file of a form's field, in a view that `streams`; raises UploadRefused without one."""
    file = field.data
    if not file or not file.filename:
        raise UploadRefused(Complaint(N_("Please choose a file."), about="file"))
    return Upload(file_name=file.filename, file=file.stream)

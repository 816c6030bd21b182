"""Files that events hand out: always a download, never shown inside our origin."""

from flask import Blueprint, Response, render_template, send_file
from flask.typing import ResponseReturnValue

from ikone_events.domain.refusals import N_, Complaint, NotFound
from ikone_events.domain.registering.registration import Status
from ikone_events.services.followup.materials import path_of
from ikone_events.store.events.models import Material
from ikone_events.store.events.queries import get_public_event
from ikone_events.store.registering.models import Registration
from ikone_events.web.public.events import HANDED_OUT, public_materials
from ikone_events.web.shell.access import Permission, permission
from ikone_events.web.shell.headers import FILE_POLICY
from ikone_events.web.shell.personal import registration_from_token

blueprint = Blueprint("handouts", __name__)


@blueprint.get("/events/<slug>/materials/<public_id>")
@permission(Permission.PUBLIC)
def public_file(slug: str, public_id: str) -> ResponseReturnValue:
    """Slides that everybody may have."""
    offered = public_materials(get_public_event(slug))
    return download(pick(offered, public_id))


@blueprint.get("/r/<token>/materials")
@permission(Permission.PERSONAL_LINK)
def personal_list(token: str) -> ResponseReturnValue:
    """Slides, links and contacts for somebody who was registered."""
    registration = registration_from_token(token)
    return render_template(
        "attendee/materials.html",
        token=token,
        event=registration.event,
        materials=personal_materials(registration),
    )


@blueprint.get("/r/<token>/materials/<public_id>")
@permission(Permission.PERSONAL_LINK)
def personal_file(token: str, public_id: str) -> ResponseReturnValue:
    """Slides for somebody who was registered."""
    return download(pick(personal_materials(registration_from_token(token)), public_id))


def personal_materials(registration: Registration) -> list[Material]:
    """All there is, for confirmed people, once the event has been followed up."""
    event = registration.event
    if registration.status != Status.CONFIRMED.value or event.state not in HANDED_OUT:
        return []
    return list(event.materials)


def pick(offered: list[Material], public_id: str) -> Material:
    """The file among those on offer; raises NotFound for any other, whether it exists or not."""
    for material in offered:
        if material.public_id == public_id and material.stored_name:
            return material
    raise NotFound(Complaint(N_("There is no such file.")))


def download(material: Material) -> Response:
    """The file under the name it was given, as an attachment that can run nothing."""
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

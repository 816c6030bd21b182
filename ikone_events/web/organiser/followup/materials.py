"""The list of an event's materials: upload, order, release, removal, download."""

from flask import Response, flash, redirect, render_template, request, url_for

from ikone_events.domain.events.lifecycle import Action, State, find_rule
from ikone_events.domain.followup.access import Visibility
from ikone_events.domain.followup.details import (
    AVAILABILITY_LABELS,
    KIND_LABELS,
    VISIBILITY_LABELS,
    MaterialKind,
    Scan,
)
from ikone_events.domain.refusals import (
    N_,
    Complaint,
    NotFound,
    StatusRefused,
    UnfitInput,
    UploadRefused,
)
from ikone_events.services.events.foresight import runs_by_itself
from ikone_events.services.followup import materials as service
from ikone_events.services.followup.files import get_space, stored_file
from ikone_events.services.followup.handed_in import release_file
from ikone_events.services.installation import get_installation, now
from ikone_events.store.db import transaction
from ikone_events.store.events.models import Event, Material
from ikone_events.store.events.speakers import waiting_materials
from ikone_events.store.followup.access import count_releases, released_people
from ikone_events.web.attendee.materials import download, uploaded_file
from ikone_events.web.organiser.followup.material_forms import (
    ADDED_BY_HAND,
    MaterialForm,
    SlidesForm,
    details_in,
    has_unreadable_moment,
    new_form,
    numbers_of,
)
from ikone_events.web.organiser.followup.requests import requests_card
from ikone_events.web.organiser.frame import (
    Answer,
    blueprint,
    refusal_status,
    seen_event,
    show_complaints,
)
from ikone_events.web.shell.access import Permission, permission
from ikone_events.web.shell.bodies import MEGABYTE, takes_file
from ikone_events.web.shell.filters import moment_words
from ikone_events.web.shell.i18n import gettext as _

LIST = "/events/<slug>/materials"
ONE = f"{LIST}/<public_id>"


@blueprint.get(LIST)
@permission(Permission.SEE_EVENTS)
def materials(slug: str) -> str:
    """List the materials, with the upload."""
    return _page(seen_event(slug), new_form(SlidesForm, MaterialKind.FILE, formdata=None))


def _page(event: Event, form: MaterialForm) -> str:
    planned = runs_by_itself(event, now()).get(Action.FOLLOW_UP)
    return render_template(
        "organiser/followup/materials.html",
        event=event,
        form=form,
        refused=bool(form.errors),
        waiting=waiting_materials(event),
        requests=requests_card(event, now()),
        numbers=numbers_of(event.materials),
        released_to=count_releases(event),
        adding=[(kind.value, _(_ADD_LABELS[kind])) for kind in ADDED_BY_HAND],
        kinds=KIND_LABELS,
        visibilities=VISIBILITY_LABELS,
        availabilities=AVAILABILITY_LABELS,
        space=get_space(),
        max_mb=get_installation().settings.max_upload_mb,
        to_send=event.ends_at <= now() and bool(find_rule(Action.FOLLOW_UP, State(event.state))),
        planned=moment_words(planned, event.zone) if planned else "",
    )


_ADD_LABELS = {
    MaterialKind.LINK: N_("Add link"),
    MaterialKind.RECORDING: N_("Add recording"),
    MaterialKind.CONTACT: N_("Add contact"),
    MaterialKind.NOTE: N_("Add note"),
}


@blueprint.post(f"{LIST}/slides")
@permission(Permission.EDIT_EVENTS)
@takes_file(lambda: get_installation().settings.max_upload_mb * MEGABYTE, streams=True)
def add_slides(slug: str) -> Answer:
    """Add a file, which has been written to disk while it arrived."""
    event, form = seen_event(slug), new_form(SlidesForm, MaterialKind.FILE)
    if has_unreadable_moment(form):
        return _page(event, form), 422
    try:
        details = details_in(form, event)
        with stored_file(uploaded_file(form["file"])) as stored, transaction():
            material = service.add_file(slug, stored, details, now=now())
            title, is_held = material.title, bool(material.scan)
            after = next_page(slug, material)
    except (UnfitInput, UploadRefused) as refusal:
        show_complaints(form, refusal.complaints)
        return _page(seen_event(slug), form), refusal_status(refusal)
    flash(_("Added: %(title)s", title=title), "success")
    if is_held:
        flash(_("It is handed out as soon as it has been checked for viruses."), "info")
    return redirect(after, 303)


@blueprint.post(f"{ONE}/move")
@permission(Permission.EDIT_EVENTS)
def move_material(slug: str, public_id: str) -> Answer:
    """Move a material up or down by one place."""
    seen_event(slug)
    with transaction():
        service.move_material(slug, public_id, up=request.form.get("to") != "down")
    return redirect(url_for("organiser.materials", slug=slug, _anchor=f"m-{public_id}"), 303)


@blueprint.post(f"{ONE}/release")
@permission(Permission.EDIT_EVENTS)
def release_material(slug: str, public_id: str) -> Answer:
    """Hand out what a speaker has handed in; a file that it replaces is deleted."""
    seen_event(slug)
    wanted = request.form.get("visibility", "")
    known = wanted in {each.value for each in Visibility}
    with transaction():
        material, path = release_file(
            slug,
            public_id,
            visibility=wanted if known else Visibility.REGISTERED.value,
            now=now(),
        )
        title = material.title
    if path is not None:
        path.unlink(missing_ok=True)
    flash(_("“%(title)s” has been released.", title=title), "success")
    return to_list(slug)


@blueprint.get(f"{ONE}/remove")
@permission(Permission.EDIT_EVENTS)
def ask_material_removal(slug: str, public_id: str) -> str:
    """Ask before a material is removed."""
    event = seen_event(slug)
    material = service.get_material(event, public_id)
    return render_template(
        "organiser/followup/material_remove.html", event=event, material=material
    )


@blueprint.post(f"{ONE}/remove")
@permission(Permission.EDIT_EVENTS)
def remove_material(slug: str, public_id: str) -> Answer:
    """Remove a material; its file is deleted after the commit."""
    seen_event(slug)
    with transaction():
        title, path = service.remove_material(slug, public_id)
    if path is not None:
        path.unlink(missing_ok=True)
    flash(_("“%(title)s” has been deleted.", title=title), "success")
    return to_list(slug)


@blueprint.get(f"{ONE}/file")
@permission(Permission.SEE_EVENTS)
def material_file(slug: str, public_id: str) -> Response:
    """Return the file as a download, unless it is held back."""
    material = service.get_material(seen_event(slug), public_id)
    if not material.stored_name:
        raise NotFound(Complaint(N_("There is no such file.")))
    if material.scan:
        infected = material.scan == Scan.INFECTED
        raise StatusRefused(Complaint(_INFECTED if infected else _UNCHECKED))
    return download(material)


_INFECTED = N_("The virus scanner has found something in this file. Nobody can download it.")
_UNCHECKED = N_("This file has not been checked for viruses yet.")


def next_page(slug: str, material: Material) -> str:
    """Where a saved material leads: to the choice of people if there is none, else to the list."""
    if material.visibility == Visibility.CHOSEN and not released_people(material):
        return url_for("organiser.material_people", slug=slug, public_id=material.public_id)
    return url_for("organiser.materials", slug=slug)


def to_list(slug: str) -> Answer:
    """Lead back to the list."""
    return redirect(url_for("organiser.materials", slug=slug), 303)

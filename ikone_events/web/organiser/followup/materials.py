"""Slides, links and contacts: add, remove, download."""

from collections.abc import Callable, Mapping
from functools import partial
from typing import Any

from flask import Response, flash, redirect, render_template, request, url_for
from flask_babel import lazy_gettext as _l
from flask_wtf import FlaskForm
from flask_wtf.file import FileField
from wtforms import BooleanField, SelectField

from ikone_events.domain.events.lifecycle import Action, State, find_rule
from ikone_events.domain.refusals import N_, Complaint, NotFound, UnfitInput, UploadRefused
from ikone_events.services.followup import materials as service
from ikone_events.services.followup.handed_in import release_file
from ikone_events.services.installation import get_installation, now
from ikone_events.store.db import transaction
from ikone_events.store.events.handed_in import waiting_materials
from ikone_events.store.events.models import Event, Material
from ikone_events.web.attendee.materials import download, uploaded_file
from ikone_events.web.organiser.followup.requests import requests_card
from ikone_events.web.organiser.frame import (
    Answer,
    blueprint,
    place,
    refusal_status,
    seen_event,
)
from ikone_events.web.shell.access import Permission, permission
from ikone_events.web.shell.bodies import MEGABYTE, takes_file
from ikone_events.web.shell.forms import LineField
from ikone_events.web.shell.i18n import gettext as _
from ikone_events.web.shell.interrupted import keeps_input, refuse_shown_again


class SlidesForm(FlaskForm):
    """A file for participants."""

    file = FileField(_l("File"))
    title = LineField(_l("Title"), render_kw={"maxlength": 200, "autocomplete": "off"})
    visibility = SelectField(_l("Who may see it"), choices=["registered", "public"])
    accessible = BooleanField(_l("The file is accessible (barrier-free)"))


class LinkForm(FlaskForm):
    """A link for participants."""

    title = LineField(_l("Title"), render_kw={"maxlength": 200, "autocomplete": "off"})
    url = LineField(_l("Address"), render_kw={"type": "url", "inputmode": "url"})
    visibility = SelectField(_l("Who may see it"), choices=["registered", "public"])


class ContactForm(FlaskForm):
    """A contact for participants."""

    title = LineField(_l("Topic"), render_kw={"maxlength": 200, "autocomplete": "off"})
    name = LineField(_l("Name"), render_kw={"maxlength": 200, "autocomplete": "off"})
    email = LineField(_l("E-mail address"), render_kw={"type": "email", "inputmode": "email"})


_FORMS: Mapping[str, type[FlaskForm]] = {
    "slides": SlidesForm,
    "link": LinkForm,
    "contact": ContactForm,
}


@blueprint.get("/events/<slug>/materials")
@permission(Permission.SEE_EVENTS)
def materials(slug: str) -> str:
    """List the materials, with the forms that add some."""
    return _page(seen_event(slug))


def _page(event: Event, refused: FlaskForm | None = None) -> str:
    forms = {
        kind: refused if isinstance(refused, cls) else cls(prefix=kind, formdata=None)
        for kind, cls in _FORMS.items()
    }
    choices = [("registered", _("People who registered")), ("public", _("Everybody"))]
    for kind in ("slides", "link"):
        forms[kind].visibility.choices = choices
    return render_template(
        "organiser/followup/materials.html",
        event=event,
        forms=forms,
        refused=refused,
        waiting=waiting_materials(event),
        requests=requests_card(event, now()),
        max_mb=get_installation().settings.max_upload_mb,
        to_send=event.ends_at <= now() and bool(find_rule(Action.FOLLOW_UP, State(event.state))),
    )


@blueprint.post("/events/<slug>/materials/slides")
@permission(Permission.EDIT_EVENTS)
@takes_file(lambda: get_installation().settings.max_upload_mb * MEGABYTE)
def add_slides(slug: str) -> Answer:
    """Add a file."""
    form = SlidesForm(prefix="slides")

    def add(**values: Any) -> Material:
        file, accessible = uploaded_file(form.file), bool(form.accessible.data)
        return service.add_slides(
            slug, file, visibility=_visibility(form), accessible=accessible, **values
        )

    return _add(slug, form, add)


@blueprint.post("/events/<slug>/materials/link")
@permission(Permission.EDIT_EVENTS)
@keeps_input
def add_link(slug: str) -> Answer:
    """Add a link."""
    form = LinkForm(prefix="link")
    url = (form.url.data or "").strip()
    return _add(slug, form, partial(service.add_link, slug, url=url, visibility=_visibility(form)))


@blueprint.post("/events/<slug>/materials/contact")
@permission(Permission.EDIT_EVENTS)
@keeps_input
def add_contact(slug: str) -> Answer:
    """Add a contact."""
    form = ContactForm(prefix="contact")
    name, email = form.name.data or "", (form.email.data or "").strip()
    return _add(slug, form, partial(service.add_contact, slug, name=name, email=email))


def _visibility(form: FlaskForm) -> str:
    return "public" if form.visibility.data == "public" else "registered"


def _add(slug: str, form: FlaskForm, add: Callable[..., Material]) -> Answer:
    seen_event(slug)
    try:
        refuse_shown_again()
        with transaction():
            title = add(title=form.title.data or "", now=now()).title
    except (UnfitInput, UploadRefused) as refusal:
        place(form, refusal.complaints)
        return _page(seen_event(slug), form), refusal_status(refusal)
    flash(_("Added: %(title)s", title=title), "success")
    return redirect(url_for("organiser.materials", slug=slug), 303)


@blueprint.post("/events/<slug>/materials/<public_id>/release")
@permission(Permission.EDIT_EVENTS)
def release_material(slug: str, public_id: str) -> Answer:
    """Hand out what a speaker has handed in; a file that it replaces is deleted."""
    seen_event(slug)
    visibility = "public" if request.form.get("visibility") == "public" else "registered"
    with transaction():
        material, path = release_file(slug, public_id, visibility=visibility)
        title = material.title
    if path is not None:
        path.unlink(missing_ok=True)
    flash(_("“%(title)s” has been released.", title=title), "success")
    return redirect(url_for("organiser.materials", slug=slug), 303)


@blueprint.post("/events/<slug>/materials/<public_id>/remove")
@permission(Permission.EDIT_EVENTS)
def remove_material(slug: str, public_id: str) -> Answer:
    """Remove a material; its file is deleted after the commit."""
    seen_event(slug)
    with transaction():
        path = service.remove_material(slug, public_id)
    if path is not None:
        path.unlink(missing_ok=True)
    flash(_("The material has been removed."), "success")
    return redirect(url_for("organiser.materials", slug=slug), 303)


@blueprint.get("/events/<slug>/materials/<public_id>/file")
@permission(Permission.SEE_EVENTS)
def material_file(slug: str, public_id: str) -> Response:
    """Return the file as a download."""
    material = service.get_material(seen_event(slug), public_id)
    if not material.stored_name:
        raise NotFound(Complaint(N_("There is no such file.")))
    return download(material)

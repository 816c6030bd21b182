"""One material: adding what is no file, changing it, and the people to whom it is released."""

from flask import flash, redirect, render_template, request

from ikone_events.domain.followup.details import KIND_LABELS, VISIBILITY_LABELS, MaterialKind
from ikone_events.domain.refusals import N_, Complaint, NotFound, UnfitInput
from ikone_events.services.followup import materials as service
from ikone_events.services.installation import now
from ikone_events.store.db import transaction
from ikone_events.store.events.models import Event, Material
from ikone_events.store.followup.access import people_to_choose, released_people
from ikone_events.web.organiser.followup.material_forms import (
    ADDED_BY_HAND,
    FORMS,
    MaterialForm,
    details_in,
    form_of,
    has_unreadable_moment,
    new_form,
)
from ikone_events.web.organiser.followup.materials import LIST, ONE, next_page, to_list
from ikone_events.web.organiser.frame import Answer, blueprint, seen_event, show_complaints
from ikone_events.web.shell.access import Permission, permission
from ikone_events.web.shell.i18n import gettext as _
from ikone_events.web.shell.i18n import ngettext
from ikone_events.web.shell.interrupted import keeps_input, refuse_shown_again

_NEW = f"{LIST}/<kind>"


@blueprint.get(_NEW)
@permission(Permission.EDIT_EVENTS)
def new_material(slug: str, kind: str) -> str:
    """Show an empty form."""
    event, of_kind = seen_event(slug), _kind_of(kind)
    return _page(event, new_form(FORMS[of_kind], of_kind, formdata=None), of_kind)


@blueprint.post(_NEW)
@permission(Permission.EDIT_EVENTS)
@keeps_input
def add_material(slug: str, kind: str) -> Answer:
    """Add a link, recording, contact or note."""
    event, of_kind = seen_event(slug), _kind_of(kind)
    form = new_form(FORMS[of_kind], of_kind)
    if has_unreadable_moment(form):
        return _page(event, form, of_kind), 422
    try:
        refuse_shown_again()
        details = details_in(form, event)
        with transaction():
            added = service.add_entry(slug, of_kind, details, now=now())
            title, after = added.title, next_page(slug, added)
    except UnfitInput as refusal:
        show_complaints(form, refusal.complaints)
        return _page(seen_event(slug), form, of_kind), 422
    flash(_("Added: %(title)s", title=title), "success")
    return redirect(after, 303)


@blueprint.get(f"{ONE}/edit")
@permission(Permission.EDIT_EVENTS)
def material(slug: str, public_id: str) -> str:
    """Show a material in a form."""
    event = seen_event(slug)
    found = service.get_material(event, public_id)
    return _page(event, form_of(found, event), MaterialKind(found.kind), found)


@blueprint.post(f"{ONE}/edit")
@permission(Permission.EDIT_EVENTS)
@keeps_input
def save_material(slug: str, public_id: str) -> Answer:
    """Save what is said about a material."""
    event = seen_event(slug)
    found = service.get_material(event, public_id)
    kind = MaterialKind(found.kind)
    form = new_form(FORMS[kind], kind)
    if has_unreadable_moment(form):
        return _page(event, form, kind, found), 422
    try:
        refuse_shown_again()
        details = details_in(form, event)
        with transaction():
            saved = service.change_material(slug, public_id, details)
            title, after = saved.title, next_page(slug, saved)
    except UnfitInput as refusal:
        show_complaints(form, refusal.complaints)
        event = seen_event(slug)
        return _page(event, form, kind, service.get_material(event, public_id)), 422
    flash(_("“%(title)s” has been saved.", title=title), "success")
    return redirect(after, 303)


@blueprint.get(f"{ONE}/people")
@permission(Permission.EDIT_EVENTS)
def material_people(slug: str, public_id: str) -> str:
    """Show to whom a material is released, one by one."""
    event = seen_event(slug)
    found = service.get_material(event, public_id)
    return render_template(
        "organiser/followup/material_people.html",
        event=event,
        material=found,
        people=people_to_choose(event),
        chosen=released_people(found),
        visibilities=VISIBILITY_LABELS,
    )


@blueprint.post(f"{ONE}/people")
@permission(Permission.EDIT_EVENTS)
def release_to_people(slug: str, public_id: str) -> Answer:
    """Release a material to exactly the ticked people."""
    seen_event(slug)
    with transaction():
        number = service.release_to(slug, public_id, request.form.getlist("person"))
    flash(
        ngettext("Released to one person.", "Released to %(num)d people.", number)
        if number
        else _("Released to nobody."),
        "success",
    )
    return to_list(slug)


def _kind_of(name: str) -> MaterialKind:
    """The kind in an address; raises NotFound."""
    for kind in ADDED_BY_HAND:
        if kind.value == name:
            return kind
    raise NotFound(Complaint(N_("There is no such kind of material.")))


def _page(
    event: Event, form: MaterialForm, kind: MaterialKind, found: Material | None = None
) -> str:
    return render_template(
        "organiser/followup/material.html",
        event=event,
        form=form,
        kind=kind.value,
        label=_(KIND_LABELS[kind]),
        material=found,
    )

"""The pages on which a field of an event's form is added and edited."""

from flask import flash, redirect, render_template, request

from ikone_events.domain.refusals import NotFound, StaleForm, UnfitInput
from ikone_events.domain.registering.field_rules import Surroundings
from ikone_events.domain.registering.form_fields import CHOOSING, KIND_LABELS, FieldKind, OwnField
from ikone_events.services.installation import now
from ikone_events.services.registering import form_fields
from ikone_events.store.db import transaction
from ikone_events.store.events.models import Event
from ikone_events.web.organiser.frame import Answer, blueprint, say_all, seen_event
from ikone_events.web.organiser.registering.form.field_form import (
    FEWEST_ROWS,
    MORE_ROWS,
    FieldForm,
    draft_of,
    place_complaints,
    values_of,
)
from ikone_events.web.organiser.registering.form.fields import FIELD, FORM, fields_url, refuse
from ikone_events.web.organiser.words import gettext as _
from ikone_events.web.shell.access import Permission, asker_role, permission

ROWS = "rows"


@blueprint.get(f"{FORM}/new")
@permission(Permission.EDIT_EVENTS)
def new_field(slug: str) -> Answer:
    """An empty form for a field of the kind that was chosen."""
    event = seen_event(slug)
    kind = _kind(request.args.get("kind"))
    form = _form(
        form_fields.surroundings_of(event), kind=kind.value, edit_version=event.edit_version
    )
    form.add_rows(FEWEST_ROWS)
    return _page(event, form, kind)


@blueprint.post(f"{FORM}/new")
@permission(Permission.EDIT_EVENTS)
def add_field(slug: str) -> Answer:
    """Put a new field at the end of the form."""
    event = seen_event(slug)
    form = _form(form_fields.surroundings_of(event))
    kind = _kind(form.kind.data)
    return _save(event, form, kind, None)


@blueprint.get(FIELD)
@permission(Permission.EDIT_EVENTS)
def edit_field(slug: str, key: str) -> Answer:
    """A stored field in its form."""
    event = seen_event(slug)
    own = form_fields.get_entry(event, key).field
    around = form_fields.surroundings_of(event, key)
    form = _form(around, edit_version=event.edit_version, **values_of(own))
    if own.kind in CHOOSING:
        form.add_rows(max(2, FEWEST_ROWS - len(own.choices)))
    return _page(event, form, own.kind, own, fixed=around.has_answers)


@blueprint.post(FIELD)
@permission(Permission.EDIT_EVENTS)
def save_field(slug: str, key: str) -> Answer:
    """Store what a field is now."""
    event = seen_event(slug)
    own = form_fields.get_entry(event, key).field
    around = form_fields.surroundings_of(event, key)
    form = _form(around)
    kind = own.kind if around.has_answers else _kind(form.kind.data)
    return _save(event, form, kind, own, fixed=around.has_answers)


def _kind(name: str | None) -> FieldKind:
    return FieldKind(name) if name in list(FieldKind) else FieldKind.SHORT_TEXT


def _form(around: Surroundings, **values: object) -> FieldForm:
    form = FieldForm(**values)
    form.offer(around.before)
    return form


def _save(
    event: Event, form: FieldForm, kind: FieldKind, own: OwnField | None, *, fixed: bool = False
) -> Answer:
    """Store the form; whatever is refused keeps what was typed."""
    if request.form.get("do") == ROWS:
        form.add_rows(MORE_ROWS)
        return _page(event, form, kind, own, fixed=fixed)
    if fixed or not form.kind.data:
        form.kind.data = kind.value
        form.kind.raw_data = [kind.value]
    if not form.validate():
        return _refused(event, form, kind, own, fixed=fixed), 422
    try:
        with transaction():
            saved = _store(event, form, draft_of(form, kind), own)
    except UnfitInput as refusal:
        place_complaints(form, refusal.complaints)
        return _refused(event, form, kind, own, fixed=fixed), 422
    except StaleForm as refusal:
        return _conflict(event.slug, form, kind, own, refusal)
    flash(_("“%(field)s” has been saved.", field=saved.label), "success")
    return redirect(fields_url(event.slug, f"field-{saved.key}"), 303)


def _store(event: Event, form: FieldForm, draft: OwnField, own: OwnField | None) -> OwnField:
    expected, moment = form.edit_version.data or 0, now()
    if own is None:
        return form_fields.add_field(event.slug, draft, expected=expected, now=moment)
    return form_fields.edit_field(
        event.slug, own.key, draft, expected=expected, now=moment, role=asker_role()
    )


def _refused(
    event: Event, form: FieldForm, kind: FieldKind, own: OwnField | None, *, fixed: bool
) -> str:
    """The form again; a kind that has just become a choice gets lines to write them into."""
    if kind in CHOOSING and not form.choices.entries:
        form.add_rows(FEWEST_ROWS)
    return _page(event, form, kind, own, fixed=fixed)


def _conflict(
    slug: str, form: FieldForm, kind: FieldKind, own: OwnField | None, refusal: StaleForm
) -> Answer:
    """Somebody saved meanwhile: what was typed is kept and can be saved on top, knowingly."""
    event = seen_event(slug)
    try:
        stored = form_fields.get_entry(event, own.key).field if own else None
    except NotFound:
        return refuse(slug, refusal)
    form.edit_version.raw_data, form.edit_version.data = None, event.edit_version
    fixed = own is not None and form_fields.surroundings_of(event, own.key).has_answers
    page = _page(
        event,
        form,
        kind,
        own,
        fixed=fixed,
        conflict=say_all(refusal.complaints),
        differs=stored != own,
        stored=stored,
    )
    return page, 409


def _page(
    event: Event,
    form: FieldForm,
    kind: FieldKind,
    own: OwnField | None = None,
    *,
    fixed: bool = False,
    **more: object,
) -> str:
    if kind is not FieldKind.CONSENT:
        form.ask_for_a_line()
    return render_template(
        "organiser/registering/form_field.html",
        event=event,
        form=form,
        own=own,
        kind=kind.value,
        kind_label=_(KIND_LABELS[kind]),
        chooses=kind in CHOOSING,
        fixed=fixed,
        **{"conflict": (), "differs": False, "stored": None, **more},
    )

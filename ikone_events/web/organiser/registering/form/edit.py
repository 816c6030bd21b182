"""The pages that add and edit a field of an event's form."""

from dataclasses import dataclass, replace

from flask import flash, redirect, render_template, request

from ikone_events.domain.refusals import NotFound, StaleForm, UnfitInput
from ikone_events.domain.registering.field_rules import FieldContext
from ikone_events.domain.registering.form_fields import (
    CHOOSING,
    KIND_LABELS,
    FieldKind,
    FormName,
    OwnField,
    kinds_of,
)
from ikone_events.services.installation import now
from ikone_events.services.registering import form_fields
from ikone_events.store.db import transaction
from ikone_events.store.events.models import Event
from ikone_events.web.organiser.frame import Answer, blueprint, seen_event, translate_all
from ikone_events.web.organiser.registering.form.field_form import (
    FEWEST_ROWS,
    MORE_ROWS,
    FieldForm,
    draft_of,
    place_complaints,
    values_of,
)
from ikone_events.web.organiser.registering.form.fields import (
    FEEDBACK_FORM,
    FIELD,
    FORM,
    fields_url,
    refuse,
)
from ikone_events.web.shell.access import Permission, asker_role, permission
from ikone_events.web.shell.forms import show_instead
from ikone_events.web.shell.i18n import gettext as _
from ikone_events.web.shell.interrupted import keeps_input


@dataclass(frozen=True, slots=True)
class _FieldPage:
    """The page of a field; `own` is the stored field, `fixed` forbids another kind."""

    event: Event
    form: FieldForm
    kind: FieldKind
    name: FormName = FormName.REGISTRATION
    own: OwnField | None = None
    fixed: bool = False

    def render(self, **conflict: object) -> str:
        if self.kind is not FieldKind.CONSENT:
            self.form.use_single_lines()
        return render_template(
            "organiser/registering/form_field.html",
            event=self.event,
            form=self.form,
            form_name=self.name.value,
            own=self.own,
            kind=self.kind.value,
            kind_label=_(KIND_LABELS[self.kind]),
            chooses=self.kind in CHOOSING,
            fixed=self.fixed,
            **{"conflict": (), "differs": False, "stored": None, **conflict},
        )

    def render_refused(self) -> Answer:
        """A kind that has just become a choice gets empty rows."""
        if self.kind in CHOOSING and not self.form.choices.entries:
            self.form.add_rows(FEWEST_ROWS)
        return self.render(), 422


@blueprint.get(f"{FORM}/new", defaults={"form": FormName.REGISTRATION.value})
@blueprint.get(f"{FEEDBACK_FORM}/new", defaults={"form": FormName.FEEDBACK.value})
@permission(Permission.EDIT_EVENTS)
def new_field(slug: str, form: str) -> Answer:
    """Show an empty form for a field of the requested kind."""
    event, name = seen_event(slug), FormName(form)
    kind = _kind(request.args.get("kind"), name)
    around = form_fields.field_context_of(event, form=name)
    page = _form(around, name, kind=kind.value, edit_version=event.edit_version)
    page.add_rows(FEWEST_ROWS)
    return _FieldPage(event, page, kind, name).render()


@blueprint.post(f"{FORM}/new", defaults={"form": FormName.REGISTRATION.value})
@blueprint.post(f"{FEEDBACK_FORM}/new", defaults={"form": FormName.FEEDBACK.value})
@permission(Permission.EDIT_EVENTS)
@keeps_input
def add_field(slug: str, form: str) -> Answer:
    """Add a field at the end of the form."""
    event, name = seen_event(slug), FormName(form)
    page = _form(form_fields.field_context_of(event, form=name), name)
    return _save(_FieldPage(event, page, _kind(page.kind.data, name), name))


@blueprint.get(FIELD)
@permission(Permission.EDIT_EVENTS)
def edit_field(slug: str, key: str) -> Answer:
    """Show a stored field in a form."""
    event = seen_event(slug)
    own = form_fields.get_entry(event, key).field
    around = form_fields.field_context_of(event, key)
    form = _form(around, own.form, edit_version=event.edit_version, **values_of(own))
    if own.kind in CHOOSING:
        form.add_rows(max(2, FEWEST_ROWS - len(own.choices)))
    return _FieldPage(event, form, own.kind, own.form, own, fixed=around.has_answers).render()


@blueprint.post(FIELD)
@permission(Permission.EDIT_EVENTS)
@keeps_input
def save_field(slug: str, key: str) -> Answer:
    """Save an edited field."""
    event = seen_event(slug)
    own = form_fields.get_entry(event, key).field
    around = form_fields.field_context_of(event, key)
    form = _form(around, own.form)
    kind = own.kind if around.has_answers else _kind(form.kind.data, own.form)
    return _save(_FieldPage(event, form, kind, own.form, own, fixed=around.has_answers))


def _kind(kind: str | None, name: FormName) -> FieldKind:
    return FieldKind(kind) if kind in kinds_of(name) else FieldKind.SHORT_TEXT


def _form(around: FieldContext, name: FormName, **values: object) -> FieldForm:
    form = FieldForm(**values)
    form.offer(around.before, kinds_of(name))
    return form


def _save(page: _FieldPage) -> Answer:
    """Save the form; a refused form keeps what was typed."""
    event, form, own = page.event, page.form, page.own
    if request.form.get("do") == "rows":
        form.add_rows(MORE_ROWS)
        return page.render()
    if page.fixed or not form.kind.data:
        form.kind.data = page.kind.value
        form.kind.raw_data = [page.kind.value]
    if not form.validate():
        return page.render_refused()
    draft = replace(draft_of(form, page.kind), form=page.name)
    expected, moment = form.edit_version.data or 0, now()
    try:
        with transaction():
            if own is None:
                saved = form_fields.add_field(event.slug, draft, expected=expected, now=moment)
            else:
                saved = form_fields.edit_field(
                    event.slug, own.key, draft, expected=expected, now=moment, role=asker_role()
                )
    except UnfitInput as refusal:
        place_complaints(form, refusal.complaints)
        return page.render_refused()
    except StaleForm as refusal:
        return _conflict(page, refusal)
    flash(_("“%(field)s” has been saved.", field=saved.label), "success")
    return redirect(fields_url(event.slug, page.name, f"field-{saved.key}"), 303)


def _conflict(page: _FieldPage, refusal: StaleForm) -> Answer:
    """Show what somebody else has saved meanwhile; saving again overwrites it."""
    event, form, own = seen_event(page.event.slug), page.form, page.own
    try:
        stored = form_fields.get_entry(event, own.key).field if own else None
    except NotFound:
        return refuse(event.slug, page.name, refusal)
    show_instead(form.edit_version, event.edit_version)
    fixed = own is not None and form_fields.field_context_of(event, own.key).has_answers
    conflict = translate_all(refusal.complaints)
    shown = replace(page, event=event, fixed=fixed)
    return shown.render(conflict=conflict, differs=stored != own, stored=stored), 409

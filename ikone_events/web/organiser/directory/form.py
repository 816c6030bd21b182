"""Adding and editing one administration."""

from typing import Any

from flask import flash, redirect, render_template, request, url_for
from flask_babel import lazy_gettext as _l
from wtforms import BooleanField, IntegerField, SelectField
from wtforms.validators import InputRequired
from wtforms.widgets import HiddenInput

from ikone_events.domain.directory.administrations import AdministrationKind, likely_kind
from ikone_events.domain.directory.draft import LENGTHS, AdministrationDraft
from ikone_events.domain.refusals import StaleForm, UnfitInput
from ikone_events.services.directory.administrations import (
    add_administration,
    count_references,
    draft_of,
    edit_administration,
    get_administration,
)
from ikone_events.services.installation import now
from ikone_events.store.db import transaction
from ikone_events.store.directory.contacts import ContactSearch, search_contacts
from ikone_events.store.directory.models import Organisation
from ikone_events.web.organiser.directory.administrations import kind_choices
from ikone_events.web.organiser.fields import Day
from ikone_events.web.organiser.frame import Answer, blueprint, show_complaints, translate_all
from ikone_events.web.shell.access import Permission, permission
from ikone_events.web.shell.forms import LineField, TextField, show_instead
from ikone_events.web.shell.i18n import gettext as _
from ikone_events.web.shell.interrupted import TeamForm, keeps_input


def _line(label: str, name: str, *validators: Any) -> LineField:
    render = {"maxlength": LENGTHS[name], "autocomplete": "off"}
    return LineField(label, validators=validators, render_kw=render)


class AdministrationForm(TeamForm):
    """The fields of an administration."""

    edit_version = IntegerField(widget=HiddenInput(), default=0)
    name = _line(_l("Name"), "name", InputRequired(_l("Please enter a name.")))
    short_name = _line(_l("Short name"), "short_name")
    kind = SelectField(_l("Kind"), choices=[], default=AdministrationKind.OTHER.value)
    official_key = _line(_l("Official key"), "official_key")
    district = _line(_l("District"), "district")
    aliases = TextField(_l("Other names"), render_kw={"rows": 5, "autocomplete": "off"})
    member = BooleanField(_l("Belongs to the network"))
    member_since = Day(_l("Member from"))
    member_until = Day(_l("Member until"))


def _form(**values: object) -> AdministrationForm:
    form = AdministrationForm(**values)
    form.kind.choices = kind_choices()
    return form


def _draft(form: AdministrationForm) -> AdministrationDraft:
    aliases = (" ".join(line.split()) for line in (form.aliases.data or "").splitlines())
    texts = ("name", "short_name", "official_key", "district")
    return AdministrationDraft(
        **{name: " ".join((form[name].data or "").split()) for name in texts},
        kind=form.kind.data,
        aliases=tuple(dict.fromkeys(alias for alias in aliases if alias)),
        member=form.member.data,
        member_since=form.member_since.data,
        member_until=form.member_until.data,
    )


def _values_of(body: Organisation) -> dict[str, object]:
    draft = draft_of(body)
    values: dict[str, object] = {name: getattr(draft, name) for name in draft.__slots__}
    return {**values, "aliases": "\n".join(draft.aliases), "edit_version": body.edit_version}


def _page(
    form: AdministrationForm, body: Organisation | None = None, conflict: tuple[str, ...] = ()
) -> str:
    return render_template(
        "organiser/directory/administration.html",
        form=form,
        body=body,
        conflict=conflict,
        references=count_references(body) if body else 0,
        contacts=search_contacts(ContactSearch(body=body.id)) if body else None,
    )


@blueprint.get("/contacts/administrations/new")
@permission(Permission.EDIT_ADMINISTRATIONS)
def new_administration() -> str:
    """Show an empty form; the address may give the name."""
    name = request.args.get("name", "")[: LENGTHS["name"]]
    return _page(_form(formdata=None, name=name, kind=likely_kind(name).value))


@blueprint.post("/contacts/administrations/new")
@permission(Permission.EDIT_ADMINISTRATIONS)
@keeps_input
def create_administration() -> Answer:
    """Save a new administration and match the registrations that gave its name."""
    form = _form()
    if not form.validate():
        return _page(form), 422
    try:
        with transaction():
            body = add_administration(_draft(form), now=now())
    except UnfitInput as refusal:
        show_complaints(form, refusal.complaints)
        return _page(form), 422
    return _saved(body)


@blueprint.get("/contacts/administrations/<int(max=2147483647):number>")
@permission(Permission.EDIT_ADMINISTRATIONS)
def administration(number: int) -> str:
    """Show a stored administration in a form."""
    body = get_administration(number)
    return _page(_form(formdata=None, **_values_of(body)), body)


@blueprint.post("/contacts/administrations/<int(max=2147483647):number>")
@permission(Permission.EDIT_ADMINISTRATIONS)
@keeps_input
def save_administration(number: int) -> Answer:
    """Save an edited administration, unless somebody else has saved it meanwhile."""
    form, body = _form(), get_administration(number)
    if not form.validate():
        return _page(form, body), 422
    edit_version = form.edit_version.data or 0
    try:
        with transaction():
            body = edit_administration(number, _draft(form), edit_version=edit_version, now=now())
    except UnfitInput as refusal:
        show_complaints(form, refusal.complaints)
        return _page(form, get_administration(number)), 422
    except StaleForm as refusal:
        body = get_administration(number)
        show_instead(form.edit_version, body.edit_version)
        return _page(form, body, tuple(translate_all(refusal.complaints))), 409
    return _saved(body)


def _saved(body: Organisation) -> Answer:
    flash(_("“%(name)s” has been saved.", name=body.name), "success")
    return redirect(url_for("organiser.administrations", q=body.name), 303)

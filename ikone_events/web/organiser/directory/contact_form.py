"""Adding and editing one contact person."""

from flask import flash, redirect, render_template, request, url_for
from flask_babel import lazy_gettext as _l
from wtforms import IntegerField, SelectField
from wtforms.widgets import HiddenInput

from ikone_events.domain.directory.contact import (
    LEGAL_BASIS_LABELS,
    LENGTHS,
    ContactDraft,
    LegalBasis,
)
from ikone_events.domain.refusals import StaleForm, UnfitInput
from ikone_events.services.directory.contacts import (
    add_contact,
    draft_of,
    edit_contact,
    get_contact,
)
from ikone_events.services.installation import now
from ikone_events.store.db import transaction
from ikone_events.store.directory.models import Contact
from ikone_events.store.directory.naming import organisation_names
from ikone_events.web.organiser.frame import (
    Answer,
    actor,
    blueprint,
    show_complaints,
    translate_all,
)
from ikone_events.web.organiser.registering.person_add import LANGUAGES
from ikone_events.web.registering.person_form import SALUTATIONS
from ikone_events.web.shell.access import Permission, permission
from ikone_events.web.shell.forms import (
    AddressField,
    LineField,
    TextField,
    at_most,
    deliverable,
    needed,
    show_instead,
    typed_line,
)
from ikone_events.web.shell.i18n import gettext as _
from ikone_events.web.shell.interrupted import TeamForm, keeps_input


def legal_bases() -> list[tuple[str, str]]:
    """Return the choices of the legal basis; none is chosen at first."""
    labels = [(each.value, _(LEGAL_BASIS_LABELS[each])) for each in LegalBasis]
    return [("", _("Please choose")), *labels]


def _line(label: str, name: str) -> LineField:
    return LineField(label, render_kw={"maxlength": LENGTHS[name], "autocomplete": "off"})


class OriginForm(TeamForm):
    """Where addresses come from, and by which right they are stored."""

    source = LineField(
        _l("Where the address comes from"),
        [needed(_l("Please say who gave you the address, when and where."))],
        render_kw={"maxlength": LENGTHS["source"], "autocomplete": "off"},
    )
    legal_basis = SelectField(
        _l("Legal basis"), [needed(_l("Please choose a legal basis."))], choices=[]
    )


class ContactPersonForm(OriginForm):
    """The fields of a contact."""

    edit_version = IntegerField(widget=HiddenInput(), default=0)
    salutation = SelectField(_l("Salutation"), choices=SALUTATIONS)
    title = _line(_l("Title"), "title")
    first_name = _line(_l("First name"), "first_name")
    last_name = _line(_l("Last name"), "last_name")
    position = _line(_l("Department or position"), "position")
    organisation = _line(_l("Public body"), "organisation")
    email = AddressField(
        _l("E-mail address"),
        [needed(_l("Please enter an e-mail address.")), at_most(254), deliverable],
        render_kw={"autocomplete": "off"},
    )
    locale = SelectField(_l("Language of the e-mails"), choices=LANGUAGES, default="de")
    note = TextField(_l("Note"), render_kw={"rows": 3, "maxlength": LENGTHS["note"]})


def _form(**values: object) -> ContactPersonForm:
    form = ContactPersonForm(**values)
    form.legal_basis.choices = legal_bases()
    return form


def _draft(form: ContactPersonForm) -> ContactDraft:
    names = ContactDraft.__dataclass_fields__
    return ContactDraft(**{name: form[name].data or "" for name in names})


def _page(
    form: ContactPersonForm, contact: Contact | None = None, conflict: tuple[str, ...] = ()
) -> str:
    return render_template(
        "organiser/directory/contact.html",
        form=form,
        contact=contact,
        conflict=conflict,
        names=organisation_names(),
    )


@blueprint.get("/contacts/people/new")
@permission(Permission.EDIT_ADMINISTRATIONS)
def new_contact() -> str:
    """Show an empty form; the address may name the administration."""
    organisation = typed_line(request.args.get("organisation"))[: LENGTHS["organisation"]]
    return _page(_form(formdata=None, organisation=organisation))


@blueprint.post("/contacts/people/new")
@permission(Permission.EDIT_ADMINISTRATIONS)
@keeps_input
def create_contact() -> Answer:
    """Save a new contact."""
    form = _form()
    if not form.validate():
        return _page(form), 422
    try:
        with transaction():
            contact = add_contact(_draft(form), actor=actor(), now=now())
    except UnfitInput as refusal:
        show_complaints(form, refusal.complaints)
        return _page(form), 422
    return _saved(contact)


@blueprint.get("/contacts/people/<public_id>")
@permission(Permission.EDIT_ADMINISTRATIONS)
def contact(public_id: str) -> str:
    """Show a stored contact in a form."""
    found = get_contact(public_id)
    draft = draft_of(found)
    values = {name: getattr(draft, name) for name in draft.__slots__}
    return _page(_form(formdata=None, edit_version=found.edit_version, **values), found)


@blueprint.post("/contacts/people/<public_id>")
@permission(Permission.EDIT_ADMINISTRATIONS)
@keeps_input
def save_contact(public_id: str) -> Answer:
    """Save an edited contact, unless somebody else has saved it meanwhile."""
    form, found = _form(), get_contact(public_id)
    if not form.validate():
        return _page(form, found), 422
    version = form.edit_version.data or 0
    try:
        with transaction():
            found = edit_contact(public_id, _draft(form), edit_version=version, now=now())
    except UnfitInput as refusal:
        show_complaints(form, refusal.complaints)
        return _page(form, get_contact(public_id)), 422
    except StaleForm as refusal:
        found = get_contact(public_id)
        show_instead(form.edit_version, found.edit_version)
        return _page(form, found, tuple(translate_all(refusal.complaints))), 409
    return _saved(found)


def _saved(found: Contact) -> Answer:
    words = _("“%(name)s” has been saved.", name=found.name)
    if found.organisation_key and found.organisation_id is None:
        words += " " + _("The public body is not in the directory; see “Unmatched names”.")
    flash(words, "success")
    return redirect(url_for("organiser.contacts", q=found.email), 303)

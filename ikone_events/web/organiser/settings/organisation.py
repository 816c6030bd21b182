"""The page of the organisation: name, colour, address, contact for data protection, logo."""

from typing import Any

from flask import flash, redirect, render_template, request, url_for
from flask_babel import lazy_gettext as _l
from flask_wtf import FlaskForm
from flask_wtf.file import FileField
from wtforms import HiddenField, IntegerField
from wtforms.widgets import HiddenInput

from ikone_events.domain.colours import ACCENT, is_colour, is_readable, nearest_readable
from ikone_events.domain.identity import DEFAULT_NAME, MOST_CHARACTERS, read_colour
from ikone_events.domain.logos import MOST_MEGABYTES, MOST_PIXELS
from ikone_events.domain.refusals import N_, Complaint, StaleForm, UnfitInput, UploadRefused
from ikone_events.services.accounts.security_log import SecurityEvent, log_security
from ikone_events.services.installation import get_identity, get_installation
from ikone_events.services.operating import identity as service
from ikone_events.store.db import transaction
from ikone_events.web.organiser.frame import Answer, blueprint, refusal_status, show_complaints
from ikone_events.web.shell.access import Permission, organiser, permission
from ikone_events.web.shell.bodies import MEGABYTE, takes_file
from ikone_events.web.shell.forms import LineField, show_instead
from ikone_events.web.shell.i18n import gettext as _
from ikone_events.web.shell.interrupted import TeamForm, keeps_input, refuse_shown_again
from ikone_events.web.shell.limits import network


class OrganisationForm(TeamForm):
    """What stands on pages and in mails; `seen` is the version that the form showed."""

    organisation = LineField(_l("Name of the organisation"))
    accent = LineField(_l("Colour"), render_kw={"autocomplete": "off", "spellcheck": "false"})
    address = LineField(_l("Postal address"))
    privacy_contact = LineField(_l("Contact for data protection"))
    seen = IntegerField(widget=HiddenInput())


class LogoForm(FlaskForm):
    """The file of a logo; `seen` is the hash of the one that the page showed."""

    file = FileField(
        _l("Picture"), render_kw={"accept": ".png,.jpg,.jpeg,.webp,image/png,image/jpeg,image/webp"}
    )
    seen = HiddenField()


@blueprint.get("/settings/organisation")
@permission(Permission.EDIT_SETTINGS)
def organisation() -> str:
    """Show what the installation says about itself."""
    return _page(_stored_form())


@blueprint.post("/settings/organisation")
@permission(Permission.EDIT_SETTINGS)
@keeps_input
def save_organisation() -> Answer:
    """Store the details; `take` is the readable colour that was offered."""
    form = OrganisationForm()
    form.accent.data = read_colour(request.form.get("take") or form.accent.data or "")
    if not form.validate():
        return _page(form), 422
    values = {name: form[name].data or "" for name in MOST_CHARACTERS}
    try:
        with transaction():
            service.save_identity(values, seen=form.seen.data or 0)
    except UnfitInput as refusal:
        show_complaints(form, refusal.complaints)
        return _page(form), 422
    except StaleForm:
        return _stale(form), 409
    return _saved(_("Saved. Pages and e-mails show it from now on."), "organisation")


@blueprint.post("/settings/organisation/logo")
@permission(Permission.EDIT_SETTINGS)
@takes_file(lambda: MOST_MEGABYTES * MEGABYTE)
def save_logo() -> Answer:
    """Store the logo."""
    form = LogoForm(prefix="logo")
    try:
        refuse_shown_again()
        upload = form.file.data
        if not form.validate() or not upload or not upload.filename:
            raise UploadRefused(Complaint(N_("Please choose a file."), about="file"))
        content = upload.read()
        upload.close()
        with transaction():
            service.set_logo(content, seen=form.seen.data or "")
    except (UnfitInput, UploadRefused) as refusal:
        show_complaints(form, refusal.complaints)
        return _page(_stored_form(), form), refusal_status(refusal)
    except StaleForm as refusal:
        show_complaints(form, refusal.complaints)
        return _page(_stored_form(), form), 409
    return _saved(_("The logo has been stored."), "logo")


@blueprint.post("/settings/organisation/logo/remove")
@permission(Permission.EDIT_SETTINGS)
def remove_logo() -> Answer:
    """Show the name again in place of the logo."""
    form = LogoForm(prefix="logo")
    try:
        with transaction():
            service.remove_logo(seen=request.form.get("seen", ""))
    except StaleForm as refusal:
        show_complaints(form, refusal.complaints)
        return _page(_stored_form(), form), 409
    return _saved(_("The logo has been removed."), "logo")


def _stored_form() -> OrganisationForm:
    row = service.stored_settings()
    values = {name: getattr(row, name) for name in MOST_CHARACTERS}
    return OrganisationForm(formdata=None, seen=row.edit_version, **values)


def _stale(form: OrganisationForm) -> str:
    """Show the stored values beside the typed ones; saving again overwrites them."""
    row = service.stored_settings()
    stored = {
        form[name].label.text: getattr(row, name) or "–"
        for name in MOST_CHARACTERS
        if not get_installation().variables[name] and getattr(row, name) != form[name].data
    }
    show_instead(form.seen, row.edit_version)
    return _page(form, stored=stored)


def _page(form: OrganisationForm, logo: LogoForm | None = None, **more: Any) -> str:
    typed, identity = form.accent.data or "", get_identity()
    offer = nearest_readable(typed) if is_colour(typed) and not is_readable(typed) else ""
    shown = logo or LogoForm(prefix="logo", formdata=None)
    # Whoever was shown another's logo sees that one now.
    show_instead(shown.seen, identity.logo.digest if identity.logo else "")
    return render_template(
        "organiser/settings/organisation.html",
        form=form,
        logo_form=shown,
        wrong=logo or form,
        variables=get_installation().variables,
        offer=offer,
        default_name=DEFAULT_NAME,
        default_colour=ACCENT,
        most_mb=MOST_MEGABYTES,
        most_pixels=MOST_PIXELS,
        **{"stored": {}, **more},
    )


def _saved(words: str, what: str) -> Answer:
    event = SecurityEvent.SETTINGS_CHANGED
    log_security(event, account=organiser().id, network=network(), what=what)
    flash(words, "success")
    return redirect(url_for("organiser.organisation"), 303)

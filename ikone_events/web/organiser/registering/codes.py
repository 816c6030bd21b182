"""Invitation codes of an event: create shared and single ones, list their uses, revoke, export."""

from collections.abc import Callable, Iterator

from flask import Response, flash, redirect, render_template, url_for
from flask_babel import lazy_gettext as _l
from flask_wtf import FlaskForm

from ikone_events.domain.refusals import UnfitInput
from ikone_events.services.documents.spreadsheets import Row
from ikone_events.services.installation import get_installation, now
from ikone_events.services.registering import codes as service
from ikone_events.store.db import transaction
from ikone_events.store.events.models import Event
from ikone_events.web.organiser.exports import table_file
from ikone_events.web.organiser.fields import WholeNumber
from ikone_events.web.organiser.frame import Answer, blueprint, seen_event, show_complaints
from ikone_events.web.shell.access import Permission, permission
from ikone_events.web.shell.forms import LineField, at_most, needed, one_line
from ikone_events.web.shell.i18n import gettext as _
from ikone_events.web.shell.i18n import ngettext
from ikone_events.web.shell.interrupted import TeamForm

_COLUMNS = ("code", "link", "label", "uses", "used", "revoked_at")


class SharedCodeForm(TeamForm):
    """A code that several people use."""

    text = LineField(
        _l("Code"),
        [needed(_l("Please think of a code.")), one_line],
        render_kw={"maxlength": 60, "autocomplete": "off", "spellcheck": "false"},
    )
    uses = WholeNumber(_l("How many people may use it"), render_kw={"inputmode": "numeric"})
    label = LineField(_l("For whom"), [at_most(200), one_line])


class SingleCodesForm(TeamForm):
    """Codes for one registration each."""

    number = WholeNumber(_l("How many codes"), render_kw={"inputmode": "numeric"})
    label = LineField(_l("For whom"), [at_most(200), one_line])


_FORMS: dict[str, type[FlaskForm]] = {"shared": SharedCodeForm, "single": SingleCodesForm}


@blueprint.get("/events/<slug>/codes")
@permission(Permission.EDIT_EVENTS)
def codes(slug: str) -> str:
    """List all codes with their uses, and the forms to create more."""
    return _page(seen_event(slug))


def _page(event: Event, refused: FlaskForm | None = None) -> str:
    invitations = service.codes_of(event)
    forms = {
        kind: refused if isinstance(refused, form) else form(prefix=kind, formdata=None)
        for kind, form in _FORMS.items()
    }
    return render_template(
        "organiser/registering/codes.html",
        event=event,
        invitations=invitations,
        unused=[each.shown for each in invitations if each.code.uses == 1 and each.open],
        address=_signup_url(event),
        forms=forms,
        refused=refused,
    )


def _signup_url(event: Event, code: str = "") -> str:
    whole = get_installation().page(url_for("signup.register", slug=event.slug))
    return f"{whole}?code={code}" if code else whole


@blueprint.post("/events/<slug>/codes/shared")
@permission(Permission.EDIT_EVENTS)
def make_shared_code(slug: str) -> Answer:
    """Create a shared code."""
    form = SharedCodeForm(prefix="shared")

    def make() -> str:
        code = service.make_shared_code(
            slug, form.text.data, uses=form.uses.data, label=form.label.data, now=now()
        )
        return _("The code %(code)s is ready.", code=service.shown_code(code.text))

    return _make(slug, form, make)


@blueprint.post("/events/<slug>/codes/single")
@permission(Permission.EDIT_EVENTS)
def make_single_codes(slug: str) -> Answer:
    """Create random codes for one registration each."""
    form = SingleCodesForm(prefix="single")

    def make() -> str:
        number = form.number.data or 0
        made = service.make_single_codes(slug, number, label=form.label.data, now=now())
        return ngettext("%(num)d code is ready.", "%(num)d codes are ready.", len(made))

    return _make(slug, form, make)


def _make(slug: str, form: FlaskForm, make: Callable[[], str]) -> Answer:
    event = seen_event(slug)
    if not form.validate():
        return _page(event, form), 422
    try:
        with transaction():
            message = make()
    except UnfitInput as refusal:
        show_complaints(form, refusal.complaints)
        return _page(seen_event(slug), form), 422
    flash(message, "success")
    return redirect(url_for("organiser.codes", slug=slug), 303)


@blueprint.post("/events/<slug>/codes/<int(max=2147483647):code_id>/revoke")
@permission(Permission.EDIT_EVENTS)
def revoke_code(slug: str, code_id: int) -> Answer:
    """Accept no further registration with a code."""
    seen_event(slug)
    with transaction():
        code = service.revoke_code(slug, code_id, now=now())
    flash(_("The code %(code)s is revoked.", code=service.shown_code(code.text)), "success")
    return redirect(url_for("organiser.codes", slug=slug), 303)


@blueprint.get("/events/<slug>/codes.csv")
@permission(Permission.EDIT_EVENTS)
def export_codes(slug: str) -> Response:
    """Export all codes with their sign-up links as CSV that German Excel opens."""
    event = seen_event(slug)
    rows: Iterator[Row] = (
        {
            "code": each.shown,
            "link": _signup_url(event, each.code.text),
            "label": each.code.label,
            "uses": each.code.uses,
            "used": each.used,
            "revoked_at": each.code.revoked_at.isoformat() if each.code.revoked_at else "",
        }
        for each in service.codes_of(event)
    )
    file, _number = table_file(_COLUMNS, rows, f"{event.slug}-codes.csv")
    return file

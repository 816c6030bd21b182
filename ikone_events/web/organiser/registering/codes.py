"""Codes of an event by invitation: make one for many, draw single ones, see their uses, revoke."""

import io
from collections.abc import Iterator

from flask import Response, flash, redirect, render_template, url_for
from flask_babel import lazy_gettext as _l
from flask_wtf import FlaskForm
from wtforms import StringField

from ikone_events.domain.refusals import UnfitInput
from ikone_events.services.installation import get_installation, now
from ikone_events.services.registering import codes as service
from ikone_events.services.spreadsheets import Row, write_csv
from ikone_events.store.db import transaction
from ikone_events.store.events.models import Event
from ikone_events.web.organiser.fields import WholeNumber
from ikone_events.web.organiser.frame import Answer, blueprint, place, seen_event
from ikone_events.web.organiser.words import gettext as _
from ikone_events.web.organiser.words import ngettext
from ikone_events.web.shell.access import Permission, permission
from ikone_events.web.shell.forms import at_most, needed, one_line, stripped

_COLUMNS = ("code", "link", "label", "uses", "used", "revoked_at")


class SharedCodeForm(FlaskForm):
    """One code that many people use."""

    text = StringField(
        _l("Code"),
        [needed(_l("Please think of a code.")), one_line],
        filters=[stripped],
        render_kw={"maxlength": 60, "autocomplete": "off", "spellcheck": "false"},
    )
    uses = WholeNumber(_l("How many people may use it"), render_kw={"inputmode": "numeric"})
    label = StringField(_l("For whom"), [at_most(200), one_line], filters=[stripped])


class SingleCodesForm(FlaskForm):
    """Codes for one person each."""

    number = WholeNumber(_l("How many codes"), render_kw={"inputmode": "numeric"})
    label = StringField(_l("For whom"), [at_most(200), one_line], filters=[stripped])


_FORMS: dict[str, type[FlaskForm]] = {"shared": SharedCodeForm, "single": SingleCodesForm}


@blueprint.get("/events/<slug>/codes")
@permission(Permission.EDIT_EVENTS)
def codes(slug: str) -> str:
    """All codes with their uses, and the forms to make more."""
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
        address=_address(event),
        forms=forms,
        refused=refused,
    )


def _address(event: Event, code: str = "") -> str:
    whole = get_installation().page(url_for("signup.register", slug=event.slug))
    return f"{whole}?code={code}" if code else whole


@blueprint.post("/events/<slug>/codes/shared")
@permission(Permission.EDIT_EVENTS)
def make_shared_code(slug: str) -> Answer:
    """Make a code for many."""
    event, form = seen_event(slug), SharedCodeForm(prefix="shared")
    if not form.validate():
        return _page(event, form), 422
    try:
        with transaction():
            code = service.make_shared_code(
                slug, form.text.data, uses=form.uses.data, label=form.label.data, now=now()
            )
    except UnfitInput as refusal:
        return _refused(slug, form, refusal)
    flash(_("The code %(code)s is ready.", code=service.shown_code(code.text)), "success")
    return redirect(url_for("organiser.codes", slug=slug), 303)


@blueprint.post("/events/<slug>/codes/single")
@permission(Permission.EDIT_EVENTS)
def make_single_codes(slug: str) -> Answer:
    """Draw codes for one person each."""
    event, form = seen_event(slug), SingleCodesForm(prefix="single")
    if not form.validate():
        return _page(event, form), 422
    try:
        with transaction():
            number = form.number.data or 0
            made = service.make_single_codes(slug, number, label=form.label.data, now=now())
    except UnfitInput as refusal:
        return _refused(slug, form, refusal)
    words = ngettext("%(num)d code is ready.", "%(num)d codes are ready.", len(made))
    flash(words, "success")
    return redirect(url_for("organiser.codes", slug=slug), 303)


def _refused(slug: str, form: FlaskForm, refusal: UnfitInput) -> Answer:
    place(form, refusal.complaints)
    return _page(seen_event(slug), form), 422


@blueprint.post("/events/<slug>/codes/<int(max=2147483647):code_id>/revoke")
@permission(Permission.EDIT_EVENTS)
def revoke_code(slug: str, code_id: int) -> Answer:
    """Let nobody else come with a code."""
    seen_event(slug)
    with transaction():
        code = service.revoke_code(slug, code_id, now=now())
    flash(_("The code %(code)s is revoked.", code=service.shown_code(code.text)), "success")
    return redirect(url_for("organiser.codes", slug=slug), 303)


@blueprint.get("/events/<slug>/codes.csv")
@permission(Permission.EDIT_EVENTS)
def export_codes(slug: str) -> Response:
    """All codes with the address that fills them in, as CSV for a German Excel."""
    event = seen_event(slug)
    stream = io.StringIO(newline="")
    rows: Iterator[Row] = (
        {**_row(each), "link": _address(event, each.code.text)} for each in service.codes_of(event)
    )
    write_csv(stream, _COLUMNS, rows, excel=True)
    response = Response(stream.getvalue(), mimetype="text/csv")
    response.headers["Content-Disposition"] = f'attachment; filename="{event.slug}-codes.csv"'
    return response


def _row(each: service.CodeInvitation) -> dict[str, str | int | None]:
    revoked = each.code.revoked_at
    return {
        "code": each.shown,
        "label": each.code.label,
        "uses": each.code.uses,
        "used": each.used,
        "revoked_at": revoked.isoformat() if revoked else "",
    }

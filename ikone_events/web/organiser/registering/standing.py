"""Standing sign-ups to a series: the list, add, correct, end, export."""

from typing import Any

from flask import Response, flash, redirect, render_template, request, url_for
from flask_babel import lazy_gettext as _l
from wtforms import SelectField

from ikone_events.domain.refusals import RegistrationClosed, UnfitInput
from ikone_events.domain.words import series_slug
from ikone_events.services.installation import now
from ikone_events.services.registering import standing as service
from ikone_events.services.registering.standing import StandingDraft
from ikone_events.services.registering.standing_lists import (
    STANDING_COLUMNS,
    search_standing,
    standing_rows,
)
from ikone_events.store.db import transaction
from ikone_events.store.directory.naming import organisation_names
from ikone_events.store.events.series import series_name
from ikone_events.store.incoming.lists import undeliverable_among
from ikone_events.store.registering.standing import StandingSignUp
from ikone_events.web.organiser.exports import export_table, limit_exports
from ikone_events.web.organiser.frame import (
    Answer,
    actor,
    blueprint,
    page_number,
    page_url,
    show_complaints,
)
from ikone_events.web.organiser.registering.person_add import LANGUAGES, PersonByOrganiserForm
from ikone_events.web.shell.access import Permission, permission
from ikone_events.web.shell.forms import LineField, at_most, fit_name, needed, typed_line
from ikone_events.web.shell.i18n import gettext as _
from ikone_events.web.shell.i18n import ngettext, translate
from ikone_events.web.shell.interrupted import keeps_input

_LIST = "/series/<series>/standing"
WITHDRAW = "withdraw"


class StandingPersonForm(PersonByOrganiserForm):
    """The details of a person with a standing sign-up."""

    organisation = LineField(
        _l("Public body or organisation"),
        [needed(_l("Please name the organisation.")), at_most(200), fit_name],
    )
    locale = SelectField(_l("Language of the e-mails"), choices=LANGUAGES, default="de")
    mode = None  # type: ignore[assignment]

    def draft(self) -> StandingDraft:
        """The valid form as a draft."""
        return StandingDraft(
            **self.names(),
            email=self.email.data,
            organisation_text=self.organisation.data,
            position=self.position.data or "",
            locale=self.locale.data,
        )


@blueprint.get(_LIST)
@permission(Permission.SEE_SUBSCRIBERS)
def standing(series: str) -> str:
    """Show who has signed up for all dates of a series."""
    words = typed_line(request.args.get("q"))[:200]
    page = search_standing(series, words, number=page_number())
    query = {"q": words} if words else {}
    return render_template(
        "organiser/registering/standing.html",
        slug=series,
        name=series_name(series),
        closed=service.closed_to_standing(series),
        counts=service.standing_counts(series),
        page=page,
        page_url=page_url("organiser.standing", series=series, **query),
        words=words,
        undeliverable=undeliverable_among([each.email_key for each in page.rows]),
    )


@blueprint.get(f"{_LIST}.csv")
@permission(Permission.SEE_SUBSCRIBERS)
@limit_exports
def export_standing(series: str) -> Response:
    """Export the list as CSV that German Excel opens."""
    name = f"{series_slug(series)}-standing.csv"  # whatever stands in the address
    return export_table("standing sign-ups", STANDING_COLUMNS, standing_rows(series), name)


@blueprint.get(f"{_LIST}/add")
@permission(Permission.SEE_SUBSCRIBERS)
def new_standing(series: str) -> str:
    """Show an empty form."""
    return _page(series, StandingPersonForm(formdata=None))


@blueprint.post(f"{_LIST}/add")
@permission(Permission.SEE_SUBSCRIBERS)
@keeps_input
def add_standing(series: str) -> Answer:
    """Enter a person, who has to confirm the address like everybody."""
    form = StandingPersonForm()
    if not form.validate():
        return _page(series, form), 422
    try:
        with transaction():
            service.sign_up(series, form.draft(), now=now(), entered_by=actor())
    except RegistrationClosed as refusal:
        form.form_errors.append(translate(refusal.complaints[0]))
        return _page(series, form), 409
    flash(_("The person gets an e-mail and counts as soon as the address is confirmed."), "success")
    return redirect(url_for("organiser.standing", series=series), 303)


@blueprint.get(f"{_LIST}/<sign_up>")
@permission(Permission.SEE_SUBSCRIBERS)
def standing_person(series: str, sign_up: str) -> str:
    """Show a person in a form, with the dates that the sign-up has led to."""
    found = service.get_standing(series, sign_up)
    return _page(series, StandingPersonForm(formdata=None, obj=_Shown(found)), found)


class _Shown:
    """A sign-up with the names of the form's fields."""

    def __init__(self, found: StandingSignUp) -> None:
        self._found = found

    def __getattr__(self, name: str) -> Any:
        return getattr(self._found, "organisation_text" if name == "organisation" else name)


@blueprint.post(f"{_LIST}/<sign_up>")
@permission(Permission.SEE_SUBSCRIBERS)
@keeps_input
def save_standing(series: str, sign_up: str) -> Answer:
    """Save corrected details; a new address has to be confirmed."""
    form = StandingPersonForm()
    if not form.validate():
        return _page(series, form, service.get_standing(series, sign_up)), 422
    try:
        with transaction():
            found = service.change(series, sign_up, form.draft(), now=now())
    except UnfitInput as refusal:
        show_complaints(form, refusal.complaints)
        return _page(series, form, service.get_standing(series, sign_up)), 422
    flash(_("“%(name)s” has been saved.", name=f"{found.first_name} {found.last_name}"), "success")
    return redirect(url_for("organiser.standing", series=series), 303)


def _page(series: str, form: StandingPersonForm, found: StandingSignUp | None = None) -> str:
    return render_template(
        "organiser/registering/standing_person.html",
        slug=series,
        name=series_name(series),
        form=form,
        found=found,
        organisations=organisation_names(),
        coming=service.coming_from(found, now()) if found else [],
    )


@blueprint.get(f"{_LIST}/<sign_up>/end")
@permission(Permission.SEE_SUBSCRIBERS)
def ask_end_standing(series: str, sign_up: str) -> str:
    """Ask before a sign-up is ended, and whether its coming registrations stay."""
    found = service.get_standing(series, sign_up)
    return render_template(
        "organiser/registering/standing_end.html",
        slug=series,
        name=series_name(series),
        found=found,
        coming=service.coming_from(found, now()),
    )


@blueprint.post(f"{_LIST}/<sign_up>/end")
@permission(Permission.SEE_SUBSCRIBERS)
def end_standing(series: str, sign_up: str) -> Answer:
    """End a sign-up for the person, who is notified of withdrawn registrations alone."""
    withdraws = request.form.get("coming") == WITHDRAW
    with transaction():
        found = service.get_standing(series, sign_up)
        number = service.end(found, withdraws=withdraws, now=now(), actor=actor())
    words = _("The standing sign-up has ended.")
    if number:
        words += " " + ngettext(
            "One registration was withdrawn.", "%(num)d registrations were withdrawn.", number
        )
    flash(words, "success")
    return redirect(url_for("organiser.standing", series=series), 303)
